"""Requests as lists show them: where each stands, and how long a first answer takes while one waits."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from portal.firstresponse import Expectation, Expectations
from portal.models import Message, Ticket


@dataclass(frozen=True)
class ListedRequest:
    """One line of a list. `expected` only while no answer has come yet."""

    ticket: Ticket
    waits: bool
    expected: Expectation | None


def listed(tickets: Iterable[Ticket]) -> list[ListedRequest]:
    """The lines for `tickets`. Two queries for however many, and none where none of them waits."""
    tickets = list(tickets)
    ours = {ticket.pk for ticket in tickets if ticket.status == Ticket.Status.OPEN}
    replies = Message.objects.visible_to_customer().filter(direction=Message.Direction.OUTBOUND)
    waiting = ours - set(replies.filter(ticket__in=ours).values_list("ticket_id", flat=True)) if ours else ours
    figures = Expectations() if waiting else None
    return [_line(ticket, figures if ticket.pk in waiting else None) for ticket in tickets]


def _line(ticket: Ticket, figures: Expectations | None) -> ListedRequest:
    if figures is None:
        return ListedRequest(ticket, waits=False, expected=None)
    waited = timezone.now() - ticket.created_at
    return ListedRequest(ticket, waits=True, expected=figures.of(ticket, waited=waited, by_link=False))
