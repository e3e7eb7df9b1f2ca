"""What a person decides about a mail that was set aside. The mailer carries it out; no page can send a mail again."""

from django.db import IntegrityError, transaction

from portal import audit
from portal.errors import AlreadyDecidedError, NotAllowedError
from portal.models import OutboxDecision, OutboxEntry, User
from portal.permissions import may_resolve_mail


def decide_on_mail(*, actor: User, entry: OutboxEntry, verb: OutboxDecision.Verb) -> OutboxDecision:
    """Have a mail sent again or given up. AlreadyDecidedError when it needs no decision (any more)."""
    if not may_resolve_mail(actor):
        raise NotAllowedError
    waiting = OutboxEntry.objects.aside().filter(pk=entry.pk).first()
    if waiting is None:
        raise AlreadyDecidedError
    try:
        with transaction.atomic():
            # Two leads at once: the second insert meets the constraint.
            decision = OutboxDecision.objects.create(
                entry=waiting, attempt=waiting.attempts, verb=verb, decided_by=actor
            )
            audit.record(f"mail.{verb.value}", actor=actor, target=waiting, ticket_id=waiting.ticket_id)
    except IntegrityError as error:
        raise AlreadyDecidedError from error
    return decision
