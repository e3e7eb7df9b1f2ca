"""Celery's way into the index. Each task takes ids, re-reads, and may run twice."""

import logging

from celery import shared_task
from django.db import OperationalError

from kb.enqueue import enqueue
from kb.retrieval.indexing import index_article as bring_up_to_date
from kb.retrieval.reconcile import differences, recount_statistics, statistics_drifted

log = logging.getLogger(__name__)


@shared_task(
    name="kb.index_article",
    queue="index",
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=5,
    time_limit=300,
)
def index_article(article_id: int) -> str:
    return bring_up_to_date(article_id).value


@shared_task(name="kb.reconcile_index", queue="index", time_limit=300)
def reconcile_index() -> int:
    """Queue every article whose rows differ from it; how many there were."""
    found = list(differences())
    for difference in found:
        enqueue(index_article, difference.article_id)
    if statistics_drifted():
        recount_statistics()
    if found:
        log.info("index_differences", extra={"count": len(found), "first": found[0].finding.value})
    return len(found)
