"""What editors do reaches the index: receivers only queue a task, after the commit. A sweep finds what they missed."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.models import PageViewRestriction
from wagtail.signals import page_published, page_unpublished, post_page_move

from kb.enqueue import enqueue
from kb.models import ArticlePage
from kb.tasks import index_article, reconcile_index


@receiver([page_published, page_unpublished], sender=ArticlePage, dispatch_uid="kb.index_on_publish")
def index_on_publish(instance: ArticlePage, **_: Any) -> None:
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
