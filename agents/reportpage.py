"""The report as a lead reads it: rows of numbers in words, each with the name of the requests behind it.

Reads only. A number that stands on too few cases is not shown; it says on how many it would have stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents.drafttext import draft_text
from agents.models import Review
from agents.reports import (
    FATES,
    FEWEST,
    MOST_ARTICLES,
    ArticleRejections,
    Drafts,
    Fate,
    Period,
    Said,
    Shown,
    Volume,
    drafts_of,
    read_drafts,
    read_rejected_articles,
    read_said,
    read_shown,
    read_volumes,
    shares_kept,
)
from kb.models import ArticlePage, SourceText
from portal.models import Category, Ticket

SAMPLE = 100  # edited drafts compared word by word, the newest ones


@dataclass(frozen=True)
class Count:
    """A number with the name of the requests behind it; `bar` is its share of the largest beside it, 0 to 100."""

    n: int
    behind: str
    bar: int = 0


@dataclass(frozen=True)
class VolumeRow:
    label: str
    filed: Count
    answered: Count
    waiting: Count
    closed: Count
    median: str
    ninetieth: str
    is_measured: bool


@dataclass(frozen=True)
class FateRow:
    label: str
    count: Count
    share: str


@dataclass(frozen=True)
class DraftRow:
    label: str
    offered: Count
    fates: tuple[Count, ...]


@dataclass(frozen=True)
class ArticleRow:
    title: str
    url: str
    outdated: int
    reasons: tuple[tuple[str, int], ...]
    count: Count


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    period: Period
    total: VolumeRow
    weeks: tuple[tuple[str, Count], ...]
    categories: tuple[VolumeRow, ...]
    channels: tuple[VolumeRow, ...]
    drafts: int
    fates: tuple[FateRow, ...]
    draft_categories: tuple[DraftRow, ...]
    reasons: tuple[FateRow, ...]
    kept: str
    articles: tuple[ArticleRow, ...]
    more_articles: int
    shown: Shown
    said: Said

    @property
    def is_empty(self) -> bool:
        return not self.total.filed.n


def read_report(period: Period) -> Report:
    """The report about the requests filed in the period."""
    volumes, drafts = read_volumes(period), read_drafts(period)
    names = dict(Category.objects.values_list("pk", "name"))
    articles = read_rejected_articles(period)
    order = sorted(volumes.by_category, key=lambda key: (key is None, -volumes.by_category[key].filed))
    most = max((volume.filed for volume in volumes.by_category.values()), default=0)
    most_by_channel = max((volume.filed for volume in volumes.by_channel.values()), default=0)
    channels = sorted(volumes.by_channel.items(), key=lambda pair: -pair[1].filed)
    return Report(
        period=period,
        total=_volume_row(_("All requests"), volumes.total, "", 0),
        weeks=_weeks(period, volumes.by_week),
        categories=tuple(
            _volume_row(_category(key, names), volumes.by_category[key], str(key or "none"), most) for key in order
        ),
        channels=tuple(
            _volume_row(str(Ticket.Channel(key).label), volume, key, most_by_channel) for key, volume in channels
        ),
        drafts=drafts.total,
        fates=tuple(_fate_row(str(label), drafts.by_fate[fate], drafts.total, fate) for fate, label in FATES.items()),
        draft_categories=_draft_rows(drafts, names),
        reasons=_reason_rows(drafts),
        kept=_kept(period, drafts),
        articles=_article_rows(articles[:MOST_ARTICLES]),
        more_articles=max(0, len(articles) - MOST_ARTICLES),
        shown=read_shown(period),
        said=read_said(period),
    )


_COUNTED = {
    "filed": gettext_lazy("Filed"),
    "answered": gettext_lazy("Answered"),
    "unanswered": gettext_lazy("Still waiting for a first answer"),
    "closed_unanswered": gettext_lazy("Closed without an answer"),
    "offered": gettext_lazy("A draft was offered"),
    "article": gettext_lazy("A draft from this article was rejected"),
    "shown": gettext_lazy("Articles stood beside the form"),
    **{fate: gettext_lazy("Drafts: %(fate)s") % {"fate": label} for fate, label in FATES.items()},
}


def name_of(number: str) -> str:
    """What a number counted, in words."""
    what, _colon, of = number.partition(":")
    words = str(_COUNTED.get(what, ""))
    if of in Review.Reason.values:
        return f"{words} · {Review.Reason(of).label}"
    if of in Ticket.Channel.values:
        return f"{words} · {Ticket.Channel(of).label}"
    if of == "opened":
        return _("%(words)s, and one was opened") % {"words": words}
    if what == "article":
        title = SourceText.objects.filter(article_id=int(of)).order_by("-pk").values_list("title", flat=True).first()
    elif of == "none":
        title = _("No category")
    else:
        title = Category.objects.filter(pk=of).values_list("name", flat=True).first() if of else ""
    return f"{words} · {title}" if title else words


def query_of(period: Period, **more: str) -> str:
    """The period as the query of an address."""
    return urlencode({"from": period.first.isoformat(), "to": period.last.isoformat(), **more})


def duration(waited: timedelta | None, n: int) -> str:
    """A length of time in its two largest units; on how few cases it would stand, where it is absent."""
    if waited is None:
        return _("Not enough data (n=%(n)d)") % {"n": n} if n else _("none answered")
    minutes = round(waited.total_seconds() / 60)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(days)d days %(hours)d h") % {"days": hours // 24, "hours": hours % 24}


def share(part: int, whole: int) -> str:
    if whole < FEWEST:
        return ""
    return _("%(share)d%%") % {"share": round(100 * part / whole)}


def _bar(n: int, most: int) -> int:
    return max(1, round(100 * n / most)) if n and most else 0


def _category(key: int | None, names: dict[int, str]) -> str:
    return _("No category") if key is None else names.get(key, str(key))


def _volume_row(label: str, volume: Volume, of: str, most: int) -> VolumeRow:
    suffix = f":{of}" if of else ""
    return VolumeRow(
        label=label,
        filed=Count(volume.filed, f"filed{suffix}", _bar(volume.filed, most)),
        answered=Count(volume.answered, f"answered{suffix}"),
        waiting=Count(volume.waiting, f"unanswered{suffix}"),
        closed=Count(volume.closed_unanswered, f"closed_unanswered{suffix}"),
        median=duration(volume.median, volume.answered),
        ninetieth=duration(volume.ninetieth, volume.answered),
        is_measured=volume.median is not None,
    )


def _weeks(period: Period, by_week: dict[date, Volume]) -> tuple[tuple[str, Count], ...]:
    """Every week of the period, those without a request too."""
    monday = period.first - timedelta(days=period.first.weekday())
    mondays = [monday + timedelta(weeks=n) for n in range((period.last - monday).days // 7 + 1)]
    most = max((volume.filed for volume in by_week.values()), default=0)
    counts = [(one, by_week[one].filed if one in by_week else 0) for one in mondays]
    return tuple((date_format(one, "j F"), Count(n, "", _bar(n, most))) for one, n in counts)


def _fate_row(label: str, n: int, whole: int, behind: str) -> FateRow:
    return FateRow(label, Count(n, behind, _bar(n, whole)), share(n, whole))


def _draft_rows(drafts: Drafts, names: dict[int, str]) -> tuple[DraftRow, ...]:
    rows = []
    for key in sorted(drafts.of_category, key=lambda key: (key is None, -sum(drafts.of_category[key].values()))):
        of, counts = str(key or "none"), drafts.of_category[key]
        offered = Count(sum(counts.values()), f"offered:{of}")
        fates = tuple(Count(counts[fate], f"{fate}:{of}") for fate in FATES)
        rows.append(DraftRow(_category(key, names), offered, fates))
    return tuple(rows)


def _reason_rows(drafts: Drafts) -> tuple[FateRow, ...]:
    rejected = sum(drafts.by_reason.values())
    found = sorted(drafts.by_reason.items(), key=lambda pair: -pair[1])
    return tuple(_fate_row(str(Review.Reason(reason).label), n, rejected, f"rejected:{reason}") for reason, n in found)


def _kept(period: Period, drafts: Drafts) -> str:
    """How much of the edited drafts was sent: the median share of their words, over the newest ones."""
    edited = drafts.by_fate[Fate.EDITED]
    if edited < FEWEST:
        return _("Not enough data (n=%(n)d)") % {"n": edited} if edited else ""
    newest = drafts_of(period, fate=Fate.EDITED).order_by("-pk")[:SAMPLE]
    texts = dict(
        Review.objects.filter(draft__in=[draft.pk for draft in newest], verdict="edited").values_list(
            "draft", "message__payload__text"
        )
    )
    pairs = ((draft_text(draft).split(), (texts.get(draft.pk) or "").split()) for draft in newest)
    shares = shares_kept(pairs)
    words = {"n": len(shares), "half": round(100 * shares[len(shares) // 2])}
    return _("half of them kept %(half)d%% or more of the draft's words (n=%(n)d, the newest)") % words


def _article_rows(articles: Sequence[ArticleRejections]) -> tuple[ArticleRow, ...]:
    pages = ArticlePage.objects.live().filter(pk__in=[one.article_id for one in articles])
    live = {page.pk: page.url or "" for page in pages}
    return tuple(
        ArticleRow(
            title=one.title,
            url=live.get(one.article_id, ""),
            outdated=one.outdated,
            reasons=tuple((str(Review.Reason(reason).label), n) for reason, n in sorted(one.by_reason.items())),
            count=Count(one.total, f"article:{one.article_id}"),
        )
        for one in articles
    )
