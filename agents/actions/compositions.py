"""Keeps what a rep is writing. Half-written words are private and change with every pause, so they are not audited.

Invariant: words are replaced only by what their author typed over them, and removed only once they were sent.
"""

from django.db import transaction

from agents.drafttext import draft_text
from agents.errors import DraftClosedError
from agents.models import Approval, Composition, Review
from portal import audit
from portal.errors import NotAllowedError
from portal.models import Message, Ticket, User
from portal.permissions import is_rep
from triage.models import Draft, NextStep


def tidy(text: str) -> str:
    """The text as it would be sent: plain line ends, nothing but words at either end."""
    return "\n".join(line.rstrip() for line in _plain(text).split("\n")).strip()


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def keep_words(
    *,
    actor: User,
    ticket: Ticket,
    version: int,
    text: str | None,
    draft: Draft | None = None,
    note: str | None = None,
) -> Composition | None:
    """Store the reply and the note as typed (None: leave as it was); returns None when there is nothing to keep.

    `version` is that of the conversation on the page they were typed into.
    """
    if not is_rep(actor):
        raise NotAllowedError
    values: dict[str, object] = {} if note is None else {"note": _plain(note)}
    if text is not None and not _is_echo(actor, ticket, version, text):
        values |= {"text": _plain(text), "draft": draft if text.strip() else None, "seen_version": version}
    known = Composition.objects.filter(ticket=ticket, author=actor).first()
    if known is None and not any(str(values.get(name, "")).strip() for name in ("text", "note")):
        return None
    kept, _made = Composition.objects.update_or_create(
        ticket=ticket, author=actor, defaults=values, create_defaults={"seen_version": version, **values}
    )
    return kept


def forget_words(*, author: User, ticket: Ticket, text: str | None = None) -> None:
    """Drop the reply that was sent, and only that: a note stays; with `text`, only if it is still these words."""
    for kept in Composition.objects.filter(ticket=ticket, author=author):
        if text is not None and tidy(kept.text) != text:
            continue
        if kept.note.strip():
            Composition.objects.filter(pk=kept.pk).update(text="", draft=None)
        else:
            kept.delete()


def forget_note(*, author: User, ticket: Ticket) -> None:
    """Drop the note that was stored; the reply stays."""
    Composition.objects.filter(ticket=ticket, author=author, text="").delete()
    Composition.objects.filter(ticket=ticket, author=author).update(note="")


def use_draft(*, actor: User, ticket: Ticket, draft: Draft) -> Composition:
    """Put the draft into the rep's editor, below whatever stands there."""
    _check_ticket(draft.ticket_id, ticket)
    if draft.reviews.filter(verdict=Review.Verdict.REJECTED).exists():
        raise DraftClosedError
    with transaction.atomic():
        kept = _add(actor, ticket, draft_text(draft), draft=draft)
        audit.record("draft.used", actor=actor, target=draft, ticket_id=ticket.pk)
    return kept


def use_step(*, actor: User, ticket: Ticket, step: NextStep) -> Composition:
    """Put a proposed question or macro into the rep's editor, below whatever stands there."""
    _check_ticket(step.run.ticket_id, ticket)
    with transaction.atomic():
        kept = _add(actor, ticket, step.text)
        audit.record("step.used", actor=actor, target=step, ticket_id=ticket.pk)
    return kept


def take_back_words(*, actor: User, ticket: Ticket, message: Message) -> Composition:
    """Bring the text of a reply that was kept back into the rep's editor, below whatever stands there."""
    _check_ticket(message.ticket_id, ticket)
    if not message.is_stopped:
        raise NotAllowedError
    review = message.payload.approval if message.payload is not None else None
    with transaction.atomic():
        kept = _add(actor, ticket, message.text, draft=review.draft if review is not None else None)
        audit.record("reply.taken_back", actor=actor, target=message, ticket_id=ticket.pk)
    return kept


def _add(actor: User, ticket: Ticket, words: str, *, draft: Draft | None = None) -> Composition:
    if not is_rep(actor):
        raise NotAllowedError
    kept, _made = Composition.objects.select_for_update().get_or_create(
        ticket=ticket, author=actor, defaults={"seen_version": ticket.version}
    )
    if words not in kept.text:
        kept.text = f"{kept.text.rstrip()}\n\n{words}" if kept.text.strip() else words
    kept.draft = draft or kept.draft
    kept.save()
    return kept


def _is_echo(actor: User, ticket: Ticket, version: int, text: str) -> bool:
    """Whether an autosave arrives after its page was sent: what it brings is the beginning of what went out."""
    sent = Approval.objects.filter(ticket=ticket, person=actor, version=version).select_related("payload").first()
    return sent is not None and bool(text.strip()) and sent.payload.text.startswith(tidy(text))


def _check_ticket(ticket_id: int, ticket: Ticket) -> None:
    if ticket_id != ticket.pk:
        raise NotAllowedError
