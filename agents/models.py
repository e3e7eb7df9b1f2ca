"""What people decided: reviews of drafts, approvals of replies, and the replies they are still writing.

Invariant: an approval is written by release() alone, in the transaction that puts the message before the customer.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models import Message, ReleasePayload, Ticket
from triage.models import Draft


class Approval(models.Model):
    """Who released exactly which payload, from which session, having seen which version of the conversation."""

    payload = models.OneToOneField(ReleasePayload, models.PROTECT, related_name="approval")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    draft = models.ForeignKey(Draft, models.PROTECT, null=True, blank=True, related_name="approvals")
    session_digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")


class Review(models.Model):
    """What a rep made of a draft. A rejection is kept as data; a draft that was sent names its message."""

    class Verdict(models.TextChoices):
        AS_IS = "as_is", _("Sent as it was")
        EDITED = "edited", _("Sent after editing")
        REJECTED = "rejected", _("Rejected")

    class Reason(models.TextChoices):
        WRONG_ARTICLE = "wrong_article", _("It answers another question")
        OUTDATED = "outdated", _("The article is out of date")
        INCOMPLETE = "incomplete", _("It leaves out what matters")
        TONE = "tone", _("It is not how we speak to this customer")
        NEEDS_PERSON = "needs_person", _("This needs a conversation, not an article")
        OTHER = "other", _("Something else")

    draft = models.ForeignKey(Draft, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    message = models.OneToOneField(Message, models.PROTECT, null=True, blank=True, related_name="review")
    reason = models.CharField(max_length=16, choices=Reason, blank=True, default="")
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["draft"], condition=Q(verdict="rejected"), name="draft_rejected_once"),
            models.CheckConstraint(
                condition=Q(verdict="rejected", message__isnull=True) & ~Q(reason="")
                | Q(verdict__in=["as_is", "edited"], message__isnull=False, reason=""),
                name="review_says_what_became_of_it",
            ),
        ]


class Composition(models.Model):
    """What a rep has begun to write, kept on the server so that no crash, reassignment or sign-out loses it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="compositions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    draft = models.ForeignKey(Draft, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    note = models.TextField(blank=True)
    seen_version = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("reply being written")
        verbose_name_plural = _("replies being written")
        constraints = [models.UniqueConstraint(fields=["ticket", "author"], name="one_composition_each")]
