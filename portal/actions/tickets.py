"""Every write to a request and its conversation, but for the one that release() makes.

Each action checks, writes and audits in one transaction; what follows elsewhere starts only after the commit.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import audit
from portal.actions.attachments import store_attachments
from portal.errors import AlreadyVisibleError, ErasedError, InvalidRequestError, NotAllowedError
from portal.models import (
    Category,
    DeflectionShown,
    Message,
    MessageBody,
    MessageStop,
    Notice,
    Organisation,
    OutboxEntry,
    Team,
    Ticket,
    User,
)
from portal.permissions import is_rep
from portal.signals import message_received

MAX_TEXT = 100_000


@dataclass(frozen=True)
class ShownArticle:
    """An article that stood beside the form, as the signed token in the form recorded it."""

    article_id: int
    position: int
    opened: bool


@dataclass(frozen=True)
class Filing:
    """A request as its writer filled it in. `filing_key` makes a second press of the button the same filing."""

    subject: str
    text: str
    filing_key: uuid.UUID
    language: str = "en"
    channel: str = Ticket.Channel.WEB
    category_slug: str = ""
    attachments: "Sequence[UploadedFile[Any]]" = ()
    shown: Sequence[ShownArticle] = field(default_factory=tuple)


def file_ticket(*, actor: User, filing: Filing, verified: bool) -> Ticket:
    """File a request by `actor` (`verified`: they were signed in) and queue its receipt.

    Filing the same key again returns the request that exists. Raises InvalidRequestError for what cannot be filed.
    """
    if known := Ticket.objects.filter(filing_key=filing.filing_key, requester=actor).first():
        return known
    _check_text(filing.text)
    with transaction.atomic():
        organisation = _organisation_of(actor, verified=verified)
        ticket, created = Ticket.objects.get_or_create(
            filing_key=filing.filing_key,
            requester=actor,
            defaults={
                "organisation": organisation,
                "identity_verified": verified,
                "subject": filing.subject.strip()[:250] or _("(no subject)"),
                "category": Category.objects.filter(slug=filing.category_slug, is_active=True).first(),
                "assignee": _engineer_on_duty(organisation),
                "team": Team.objects.filter(is_default=True).first(),
                "channel": filing.channel,
                "language": filing.language,
            },
        )
        if not created:  # the same press, twice at once: the other one stored it
            return ticket
        message, _new = _add_inbound(ticket, actor, filing.text, filing.attachments)
        DeflectionShown.objects.bulk_create(
            [
                DeflectionShown(ticket=ticket, article_id=s.article_id, position=s.position, opened=s.opened)
                for s in filing.shown
            ],
            ignore_conflicts=True,
        )
        OutboxEntry.objects.create(notice=Notice.REQUEST_RECEIVED, ticket=ticket)
        audit.record("ticket.filed", actor=actor, target=ticket, ticket_id=ticket.pk, message=message.pk)
    ticket.refresh_from_db(fields=["version"])
    return ticket


def add_customer_message(
    *,
    actor: User,
    ticket: Ticket,
    text: str,
    attachments: "Sequence[UploadedFile[Any]]" = (),
    form_key: uuid.UUID | None = None,
) -> Message:
    """Store what the requester writes on their request, which reopens it. The database advances its version.

    The same `form_key` again (a second press, a browser's retry) returns the message that the first one stored.
    """
    if ticket.requester_id != actor.pk:
        raise NotAllowedError
    if form_key and (known := Message.objects.filter(form_key=form_key, ticket=ticket).first()):
        return known
    _check_text(text)
    _refuse_erased(ticket)
    with transaction.atomic():
        # The race of two presses ends at the unique key: the later one waits for the earlier and finds its message.
        message, created = _add_inbound(ticket, actor, text, attachments, form_key=form_key)
        if not created:
            return message
        Ticket.objects.filter(pk=ticket.pk).update(status=Ticket.Status.OPEN, updated_at=timezone.now())
        audit.record("message.received", actor=actor, target=message, ticket_id=ticket.pk)
    ticket.refresh_from_db(fields=["status", "version"])
    return message


def add_note(*, actor: User, ticket: Ticket, text: str) -> Message:
    """Store a note that only colleagues read."""
    _require_rep(actor)
    _check_text(text)
    _refuse_erased(ticket)
    with transaction.atomic():
        message = Message.objects.create(ticket=ticket, direction=Message.Direction.NOTE, author=actor)
        MessageBody.objects.create(message=message, text=text)
        audit.record("note.added", actor=actor, target=message, ticket_id=ticket.pk)
    return message


def set_category(*, actor: User, ticket: Ticket, category: Category | None) -> Ticket:
    """Put the request under a category in use, or under none. The word of a person."""
    _require_rep(actor)
    if category is not None and not category.is_active:
        raise InvalidRequestError(
            _("The category “%(name)s” is no longer in use. Choose another.") % {"name": category}
        )
    return _change(actor, ticket, "category_id", category.pk if category else None)


def set_priority(*, actor: User, ticket: Ticket, priority: str) -> Ticket:
    """Set the priority; only a person ever makes a request urgent."""
    _require_rep(actor)
    if priority not in Ticket.Priority.values:
        raise InvalidRequestError(_("There is no such priority."))
    return _change(actor, ticket, "priority", priority)


def set_assignee(*, actor: User, ticket: Ticket, assignee: User | None) -> Ticket:
    """Give the request to a rep or lead, or to nobody."""
    _require_rep(actor)
    if assignee is not None and not is_rep(assignee):
        raise InvalidRequestError(_("%(name)s does not answer requests here.") % {"name": assignee})
    return _change(actor, ticket, "assignee_id", assignee.pk if assignee else None)


def solve_ticket(*, actor: User, ticket: Ticket) -> Ticket:
    """Mark the request as solved, by its requester or a rep."""
    _require_part(actor, ticket)
    return _change(actor, ticket, "status", Ticket.Status.SOLVED)


def reopen_ticket(*, actor: User, ticket: Ticket) -> Ticket:
    """Take a solved request up again, by its requester or a rep."""
    _require_part(actor, ticket)
    _refuse_erased(ticket)
    return _change(actor, ticket, "status", Ticket.Status.OPEN)


def _change(actor: User, ticket: Ticket, column: str, value: str | int | None) -> Ticket:
    """Write one column under lock and audit old and new; an unchanged value writes nothing."""
    with transaction.atomic():
        # FOR NO KEY UPDATE: a plain FOR UPDATE would deadlock with inserts that hold the foreign key's share lock.
        locked = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
        before = getattr(locked, column)
        if before != value:
            Ticket.objects.filter(pk=ticket.pk).update(**{column: value, "updated_at": timezone.now()})
            name = column.removesuffix("_id")
            audit.record(
                f"ticket.{name}_changed", actor=actor, target=ticket, ticket_id=ticket.pk, before=before, after=value
            )
    ticket.refresh_from_db()
    return ticket


def _add_inbound(
    ticket: Ticket,
    author: User,
    text: str,
    attachments: "Sequence[UploadedFile[Any]]",
    *,
    form_key: uuid.UUID | None = None,
) -> tuple[Message, bool]:
    """Store a customer's message, or find the one that the same form stored before; whether it is new stands beside."""
    fields = {"ticket": ticket, "direction": Message.Direction.INBOUND, "author": author}
    if form_key is None:
        message, created = Message.objects.create(**fields), True
    else:
        message, created = Message.objects.get_or_create(form_key=form_key, ticket=ticket, defaults=fields)
    if created:
        MessageBody.objects.create(message=message, text=text)
        store_attachments(message, attachments)
        transaction.on_commit(partial(message_received.send_robust, sender=Message, message_id=message.pk))
    return message, created


def _organisation_of(actor: User, *, verified: bool) -> Organisation | None:
    """The account by record. An unproven claim counts only towards the wall, never towards automation."""
    membership = getattr(actor, "membership", None)
    if membership is None:
        return None
    organisation: Organisation = membership.organisation
    return organisation if verified or organisation.kind == Organisation.Kind.HIGH_TOUCH else None


def _engineer_on_duty(organisation: Organisation | None) -> User | None:
    """The named engineer of a high-touch account, or the deputy while the engineer is not active."""
    if organisation is None or organisation.kind != Organisation.Kind.HIGH_TOUCH:
        return None
    return next((p for p in (organisation.engineer, organisation.deputy) if p is not None and p.is_active), None)


def _check_text(text: str) -> None:
    if not text.strip():
        raise InvalidRequestError(_("Write a few words about what happened. Nothing was sent yet."))
    if len(text) > MAX_TEXT:
        raise InvalidRequestError(
            _("The text is longer than %(limit)d characters. Attach the long part as a file; your text is kept.")
            % {"limit": MAX_TEXT}
        )


def _refuse_erased(ticket: Ticket) -> None:
    if Ticket.objects.filter(pk=ticket.pk, erased_at__isnull=False).exists():
        raise ErasedError


def _require_rep(actor: User) -> None:
    if not is_rep(actor):
        raise NotAllowedError


def _require_part(actor: User, ticket: Ticket) -> None:
    if ticket.requester_id != actor.pk and not is_rep(actor):
        raise NotAllowedError


def withdraw_message(*, actor: User, message: Message) -> MessageStop:
    """Take a released reply back before the customer can see it; AlreadyVisibleError when it is too late."""
    _require_rep(actor)
    try:
        with transaction.atomic():
            stop = MessageStop.objects.create(message=message, reason=MessageStop.Reason.WITHDRAWN, stopped_by=actor)
            Ticket.objects.filter(pk=message.ticket_id).update(status=Ticket.Status.OPEN, updated_at=timezone.now())
            audit.record("message.withdrawn", actor=actor, target=message, ticket_id=message.ticket_id)
    except IntegrityError as error:
        raise AlreadyVisibleError from error
    return stop
