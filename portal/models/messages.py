"""The conversation: what customers wrote, what was released to them, and notes among colleagues.

Invariant: an outbound message exists only as the release of one immutable payload; PostgreSQL refuses any other.
Rows here are never updated or deleted.
"""

import uuid
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import storages
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models.tickets import Ticket


class ReleasePayload(models.Model):
    """Everything that will reach people, exactly. Editing makes a new payload."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="payloads")
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    recipients = ArrayField(models.EmailField(), verbose_name=_("recipients"))
    sender_name = models.CharField(_("sender"), max_length=150)
    language = models.CharField(_("language"), max_length=12, default="en")
    attachments = ArrayField(models.BigIntegerField(), verbose_name=_("attachments"), default=list, blank=True)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "ticket"], name="payload_of_ticket"),
            models.CheckConstraint(condition=~Q(text="") & Q(recipients__len__gt=0), name="payload_complete"),
        ]


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads of a conversation, as verbs that chain."""

    def visible_to_customer(self) -> "MessageQuerySet":
        """What the requester may see now: their own words, and replies that are out and were not stopped."""
        stopped = MessageStop.objects.filter(message=OuterRef("pk"))
        return self.filter(Q(direction="inbound") | Q(direction="outbound", visible_from__lte=Now()) & ~Exists(stopped))

    def inbound(self) -> "MessageQuerySet":
        return self.filter(direction="inbound")

    def with_text(self) -> "MessageQuerySet":
        """Fetch what a page shows of each message in one query."""
        return self.select_related("body", "payload", "author", "released_by", "stop").prefetch_related("attachments")


class Message(models.Model):
    """One entry of a conversation."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("From the customer")
        OUTBOUND = "outbound", _("To the customer")
        NOTE = "note", _("Internal note")

    class Automatic(models.TextChoices):
        NONE = "none", _("Written by a person")
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        BOUNCE = "bounce", _("Undeliverable")
        AMBIGUOUS = "ambiguous", _("Perhaps automatic")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="messages")
    direction = models.CharField(max_length=8, choices=Direction)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    payload = models.OneToOneField(ReleasePayload, models.PROTECT, null=True, blank=True, related_name="message")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    visible_from = models.DateTimeField(db_default=Now())
    automatic = models.CharField(max_length=10, choices=Automatic, default=Automatic.NONE)
    created_at = models.DateTimeField(db_default=Now())
    # One press of one form: a second press, a browser's retry and a reload are the same message.
    form_key = models.UUIDField(unique=True, null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["ticket", "id"], name="message_of_ticket"),
            models.Index(fields=["ticket", "visible_from"], name="message_outbound", condition=Q(direction="outbound")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(direction="outbound", payload__isnull=False, released_by__isnull=False, author__isnull=True)
                | Q(direction__in=["inbound", "note"], payload__isnull=True, released_by__isnull=True),
                name="outbound_is_a_release",
            ),
        ]

    @property
    def text(self) -> str:
        """The words of the message, wherever they are kept."""
        if self.payload is not None:
            return self.payload.text
        return self.body.text if hasattr(self, "body") else ""

    @property
    def is_stopped(self) -> bool:
        return hasattr(self, "stop")


class MessageBody(models.Model):
    """The words of an inbound message or a note."""

    message = models.OneToOneField(Message, models.PROTECT, related_name="body")
    text = models.TextField(blank=True)


class MessageStop(models.Model):
    """That a released message was kept back unseen: withdrawn by a person, or withheld by a new message."""

    class Reason(models.TextChoices):
        WITHDRAWN = "withdrawn", _("Withdrawn")
        WITHHELD = "withheld", _("Held back: the customer wrote meanwhile")

    message = models.OneToOneField(Message, models.PROTECT, related_name="stop")
    reason = models.CharField(max_length=10, choices=Reason)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason="withdrawn", stopped_by__isnull=False)
                | Q(reason="withheld", stopped_by__isnull=True),
                name="stop_has_its_reason",
            )
        ]


class Attachment(models.Model):
    """A file sent with a message. Never served inline; the storage has no address of its own."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def open(self) -> BinaryIO:
        """Open the stored bytes for reading; FileNotFoundError when they are gone."""
        return cast("BinaryIO", storages["attachments"].open(self.storage_name, "rb"))
