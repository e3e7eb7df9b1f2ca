"""What people said of requests, as the queue, the ticket page and the screen itself read it. Reads only.

Invariant: nothing of a high-touch, erased or unknown account teaches, by the account's record at this moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from kb.retrieval.embedder import DEFAULT_EMBEDDER
from portal.models import Organisation, Ticket
from triage.choices import About
from triage.models import Run, ScreeningWord
from triage.taught import Example, domain_of

MOST_EXAMPLES = 400
# An account that became high-touch since is named beside no other's request.
_NAMES_NO_WALLED = ~Q(duplicate_of__organisation__kind=Organisation.Kind.HIGH_TOUCH)
FEWEST = 50
"""Below so many judged verdicts no share is given."""


@dataclass(frozen=True)
class Upheld:
    """How many requests people called spam or not, and what they said of those that triage had called so."""

    spam: int
    not_spam: int
    judged: int
    upheld: int

    @property
    def is_enough(self) -> bool:
        return self.judged >= FEWEST

    @property
    def share(self) -> int:
        return round(100 * self.upheld / self.judged) if self.judged else 0


def newest_words() -> QuerySet[ScreeningWord]:
    """The newest word about each question of each request."""
    newer = ScreeningWord.objects.filter(ticket=OuterRef("ticket"), about=OuterRef("about"), pk__gt=OuterRef("pk"))
    return ScreeningWord.objects.exclude(Exists(newer))


def set_back_by_people() -> Q:
    """The condition that a person called the request spam or a duplicate; never one of a high-touch account."""
    said = newest_words().filter(_NAMES_NO_WALLED, ticket=OuterRef("pk"), holds=True)
    return ~Q(organisation__kind=Organisation.Kind.HIGH_TOUCH) & Q(Exists(said))


def not_overruled() -> Q:
    """The condition, on a run, that nobody said that its verdict is wrong."""
    return ~Q(Exists(newest_words().filter(ticket=OuterRef("ticket"), about=OuterRef("verdict"), holds=False)))


def words_on(ticket_ids: Iterable[int]) -> dict[int, dict[str, ScreeningWord]]:
    """What stands of each request, by number and by what it is about, in one query; nothing behind the wall."""
    open_ones = ~Q(ticket__organisation__kind=Organisation.Kind.HIGH_TOUCH) & Q(ticket__erased_at__isnull=True)
    words = newest_words().filter(open_ones, _NAMES_NO_WALLED, ticket__in=list(ticket_ids)).select_related("said_by")
    found: dict[int, dict[str, ScreeningWord]] = {}
    for word in words:
        found.setdefault(word.ticket_id, {})[word.about] = word
    return found


def read_taught() -> tuple[Example, ...]:
    """The newest requests that people called spam or not, of accounts that may teach, with their vectors."""
    words = newest_words().filter(about=About.SPAM).select_related("said_by", "ticket__requester").order_by("-pk")
    by_ticket = {word.ticket_id: word for word in words[:MOST_EXAMPLES]}
    if not by_ticket:
        return ()
    runs = Run.objects.shareable().filter(
        ticket__in=by_ticket, is_first=True, embedding__isnull=False, embedding_version=DEFAULT_EMBEDDER
    )
    rows = runs.values_list("ticket_id", "embedding")
    return tuple(_example(by_ticket[ticket], list(vector)) for ticket, vector in rows if vector is not None)


def _example(word: ScreeningWord, vector: list[float]) -> Example:
    day = timezone.localtime(word.created_at).strftime("%d %B %Y")
    sender = domain_of(word.ticket.requester.email)
    return Example(word.ticket_id, tuple(vector), sender, is_spam=word.holds, said_by=str(word.said_by), said_on=day)


def upheld() -> Upheld:
    """What people said of requests that a machine may compare, over all time."""
    may_teach = Ticket.objects.filter(pk__in=Run.objects.shareable().values("ticket"))
    words = newest_words().filter(about=About.SPAM, ticket__in=may_teach)
    rows = list(words.values_list("holds", "machine_said"))
    judged = [holds for holds, machine_said in rows if machine_said]
    return Upheld(sum(h for h, _m in rows), sum(not h for h, _m in rows), len(judged), sum(judged))
