"""Which articles may stand in the index: one predicate and its queryset twin, proven equal by a test.

Live, not expired, free of Wagtail's view restrictions, and no alias: the same words twice would push others out, and
the original is found in its own place. The audience does not decide here: a restricted article is
indexed under its audience and found by that audience alone.
"""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from kb.models import ArticlePage
from kb.models.querysets import ArticleQuerySet


def is_eligible(article: ArticlePage, now: datetime | None = None) -> bool:
    now = now or timezone.now()
    expired = article.expired or (article.expire_at is not None and article.expire_at <= now)
    own = article.alias_of_id is None
    return bool(article.live) and own and not expired and not article.get_view_restrictions().exists()


def eligible_articles(now: datetime | None = None) -> ArticleQuerySet:
    now = now or timezone.now()
    alive = Q(expire_at__isnull=True) | Q(expire_at__gt=now)
    articles: ArticleQuerySet = ArticlePage.objects.live().filter(alive, expired=False, alias_of=None).public()
    return articles
