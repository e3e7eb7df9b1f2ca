"""Articles, as Wagtail pages: what a customer reads, and the only thing that answers are quoted from.

A reader without an article's audience gets "not found": `serve` asks each time, whatever a list or a search showed.
What an import or a review recorded (`record_fields`) belongs to the page and never travels with a revision.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, TabbedInterface
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.search import index

from kb import body as reading
from kb.addresses import address_of, public_address, trail_of
from kb.anchors import Anchors
from kb.article_form import ArticleForm
from kb.audiences import PUBLIC, STAFF, audiences_of
from kb.blocks import ArticleBody
from kb.models.querysets import ArticleManager
from kb.previewing import Mode, look_as, modes_for
from kb.record_panel import RecordPanel
from kb.references import references_in
from kb.retrieval.chunking import Section
from kb.retrieval.related import nearest_articles

RELATED = 3
REVIEW_INTERVAL = 182
"""Days after which an article should be read again, unless its editor names another day."""


def default_review_by() -> date:
    return timezone.localdate() + timedelta(days=REVIEW_INTERVAL)


def byline(*, origin: str, is_edited: bool, owner: str, publisher: str) -> str:
    """Whose an article is: where it came from and who changed it here, or who owns it, or who put it out."""
    if origin and is_edited and publisher:
        return _("%(source)s, edited by %(name)s") % {"source": origin, "name": publisher}
    return origin or owner or publisher or str(settings.WAGTAIL_SITE_NAME)


class ArticlePage(Page):
    """An article: what a customer reads, and the only thing that answers are quoted from."""

    summary = models.TextField(
        gettext_lazy("summary"),
        blank=True,
        max_length=500,
        help_text=gettext_lazy(
            "One or two sentences: what this solves, for whom. Shown in search and beside the request form."
        ),
    )
    body = StreamField(ArticleBody(), verbose_name=gettext_lazy("article"), blank=True)
    labels = ArrayField(
        models.CharField(max_length=120),
        verbose_name=gettext_lazy("topics"),
        blank=True,
        default=list,
        help_text=gettext_lazy("Topics in a word or two each, separated by commas."),
    )
    product = models.CharField(gettext_lazy("product"), max_length=120, blank=True)
    versions = ArrayField(
        models.CharField(max_length=40),
        verbose_name=gettext_lazy("versions"),
        blank=True,
        default=list,
        help_text=gettext_lazy("Those that it holds for, separated by commas: 6.2, 6.3 and later. Empty means all."),
    )
    audience = models.CharField(
        gettext_lazy("audience"),
        max_length=64,
        default=PUBLIC,
        db_index=True,
        validators=[
            RegexValidator(
                r"^(public|staff|org:[1-9]\d*)$", gettext_lazy('Use "public", "staff" or "org:" and a number.')
            )
        ],
        help_text=gettext_lazy("Everybody else gets “not found”: in search, beside the request form, and by address."),
    )
    language = models.CharField(gettext_lazy("language"), max_length=10, default="en")
    author = models.CharField(
        gettext_lazy("written by"),
        max_length=120,
        blank=True,
        help_text=gettext_lazy(
            "A name for readers when the writer has no account here. Leave empty to show the owner."
        ),
    )
    reviewed_on = models.DateField(gettext_lazy("last reviewed"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=gettext_lazy("reviewed by"),
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    """With `reviewed_on` what the approval of the live text says (`kb.review`); empty where a source gave the date."""
    review_by = models.DateField(
        gettext_lazy("review again by"),
        null=True,
        blank=True,
        default=default_review_by,
        help_text=gettext_lazy("From this day on the article is listed under Reports as due."),
    )
    source_name = models.CharField(max_length=120, blank=True, editable=False)
    source_path = models.CharField(max_length=512, blank=True, editable=False)
    source_digest = models.CharField(max_length=64, blank=True, editable=False)
    source_revision = models.BigIntegerField(null=True, editable=False)
    """The revision that the last import made; another latest revision means that someone edited the article here."""

    objects = ArticleManager()

    parent_page_types = ["kb.ArticleIndexPage"]
    subpage_types: list[str] = []
    record_fields = ["source_name", "source_path", "source_digest", "source_revision", "reviewed_on", "reviewed_by"]
    exclude_fields_in_copy = record_fields
    template = "kb/article_page.html"
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
        index.FilterField("audience"),
    ]
    base_form_class = ArticleForm
    content_panels = [*Page.content_panels, FieldPanel("summary"), FieldPanel("body")]
    reader_panels = [
        MultiFieldPanel(
            [FieldPanel(name) for name in ("audience", "product", "versions", "labels", "language")],
            gettext_lazy("Readers"),
        ),
        MultiFieldPanel([FieldPanel("owner"), FieldPanel("author")], gettext_lazy("Writer")),
        MultiFieldPanel(
            [RecordPanel(), FieldPanel("review_by")],
            gettext_lazy("Review"),
            help_text=gettext_lazy("The date of the last review is set when somebody who did not write it approves."),
        ),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(content_panels, heading=gettext_lazy("Article")),
            ObjectList(reader_panels, heading=gettext_lazy("Readers and review")),
            ObjectList(Page.promote_panels, heading=gettext_lazy("Address")),
            ObjectList(Page.settings_panels, heading=gettext_lazy("Settings")),
        ]
    )

    class Meta:
        verbose_name = gettext_lazy("article")
        verbose_name_plural = gettext_lazy("articles")
        constraints = [
            models.UniqueConstraint(
                fields=["source_name", "source_path"],
                condition=~models.Q(source_path=""),
                name="kb_article_source_once",
            )
        ]

    @cached_property
    def publisher(self) -> "AbstractUser | None":
        """Who put out the revision that is live; nobody for one from a command."""
        return self.live_revision.user if self.live_revision else None

    @property
    def written_by(self) -> str:
        """Who wrote it, from the record: the named author, the source, the owner; and who edited it since."""
        return byline(
            origin=self.author or self.source_name,
            is_edited=self.edited_since_import,
            owner=self.owner.get_full_name() if self.owner else "",
            publisher=self.publisher.get_full_name() if self.publisher else "",
        )

    @property
    def edited_since_import(self) -> bool:
        """Has someone here put out a revision of their own over the imported one?"""
        return (
            bool(self.source_path)
            and self.live_revision_id is not None
            and self.live_revision_id != self.source_revision
        )

    @property
    def is_review_due(self) -> bool:
        return self.review_by is not None and self.review_by <= timezone.localdate()

    def may_be_read_by(self, audiences: frozenset[str]) -> bool:
        return bool(self.live) and self.audience in audiences and not self.get_view_restrictions().exists()

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        audiences = audiences_of(request)
        context["trail"] = trail_of(self)
        context["references"] = references_in(self.body, request, audiences)
        context["related"] = self.related(audiences)
        context["is_staff"] = STAFF in audiences
        context["address"] = address_of(self, request)
        context["origin"] = public_address("")
        return context

    def related(self, audiences: frozenset[str]) -> list["ArticlePage"]:
        """The few articles closest in meaning that this reader may see."""
        nearest = nearest_articles(self.pk, audiences=audiences) if self.pk else []
        if not nearest:
            return []
        readable = ArticlePage.objects.for_audiences(audiences).as_listed().in_bulk(nearest)
        return [readable[pk] for pk in nearest if pk in readable][:RELATED]

    def plain_sections(self) -> Iterator[Section]:
        """The body as plain text under its headings, for the index."""
        return reading.sections(self.body)

    @cached_property
    def contents(self) -> list[reading.ContentsEntry]:
        return list(reading.contents(self.body))

    def anchor_for(self, heading_path: tuple[str, ...]) -> str:
        """The anchor of the heading at this path, or "" (the top of the page) when there is none."""
        return next((entry.anchor for entry in self.contents if entry.heading_path == tuple(heading_path)), "")

    def clean(self) -> None:
        super().clean()
        self._settle_anchors()

    def _settle_anchors(self) -> None:
        """Every heading keeps an anchor of its own from the first save on, so links to it survive a change of words."""
        anchors = Anchors()
        for block in self.body:
            if block.block_type == "heading":
                block.value["anchor"] = anchors.take(block.value.anchor_id)

    def with_content_json(self, content: dict[str, object]) -> "ArticlePage":
        page: ArticlePage = super().with_content_json(content)
        for field in map(self._meta.get_field, self.record_fields):
            setattr(page, field.attname, getattr(self, field.attname))
        return page

    @property
    def preview_modes(self) -> list[Mode]:
        return modes_for(self.audience)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """With the eyes that the editor chose; with its own readers' where that choice is none of this article's."""
        known = dict(self.preview_modes)
        look_as(request, mode_name if mode_name in known else self.default_preview_mode)
        if self.audience not in audiences_of(request):
            raise Http404
        response: HttpResponse = super().serve_preview(request, mode_name)
        return response

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if self.audience not in audiences_of(request):
            raise Http404
        response: HttpResponse = super().serve(request, *args, **kwargs)
        if self.audience != PUBLIC:
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex"
        return response
