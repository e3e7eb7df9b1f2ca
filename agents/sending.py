"""Puts a reply before a customer, because a signed-in person pressed send. The only caller of portal.release.

Invariant: whatever refuses, the text stays in the rep's Composition; and of two presses of one button, one sends.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from agents.actions.citations import record_citations
from agents.actions.compositions import forget_words, keep_words, tidy
from agents.drafttext import draft_text
from agents.errors import NothingWrittenError, StaleDraftError, TooLongError
from agents.models import Approval, Review
from portal import audit
from portal.errors import AlreadySentError, ConversationMovedOnError, NotAllowedError, OwnWordsOnlyError
from portal.mail.compose import MailText, mail_of_payload
from portal.models import Message, ReleasePayload, Ticket, User
from portal.permissions import may_reply
from portal.release import build_payload, envelope_for, release
from triage.models import Draft
from triage.wall import bar_of

log = logging.getLogger(__name__)

MOST_CHARACTERS = 50_000


def preview_mail(*, actor: User, ticket: Ticket, text: str) -> MailText:
    """The mail that would leave for this text: made by the same function, from the same fields, and stored nowhere."""
    envelope = envelope_for(ticket, actor)
    payload = ReleasePayload(
        ticket=ticket,
        subject=envelope.subject,
        text=tidy(text),
        recipients=list(envelope.recipients),
        sender_name=envelope.sender_name,
        language=envelope.language,
    )
    return mail_of_payload(payload)


def send_reply(
    *,
    actor: User,
    session_key: str,
    ticket: Ticket,
    version: int,
    text: str,
    draft: Draft | None,
    undo_seconds: int,
    stale_accepted: bool = False,
) -> Message:
    """Release `text` into the state of the conversation that the rep saw (`version`); visible after `undo_seconds`.

    `draft` is the one the text began as, if any. Raises a PortalError, having sent nothing and kept the text.
    """
    words = tidy(text)
    if _went_out(actor, ticket, version, words):
        forget_words(author=actor, ticket=ticket, text=words)
        raise AlreadySentError
    # Its own transaction, before anything can fail.
    keep_words(actor=actor, ticket=ticket, version=version, text=text, draft=draft)
    _check(actor, ticket, words)
    try:
        _check_state(ticket, version, draft, stale_accepted=stale_accepted)
        message = _release(actor, session_key, ticket, version, words, draft, undo_seconds)
    except ConversationMovedOnError:
        # Of two presses at the same instant the other one got through: say so, rather than blame the customer.
        if _went_out(actor, ticket, version, words):
            forget_words(author=actor, ticket=ticket, text=words)
            raise AlreadySentError from None
        raise
    log.info(
        "reply_released", extra={"ticket_id": ticket.pk, "message_id": message.pk, "from_draft": draft is not None}
    )
    return message


def _check(actor: User, ticket: Ticket, words: str) -> None:
    if not may_reply(actor, ticket):
        raise NotAllowedError
    if not words:
        raise NothingWrittenError
    if len(words) > MOST_CHARACTERS:
        raise TooLongError(MOST_CHARACTERS)


def _check_state(ticket: Ticket, version: int, draft: Draft | None, *, stale_accepted: bool) -> None:
    """Tell what is new before what is stale. release() asks for the version again and has the last word."""
    if Ticket.objects.filter(pk=ticket.pk).exclude(version=version).exists():
        raise ConversationMovedOnError
    if draft is not None and bar_of(Ticket.objects.select_related("organisation").get(pk=ticket.pk)):
        raise OwnWordsOnlyError
    if draft is not None and not stale_accepted and draft.is_stale():
        raise StaleDraftError


def _release(
    actor: User, session_key: str, ticket: Ticket, version: int, words: str, draft: Draft | None, undo_seconds: int
) -> Message:
    with transaction.atomic():
        payload = build_payload(actor=actor, ticket=ticket, text=words)
        message = release(
            payload=payload,
            session_key=session_key,
            version=version,
            visible_from=timezone.now() + timedelta(seconds=undo_seconds) if undo_seconds else None,
            draft_id=draft.pk if draft is not None else None,
        )
        if draft is not None:
            verdict = Review.Verdict.AS_IS if words == tidy(draft_text(draft)) else Review.Verdict.EDITED
            Review.objects.create(draft=draft, reviewer=actor, verdict=verdict, message=message)
        record_citations(author=actor, ticket=ticket, message=message, words=words)
        forget_words(author=actor, ticket=ticket)
        audit.record(
            "reply.released",
            actor=actor,
            target=message,
            ticket_id=ticket.pk,
            payload=payload.pk,
            digest=payload.digest,
            version=version,
            draft=draft.pk if draft is not None else None,
        )
    return message


def _went_out(actor: User, ticket: Ticket, version: int, words: str) -> bool:
    """Whether this person released these very words into this very state of the conversation before."""
    return Approval.objects.filter(ticket=ticket, person=actor, version=version, payload__text=words).exists()
