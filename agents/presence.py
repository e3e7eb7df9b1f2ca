"""Who else is at a request: has it open, is writing, or began a reply. Reads, and the heartbeat of an open page.

Invariant: presence informs and never locks. It is no record of anybody's work: a row is overwritten by the next beat,
is shown for little more than a minute, and is not audited.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import Composition, Presence
from portal.models import Ticket, User

# A page beats every 15 seconds; browsers slow the timers of pages in the background to one a minute.
PRESENT_FOR = timedelta(seconds=75)
WRITING_FOR = timedelta(seconds=60)


class Doing(StrEnum):
    WRITING = "writing"
    BEGAN = "began"
    OPEN = "open"


@dataclass(frozen=True)
class Colleague:
    """Somebody else at a request; `since` is when they last wrote, where they did."""

    person_id: int
    name: str
    doing: Doing
    since: datetime | None = None

    @property
    def short(self) -> str:
        """For a line of the queue."""
        words = {
            Doing.WRITING: _("%(name)s is writing"),
            Doing.BEGAN: _("%(name)s began a reply"),
            Doing.OPEN: _("%(name)s has it open"),
        }
        return words[self.doing] % {"name": self.name}


def note_presence(*, person: User, ticket: Ticket, is_writing: bool = False) -> None:
    """Say that this person's page is open now. One statement; it waits for nobody."""
    now = timezone.now()
    here = Presence(ticket=ticket, person=person, seen_at=now, wrote_at=now if is_writing else None)
    fields = ["seen_at", "wrote_at"] if is_writing else ["seen_at"]
    Presence.objects.bulk_create(
        [here], update_conflicts=True, unique_fields=["ticket", "person"], update_fields=fields
    )


def forget_presence(*, person: User, ticket: Ticket) -> None:
    """Say that this person's page was closed."""
    Presence.objects.filter(ticket=ticket, person=person).delete()


def others_at(ticket: Ticket, reader: User) -> tuple[Colleague, ...]:
    """The colleagues at one request, those who write first."""
    return others_by_ticket([ticket.pk], reader).get(ticket.pk, ())


def others_by_ticket(ids: Iterable[int], reader: User) -> dict[int, tuple[Colleague, ...]]:
    """The colleagues at many requests, in two queries."""
    numbers, now = list(ids), timezone.now()
    found: dict[int, dict[int, Colleague]] = {}
    begun = Composition.objects.filter(ticket__in=numbers).exclude(author=reader).exclude(text="")
    for kept in begun.select_related("author").defer("text", "note"):
        name = kept.author.get_full_name()
        found.setdefault(kept.ticket_id, {})[kept.author_id] = Colleague(
            kept.author_id, name, Doing.BEGAN, kept.updated_at
        )
    present = Presence.objects.filter(ticket__in=numbers, seen_at__gt=now - PRESENT_FOR).exclude(person=reader)
    for presence in present.select_related("person"):
        people, person = found.setdefault(presence.ticket_id, {}), presence.person
        if presence.wrote_at is not None and presence.wrote_at > now - WRITING_FOR:
            people[person.pk] = Colleague(person.pk, person.get_full_name(), Doing.WRITING, presence.wrote_at)
        elif person.pk not in people:
            people[person.pk] = Colleague(person.pk, person.get_full_name(), Doing.OPEN)
    return {number: tuple(sorted(people.values(), key=_order)) for number, people in found.items()}


def _order(colleague: Colleague) -> tuple[int, str]:
    return list(Doing).index(colleague.doing), colleague.name
