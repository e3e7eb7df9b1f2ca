"""Resolved requests that ask the same, as a rep reads them: what was asked, what was answered, on which articles.

Reads only. What customers and colleagues wrote is redacted here: whoever may see the original opens the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.timeline import Cited, cited_in
from kb.redaction import redact
from portal.models import Message, Ticket, User
from triage.alike import resolved_alike
from triage.wording import essence

MOST_SUBJECT, MOST_ANSWER = 120, 260


@dataclass(frozen=True)
class Resolved:
    """One of them. `answer` opens the last reply; it is empty where the request was solved without one."""

    number: int
    subject: str
    answer: str
    answered_by: str
    answered_at: datetime | None
    cites: tuple[Cited, ...]


def similar_resolved(ticket: Ticket, reader: User) -> list[Resolved]:
    """Return the nearest resolved requests with how they were resolved, in a fixed number of queries."""
    tickets = [alike.ticket for alike in resolved_alike(ticket, reader)]
    if not tickets:
        return []
    last = Message.objects.visible_to_customer().filter(direction=Message.Direction.OUTBOUND, ticket__in=tickets)
    replies = list(last.order_by("ticket_id", "-pk").distinct("ticket_id").select_related("payload", "released_by"))
    cites = cited_in(replies)
    by_ticket = {reply.ticket_id: reply for reply in replies}
    return [_resolved(one, by_ticket.get(one.pk), cites) for one in tickets]


def _resolved(ticket: Ticket, reply: Message | None, cites: dict[int, list[Cited]]) -> Resolved:
    return Resolved(
        number=ticket.number,
        subject=_shown(ticket.subject, MOST_SUBJECT),
        answer=_shown(essence(reply.text), MOST_ANSWER) if reply is not None else "",
        answered_by=reply.released_by.get_full_name() if reply is not None and reply.released_by is not None else "",
        answered_at=reply.visible_from if reply is not None else None,
        cites=_once(cites.get(reply.pk, [])) if reply is not None else (),
    )


def _once(cites: Sequence[Cited]) -> tuple[Cited, ...]:
    return tuple({cited.title: cited for cited in cites}.values())


def _shown(text: str, most: int) -> str:
    """One redacted line, cut at a word."""
    line = " ".join(redact(text).text.split())
    return line if len(line) <= most else f"{line[:most].rpartition(' ')[0]} …"
