"""How long requests waited for their first answer: the one figure behind every "expected time" that customers see.

Invariant: it is measured from the record or it is absent; it is never a promise. Measured from the customer's first
message to the first reply that was visible and not stopped, over requests of the last 30 days, at the 80th percentile,
by the clock on the wall. Requests that still wait count as waiting, those closed unanswered as waiting until then.
With fewer than 20 requests under a category the figure of all requests stands in, and with fewer than 20 of those none.
High-touch requests are in nobody's figure and are shown none: their engineer serves them by record.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import connection, transaction
from django.utils import timezone

from portal.models import FirstResponse, Ticket
from portal.waits import Figure, Wait, measure, round_up

SHARE = 0.8
WINDOW = timedelta(days=30)
FEWEST = 20
# Measured anew every few minutes; one that nobody has renewed for a day is not of "the last 30 days" any more.
KEPT = timedelta(days=1)

_WAITS = """
    WITH asked AS (
        SELECT t.id, t.category_id, t.status, t.updated_at, min(m.created_at) AS asked_at
        FROM portal_ticket t
        JOIN portal_message m ON m.ticket_id = t.id AND m.direction = 'inbound' AND m.automatic IN ('none', 'ambiguous')
        LEFT JOIN portal_organisation o ON o.id = t.organisation_id
        WHERE t.created_at >= now() - make_interval(days => %(days)s) AND coalesce(o.kind, '') <> 'high_touch'
        GROUP BY t.id
        HAVING min(m.created_at) >= now() - make_interval(days => %(days)s)
    ), answered AS (
        SELECT asked.*, (
            SELECT min(m.visible_from) FROM portal_message m
            WHERE m.ticket_id = asked.id AND m.direction = 'outbound' AND m.visible_from <= now()
                AND NOT EXISTS (SELECT 1 FROM portal_messagestop s WHERE s.message_id = m.id)
        ) AS answered_at
        FROM asked
    )
    SELECT category_id, answered_at IS NOT NULL, ceil(greatest(extract(epoch FROM coalesce(
            answered_at, CASE WHEN status IN ('solved', 'closed') THEN updated_at ELSE now() END
        ) - asked_at), 0) / 60)::int AS minutes, count(*)
    FROM answered GROUP BY 1, 2, 3
"""


class Known(StrEnum):
    """What the record can say about a wait."""

    MEASURED = "measured"
    MOSTLY_UNANSWERED = "mostly_unanswered"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Expectation:
    """What to tell somebody who waits: `minutes` within which four in five of `n` requests had a first answer.

    `by_category` says that only requests of the same category were measured; `overdue` that this one has waited longer.
    """

    known: Known
    n: int
    minutes: int | None = None
    by_category: bool = False
    overdue: bool = False


def measure_first_responses() -> int:
    """Measure anew, by category and over all requests, and return how many figures there are. For the worker's role."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, {"days": WINDOW.days})
        rows = [(category, Wait(minutes, answered, count)) for category, answered, minutes, count in cursor.fetchall()]
    figures: dict[int | None, Figure] = {None: measure((wait for _, wait in rows), share=SHARE)}
    for category_id in {category for category, _ in rows if category is not None}:
        figures[category_id] = measure((wait for category, wait in rows if category == category_id), share=SHARE)
    now = timezone.now()
    with transaction.atomic():
        FirstResponse.objects.bulk_create(
            [
                FirstResponse(category_id=key, minutes=of.minutes, n=of.n, measured_at=now)
                for key, of in figures.items()
            ],
            update_conflicts=True,
            unique_fields=["category"],
            update_fields=["minutes", "n", "measured_at"],
        )
        FirstResponse.objects.filter(measured_at__lt=now).delete()
    return len(figures)


class Expectations:
    """The figures of one moment, read in one query, to ask for as many requests as a page shows."""

    def __init__(self) -> None:
        fresh = FirstResponse.objects.filter(measured_at__gt=timezone.now() - KEPT)
        self._figures = {row.category_id: Figure(row.minutes, row.n) for row in fresh}

    def of(self, ticket: Ticket, *, by_link: bool, waited: timedelta = timedelta(0)) -> Expectation | None:
        """What to tell whoever waits on `ticket`, for `waited` so far; None on a high-touch request.

        A link proves nothing about who holds it: with one a high-touch request is spoken of like any other.
        """
        if ticket.is_high_touch and not by_link:
            return None
        of_category = self._figures.get(ticket.category_id) if ticket.category_id else None
        by_category = of_category is not None and of_category.n >= FEWEST
        figure = of_category if of_category is not None and by_category else self._figures.get(None, Figure(None, 0))
        if figure.n < FEWEST:
            return Expectation(Known.TOO_FEW, figure.n)
        if figure.minutes is None:
            return Expectation(Known.MOSTLY_UNANSWERED, figure.n, by_category=by_category)
        minutes = round_up(figure.minutes)
        overdue = waited > timedelta(minutes=minutes)
        return Expectation(Known.MEASURED, figure.n, minutes, by_category=by_category, overdue=overdue)
