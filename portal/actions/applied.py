"""The one field of a request that a machine may fill, where it is empty: the category.

A person's choice stands, the empty one too. The row is locked and everything asked anew at the write; a trigger of the
table asks once more. It is recorded under a verb of its own, so that it is never taken for a person's word.
"""

from django.db import transaction

from portal import audit
from portal.audit import Detail
from portal.models import AuditEvent, Category, Ticket, User


def apply_category(*, actor: User | None, ticket_id: int, slug: str, **evidence: Detail) -> Category | None:
    """File the request under the category; None, and nothing written, where that is not (or no longer) allowed."""
    with transaction.atomic():
        # A rep who files at this moment holds the row: their choice is seen here, or waits and has the last word.
        ticket = Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
        locked = ticket.get(pk=ticket_id)
        category = Category.objects.filter(slug=slug, is_active=True).first()
        if category is None or locked.category_id is not None or not locked.may_automate or _is_chosen(ticket_id):
            return None
        # Not `updated_at`: the queue orders by what people changed.
        Ticket.objects.filter(pk=ticket_id, category__isnull=True).update(category=category)
        audit.record(
            "ticket.category_applied",
            actor=actor,
            target=locked,
            ticket_id=ticket_id,
            before=None,
            after=category.pk,
            **evidence,
        )
    return category


def _is_chosen(ticket_id: int) -> bool:
    """Whether a person ever said what the request is about, or that nothing fits."""
    return AuditEvent.objects.filter(ticket_id=ticket_id, verb="ticket.category_changed").exists()
