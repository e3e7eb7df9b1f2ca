"""The queue: which requests a rep sees, in which order, and why. Reads only, in a fixed number of queries.

Invariant: nothing is out of sight. What triage thinks of a request moves it within the order, and the row says so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.evidence import Measured, draft_state, measured, proposed_category_name
from agents.models import Composition
from agents.presence import Colleague, others_by_ticket
from agents.staleness import ready_drafts, stale_among
from portal.models import Category, Message, Organisation, Ticket, User
from triage.models import FieldName, FieldProposal, Run, ScreeningWord, Verdict
from triage.reading import applied_among, blind_among, latest_runs, proposals_to_show
from triage.screening import not_overruled, set_back_by_people, words_on
from triage.wall import open_to_machines

PER_PAGE = 25
SORTS = {
    "order": gettext_lazy("What to answer first"),
    "oldest": gettext_lazy("Oldest first"),
    "newest": gettext_lazy("Newest first"),
    "changed": gettext_lazy("Last changed first"),
}
_SORT_FIELDS = {"oldest": ("id",), "newest": ("-id",), "changed": ("-updated_at", "-id")}
_SHOWN = {
    "open": Q(status=Ticket.Status.OPEN),
    "waiting": Q(status=Ticket.Status.WAITING),
    "solved": Q(status__in=[Ticket.Status.SOLVED, Ticket.Status.CLOSED]),
    "all": Q(),
}
SHOWN_LABELS = {
    "open": gettext_lazy("To answer"),
    "waiting": gettext_lazy("Waiting for the customer"),
    "solved": gettext_lazy("Solved"),
    "all": gettext_lazy("All"),
}
_PEOPLE = ("requester", "organisation__engineer", "organisation__deputy", "category", "assignee")
# A line needs names, not whole accounts: half of what is read for a page would be columns that it never shows.
_SHOWN_OF_A_TICKET = (
    *("subject", "status", "priority", "identity_verified", "erased_at", "created_at"),
    *("requester", "organisation", "category", "assignee"),
    *("organisation__name", "organisation__kind", "organisation__engineer", "organisation__deputy", "category__name"),
    *(
        f"{person}__{name}"
        for person in ("requester", "assignee", "organisation__engineer", "organisation__deputy")
        for name in ("email", "display_name")
    ),
)


@dataclass(frozen=True)
class QueueFilter:
    """What the rep asked for; every value is one that the filter form offers."""

    show: str = "open"
    whose: str = ""
    category: str = ""
    priority: str = ""
    high_touch: bool = False
    drafted: bool = False
    words: str = ""
    sort: str = "order"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.whose or self.category or self.priority or self.high_touch or self.drafted or self.words)


@dataclass(frozen=True)
class Tab:
    """One status with how many requests it holds under the other filters."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class QueueRow:
    """A request as one line of the queue."""

    ticket: Ticket
    account: str
    account_note: str
    is_yours_by_record: bool
    category: str
    proposed_category: Measured | None
    category_note: str
    priority_note: str
    why_here: str
    waiting_since: datetime
    age: str
    draft_is_ready: bool
    draft_word: str
    draft_note: str
    you_are_writing: bool
    others: tuple[Colleague, ...]


@dataclass(frozen=True)
class Queue:
    """A page of the queue."""

    rows: tuple[QueueRow, ...]
    page: Page[int]
    tabs: tuple[Tab, ...]

    @property
    def has_unmeasured(self) -> bool:
        """Whether a proposal stands here whose confidence is not known yet: said once, not in every row."""
        return any(row.proposed_category and not row.proposed_category.is_measured for row in self.rows)


def read_queue(*, reader: User, wanted: QueueFilter, page: str | None, per_page: int = PER_PAGE) -> Queue:
    """The page of requests that this rep asked for, in order, with the counts of every tab."""
    narrowed = _narrow(Ticket.objects.visible_to(reader), reader, wanted)
    counts = narrowed.aggregate(**{name: Count("pk", filter=condition) for name, condition in _SHOWN.items()})
    tabs = tuple(Tab(name, str(label), counts[name]) for name, label in SHOWN_LABELS.items())
    # Ordered by number alone, so that the database sorts numbers and not whole rows with the people beside them.
    ordered = _ordered(narrowed.filter(_SHOWN[wanted.show]), reader, wanted.sort).values_list("pk", flat=True)
    paginator = Paginator(ordered, per_page)
    paginator.count = counts[wanted.show]  # counted above, with the other tabs
    shown = paginator.get_page(page)
    return Queue(rows=_rows(list(shown.object_list), reader), page=shown, tabs=tabs)


def _narrow(tickets: QuerySet[Ticket], reader: User, wanted: QueueFilter) -> QuerySet[Ticket]:
    if wanted.whose == "mine":
        tickets = tickets.filter(assignee=reader)
    elif wanted.whose == "nobody":
        tickets = tickets.filter(assignee__isnull=True)
    if wanted.category == "none":
        tickets = tickets.filter(category__isnull=True)
    elif wanted.category:
        tickets = tickets.filter(category__slug=wanted.category)
    if wanted.priority:
        tickets = tickets.filter(priority=wanted.priority)
    if wanted.high_touch:
        tickets = tickets.filter(organisation__kind=Organisation.Kind.HIGH_TOUCH)
    if wanted.drafted:
        tickets = tickets.filter(pk__in=ready_drafts().values("ticket"))
    for word in wanted.words.split()[:8]:
        found = Q(subject__icontains=word)
        number = word.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 18:
            found |= Q(pk=int(number))
        tickets = tickets.filter(found)
    return tickets


def _ordered(tickets: QuerySet[Ticket], reader: User, sort: str) -> QuerySet[Ticket]:
    if sort in _SORT_FIELDS:
        return tickets.order_by(*_SORT_FIELDS[sort])
    # Asked per request, by index: what it costs grows with the requests to answer, not with all that ever was.
    newer = Run.objects.filter(ticket=OuterRef("ticket"), message__gt=OuterRef("message"))
    set_back = (
        Run.objects.filter(ticket=OuterRef("pk"))
        .exclude(verdict=Verdict.PLAIN)
        .exclude(Exists(newer))
        .filter(not_overruled())
    )
    # Triage stores a later priority only when it is high, so a request's newest proposal is high if any is.
    raised = FieldProposal.objects.filter(
        run__ticket=OuterRef("pk"), field=FieldName.PRIORITY, value=Ticket.Priority.HIGH
    )
    return tickets.annotate(
        rank=Case(
            When(Q(organisation__kind=Organisation.Kind.HIGH_TOUCH) & _served_by(reader), then=0),
            When(priority=Ticket.Priority.URGENT, then=1),
            When(priority=Ticket.Priority.HIGH, then=2),
            When(set_back_by_people() | (open_to_machines() & Q(Exists(set_back))), then=6),
            When(priority=Ticket.Priority.LOW, then=5),
            When(open_to_machines() & Q(Exists(raised)), then=3),
            default=Value(4),
            output_field=IntegerField(),
        )
    ).order_by("rank", "id")


def _served_by(reader: User) -> Q:
    return Q(organisation__engineer=reader) | Q(organisation__deputy=reader)


def _rows(ids: list[int], reader: User) -> tuple[QueueRow, ...]:
    tickets = Ticket.objects.select_related(*_PEOPLE).only(*_SHOWN_OF_A_TICKET).in_bulk(ids)
    runs = latest_runs(ids)
    drafts = [run.draft for run in runs.values() if hasattr(run, "draft")]
    prefetch_related_objects(drafts, "reviews")
    # A draft that was used or rejected says so, whatever became of its sources.
    stale = stale_among([draft for draft in drafts if not draft.reviews.all()])
    others = others_by_ticket(ids, reader)
    proposals = _newest_proposals(ids)
    last_words = Message.objects.filter(ticket__in=ids, direction=Message.Direction.INBOUND).values("ticket")
    since = dict(last_words.annotate(last=Max("created_at")).values_list("ticket", "last"))
    writing = set(Composition.objects.filter(ticket__in=ids, author=reader).values_list("ticket", flat=True))
    unfiled = any(ticket.category_id is None and ticket.pk in proposals for ticket in tickets.values())
    words = words_on(ids)
    notes = _category_notes(tickets.values())
    names = dict(Category.objects.values_list("slug", "name")) if unfiled else {}
    return tuple(
        _row(
            ticket,
            runs.get(ticket.pk),
            proposals.get(ticket.pk, {}),
            reader,
            names,
            since.get(ticket.pk),
            said=words.get(ticket.pk, {}),
            category_note=notes.get(ticket.pk, ""),
            writing=ticket.pk in writing,
            stale=stale,
            others=others.get(ticket.pk, ()),
        )
        for ticket in (tickets[number] for number in ids)
    )


def _newest_proposals(ids: list[int]) -> dict[int, dict[str, FieldProposal]]:
    """For each request, the newest proposal of each field."""
    shown = proposals_to_show().filter(open_to_machines("run__ticket__"), run__ticket__in=ids)
    newest = shown.annotate(of_ticket=F("run__ticket"))
    found: dict[int, dict[str, FieldProposal]] = {}
    for proposal in newest.order_by("of_ticket", "field", "-run_id").distinct("of_ticket", "field"):
        found.setdefault(proposal.of_ticket, {})[proposal.field] = proposal
    return found


def _category_notes(tickets: Collection[Ticket]) -> dict[int, str]:
    """Where triage filed a request, and where it keeps its proposal back until a person has filed it."""
    filed = {ticket.pk for ticket in tickets if ticket.category_id is not None}
    notes = dict.fromkeys(applied_among(filed), _("filed by triage"))
    unfiled = [ticket.pk for ticket in tickets if ticket.category_id is None]
    return notes | dict.fromkeys(blind_among(unfiled), _("blind check: choose it yourself"))


def _row(
    ticket: Ticket,
    run: Run | None,
    proposals: dict[str, FieldProposal],
    reader: User,
    names: dict[str, str],
    since: datetime | None,
    *,
    said: dict[str, ScreeningWord],
    category_note: str,
    writing: bool,
    stale: set[int],
    others: tuple[Colleague, ...],
) -> QueueRow:
    category, priority = proposals.get(FieldName.CATEGORY), proposals.get(FieldName.PRIORITY)
    proposed = None
    if ticket.category is None and category is not None:
        proposed = measured(category, proposed_category_name(category, names))
    by_record = _is_served_by(ticket, reader)
    state = draft_state(ticket, run, stale)
    return QueueRow(
        ticket=ticket,
        account=ticket.organisation.name if ticket.organisation is not None else _("No known account"),
        account_note=_account_note(ticket),
        is_yours_by_record=by_record,
        category=ticket.category.name if ticket.category is not None else "",
        proposed_category=proposed,
        category_note=category_note,
        priority_note=_priority_note(ticket, priority),
        why_here=_why_here(ticket, run, priority, said, by_record=by_record),
        waiting_since=since or ticket.created_at,
        age=_age(since or ticket.created_at),
        draft_is_ready=state.is_ready,
        draft_word=state.word,
        draft_note=state.note,
        you_are_writing=writing,
        others=others,
    )


def _age(since: datetime) -> str:
    """How long ago, in one unit: a column of these is read at a glance."""
    minutes = max(0, int((timezone.now() - since).total_seconds() // 60))
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(n)d days") % {"n": minutes // (24 * 60)}


def _is_served_by(ticket: Ticket, reader: User) -> bool:
    organisation = ticket.organisation
    return (
        ticket.is_high_touch
        and organisation is not None
        and reader.pk in {organisation.engineer_id, organisation.deputy_id}
    )


def _account_note(ticket: Ticket) -> str:
    if ticket.is_high_touch:
        return _("High-touch")
    return _("unknown account") if ticket.is_unknown_account else ""


def _priority_note(ticket: Ticket, proposal: FieldProposal | None) -> str:
    """What speaks for the priority; nothing where nothing speaks for any other than normal."""
    if proposal is None or proposal.value == Ticket.Priority.NORMAL:
        return ""
    reason = "; ".join(str(reason) for reason in proposal.reasons[:2])
    if proposal.value == ticket.priority:
        return reason
    if ticket.priority != Ticket.Priority.NORMAL:
        return ""  # a person has decided
    label = Ticket.Priority(proposal.value).label if proposal.value in Ticket.Priority.values else proposal.value
    return _("%(value)s proposed: %(reason)s") % {"value": label, "reason": reason}


def _why_here(
    ticket: Ticket,
    run: Run | None,
    priority: FieldProposal | None,
    said: dict[str, ScreeningWord],
    *,
    by_record: bool,
) -> str:
    """What lifted the request above, or set it below, those that merely wait longer: the ranking in words."""
    if by_record:
        return _("yours by record")
    if ticket.priority in {Ticket.Priority.URGENT, Ticket.Priority.HIGH}:
        return _("set by a person")
    for word in said.values():
        if word.holds:
            called = {"name": word.said_by.get_full_name(), "what": word.get_about_display()}
            return _("set back: %(name)s called it %(what)s") % called
    if run is not None and run.verdict != Verdict.PLAIN and run.verdict not in said:
        return _("set back: %(verdict)s") % {"verdict": run.get_verdict_display()}
    if ticket.priority == Ticket.Priority.LOW:
        return _("set by a person")
    raised = priority is not None and priority.value == Ticket.Priority.HIGH
    return _("lifted: high is proposed") if raised else ""
