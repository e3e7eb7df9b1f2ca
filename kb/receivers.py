"""What editors do reaches the record of reviews at once, and the index by a task queued after the commit.

A sweep finds what the index missed; PostgreSQL refuses what the record missed.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.models import PageViewRestriction, TaskState
from wagtail.signals import page_published, page_unpublished, post_page_move

from kb.enqueue import enqueue
from kb.models import ArticlePage
from kb.review import record_approval, settle_review
from kb.tasks import index_article, reconcile_index


@receiver([page_published, page_unpublished], sender=ArticlePage, dispatch_uid="kb.index_on_publish")
def index_on_publish(instance: ArticlePage, **_: Any) -> None:
    transaction.on_commit(partial(enqueue, index_article, instance.pk))


@receiver(post_save, sender=TaskState, dispatch_uid="kb.record_approval")
def record_approval_on_approve(instance: TaskState, **_: Any) -> None:
    if instance.status == TaskState.STATUS_APPROVED:
        record_approval(instance)


@receiver(page_published, sender=ArticlePage, dispatch_uid="kb.settle_review_on_publish")
def settle_review_on_publish(instance: ArticlePage, **_: Any) -> None:
    settle_review(instance)


@receiver(post_save, sender=ArticlePage, dispatch_uid="kb.index_on_save")
def index_on_save(instance: ArticlePage, update_fields: frozenset[str] | None, **_: Any) -> None:
    """An alias or a converted one goes live without being published. Saving a draft names its few fields."""
    if instance.live and update_fields is None:
        transaction.on_commit(partial(enqueue, index_article, instance.pk))


@receiver(post_delete, sender=ArticlePage, dispatch_uid="kb.index_on_delete")
def index_on_delete(instance: ArticlePage, **_: Any) -> None:
    transaction.on_commit(partial(enqueue, index_article, instance.pk))


@receiver(post_page_move, dispatch_uid="kb.reconcile_on_move")
def reconcile_on_move(**_: Any) -> None:
    """A branch may have come under a restriction, or out of one."""
    transaction.on_commit(partial(enqueue, reconcile_index))


@receiver([post_save, post_delete], sender=PageViewRestriction, dispatch_uid="kb.reconcile_on_restriction")
def reconcile_on_restriction(**_: Any) -> None:
    transaction.on_commit(partial(enqueue, reconcile_index))
