"""Reads of sections and articles as verbs that chain; who may see an article is decided here and in `may_be_read_by`.

Invariant: a list never fetches an article's text, nor that of its revision, however many articles it shows.
"""

from typing import Self

from django.db.models import Exists, OuterRef
from django.db.models.functions import Left, Length
from wagtail.models import PageManager, PageQuerySet, PageViewRestriction

_PEOPLE = ("owner", "live_revision__user", "reviewed_by")
_PERSON = ("email", "display_name")
_LISTED = (
    *("title", "url_path", "summary", "audience", "reviewed_on", "product", "versions", "language"),
    *("first_published_at", "last_published_at"),
    *("author", "source_name", "source_path", "source_revision", "live_revision"),
    *_PEOPLE,
    *(f"{person}__{field}" for person in _PEOPLE for field in _PERSON),
)


class SectionQuerySet(PageQuerySet):
    def public(self) -> Self:
        """As Wagtail's: no view restriction on the page or above it. Asked within the query, not by one before it."""
        closed = PageViewRestriction.objects.filter(page__path=Left(OuterRef("path"), Length("page__path")))
        public: Self = self.filter(~Exists(closed))
        return public

    def as_links(self) -> Self:
        """With what a link to a page needs, and no more."""
        links: Self = self.only("title", "url_path")
        return links


class ArticleQuerySet(SectionQuerySet):
    def for_audiences(self, audiences: frozenset[str]) -> Self:
        """Live articles that a reader with these audiences may see; the twin of `ArticlePage.may_be_read_by`."""
        readable: Self = self.live().public().filter(audience__in=audiences)
        return readable

    def with_writers(self) -> Self:
        """With the people that an article names. What their revision says is in the article already."""
        joined: Self = self.select_related(*_PEOPLE).defer("live_revision__content")
        return joined

    def as_listed(self) -> Self:
        """With what a list shows of an article: its title, summary and address, and whose it is and how fresh."""
        listed: Self = self.select_related(*_PEOPLE).only(*_LISTED)
        return listed


SectionManager = PageManager.from_queryset(SectionQuerySet)
ArticleManager = PageManager.from_queryset(ArticleQuerySet)
