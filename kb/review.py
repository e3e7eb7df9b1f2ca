"""The way of an article to its readers: a person who did not write it approves it, or its source vouches for it.

The rule stands in PostgreSQL (migration `review`): whatever asks, nothing goes live unapproved. What is here keeps the
record and tells readers the truth of it: "reviewed by NAME on DATE" only where an approval of these very words says so.
"""

from datetime import date, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Page, Revision, TaskState

from kb.errors import OwnWorkError
from kb.models import ArticleApproval, ArticlePage, EditorialPolicy
from kb.models.pages import REVIEW_INTERVAL


def record_approval(state: TaskState) -> None:
    """A step of a workflow was approved: write down by whom, before Wagtail publishes what was approved."""
    page: Page = state.workflow_state.content_object
    if state.finished_by is not None and isinstance(page.specific_deferred, ArticlePage):
        _record(page.pk, page.get_latest_revision(), approver=state.finished_by)


def _record(article_id: int, revision: Revision, *, approver: AbstractBaseUser) -> None:
    if approver.pk not in ArticleApproval.objects.authors_of(article_id, revision.pk):
        ArticleApproval.objects.create(
            article_id=article_id,
            revision_id=revision.pk,
            basis=ArticleApproval.Basis.REVIEW,
            approved_by_id=approver.pk,
        )
    elif EditorialPolicy.asks_for_review():
        raise OwnWorkError


def vouch_for_import(article_id: int, revision: Revision) -> None:
    """An imported text goes out on the word of its source, which is named as such."""
    ArticleApproval.objects.create(
        article_id=article_id, revision_id=revision.pk, basis=ArticleApproval.Basis.IMPORT, approved_by=None
    )


@transaction.atomic
def confirm_still_right(*, actor: AbstractBaseUser, article: ArticlePage) -> None:
    """Somebody who did not write it read the live text again and stands by it: the date of review is today's."""
    revision = article.live_revision
    if revision is None or actor.pk in ArticleApproval.objects.authors_of(article.pk, revision.pk):
        raise OwnWorkError
    _record(article.pk, revision, approver=actor)
    settle_review(article)


def settle_review(article: ArticlePage) -> None:
    """Show of the live revision what the record says. A text that nobody reviewed claims no reviewer and no date.

    What a source or a script published keeps the date that came with it.
    """
    revision = article.live_revision
    if revision is None or article.alias_of_id is not None:
        return
    approvals = ArticleApproval.objects.filter(article_id=article.pk, revision_id=revision.pk).order_by("-pk")
    latest = approvals.filter(basis=ArticleApproval.Basis.REVIEW).first()
    if latest is not None:
        _show(article, timezone.localdate(latest.created_at), latest.approved_by_id)
    elif revision.user_id is not None and not approvals.filter(basis=ArticleApproval.Basis.IMPORT).exists():
        _show(article, None, None)


def _show(article: ArticlePage, reviewed_on: date | None, reviewer_id: int | None) -> None:
    review_by = article.review_by
    if reviewed_on and (review_by is None or review_by <= timezone.localdate()):
        review_by = reviewed_on + timedelta(days=REVIEW_INTERVAL)
    article.reviewed_on, article.reviewed_by_id, article.review_by = reviewed_on, reviewer_id, review_by
    ArticlePage.objects.filter(Q(pk=article.pk) | Q(alias_of=article.pk)).update(
        reviewed_on=reviewed_on, reviewed_by=reviewer_id, review_by=review_by
    )
