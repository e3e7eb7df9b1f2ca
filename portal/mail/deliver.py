"""Sends what the outbox holds: claim a row, mark it in flight, commit, send, mark it sent.

Invariant: a row is sent at most once by itself. One that was in flight when its mailer died may or may not have left:
it is set aside as stuck and a person decides; nothing resends it blindly.
"""

import logging
import smtplib
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from portal import audit
from portal.mail.compose import build_mail
from portal.models import OutboxDecision, OutboxEntry

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
STUCK_AFTER = timedelta(minutes=10)  # far longer than the SMTP time-out: nobody is still sending by then
BATCH = 50


def deliver_due(limit: int = BATCH) -> int:
    """Send what is due, oldest first, and return how many mails left. Safe to run in many processes at once."""
    carry_out_decisions()
    if not settings.EMAIL_HOST:
        return 0  # no mail server is named: mail waits in the outbox
    sent = 0
    for _number in range(limit):
        entry = _claim()
        if entry is None:
            break
        sent += send_entry(entry)
    return sent


def set_stuck_aside() -> int:
    """Mark rows that have been in flight for too long as stuck, for a person; returns how many."""
    stuck = OutboxEntry.objects.filter(
        state=OutboxEntry.State.IN_FLIGHT, claimed_at__lt=timezone.now() - STUCK_AFTER
    ).update(state=OutboxEntry.State.STUCK, failure="mailer_died")
    if stuck:
        log.error("mail_stuck", extra={"rows": stuck})
    return stuck


def carry_out_decisions() -> int:
    """Do what people decided about mail that was set aside; returns how many rows changed. Run twice, it changes none.

    Only a row still set aside after the very attempt that was decided on moves: a decision never touches a later one.
    """
    done = 0
    for decision in OutboxDecision.objects.filter(
        entry__state__in=[OutboxEntry.State.FAILED, OutboxEntry.State.STUCK], attempt=F("entry__attempts")
    ):
        retry = decision.verb == OutboxDecision.Verb.RETRY
        state = OutboxEntry.State.QUEUED if retry else OutboxEntry.State.GIVEN_UP
        done += OutboxEntry.objects.filter(
            pk=decision.entry_id,
            attempts=decision.attempt,
            state__in=[OutboxEntry.State.FAILED, OutboxEntry.State.STUCK],
        ).update(state=state, due_at=Now())
    if done:
        log.info("mail_decisions_carried_out", extra={"rows": done})
    return done


def _claim() -> OutboxEntry | None:
    """Take the oldest due row and commit that it is in flight; a stopped message is marked held instead."""
    due = Q(state=OutboxEntry.State.QUEUED, due_at__lte=Now())
    with transaction.atomic():
        while True:
            # SKIP LOCKED: two mailers never wait for, nor take, the same row.
            entry = (
                OutboxEntry.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(due)
                .order_by("due_at", "id")
                .first()
            )
            if entry is None:
                return None
            if _address_is_gone(entry):
                OutboxEntry.objects.filter(pk=entry.pk).update(state=OutboxEntry.State.HELD)
                continue
            OutboxEntry.objects.filter(pk=entry.pk).update(
                state=OutboxEntry.State.IN_FLIGHT, claimed_at=timezone.now(), attempts=entry.attempts + 1
            )
            # PostgreSQL has the last word: it keeps back what was stopped and what the customer cannot see yet.
            entry.refresh_from_db(fields=["state", "attempts"])
            if entry.state == OutboxEntry.State.IN_FLIGHT:
                return entry


def _address_is_gone(entry: OutboxEntry) -> bool:
    """Whether the notice is about an address that its owner has taken off the account meanwhile."""
    return entry.email_address_id is not None and not EmailAddress.objects.filter(pk=entry.email_address_id).exists()


def send_entry(entry: OutboxEntry) -> bool:
    """Send a row that is in flight and mark what became of it; True when the mail left."""
    mail = build_mail(entry)
    if _is_erased(entry) or not any(mail.to):
        _mark(entry, OutboxEntry.State.HELD, "no_address")
        return False
    server = get_connection()
    try:
        server.open()
    except OSError:  # smtplib's own errors are OSErrors too; nothing has left yet
        _retry_or_fail(entry, "unreachable")
        return False
    try:
        server.send_messages([mail])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        return _refused(entry, error)
    except OSError:
        # The line broke at a moment nobody can tell: before or after the server took the mail.
        _mark(entry, OutboxEntry.State.STUCK, "connection_lost")
        return False
    finally:
        server.close()
    _mark(entry, OutboxEntry.State.SENT, "")
    log.info("mail_sent", extra={"outbox": entry.pk, "notice": entry.notice or "message"})
    return True


def _is_erased(entry: OutboxEntry) -> bool:
    """Whether the reader was erased after this mail was taken up; what was built before says so too."""
    ticket = entry.message.ticket if entry.message is not None else entry.ticket
    user = entry.user or (ticket.requester if ticket is not None else None)
    return user is not None and user.erased_at is not None


def _refused(entry: OutboxEntry, error: smtplib.SMTPException) -> bool:
    """The server answered no: for now (4xx), try again later; for good (5xx), a person is shown it."""
    codes = (
        [code for code, _text in error.recipients.values()]
        if isinstance(error, smtplib.SMTPRecipientsRefused)
        else [getattr(error, "smtp_code", 500)]
    )
    if all(400 <= code < 500 for code in codes):
        _retry_or_fail(entry, f"refused_{codes[0]}")
    else:
        _mark(entry, OutboxEntry.State.FAILED, f"refused_{codes[0]}")
    return False


def _retry_or_fail(entry: OutboxEntry, failure: str) -> None:
    """The mail certainly did not leave: queue it again, doubling the wait from 5 s to at most an hour."""
    if entry.attempts >= MAX_ATTEMPTS and failure != "unreachable":
        _mark(entry, OutboxEntry.State.FAILED, failure)
        return
    wait = min(5 * 2 ** min(entry.attempts - 1, 10), 3600)
    OutboxEntry.objects.filter(pk=entry.pk).update(
        state=OutboxEntry.State.QUEUED, failure=failure, due_at=timezone.now() + timedelta(seconds=wait)
    )
    log.warning("mail_postponed", extra={"outbox": entry.pk, "failure": failure, "wait_s": wait})


def _mark(entry: OutboxEntry, state: OutboxEntry.State, failure: str) -> None:
    sent_at = timezone.now() if state == OutboxEntry.State.SENT else None
    with transaction.atomic():
        OutboxEntry.objects.filter(pk=entry.pk, state=OutboxEntry.State.IN_FLIGHT).update(
            state=state, failure=failure, sent_at=sent_at
        )
        audit.record(f"mail.{state}", actor=None, target=entry, ticket_id=entry.ticket_id, failure=failure)
    if state != OutboxEntry.State.SENT:
        log.error("mail_not_sent", extra={"outbox": entry.pk, "state": str(state), "failure": failure})
