"""Takes a request from the queue: only from nobody, so that of two who press at once one is told."""

from django.db import transaction

from agents.errors import TakenMeanwhileError
from portal.actions.tickets import set_assignee
from portal.models import Ticket, User


def take_ticket(*, actor: User, ticket: Ticket) -> Ticket:
    """Make the actor responsible for a request that nobody is responsible for."""
    with transaction.atomic():
        # The same lock as set_assignee takes: between the check and the write nobody else gets in.
        locked = (
            Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("assignee").get(pk=ticket.pk)
        )
        if locked.assignee is not None and locked.assignee_id != actor.pk:
            raise TakenMeanwhileError(locked.assignee.get_full_name())
        return set_assignee(actor=actor, ticket=ticket, assignee=actor)
