"""Requests (tickets) and what they are filed under.

Invariant: `version` counts what a reply must have seen; only release() and a trigger of the message table advance it.
"""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.accounts import Organisation, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.models.user import User


class Category(models.Model):
    """What a request is about. The description is written for people and read by triage."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


def automatable(*, unknown_accounts: bool, prefix: str = "") -> models.Q:
    """The condition twin of `Ticket.may_automate`, for a request at the end of `prefix` (as in `run__ticket__`)."""
    if unknown_accounts:
        walled = models.Q(**{f"{prefix}organisation__kind": Organisation.Kind.HIGH_TOUCH})
        return ~walled & models.Q(**{f"{prefix}erased_at__isnull": True})
    return models.Q(
        **{
            f"{prefix}organisation__kind": Organisation.Kind.STANDARD,
            f"{prefix}identity_verified": True,
            f"{prefix}erased_at__isnull": True,
        }
    )


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Reads of requests, as verbs that chain."""

    def visible_to(self, user: "User | AnonymousUser") -> "TicketQuerySet":
        """The requests somebody may read: their own, and for reps and leads all of them."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.role_names:
            return self
        return self.filter(requester_id=user.pk)

    def open(self) -> "TicketQuerySet":
        """Requests that still wait for us or for the customer."""
        return self.filter(status__in=[Ticket.Status.OPEN, Ticket.Status.WAITING])

    def awaiting_reply(self) -> "TicketQuerySet":
        """Requests on which the next word is ours."""
        return self.filter(status=Ticket.Status.OPEN)

    def automatable(self, *, unknown_accounts: bool) -> "TicketQuerySet":
        """The queryset twin of `Ticket.may_automate`; `unknown_accounts` is the site's word on unknown ones."""
        return self.filter(automatable(unknown_accounts=unknown_accounts))


class Ticket(models.Model):
    """A request and its state. Its text is in its messages."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WAITING = "waiting", _("Waiting for you")
        SOLVED = "solved", _("Solved")
        CLOSED = "closed", _("Closed")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        URGENT = "urgent", _("Urgent")

    class Channel(models.TextChoices):
        WEB = "web", _("Form")
        MAIL = "mail", _("E-mail")
        API = "api", _("API")

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    filing_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="tickets")
    identity_verified = models.BooleanField(_("filed while signed in"), default=False)
    subject = models.CharField(_("subject"), max_length=250)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority, default=Priority.NORMAL)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="tickets")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="assigned_tickets"
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="tickets")
    version = models.PositiveIntegerField(default=0, editable=False)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, default=Channel.WEB)
    language = models.CharField(_("language"), max_length=12, default="en")
    created_at = models.DateTimeField(_("filed"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["requester", "-id"], name="ticket_by_requester"),
            models.Index(fields=["status", "priority", "-id"], name="ticket_queue"),
            models.Index(fields=["assignee", "status"], name="ticket_by_assignee"),
            models.Index(fields=["created_at"], name="ticket_filed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "waiting", "solved", "closed"]), name="ticket_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(priority__in=["low", "normal", "high", "urgent"]), name="ticket_priority_known"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def number(self) -> int:
        """What people call the request by."""
        return self.pk

    @property
    def is_high_touch(self) -> bool:
        """Whether the account's named engineer serves this request, by the account's record."""
        return self.organisation is not None and self.organisation.kind == Organisation.Kind.HIGH_TOUCH

    @property
    def is_unknown_account(self) -> bool:
        """Whether nobody vouches for the account: none, one marked unknown, or a claim made without signing in."""
        known = self.organisation is not None and self.organisation.kind != Organisation.Kind.UNKNOWN
        return not known or not self.identity_verified

    @property
    def may_automate(self) -> bool:
        """Whether machines may draft, learn from and compare this request. Fail-closed."""
        if self.is_high_touch or self.erased_at is not None:
            return False
        return settings.HANDRAIL_AUTOMATE_UNKNOWN or not self.is_unknown_account
