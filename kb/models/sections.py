"""The sections that hold articles and lead to them, as Wagtail pages.

A section lists what its reader may see and counts nothing else. One whose articles are all for others is "not found":
its title would tell them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.core.paginator import Paginator
from django.db import models
from django.db.models import Count
from django.db.models.functions import Left, Length
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from kb.addresses import trail_of
from kb.audiences import audiences_of
from kb.models.pages import ArticlePage
from kb.models.querysets import SectionManager

ARTICLES_PER_PAGE = 25


class ArticleIndexPage(Page):
    """A section: it lists the sections and articles below it."""

    intro = models.TextField(gettext_lazy("introduction"), blank=True, max_length=500)
    source_name = models.CharField(max_length=120, blank=True, editable=False)
    source_path = models.CharField(max_length=512, blank=True, editable=False)
    article_count = 0
    """Filled by `sections_for`."""

    objects = SectionManager()

    parent_page_types = ["wagtailcore.Page", "kb.ArticleIndexPage"]
    subpage_types = ["kb.ArticleIndexPage", "kb.ArticlePage"]
    content_panels = [*Page.content_panels, FieldPanel("intro")]
    exclude_fields_in_copy = ["source_name", "source_path"]
    template = "kb/article_index_page.html"

    class Meta:
        verbose_name = gettext_lazy("section")
        verbose_name_plural = gettext_lazy("sections")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        audiences = audiences_of(request)
        articles = ArticlePage.objects.child_of(self).for_audiences(audiences).as_listed().order_by("title")
        context["trail"] = trail_of(self)
        context["articles"] = Paginator(articles, ARTICLES_PER_PAGE).get_page(request.GET.get("page"))
        context["sections"] = self.front_sections(audiences)
        return context

    def holds_articles(self) -> bool:
        """For whomever. Where all of them are for others the section's title is theirs, too."""
        held: bool = ArticlePage.objects.descendant_of(self).live().exists()
        return held

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: TemplateResponse = super().serve(request, *args, **kwargs)
        shown = response.context_data or {}
        if not shown["sections"] and not shown["articles"].paginator.count and self.holds_articles():
            raise Http404
        return response

    def route(self, request: HttpRequest, path_components: Sequence[str]) -> RouteResult:
        """As Wagtail's, which asks twice for every section on the way: below a section stand sections and articles."""
        if not path_components:
            return super().route(request, path_components)
        found = {
            "slug": path_components[-1],
            "depth": self.depth + len(path_components),
            "url_path": f"{self.url_path}{'/'.join(path_components)}/",
        }
        page: Page | None = ArticlePage.objects.descendant_of(self).with_writers().filter(**found).first()
        page = page or ArticleIndexPage.objects.descendant_of(self).filter(**found).first()
        if page is None:
            raise Http404
        return page.route(request, [])

    def front_sections(self, audiences: frozenset[str]) -> list["ArticleIndexPage"]:
        """The sections to choose from here: a section that stands alone is opened, for nobody chooses from one."""
        counts = self._readable_below(audiences)
        sections = self._sections_with(counts)
        while len(sections) == 1 and sections[0].path not in counts:
            inner = sections[0]._sections_with(counts)
            if not inner:
                break
            sections = inner
        return sections

    def sections_for(self, audiences: frozenset[str]) -> list["ArticleIndexPage"]:
        """The sections right below that hold anything for this reader; `article_count` covers the whole branch."""
        return self._sections_with(self._readable_below(audiences))

    def _readable_below(self, audiences: frozenset[str]) -> dict[str, int]:
        """How many articles this reader may see right in each section of this branch, by the section's path."""
        readable = ArticlePage.objects.descendant_of(self).for_audiences(audiences)
        parents = readable.order_by().values(parent=Left("path", Length("path") - self.steplen))
        return dict(parents.annotate(articles=Count("pk")).values_list("parent", "articles"))

    def _sections_with(self, counts: Mapping[str, int]) -> list["ArticleIndexPage"]:
        branch_length = len(self.path) + self.steplen
        branches: Counter[str] = Counter()
        for path, articles in counts.items():
            if path.startswith(self.path) and len(path) >= branch_length:
                branches[path[:branch_length]] += articles
        below = ArticleIndexPage.objects.child_of(self).live().public().filter(path__in=branches)
        sections = list(below.only("title", "url_path", "path", "depth", "intro").order_by("title"))
        for section in sections:
            section.article_count = branches[section.path]
        return sections
