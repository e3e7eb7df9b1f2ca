"""A conversation as a rep sees it: everything, in order, with what was kept back and what was noted. Reads only."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Citation, Review
from portal.models import Attachment, AuditEvent, DeflectionShown, Message, MessageStop, OutboxEntry, Ticket, User

LONG_CHARACTERS = 1_500
LONG_LINES = 24
# Shown first and last; what lies between is unfolded a page at a time.
MOST_UNFOLDED = 8
PAGE = 40
SHOWN_EVENTS = {
    "ticket.category_changed": gettext_lazy("changed the category"),
    "ticket.category_applied": gettext_lazy("filed it, as it has earned"),
    "ticket.priority_changed": gettext_lazy("changed the priority"),
    "ticket.assignee_changed": gettext_lazy("changed who is responsible"),
    "ticket.status_changed": gettext_lazy("changed the status"),
    "draft.rejected": gettext_lazy("rejected the draft"),
}


@dataclass(frozen=True)
class Cited:
    """A source that a reply rests on; `exact` when its words went out unchanged."""

    title: str
    url: str
    exact: bool


@dataclass(frozen=True)
class Entry:
    """One message or note. `opening` is set when the text is too long to show whole."""

    id: int
    direction: str
    who: str
    when: datetime
    text: str
    opening: str
    attachments: tuple[Attachment, ...]
    automatic: str
    stop_reason: str
    stopped_when: datetime | None
    stopped_by: str
    seconds_left: int
    mail_trouble: str
    is_new: bool
    cites: tuple["Cited", ...]

    @property
    def is_stopped(self) -> bool:
        return bool(self.stop_reason)


@dataclass(frozen=True)
class Happening:
    """A change that a colleague made."""

    who: str
    what: str
    when: datetime


@dataclass(frozen=True)
class Timeline:
    """The conversation, the oldest first; `folded` messages between `earliest` and `latest` were not read.

    `unfold_from` is the message that a page with the next of them begins at.
    """

    earliest: tuple[Entry, ...]
    folded: int
    latest: tuple[Entry, ...]
    last_id: int
    unfold_from: int = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.earliest + self.latest

    @property
    def unfolds(self) -> int:
        """How many more the next page shows."""
        return min(self.folded, PAGE)

    @property
    def new(self) -> tuple[Entry, ...]:
        """What came after the message that the rep saw last."""
        return tuple(entry for entry in self.entries if entry.is_new)


def read_timeline(ticket: Ticket, *, seen: int | None = None, unfold_from: int | None = None) -> Timeline:
    """The first and the latest messages, from `unfold_from` on; what came after message `seen` is marked as new.

    Only what is shown is read: a conversation of hundreds costs what one of eight does.
    """
    ids = list(ticket.messages.order_by("pk").values_list("pk", flat=True))
    first = max(1, len(ids) - MOST_UNFOLDED + 1)
    if seen is not None:
        first = min(first, max(1, bisect_right(ids, seen)))
    if unfold_from is not None:
        first = min(first, max(1, bisect_left(ids, unfold_from)))
    shown = ids[:1] + ids[first:]
    chosen = ticket.messages.with_text().filter(pk__in=shown)
    messages = list(chosen.select_related("stop__stopped_by", "outbox_entry").order_by("pk"))
    cited, now = cited_in(messages), timezone.now()
    entries = tuple(_entry(message, now, seen, tuple(cited.get(message.pk, ()))) for message in messages)
    folded = max(0, first - 1)
    next_page = ids[max(1, first - PAGE)] if folded else 0
    return Timeline(entries[:1], folded, entries[1:], ids[-1] if ids else 0, next_page)


@dataclass(frozen=True)
class Earlier:
    """Other requests of the same person, the newest first; `more` are not listed."""

    tickets: tuple[Ticket, ...]
    more: int
    open: int


def earlier_requests(ticket: Ticket, reader: User, limit: int = 5) -> Earlier:
    """What the same person wrote about before, and since."""
    theirs = Ticket.objects.visible_to(reader).filter(requester=ticket.requester_id).exclude(pk=ticket.pk)
    counts = theirs.aggregate(every=Count("pk"), open=Count("pk", filter=Q(status=Ticket.Status.OPEN)))
    newest = tuple(theirs.order_by("-pk").only("subject", "status", "created_at")[:limit])
    return Earlier(newest, counts["every"] - len(newest), counts["open"])


def shown_articles(ticket: Ticket) -> list[DeflectionShown]:
    """The articles that stood beside the form, in their order, and whether the writer opened them."""
    return list(ticket.shown_articles.select_related("article"))


def happenings(ticket: Ticket, limit: int = 12) -> list[Happening]:
    """What colleagues changed of late, the newest first."""
    events = (
        AuditEvent.objects.filter(ticket_id=ticket.pk, verb__in=SHOWN_EVENTS).select_related("actor").order_by("-pk")
    )
    return [Happening(_doer(event), str(SHOWN_EVENTS[event.verb]), event.created_at) for event in events[:limit]]


def _doer(event: AuditEvent) -> str:
    return _("Triage") if event.verb == "ticket.category_applied" else _name(event.actor)


def held_back_words(ticket: Ticket, rep: User) -> Message | None:
    """The rep's reply that a new message of the customer held back, while nothing was sent in its place."""
    outbound = ticket.messages.filter(direction=Message.Direction.OUTBOUND).order_by("-pk")
    last = outbound.values_list("pk", "released_by", "stop__reason").first()
    if last is None or last[1:] != (rep.pk, MessageStop.Reason.WITHHELD):
        return None
    return ticket.messages.with_text().get(pk=last[0])


def cited_in(messages: list[Message]) -> dict[int, list[Cited]]:
    """What each reply rests on, by record: passages that a rep cited, and the sources of the draft it began as."""
    replies = [message.pk for message in messages if message.direction == Message.Direction.OUTBOUND]
    found: dict[int, list[Cited]] = {}
    for citation in Citation.objects.filter(message__in=replies).select_related("source_text"):
        cited = Cited(citation.source_text.title, citation.address, exact=citation.verbatim)
        found.setdefault(citation.message_id, []).append(cited)
    reviews = Review.objects.filter(message__in=replies, draft__sentences__source_text__isnull=False)
    drafted = reviews.values_list("message", "draft__sentences__source_text__title", "verdict").order_by("message")
    for number, title, verdict in drafted.distinct():
        if number is not None:
            found.setdefault(number, []).append(Cited(title, "", exact=verdict == Review.Verdict.AS_IS))
    return found


def _entry(message: Message, now: datetime, seen: int | None, cites: tuple[Cited, ...]) -> Entry:
    outbound = message.direction == Message.Direction.OUTBOUND
    stop = message.stop if message.is_stopped else None
    left = (message.visible_from - now) if outbound and stop is None else timedelta(0)
    text = message.text
    return Entry(
        id=message.pk,
        direction=message.direction,
        who=_name(message.released_by if outbound else message.author),
        when=message.created_at,
        text=text,
        opening=_opening(text),
        attachments=tuple(message.attachments.all()),
        automatic=str(message.get_automatic_display()) if message.automatic != Message.Automatic.NONE else "",
        stop_reason=stop.reason if stop is not None else "",
        stopped_when=stop.created_at if stop is not None else None,
        stopped_by=_name(stop.stopped_by) if stop is not None and stop.stopped_by is not None else "",
        seconds_left=max(0, -(-int(left.total_seconds() * 1000) // 1000)),
        mail_trouble=_mail_trouble(message) if outbound else "",
        is_new=seen is not None and message.pk > seen and message.direction == Message.Direction.INBOUND,
        cites=cites,
    )


def _opening(text: str) -> str:
    """The beginning of a text too long for a conversation; empty when it may stand whole."""
    lines = text.split("\n")
    if len(text) <= LONG_CHARACTERS and len(lines) <= LONG_LINES:
        return ""
    return "\n".join(lines[:LONG_LINES])[:LONG_CHARACTERS]


def _mail_trouble(message: Message) -> str:
    entry: OutboxEntry | None = getattr(message, "outbox_entry", None)
    troubles = {OutboxEntry.State.FAILED, OutboxEntry.State.STUCK}
    return str(entry.get_state_display()) if entry is not None and entry.state in troubles else ""


def _name(person: User | None) -> str:
    return person.get_full_name() if person is not None else _("Nobody on record")
