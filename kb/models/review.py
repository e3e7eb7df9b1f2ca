"""Who approved which revision of an article, and whether this site asks for it.

Approvals are appended, never changed, and say what PostgreSQL checked: the approver wrote no part of the text since the
last approval, and the text is still the one approved. A trigger lets no article go live without one. What one person
put out in an emergency names them as that, never as an approver, until a second person has found it right or wrong.
"""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, Revision, TaskState

from kb.errors import OwnWorkError
from kb.models.pages import ArticlePage

Action = tuple[str, str, bool]


class EditorialPolicy(models.Model):
    """One row at most, written by the owner of the tables alone. No row: a second person is asked for."""

    ROW = 1

    review_required = models.BooleanField(default=True)
    emergency_allowed = models.BooleanField(default=False)
    """Whether people with the right may publish alone in an emergency, to be reviewed afterwards."""

    def __str__(self) -> str:
        return str(_("a second person reviews") if self.review_required else _("one person publishes"))

    @classmethod
    def asks_for_review(cls) -> bool:
        return not cls.objects.filter(pk=cls.ROW, review_required=False).exists()

    @classmethod
    def allows_emergencies(cls) -> bool:
        return cls.objects.filter(pk=cls.ROW, review_required=True, emergency_allowed=True).exists()


class ApprovalQuerySet(models.QuerySet["ArticleApproval"]):
    def authors_of(self, article_id: int, revision_id: int) -> frozenset[int]:
        """Who wrote any part of this revision, or put it out alone, since the last one before it that was approved.

        The trigger asks the same.
        """
        article = self.filter(article_id=article_id)
        before = article.filter(revision_id__lt=revision_id).exclude(basis=ArticleApproval.Basis.EMERGENCY)
        since = before.aggregate(latest=models.Max("revision_id"))["latest"] or 0
        alone = article.filter(published_by__isnull=False, revision_id__gt=since, revision_id__lte=revision_id)
        revisions = Revision.objects.filter(
            base_content_type=ContentType.objects.get_for_model(Page),
            object_id=str(article_id),
            pk__gt=since,
            pk__lte=revision_id,
            user__isnull=False,
        )
        writers = revisions.values_list("user_id", flat=True)
        return frozenset(writers) | frozenset(alone.values_list("published_by_id", flat=True))

    def emergencies(self) -> "ApprovalQuerySet":
        return self.filter(basis=ArticleApproval.Basis.EMERGENCY)

    def waiting(self) -> "ApprovalQuerySet":
        """Emergencies that no second person has looked at: neither found right or wrong, nor replaced by a review."""
        later = ArticleApproval.objects.filter(
            article_id=models.OuterRef("article_id"),
            basis=ArticleApproval.Basis.REVIEW,
            revision_id__gte=models.OuterRef("revision_id"),
        )
        return self.emergencies().filter(~models.Exists(later), finding=None)


class ArticleApproval(models.Model):
    """That a revision may be read by customers, and on whose word."""

    class Basis(models.TextChoices):
        REVIEW = "review", _("reviewed by a second person")
        IMPORT = "import", _("taken over from its source")
        EMERGENCY = "emergency", _("published by one person in an emergency")

    # Approvals outlive the article and the revision that they speak of.
    article_id = models.BigIntegerField(db_index=True)
    revision_id = models.BigIntegerField(db_index=True)
    basis = models.CharField(max_length=9, choices=Basis)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who put it out alone; set in an emergency and nowhere else."""
    reason = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """Of the revision's content; PostgreSQL fills it in."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(basis="review", approved_by__isnull=False, published_by__isnull=True, reason="")
                | Q(basis="import", approved_by__isnull=True, published_by__isnull=True, reason="")
                | Q(basis="emergency", approved_by__isnull=True, published_by__isnull=False) & ~Q(reason=""),
                name="kb_approval_names_its_word",
            )
        ]
        permissions = [("publish_in_emergency", _("May publish an article alone in an emergency"))]

    def __str__(self) -> str:
        return f"article {self.article_id}, revision {self.revision_id}: {self.basis}"


class EmergencyFinding(models.Model):
    """What a second person found afterwards. "Wrong" is accepted once these words are no longer before readers."""

    emergency = models.OneToOneField(ArticleApproval, models.PROTECT, related_name="finding")
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    was_right = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(_("found right") if self.was_right else _("found wrong"))


class ReviewTask(AbstractGroupApprovalTask):
    """A second person reads the article. Whoever wrote part of it can neither approve it nor change it meanwhile."""

    class Meta:
        verbose_name = _("review by a second person")
        verbose_name_plural = _("reviews by a second person")

    def get_actions(self, obj: Page, user: AbstractBaseUser) -> Sequence[Action]:
        if self._wrote(obj, user):
            return []
        actions: Sequence[Action] = super().get_actions(obj, user)
        return actions

    def locked_for_user(self, obj: Page, user: AbstractBaseUser) -> bool:
        """What is being read stays as it is: its authors take it back first."""
        return super().locked_for_user(obj, user) or self._wrote(obj, user)

    def on_action(self, task_state: TaskState, user: AbstractBaseUser, action_name: str, **kwargs: object) -> None:
        if action_name == "approve" and self._wrote(task_state.workflow_state.content_object, user):
            raise OwnWorkError
        super().on_action(task_state, user, action_name, **kwargs)

    @classmethod
    def get_description(cls) -> str:
        return str(_("Members of the chosen groups approve articles that they did not write."))

    def _wrote(self, page: Page, user: AbstractBaseUser) -> bool:
        if not isinstance(page.specific_deferred, ArticlePage) or not EditorialPolicy.asks_for_review():
            return False
        return user.pk in ArticleApproval.objects.authors_of(page.pk, page.latest_revision_id or 0)
