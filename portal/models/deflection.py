"""What articles and answers did for people: the ledger behind any claim of deflection.

Invariant: only what somebody said counts. Silence, a closed page and a request that was never filed are no success, and
nothing here can be read as one: a row exists only when a person pressed yes or no. No row says who a reader was.
"""

from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models.messages import Message
from portal.models.tickets import Ticket


class DeflectionShown(models.Model):
    """One article that stood beside the form, where, and whether the writer opened it."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="shown_articles")
    # No constraint: an article deleted at this very moment must never cost somebody their request.
    article = models.ForeignKey("kb.ArticlePage", models.SET_NULL, null=True, related_name="+", db_constraint=False)
    position = models.PositiveSmallIntegerField()
    opened = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["ticket", "article"], name="shown_once")]


@dataclass(frozen=True)
class Tally:
    """How many people said that it solved their problem, and how many that it did not."""

    solved: int
    unsolved: int

    @property
    def asked(self) -> int:
        """Who said anything at all; those who said nothing are in no figure."""
        return self.solved + self.unsolved


class ArticleVerdictQuerySet(models.QuerySet["ArticleVerdict"]):
    """Reads of what readers said, as verbs that chain."""

    def tally(self) -> Tally:
        """Count the words of yes and of no."""
        counted = self.aggregate(yes=Count("pk", filter=Q(solved=True)), no=Count("pk", filter=Q(solved=False)))
        return Tally(solved=counted["yes"], unsolved=counted["no"])


class ArticleVerdict(models.Model):
    """A reader's word on whether an article solved their problem. Nothing in it says who they were."""

    class CameFrom(models.TextChoices):
        SUGGESTION = "suggestion", _("Suggested beside the request form")
        SEARCH = "search", _("Found by search")
        OTHER = "other", _("Found otherwise")

    article = models.ForeignKey("kb.ArticlePage", models.SET_NULL, null=True, related_name="+", db_constraint=False)
    solved = models.BooleanField()
    came_from = models.CharField(max_length=10, choices=CameFrom, default=CameFrom.OTHER)
    created_at = models.DateTimeField(db_default=Now())

    objects = ArticleVerdictQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["article", "-created_at"], name="verdict_of_article")]
        constraints = [
            models.CheckConstraint(
                condition=Q(came_from__in=["suggestion", "search", "other"]), name="verdict_origin_known"
            )
        ]


class ReplyVerdict(models.Model):
    """The requester's word on whether one reply solved their request; the last word counts."""

    message = models.OneToOneField(Message, models.PROTECT, related_name="verdict")
    solved = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())
