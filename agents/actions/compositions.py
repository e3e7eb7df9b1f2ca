"""Keeps what a rep is writing. Half-written words are private and change with every pause, so they are not audited.

Invariant: words are replaced only by what their author typed over them, and removed only once they were sent.
"""

from django.db import transaction

from agents.drafttext import draft_text
from agents.errors import DraftClosedError, MacroGoneError
from agents.models import Approval, Composition, CompositionCitation, Macro, Review
from agents.placeholders import Values, fill
from portal import audit
from portal.errors import ErasedError, NotAllowedError, OwnWordsOnlyError
from portal.models import Message, Ticket, User
from portal.permissions import is_rep
from triage.models import Draft, NextStep, NextStepKind
from triage.wall import bar_of


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
    _refuse_erased(ticket)
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
            kept.citations.all().delete()
        else:
            kept.delete()


def forget_note(*, author: User, ticket: Ticket) -> None:
    """Drop the note that was stored; the reply stays."""
    Composition.objects.filter(ticket=ticket, author=author, text="").delete()
    Composition.objects.filter(ticket=ticket, author=author).update(note="")


def use_draft(*, actor: User, ticket: Ticket, draft: Draft) -> Composition:
    """Put the draft into the rep's editor, below whatever stands there."""
    _check_ticket(draft.ticket_id, ticket)
    _check_wall(ticket)
    if draft.reviews.filter(verdict=Review.Verdict.REJECTED).exists():
        raise DraftClosedError
    with transaction.atomic():
        kept = add_words(actor=actor, ticket=ticket, words=draft_text(draft), draft=draft)
        audit.record("draft.used", actor=actor, target=draft, ticket_id=ticket.pk)
    return kept


def use_macro(*, actor: User, ticket: Ticket, macro: Macro, append: bool = True) -> str:
    """Fill a macro in for this request and return its words.

    `append`: put them below what stands in the editor; else the caller's page puts them where the cursor is.
    """
    if not Macro.objects.usable_by(actor).filter(pk=macro.pk).exists():
        raise MacroGoneError
    words = macro_words(macro, ticket, actor)
    with transaction.atomic():
        add_words(actor=actor, ticket=ticket, words=words if append else "")
        audit.record("macro.used", actor=actor, target=macro, ticket_id=ticket.pk)
    return words


def macro_words(macro: Macro, ticket: Ticket, actor: User) -> str:
    """The macro's text with its placeholders filled for this request and this person."""
    values = Values(
        requester=ticket.requester.get_full_name(), number=ticket.pk, subject=ticket.subject, rep=actor.get_full_name()
    )
    return fill(macro.text, values)


def use_step(*, actor: User, ticket: Ticket, step: NextStep) -> Composition:
    """Put a proposed question or macro into the rep's editor, below whatever stands there.

    A step that names a macro which this person may use brings that macro's words, a runbook its commands; any other
    brings its own.
    """
    _check_ticket(step.run.ticket_id, ticket)
    _check_wall(ticket)
    words = step.commands or step.text
    if step.kind == NextStepKind.MACRO:
        named = Macro.objects.usable_by(actor).filter(name__iexact=step.text.strip()).order_by("owner").first()
        words = macro_words(named, ticket, actor) if named is not None else words
    with transaction.atomic():
        kept = add_words(actor=actor, ticket=ticket, words=words)
        audit.record("step.used", actor=actor, target=step, ticket_id=ticket.pk)
    return kept


def take_back_words(*, actor: User, ticket: Ticket, message: Message) -> Composition:
    """Bring the text of a reply that was kept back into the rep's editor, below whatever stands there."""
    _check_ticket(message.ticket_id, ticket)
    if not message.is_stopped:
        raise NotAllowedError
    review = message.payload.approval if message.payload is not None else None
    with transaction.atomic():
        draft = review.draft if review is not None else None
        kept = add_words(actor=actor, ticket=ticket, words=message.text, draft=draft)
        CompositionCitation.objects.bulk_create(
            [CompositionCitation(composition=kept, **cited.copied()) for cited in message.citations.all()],
            ignore_conflicts=True,
        )
        audit.record("reply.taken_back", actor=actor, target=message, ticket_id=ticket.pk)
    return kept


def add_words(*, actor: User, ticket: Ticket, words: str, draft: Draft | None = None) -> Composition:
    """Put words below what the rep has written; words that stand there already are not put there twice."""
    if not is_rep(actor):
        raise NotAllowedError
    _refuse_erased(ticket)
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


def _refuse_erased(ticket: Ticket) -> None:
    if Ticket.objects.filter(pk=ticket.pk, erased_at__isnull=False).exists():
        raise ErasedError


def _check_wall(ticket: Ticket) -> None:
    if bar_of(Ticket.objects.select_related("organisation").get(pk=ticket.pk)):
        raise OwnWordsOnlyError


def _check_ticket(ticket_id: int, ticket: Ticket) -> None:
    if ticket_id != ticket.pk:
        raise NotAllowedError
