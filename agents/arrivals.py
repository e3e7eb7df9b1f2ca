"""What customers wrote since a page of the console was opened. Reads by number, so that asking often costs little."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from portal.models import Message, Ticket, User


@dataclass(frozen=True)
class Arrivals:
    """Requests to answer on which a customer wrote since message `since`, and how many of them are the reader's."""

    since: int
    requests: int = 0
    yours: int = 0


def newest_message() -> int:
    """The number of the newest message of all; 0 before the first."""
    return Message.objects.aggregate(newest=Max("pk"))["newest"] or 0


def arrivals_since(reader: User, since: int) -> Arrivals:
    """What came in from people after message `since`."""
    written = Message.objects.inbound().filter(pk__gt=since).exclude(automatic__in=["auto_reply", "bounce"])
    waiting = written.filter(ticket__in=Ticket.objects.visible_to(reader), ticket__status=Ticket.Status.OPEN)
    counts = waiting.aggregate(
        requests=Count("ticket", distinct=True),
        yours=Count("ticket", distinct=True, filter=Q(ticket__assignee=reader)),
    )
    return Arrivals(since, counts["requests"], counts["yours"])
