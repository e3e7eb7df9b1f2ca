"""Writes the audit trail. An event names ids and digests, never words that somebody wrote."""

from django.db import models

from portal.models import AuditEvent, User

Detail = str | int | float | bool | None


def record(
    verb: str, *, actor: User | None, target: models.Model, ticket_id: int | None = None, **details: Detail
) -> AuditEvent:
    """Append one event in the caller's transaction. `details` are scalars: ids, codes, digests."""
    return AuditEvent.objects.create(
        verb=verb,
        actor=actor,
        target=target._meta.label_lower,
        target_id=target.pk,
        ticket_id=ticket_id,
        details=details,
    )
