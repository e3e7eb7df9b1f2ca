"""The outbox: which message or fixed notice is to be mailed, and how far it got.

Invariant: a row has no text. What is mailed is read from a released payload or from a fixed template, by the mailer.
States (PostgreSQL knows no other steps): queued -> in_flight -> sent; queued or in_flight -> held (stopped before it
left, or nobody to send it to); in_flight -> queued only when the server
refused it for now, -> failed when for good, -> stuck when nobody knows whether it left: a person decides then, and
the mailer alone carries the decision out (-> queued, -> given_up).
"""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models.messages import Message
from portal.models.tickets import Ticket


class Notice(models.TextChoices):
    """The fixed notices; each has templates that take no free text."""

    REQUEST_RECEIVED = "request_received", _("Your request has arrived")
    EMAIL_CONFIRMATION = "email_confirmation", _("Confirm your address")
    PASSWORD_RESET = "password_reset", _("Choose a new password")
    ACCOUNT_EXISTS = "account_exists", _("You already have an account")
    ACCOUNT_CHANGED = "account_changed", _("Your account was changed")


class OutboxEntryQuerySet(models.QuerySet["OutboxEntry"]):
    """Reads of the outbox, as verbs that chain."""

    def aside(self) -> "OutboxEntryQuerySet":
        """Mail that waits for a person: refused for good, or unclear whether it left, and not decided on yet."""
        decided = OutboxDecision.objects.filter(entry=OuterRef("pk"), attempt=OuterRef("attempts"))
        return self.filter(~Exists(decided), state__in=["failed", "stuck"])


class OutboxEntry(models.Model):
    """One mail to be sent."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting to be sent")
        IN_FLIGHT = "in_flight", _("Being sent")
        SENT = "sent", _("Sent")
        HELD = "held", _("Kept back")
        FAILED = "failed", _("Refused by the mail server")
        STUCK = "stuck", _("Unclear whether it was sent")
        GIVEN_UP = "given_up", _("Given up by a person")

    message = models.OneToOneField(Message, models.PROTECT, null=True, blank=True, related_name="outbox_entry")
    notice = models.CharField(max_length=24, choices=Notice, blank=True, default="")
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # Addresses come and go; what was mailed to one stays on record, and nobody here may delete or change a row for it.
    email_address = models.ForeignKey(
        "account.EmailAddress", models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=40, blank=True, default="")
    due_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = OutboxEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="outbox_in_flight", condition=Q(state="in_flight")),
            models.Index(fields=["id"], name="outbox_aside", condition=Q(state__in=["failed", "stuck"])),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(message__isnull=False, notice="", ticket=None, user=None, email_address=None)
                | Q(message__isnull=True) & ~Q(notice=""),
                name="outbox_message_or_notice",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "in_flight", "sent", "held", "failed", "stuck", "given_up"]),
                name="outbox_state_known",
            ),
        ]


class OutboxDecision(models.Model):
    """What a person decided about a mail that was set aside after so many attempts. Insert-only.

    The web role cannot touch an outbox row, so that no page can send a mail again: the mailer reads this and does it.
    """

    class Verb(models.TextChoices):
        RETRY = "retry", _("Send again")
        GIVE_UP = "give_up", _("Give up")

    entry = models.ForeignKey(OutboxEntry, models.PROTECT, related_name="decisions")
    attempt = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=8, choices=Verb)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "attempt"], name="one_decision_an_attempt"),
            models.CheckConstraint(condition=Q(verb__in=["retry", "give_up"]), name="outbox_decision_known"),
        ]
