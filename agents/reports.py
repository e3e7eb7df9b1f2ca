"""A lead's report: what was filed in a period, how soon it was answered, and what became of the drafts. Reads only.

Invariant: every count is about the requests filed in the period, and `behind` names exactly those it counted. Nothing
is counted by person. A median or a share of fewer than `FEWEST` cases is absent: it would say nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from agents.models import Review
from portal.models import ArticleVerdict, DeflectionShown, Message, ReplyVerdict, Ticket, User
from portal.models.deflection import Tally
from triage.models import Draft

FEWEST = 10
MOST_DAYS = 366
MOST_ARTICLES = 20


@dataclass(frozen=True)
class Period:
    """Whole days, both included, in UTC."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, UTC)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class Fate:
    """What became of a draft."""

    AS_IS = "as_is"
    EDITED = "edited"
    REJECTED = "rejected"
    UNUSED = "unused"
    WAITING = "waiting"


FATES = {
    Fate.AS_IS: _("sent as they were"),
    Fate.EDITED: _("sent after editing"),
    Fate.REJECTED: _("rejected"),
    Fate.UNUSED: _("not used: the conversation went on without them"),
    Fate.WAITING: _("still on offer: nothing was said since"),
}


@dataclass(frozen=True)
class Volume:
    """Requests of one kind; median and 90th percentile are of the answered ones, None where those are too few."""

    filed: int
    answered: int
    waiting: int
    median: timedelta | None
    ninetieth: timedelta | None

    @property
    def closed_unanswered(self) -> int:
        return self.filed - self.answered - self.waiting


@dataclass(frozen=True)
class Volumes:
    total: Volume
    by_category: dict[int | None, Volume]
    by_channel: dict[str, Volume]
    by_week: dict[date, Volume]


@dataclass(frozen=True)
class Drafts:
    """Drafts by fate; `of_category` by category and fate, `by_reason` the rejected ones."""

    total: int
    by_fate: dict[str, int]
    of_category: dict[int | None, dict[str, int]]
    by_reason: dict[str, int]


@dataclass(frozen=True)
class ArticleRejections:
    """Drafts from one article that were rejected, by reason."""

    article_id: int
    title: str
    by_reason: dict[str, int]

    @property
    def outdated(self) -> int:
        return self.by_reason.get(Review.Reason.OUTDATED, 0)

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())


@dataclass(frozen=True)
class Shown:
    """What stood beside the form of requests that were filed all the same."""

    requests: int
    opened_on: int
    articles: int
    opened: int


@dataclass(frozen=True)
class Said:
    """What people said when asked whether something solved their problem; who said nothing is in neither."""

    of_articles: Tally
    of_replies: Tally


_VOLUMES = """
    WITH filed AS (
        SELECT t.category_id, t.channel, date_trunc('week', t.created_at AT TIME ZONE 'UTC')::date AS week, t.status,
            t.created_at, (
                SELECT min(m.visible_from) FROM portal_message m
                WHERE m.ticket_id = t.id AND m.direction = 'outbound' AND m.visible_from <= now()
                    AND NOT EXISTS (SELECT 1 FROM portal_messagestop s WHERE s.message_id = m.id)
            ) AS answered_at
        FROM portal_ticket t WHERE t.created_at >= %(start)s AND t.created_at < %(end)s
    )
    SELECT grouping(category_id, channel, week), category_id, channel, week, count(*), count(answered_at),
        count(*) FILTER (WHERE answered_at IS NULL AND status IN ('open', 'waiting')),
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
            ORDER BY extract(epoch FROM answered_at - created_at)) FILTER (WHERE answered_at IS NOT NULL)
    FROM filed GROUP BY GROUPING SETS ((), (category_id), (channel), (week))
"""
_NOBODY = Volume(0, 0, 0, None, None)


def read_volumes(period: Period) -> Volumes:
    """How many were filed, and how long until the first reply that the customer could see, by the clock on the wall."""
    with connection.cursor() as cursor:
        cursor.execute(_VOLUMES, {"start": period.start, "end": period.end})
        rows = cursor.fetchall()
    found = Volumes(_NOBODY, {}, {}, {})
    total = _NOBODY
    for level, category, channel, week, filed, answered, waiting, waits in rows:
        volume = Volume(filed, answered, waiting, *_percentiles(waits, answered))
        if level == 0b111:
            total = volume
        elif level == 0b011:
            found.by_category[category] = volume
        elif level == 0b101:
            found.by_channel[channel] = volume
        else:
            found.by_week[week] = volume
    return Volumes(total, found.by_category, found.by_channel, found.by_week)


def _percentiles(waits: list[float] | None, answered: int) -> tuple[timedelta | None, timedelta | None]:
    if waits is None or answered < FEWEST:
        return None, None
    return timedelta(seconds=float(waits[0])), timedelta(seconds=float(waits[1]))


def drafts_of(period: Period, *, fate: str = "", reason: str = "", article: int | None = None) -> QuerySet[Draft]:
    """The drafts for requests filed in the period, each with its `fate` and, where rejected, its `reason`.

    A reply that was taken back or held back was not sent: it leaves the draft as it was.
    """
    said = Review.objects.filter(draft=OuterRef("pk"), message__stop__isnull=True).order_by("-pk")
    later = Message.objects.filter(
        Q(direction=Message.Direction.OUTBOUND, stop__isnull=True) | Q(direction=Message.Direction.INBOUND),
        ticket=OuterRef("ticket"),
        pk__gt=OuterRef("answers"),
    )
    drafts = Draft.objects.filter(ticket__created_at__gte=period.start, ticket__created_at__lt=period.end)
    judged = drafts.annotate(
        verdict=Subquery(said.values("verdict")[:1]),
        reason=Subquery(said.values("reason")[:1]),
        went_on=Exists(later),
        fate=Case(
            When(verdict__isnull=False, then=F("verdict")),
            When(went_on=True, then=Value(Fate.UNUSED)),
            default=Value(Fate.WAITING),
            output_field=CharField(),
        ),
    )
    wanted = Q(fate=fate) if fate else Q()
    wanted &= Q(reason=reason) if reason else Q()
    wanted &= Q(sentences__source_text__article_id=article) if article is not None else Q()
    return judged.filter(wanted)


def read_drafts(period: Period) -> Drafts:
    counted = (
        drafts_of(period).values_list("ticket__category", F("fate"), F("reason")).annotate(n=Count("pk")).order_by()
    )
    by_fate: dict[str, int] = dict.fromkeys(FATES, 0)
    of_category: dict[int | None, dict[str, int]] = {}
    by_reason: dict[str, int] = {}
    for category, fate, reason, n in counted:
        by_fate[fate] += n
        row = of_category.setdefault(category, dict.fromkeys(FATES, 0))
        row[fate] += n
        if fate == Fate.REJECTED:
            by_reason[reason] = by_reason.get(reason, 0) + n
    return Drafts(sum(by_fate.values()), by_fate, of_category, by_reason)


def read_rejected_articles(period: Period) -> list[ArticleRejections]:
    """The articles whose drafts were rejected, those said to be out of date first."""
    rejected = drafts_of(period, fate=Fate.REJECTED).filter(sentences__source_text__isnull=False)
    counted = rejected.values_list("sentences__source_text__article_id", "sentences__source_text__title", F("reason"))
    articles: dict[int, ArticleRejections] = {}
    for article, title, reason, n in counted.annotate(n=Count("pk", distinct=True)).order_by():
        known = articles.setdefault(article, ArticleRejections(article, title, {}))
        known.by_reason[reason] = known.by_reason.get(reason, 0) + n
    return sorted(articles.values(), key=lambda one: (-one.outdated, -one.total, one.title))


def read_shown(period: Period) -> Shown:
    """The articles beside the form of requests that were filed: what people read before they wrote all the same."""
    shown = DeflectionShown.objects.filter(ticket__created_at__gte=period.start, ticket__created_at__lt=period.end)
    opened = Q(opened=True)
    counted = shown.aggregate(
        requests=Count("ticket", distinct=True),
        opened_on=Count("ticket", distinct=True, filter=opened),
        articles=Count("pk"),
        opened=Count("pk", filter=opened),
    )
    return Shown(**counted)


def read_said(period: Period) -> Said:
    """Words about articles said in the period, and about replies on the requests filed in it."""
    of_articles = ArticleVerdict.objects.filter(created_at__gte=period.start, created_at__lt=period.end).tally()
    filed = {"message__ticket__created_at__gte": period.start, "message__ticket__created_at__lt": period.end}
    words = dict(ReplyVerdict.objects.filter(**filed).values_list("solved").annotate(n=Count("pk")).order_by())
    return Said(of_articles, Tally(solved=words.get(True, 0), unsolved=words.get(False, 0)))


def behind(number: str, *, reader: User, period: Period) -> QuerySet[Ticket] | None:
    """The requests that a number of the report counted; None where the name of the number says nothing.

    Names: what was counted, then `:` and the category's id, the channel, the reason or the article it was counted by.
    """
    filed = Ticket.objects.visible_to(reader).filter(created_at__gte=period.start, created_at__lt=period.end)
    what, _colon, of = number.partition(":")
    if what in FATES or what == "offered":
        return _behind_drafts(filed, period, what, of)
    if what == "article" and _is_id(of):
        return filed.filter(pk__in=drafts_of(period, fate=Fate.REJECTED, article=int(of)).values("ticket"))
    if what == "shown":
        rows = DeflectionShown.objects.filter(opened=True) if of == "opened" else DeflectionShown.objects.all()
        return filed.filter(pk__in=rows.values("ticket"))
    return _behind_volume(filed, what, of)


def _behind_drafts(filed: QuerySet[Ticket], period: Period, what: str, of: str) -> QuerySet[Ticket] | None:
    fate = "" if what == "offered" else what
    if what == Fate.REJECTED and of in Review.Reason.values:
        return filed.filter(pk__in=drafts_of(period, fate=fate, reason=of).values("ticket"))
    narrowed = _of_kind(filed, of)
    return None if narrowed is None else narrowed.filter(pk__in=drafts_of(period, fate=fate).values("ticket"))


def _behind_volume(filed: QuerySet[Ticket], what: str, of: str) -> QuerySet[Ticket] | None:
    answers = Message.objects.visible_to_customer().filter(direction=Message.Direction.OUTBOUND)
    answered = Exists(answers.filter(ticket=OuterRef("pk")))
    narrowed = _of_kind(filed, of)
    if narrowed is None or what == "filed":
        return narrowed
    still_open = Q(status__in=[Ticket.Status.OPEN, Ticket.Status.WAITING])
    if what == "answered":
        return narrowed.filter(answered)
    if what == "unanswered":
        return narrowed.filter(still_open).exclude(answered)
    return narrowed.exclude(still_open).exclude(answered) if what == "closed_unanswered" else None


def _of_kind(tickets: QuerySet[Ticket], of: str) -> QuerySet[Ticket] | None:
    """The tickets of one channel, one category or none; all of them where nothing is asked, None for nonsense."""
    if not of:
        return tickets
    if of in Ticket.Channel.values:
        return tickets.filter(channel=of)
    if of == "none":
        return tickets.filter(category__isnull=True)
    return tickets.filter(category=int(of)) if _is_id(of) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def shares_kept(pairs: Iterable[tuple[list[str], list[str]]]) -> list[float]:
    """For each (words of the draft, words that were sent): the share of the draft that was sent."""
    shares = []
    for drafted, sent in pairs:
        left: dict[str, int] = {}
        for word in sent:
            left[word] = left.get(word, 0) + 1
        kept = 0
        for word in drafted:
            if left.get(word, 0):
                left[word] -= 1
                kept += 1
        if drafted:
            shares.append(kept / len(drafted))
    return sorted(shares)
