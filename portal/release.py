"""Builds the payload that a person is about to release, and asks PostgreSQL to release it.

`agents.sending` alone may import this module. The person is found by release() from the live session; nothing here, and
no caller, can name one. A refusal leaves everything as it was.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from portal.errors import (
    AlreadySentError,
    ConversationMovedOnError,
    ErasedError,
    NotAllowedError,
    OwnWordsOnlyError,
    PortalError,
    SendRefusedError,
    SessionEndedError,
)
from portal.models import Message, ReleasePayload, Ticket, User

# The SQLSTATEs that release() raises; see agents/migrations/0004_release_wider.py.
_REFUSALS: dict[str, type[PortalError]] = {
    "23H01": ConversationMovedOnError,
    "23H02": SessionEndedError,
    "23H03": NotAllowedError,
    "23H08": AlreadySentError,
    "23H09": ErasedError,
    "23H10": OwnWordsOnlyError,
    "23505": AlreadySentError,  # the same payload twice at the same instant: the unique key decides
}


@dataclass(frozen=True)
class Envelope:
    """What a payload says besides its text: shown in the preview, mailed as it stands."""

    subject: str
    recipients: tuple[str, ...]
    sender_name: str
    language: str


def envelope_for(ticket: Ticket, sender: User) -> Envelope:
    """The envelope of a reply by `sender` on `ticket`."""
    return Envelope(
        subject=f"Re: {ticket.subject}"[:250],
        recipients=(ticket.requester.email,),
        sender_name=sender.get_full_name(),
        language=ticket.language,
    )


def payload_digest(envelope: Envelope, text: str, html: str, attachments: tuple[int, ...]) -> str:
    """SHA-256 over everything that reaches people, in one canonical form."""
    parts = [envelope.subject, text, html, list(envelope.recipients), envelope.sender_name, envelope.language]
    return hashlib.sha256(json.dumps([*parts, list(attachments)], ensure_ascii=False).encode()).hexdigest()


def build_payload(*, actor: User, ticket: Ticket, text: str) -> ReleasePayload:
    """Store the immutable row of everything that will reach people. It sends nothing."""
    if Ticket.objects.filter(pk=ticket.pk, erased_at__isnull=False).exists():
        raise ErasedError
    envelope = envelope_for(ticket, actor)
    return ReleasePayload.objects.create(
        ticket=ticket,
        subject=envelope.subject,
        text=text,
        recipients=list(envelope.recipients),
        sender_name=envelope.sender_name,
        language=envelope.language,
        digest=payload_digest(envelope, text, "", ()),
        created_by=actor,
    )


def release(
    *, payload: ReleasePayload, session_key: str, version: int, visible_from: datetime | None, draft_id: int | None
) -> Message:
    """Put the payload before the customer from `visible_from` on (None: now); a PortalError means nothing changed.

    `version` is the ticket's version that the person saw. `draft_id` names the draft the text began as, if any.
    """
    arguments: tuple[int | str | datetime | None, ...] = (
        payload.pk,
        payload.ticket_id,
        session_key,
        version,
        visible_from,
        draft_id,
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT public.release(%s, %s, %s, %s, %s, %s)", arguments)
            (message_id,) = cursor.fetchone()
    except IntegrityError as error:
        state = getattr(error.__cause__, "sqlstate", "") or ""
        raise _REFUSALS.get(state, SendRefusedError)() from error
    return Message.objects.with_text().get(pk=message_id)
