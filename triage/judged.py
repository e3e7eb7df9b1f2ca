"""The weights of priority against what people decided, and against what else they would have proposed. Reads only.

From the signals that each run kept, so that no customer's text is read again. Only requests that the reader may see and
that a machine may compare are looked at: never a high-touch or erased one, by the record at this moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from portal.models import AuditEvent, Ticket, User
from triage.agreement import Agreement, agreement
from triage.models import Run
from triage.urgency import SIGNALS, Signal
from triage.weights import Judged, Weights, judge

DECIDED_MOST, PREVIEWED = 500, 200
_LOOKED_BACK = 5_000
"""Of so many newest requests those are taken whose priority somebody set: what a page waits for stays bounded."""
_RAISED = frozenset({Ticket.Priority.HIGH, Ticket.Priority.URGENT})


@dataclass(frozen=True)
class Decided:
    """A request whose priority a person set, with the signals that it was filed with."""

    ticket_id: int
    priority: str
    claims: frozenset[str]


@dataclass(frozen=True)
class Heard:
    """How often a signal was there, and in how many of these the person decided its way.

    A raising signal is agreed with by high or urgent, a lowering one by low or normal.
    """

    signal: Signal
    there: int
    agreed: int


@dataclass(frozen=True)
class Otherwise:
    """A request for which other weights would have proposed something else."""

    ticket_id: int
    subject: str
    before: Judged
    after: Judged


@dataclass(frozen=True)
class Effect:
    """What other weights would have done to the last `n` requests."""

    n: int
    otherwise: tuple[Otherwise, ...]


def decided_by_people(reader: User) -> list[Decided]:
    """Return the requests whose priority a person set, the newest first. A proposal left alone is no decision."""
    newest = _comparable(reader).values("pk")[:_LOOKED_BACK]
    set_by_person = AuditEvent.objects.filter(
        verb="ticket.priority_changed", ticket_id=OuterRef("ticket_id"), actor__isnull=False
    )
    runs = Run.objects.filter(Exists(set_by_person), pk__in=newest).order_by("-pk")
    rows = runs.values_list("ticket_id", "ticket__priority", "outputs__prioritise__claims")[:DECIDED_MOST]
    return [Decided(ticket, priority, frozenset(claims)) for ticket, priority, claims in rows if claims is not None]


def agreement_of(weights: Weights, decided: Sequence[Decided]) -> Agreement:
    """Compare what these weights propose with what people decided."""
    return agreement([(judge(one.claims, weights).farthest, one.priority) for one in decided])


def heard(decided: Sequence[Decided]) -> Mapping[str, Heard]:
    """Return for each signal how often it was there and how often people went its way, by its code."""
    return {signal.code: _heard(signal, decided) for signal in SIGNALS}


def _heard(signal: Signal, decided: Sequence[Decided]) -> Heard:
    there = [one for one in decided if signal.code in one.claims]
    return Heard(signal, len(there), sum((one.priority in _RAISED) != signal.lowers for one in there))


def effect_of(before: Weights, after: Weights, reader: User) -> Effect:
    """Return which of the newest requests the weights `after` would have judged otherwise than `before`."""
    rows = _comparable(reader).values_list("ticket_id", "ticket__subject", "outputs__prioritise__claims")[:PREVIEWED]
    judged = [
        Otherwise(ticket, subject, judge(claims, before), judge(claims, after))
        for ticket, subject, claims in rows
        if claims is not None
    ]
    return Effect(len(judged), tuple(one for one in judged if one.before.farthest != one.after.farthest))


def _comparable(reader: User) -> QuerySet[Run]:
    """First runs that kept their signals, of requests that may be compared and that this reader may see."""
    shown = Ticket.objects.visible_to(reader)
    kept = Run.objects.shareable().filter(is_first=True, ticket__in=shown)
    return kept.filter(outputs__prioritise__has_key="claims").order_by("-pk")
