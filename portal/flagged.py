"""The work list of articles that readers or colleagues called wrong. Reads only.

Invariant: an article is on it while somebody said so after an editor last dealt with it; an editor sees the articles
that they may change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from django.db.models import Count, F, Max, Model, OuterRef, Q, QuerySet, Subquery
from wagtail.permission_policies.pages import PagePermissionPolicy

from kb.models import ArticlePage
from portal.models import ArticleFlag, ArticleSettlement, ArticleVerdict, User

Said = TypeVar("Said", bound=Model)


@dataclass(frozen=True)
class Flagged:
    """One article with what was said of it since it was last dealt with; `newest` is the last of that."""

    article: ArticlePage
    newest: datetime
    flags: tuple[ArticleFlag, ...]
    unsolved: int
    solved: int


def open_flags(article_ids: Iterable[int] | None = None) -> QuerySet[ArticleFlag]:
    """Flags that nobody has dealt with yet, the newest first; of all articles or of these."""
    flags = _open(ArticleFlag.objects.all()).select_related("flagged_by").order_by("-created_at", "-pk")
    return flags if article_ids is None else flags.filter(article_id__in=article_ids)


def flagged_articles(editor: User, *, owned: bool = False) -> list[tuple[int, datetime]]:
    """The articles on the list with when the last word came, newest first; all of them, or those that one owns."""
    newest: dict[int, datetime] = {}
    for said in (_open(ArticleFlag.objects.all()), _open(ArticleVerdict.objects.filter(solved=False))):
        by_article = said.order_by().values_list("article_id").annotate(newest=Max("created_at"))
        for article_id, at in by_article:
            newest[article_id] = max(at, newest.get(article_id, at))
    policy = PagePermissionPolicy()
    mine = policy.instances_user_has_permission_for(editor, "change").filter(pk__in=newest).values_list("pk", flat=True)
    found = ArticlePage.objects.filter(pk__in=mine, **({"owner": editor} if owned else {}))
    articles = found.values_list("pk", flat=True)
    return sorted(((pk, newest[pk]) for pk in articles), key=lambda entry: (entry[1], entry[0]), reverse=True)


def with_words(entries: Iterable[tuple[int, datetime]]) -> list[Flagged]:
    """The entries of one page of the list with their articles and what was said."""
    order = dict(entries)
    articles = ArticlePage.objects.with_writers().defer("body").in_bulk(order)
    flags: dict[int, list[ArticleFlag]] = {}
    for flag in open_flags(order):
        flags.setdefault(flag.article_id, []).append(flag)
    counted = _open(ArticleVerdict.objects.filter(article_id__in=order)).order_by().values_list("article_id")
    tallies = {
        pk: (no, yes)
        for pk, no, yes in counted.annotate(
            no=Count("pk", filter=Q(solved=False)), yes=Count("pk", filter=Q(solved=True))
        )
    }
    return [
        Flagged(articles[pk], at, tuple(flags.get(pk, ())), *tallies.get(pk, (0, 0)))
        for pk, at in order.items()
        if pk in articles
    ]


def _open(said: QuerySet[Said]) -> QuerySet[Said]:
    settled = ArticleSettlement.objects.filter(article_id=OuterRef("article_id")).order_by("-up_to")
    dealt_with = said.annotate(dealt_with=Subquery(settled.values("up_to")[:1]))
    still = Q(dealt_with=None) | Q(created_at__gt=F("dealt_with"))
    return cast("QuerySet[Said]", dealt_with.filter(still, article_id__isnull=False))
