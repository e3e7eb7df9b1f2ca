"""One person puts an article out in an emergency, and a second one reviews it afterwards.

Off unless the owner of the tables allows it (`article_review --emergency on`). PostgreSQL asks for the right, for the
reason and for the second person again (migration `emergency_guard`). Until somebody else looked, nothing says
"reviewed".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import transaction
from django.db.models import BooleanField, Func, QuerySet, Value
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from kb.errors import EmergencyError, OwnWorkError
from kb.models import ArticleApproval, ArticlePage, EditorialPolicy, EmergencyFinding
from kb.review import settle_review

RIGHT = "kb.publish_in_emergency"
SHORTEST_REASON = 10
PUBLISHED, FOUND_RIGHT, FOUND_WRONG = "kb.emergency", "kb.emergency_right", "kb.emergency_wrong"
Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True)
class Emergency:
    """One line of the work list. `article` is None once it was deleted; `is_live` is of these very words."""

    approval: ArticleApproval
    article: ArticlePage | None
    is_own: bool = True

    @property
    def is_live(self) -> bool:
        return (
            self.article is not None
            and bool(self.article.live)
            and self.article.live_revision_id == self.approval.revision_id
        )


def may_publish_alone(person: Person, article: ArticlePage) -> bool:
    """Whether the site allows it, this person has the right, and it is theirs to publish here."""
    has_right = isinstance(person, PermissionsMixin) and person.has_perm(RIGHT)
    return (
        has_right and EditorialPolicy.allows_emergencies() and bool(article.permissions_for_user(person).can_publish())
    )


def why_not_now(article: ArticlePage, person: Person) -> str:
    """What stands in the way of these words, in a sentence; empty when nothing does."""
    lock = article.get_lock()
    if article.latest_revision_id == article.live_revision_id:
        return _("Readers already see what was saved last.")
    if article.latest_revision is not None and article.latest_revision.as_object().go_live_at:
        return _("A day is set under Schedule. Take it out first: an emergency is now.")
    if article.locked and lock is not None and lock.for_user(person):
        return _("Somebody locked this article. Unlock it first.")
    return ""


@transaction.atomic
def publish_in_emergency(
    *, actor: AbstractBaseUser, article: ArticlePage, revision_id: int, reason: str
) -> ArticleApproval:
    """Put out what was saved last, which is what the actor read. Raises EmergencyError in words for people."""
    page: ArticlePage = ArticlePage.objects.select_for_update(of=("self",)).get(pk=article.pk)
    if not may_publish_alone(actor, page):
        raise EmergencyError(_("This is not yours to publish alone."))
    if page.latest_revision_id != revision_id:
        raise EmergencyError(_("The text has changed since you opened it. Read it again, then publish."))
    if refusal := why_not_now(page, actor):
        raise EmergencyError(refusal)
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        raise EmergencyError(_("Say in a sentence why it cannot wait. A second person reads it."))
    approval = ArticleApproval.objects.create(
        article_id=page.pk,
        revision_id=revision_id,
        basis=ArticleApproval.Basis.EMERGENCY,
        published_by_id=actor.pk,
        reason=said[:500],
    )
    revision = page.get_latest_revision()
    revision.publish(user=actor, log_action=False)  # the entry below says more than "published"
    log(instance=page, action=PUBLISHED, user=actor, revision=revision, data={"reason": approval.reason})
    return approval


@transaction.atomic
def review_afterwards(*, actor: AbstractBaseUser, emergency: ArticleApproval, was_right: bool) -> EmergencyFinding:
    """A second person read what was put out. Right: it is reviewed from now on. Wrong: it was taken down before."""
    if actor.pk in ArticleApproval.objects.authors_of(emergency.article_id, emergency.revision_id):
        raise OwnWorkError
    article = ArticlePage.objects.filter(pk=emergency.article_id).first()
    if not was_right and Emergency(emergency, article).is_live:
        raise EmergencyError(_("Readers still see these words. Mend them or unpublish the article first."))
    finding = EmergencyFinding.objects.create(emergency=emergency, found_by_id=actor.pk, was_right=was_right)
    if article is None:
        return finding
    if was_right:
        ArticleApproval.objects.create(
            article_id=article.pk,
            revision_id=emergency.revision_id,
            basis=ArticleApproval.Basis.REVIEW,
            approved_by_id=actor.pk,
        )
        settle_review(article)
    log(instance=article, action=FOUND_RIGHT if was_right else FOUND_WRONG, user=actor)
    return finding


def unreviewed_emergency(article: ArticlePage) -> ArticleApproval | None:
    """The one by which the live words came before readers, if nobody else has looked at them yet."""
    waiting = ArticleApproval.objects.waiting().filter(article_id=article.pk, revision_id=article.live_revision_id or 0)
    return waiting.select_related("published_by").first()


def emergencies(reader: AbstractBaseUser, *, waiting: bool) -> QuerySet[ArticleApproval]:
    """Those that nobody has looked at yet, the oldest first; or all, the newest first. Each says if it is one's own."""
    found = ArticleApproval.objects.waiting() if waiting else ArticleApproval.objects.emergencies()
    order = ("created_at", "pk") if waiting else ("-created_at", "-pk")
    listed = found.select_related("published_by", "finding__found_by").annotate(own_work=_is_work_of(reader))
    return listed.order_by(*order)


def number_waiting_for(reader: AbstractBaseUser) -> int:
    """How many this reader may review."""
    return ArticleApproval.objects.waiting().exclude(_is_work_of(reader)).count()


def _is_work_of(person: AbstractBaseUser) -> Func:
    """What PostgreSQL asks when it refuses."""
    return Func("article_id", "revision_id", Value(person.pk), function="kb_is_own_work", output_field=BooleanField())


def as_listed(approvals: Iterable[ArticleApproval]) -> list[Emergency]:
    """With their articles, for one page of the list."""
    shown = list(approvals)
    articles = ArticlePage.objects.defer("body").in_bulk({approval.article_id for approval in shown})
    return [
        Emergency(approval, articles.get(approval.article_id), is_own=bool(getattr(approval, "own_work", True)))
        for approval in shown
    ]
