"""The form behind the article editor: audiences and people in words, and a true answer to "was anything changed?".

Wagtail makes a revision of whoever approves a form that counts as changed, so a false "yes" would make every reviewer
an author.
"""

import re
from collections.abc import Iterable

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks import StreamValue
from wagtail.models import Page

Choice = tuple[str, object]
AUDIENCES_HOOK = "article_audiences"
"""Functions without arguments that name more audiences as (key, words); whoever knows organisations registers one."""
BASE_AUDIENCES: tuple[Choice, ...] = (("public", _("Everybody")), ("staff", _("Only people who work here")))
_BLOCK_KEY = re.compile(r' data-block-key="\w+"')


def audience_choices(current: str = "") -> list[Choice]:
    """All audiences in words; one that nobody names any more is kept as its key, so that saving changes nothing."""
    choices = [*BASE_AUDIENCES]
    for name_more in hooks.get_hooks(AUDIENCES_HOOK):
        more: Iterable[Choice] = name_more()
        choices.extend(more)
    if current and current not in dict(choices):
        choices.append((current, _("As before (%(key)s)") % {"key": current}))
    return choices


class ArticleForm(WagtailAdminPageForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = False  # the editor's templates do not render what it would compare with
        if "audience" in self.fields:
            old = self.fields["audience"]
            self.fields["audience"] = forms.ChoiceField(
                label=old.label, help_text=old.help_text, choices=audience_choices(self.instance.audience)
            )
        if "owner" in self.fields:
            self.fields["owner"].queryset = people_who_write(self.instance.owner_id)
            self.fields["owner"].empty_label = _("Nobody yet")

    @cached_property
    def changed_data(self) -> list[str]:
        """Without a body that says the same in other markup, as the rich text editor returns it."""
        names: list[str] = super().changed_data
        before, after = self.initial.get("body"), getattr(self, "cleaned_data", {}).get("body")
        if "body" in names and isinstance(before, StreamValue) and isinstance(after, StreamValue):
            return [name for name in names if name != "body" or _words(before) != _words(after)]
        return names

    def save(self, commit: bool = True) -> Page:  # noqa: FBT001, FBT002 - Wagtail's signature
        """The owner belongs to the page and not to a revision, so a change of it counts at once."""
        page: Page = super().save(commit)
        if page.pk and "owner" in self.changed_data:
            Page.objects.filter(pk=page.pk).update(owner_id=page.owner_id)
        return page


def people_who_write(current: int | None = None) -> object:
    """Everybody who may open the editors' side; and whoever is the owner now."""
    may_write = Q(is_superuser=True) | Q(groups__permissions__codename="access_admin")
    people = get_user_model().objects.filter(Q(is_active=True) & may_write | Q(pk=current))
    return people.distinct().order_by("display_name", "pk")


def _words(body: StreamValue) -> object:
    return _comparable(body.get_prep_value())


def _comparable(value: object) -> object:
    """Without the keys that the editor gives to paragraphs and blocks."""
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items() if key != "id"}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return _BLOCK_KEY.sub("", value) if isinstance(value, str) else value
