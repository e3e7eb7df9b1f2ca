"""The editors' pages of synonyms and pinned articles, and what each would do to a question, before and after.

Invariant: the effect is shown to readers' eyes: as everybody sees it, and for a pinned article that is not for
everybody as those see it who may read it.
"""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, InspectView, SnippetViewSet, SnippetViewSetGroup

from kb.audiences import PUBLIC
from kb.curation import Curation, curate
from kb.models import Pin, Synonym
from kb.search import SearchOutcome, find

SHOWN = 5
LONGEST = 400


class ShowsEffect:
    """After saving comes the page with the effect."""

    def get_success_url(self) -> str:
        view: Any = self
        return reverse(view.model.snippet_viewset.get_url_name("inspect"), args=[view.object.pk])


class Create(ShowsEffect, CreateView):
    pass


class Edit(ShowsEffect, EditView):
    pass


class Effect(InspectView):
    """A test question's results without and with this entry, whether it is in use or not."""

    template_name = "kb/curation/effect.html"
    page_title = gettext_lazy("Effect")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        asked = " ".join(self.request.GET.get("question", "").replace("\x00", " ").split())[:LONGEST]
        question = asked or self.object.phrase
        others, all_of_them = curations(self.object, question)
        audiences = frozenset({PUBLIC, getattr(getattr(self.object, "article", None), "audience", PUBLIC)})
        return context | {
            "question": question,
            "counts": others != all_of_them,
            "is_restricted": len(audiences) > 1,
            "before": _found(question, audiences, others),
            "after": _found(question, audiences, all_of_them),
        }


def curations(entry: Synonym | Pin, question: str) -> tuple[Curation, Curation]:
    """What counts for a question without this entry, and with it."""
    if isinstance(entry, Synonym):
        others = curate(question, without=("synonym", entry.pk))
        return others, others.with_meaning(question, entry.phrase, entry.meaning)
    others = curate(question, without=("pin", entry.pk))
    return others, others.with_pin(question, entry.phrase, entry.article_id)


def _found(question: str, audiences: frozenset[str], curation: Curation) -> SearchOutcome:
    return find(question, audiences=audiences, limit=SHOWN, curation=curation)


class Curated(SnippetViewSet):
    add_view_class = Create
    edit_view_class = Edit
    inspect_view_class = Effect
    inspect_view_enabled = True
    list_filter = ["is_used"]


class Synonyms(Curated):
    model = Synonym
    inspect_view_fields = ["phrase", "meaning"]
    icon = "resubmit"
    list_display = ["phrase", "meaning", "is_used"]
    search_fields = ["phrase", "meaning"]


class Pins(Curated):
    model = Pin
    inspect_view_fields = ["phrase", "article"]
    icon = "thumbtack"
    list_display = ["phrase", "article", "is_used"]
    search_fields = ["phrase"]


class SearchWords(SnippetViewSetGroup):
    """Both stand in the menu under what they are for, not among "snippets"."""

    items = (Synonyms, Pins)
    menu_label = gettext_lazy("Search words")
    menu_icon = "resubmit"
    menu_name = "search-words"


register_snippet(SearchWords)
