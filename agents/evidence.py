"""What triage says about a request, as a rep reads it: drafts with their sources, findings, proposals, and why not.

Reads only. Nothing here decides anything: a number is shown with what it was measured on, or as not enough data.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _
from wagtail.models import Site

from agents.models import Review
from kb.models import ArticlePage, SourceText
from portal.models import Category, Ticket
from portal.permissions import audiences_of_requester
from triage.models import (
    Draft,
    DraftSentence,
    FieldName,
    FieldProposal,
    NoDraftReason,
    Run,
    RunState,
    SentenceKind,
)
from triage.models.drafts import live_sources
from triage.reading import proposals_and_blindness
from triage.wall import bar_of

CONTEXT = 160
HEADING_JOIN = " › "


@dataclass(frozen=True)
class Measured:
    """A proposed value with its confidence in words."""

    value: str
    label: str
    confidence: str
    measured_on: str
    reasons: tuple[str, ...]
    is_measured: bool


@dataclass(frozen=True)
class CitedSentence:
    """A sentence with the words around it in its source; `quote` is empty where it needs the rep's own words."""

    text: str
    form: str
    before: str
    quote: str
    after: str
    finding: str


@dataclass(frozen=True)
class Source:
    """Sentences that stand under one heading of one article; `title` is empty for those without an article."""

    title: str
    heading: str
    url: str
    revision: int | None
    written_by: str
    reviewed_on: date | None
    is_live: bool
    sentences: tuple[CitedSentence, ...]
    article_id: int | None = None
    """Of the article while it is live, for those who call it wrong."""


@dataclass(frozen=True)
class DraftView:
    """A draft beside its sources."""

    draft: Draft
    sources: tuple[Source, ...]
    stale_because: tuple[str, ...]
    rejection: Review | None
    sent: Review | None

    @property
    def is_open(self) -> bool:
        return self.rejection is None


@dataclass(frozen=True)
class DraftState:
    """Where a draft stands, for a line of the queue: a word or two, and why there is none."""

    word: str
    note: str = ""
    is_ready: bool = False


def measured(proposal: FieldProposal, label: str) -> Measured:
    """The proposal with its confidence: a share with its n, or that there is not enough data."""
    if proposal.confidence is None:
        confidence = _("Not enough data (n=%(n)d)") % {"n": proposal.n}
    else:
        confidence = _("right in %(share)d%% of %(n)d measured cases") % {
            "share": round(100 * proposal.confidence),
            "n": proposal.n,
        }
    reasons = tuple(str(reason) for reason in proposal.reasons)
    return Measured(
        proposal.value, label, confidence, proposal.measured_on, reasons, is_measured=proposal.confidence is not None
    )


def proposed_category_name(proposal: FieldProposal, names: dict[str, str]) -> str:
    """The category's name by its slug; the slug itself when the category is gone."""
    return names.get(proposal.value, proposal.value)


def why_unfiled(ticket: Ticket) -> str:
    """Why triage proposes no category, in its words; empty where it does, or behind the high-touch wall."""
    if bar_of(ticket):
        return ""
    outputs = Run.objects.filter(ticket=ticket, is_first=True).values_list("outputs", flat=True).first() or {}
    return str((outputs.get("classify") or {}).get("unfiled", ""))


def proposals_of(ticket: Ticket) -> tuple[dict[str, Measured], bool]:
    """The newest proposal for each field of the request, by field; none behind the high-touch wall.

    Beside it: whether the category is kept back until a person has chosen one.
    """
    if bar_of(ticket):
        return {}, False
    newest = proposals_and_blindness().filter(run__ticket=ticket).order_by("field", "-run_id").distinct("field")
    names = dict(Category.objects.values_list("slug", "name"))
    found: dict[str, Measured] = {}
    is_blind = False
    for proposal in newest:
        if proposal.is_blind:
            is_blind = True
            continue
        if proposal.field == FieldName.CATEGORY:
            found[proposal.field] = measured(proposal, proposed_category_name(proposal, names))
        else:
            found[proposal.field] = measured(proposal, str(Ticket.Priority(proposal.value).label))
    return found, is_blind


@dataclass(frozen=True)
class Remarks:
    """What triage remarks beside a request: words in it that speak to a machine, and what the screen took it for."""

    to_machines: tuple[str, ...] = ()
    screened: tuple[str, ...] = ()


def remarks_on(ticket: Ticket, run: Run | None) -> Remarks:
    """What the run remarked, in one query; mostly nothing."""
    if run is None or bar_of(ticket):
        return Remarks()
    kept = Run.objects.filter(pk=run.pk).values_list("outputs__warn__words", "outputs__screen__reasons").first()
    words, reasons = (tuple(map(str, one)) if isinstance(one, list) else () for one in kept or ((), ()))
    return Remarks(words, reasons)


def draft_state(ticket: Ticket, run: Run | None, stale: Container[int]) -> DraftState:
    """Where the draft stands, with the reason when there is none; `stale` holds the drafts that stand no more."""
    if bar := bar_of(ticket):
        return DraftState(_("no draft"), who_serves(ticket) or str(NoDraftReason(bar).label))
    if run is None:
        return DraftState(_("not read yet"))
    if run.state in {RunState.PENDING, RunState.RUNNING}:
        return DraftState(_("being read"))
    if run.state == RunState.FAILED:
        return DraftState(_("triage failed"), str(run.get_failure_display()))
    draft = getattr(run, "draft", None)
    if draft is None:
        return DraftState(_("no draft"), who_serves(ticket) or why_no_draft(ticket, run))
    verdicts = [review.verdict for review in draft.reviews.all()]
    if Review.Verdict.REJECTED in verdicts:
        return DraftState(_("draft rejected"))
    if verdicts:
        return DraftState(_("draft used"))
    if draft.pk in stale:
        return DraftState(_("draft stale"), _("The customer wrote again, or a source changed."))
    return DraftState(_("draft ready"), is_ready=True)


def why_no_draft(ticket: Ticket, run: Run) -> str:
    """The recorded reason in words; for a high-touch account also who answers, by record."""
    reason = str(NoDraftReason(run.no_draft_reason).label) if run.no_draft_reason else _("No reason was recorded.")
    if run.no_draft_reason == NoDraftReason.HIGH_TOUCH:
        return f"{reason} {who_serves(ticket)}"
    return reason


def who_serves(ticket: Ticket) -> str:
    """Who answers a high-touch account, from its record; empty for any other."""
    organisation = ticket.organisation
    if organisation is None or not ticket.is_high_touch:
        return ""
    names = [person.get_full_name() for person in (organisation.engineer, organisation.deputy) if person is not None]
    if not names:
        return _("The account has no engineer on record: a lead answers, and names one.")
    if len(names) == 1:
        return _("%(name)s answers.") % {"name": names[0]}
    return _("%(engineer)s answers, or %(deputy)s as deputy.") % {"engineer": names[0], "deputy": names[1]}


def view_draft(draft: Draft) -> DraftView:
    """The draft with its sentences grouped by source, and whether it still stands."""
    sentences = list(draft.sentences.all())
    gone = _gone_among({s.source_text_id for s in sentences if s.source_text_id is not None}, draft.ticket)
    reviews = list(draft.reviews.select_related("reviewer"))
    rejections = [review for review in reviews if review.verdict == Review.Verdict.REJECTED]
    sent = [review for review in reviews if review.verdict != Review.Verdict.REJECTED]
    return DraftView(
        draft=draft,
        sources=tuple(_sources(sentences, gone)),
        stale_because=tuple(_stale_because(draft, sentences, gone)),
        rejection=rejections[0] if rejections else None,
        sent=sent[-1] if sent else None,
    )


def _gone_among(sources: set[int], ticket: Ticket) -> set[int]:
    """Those that are no longer what their article says to the customer of this request."""
    if not sources:
        return set()
    live = live_sources(SourceText.objects.filter(pk__in=sources), audiences_of_requester(ticket))
    return sources - set(live.values_list("pk", flat=True))


def _sources(sentences: Sequence[DraftSentence], gone: set[int]) -> list[Source]:
    grouped = groupby(sentences, key=lambda sentence: (sentence.source_text_id, sentence.heading, sentence.kind))
    articles = _articles({s.source_text.article_id for s in sentences if s.source_text is not None})
    return [_source(list(group), gone, articles) for _key, group in grouped]


def _articles(ids: set[int]) -> dict[int, ArticlePage]:
    """The cited articles with their writers and addresses, in one query. A source text outlives a deleted one."""
    found: dict[int, ArticlePage] = ArticlePage.objects.with_writers().in_bulk(ids)
    roots = Site.get_site_root_paths() if found else []
    for article in found.values():
        article._wagtail_cached_site_root_paths = roots  # where `get_url` keeps them
    return found


def _source(sentences: list[DraftSentence], gone: set[int], articles: Mapping[int, ArticlePage]) -> Source:
    first = sentences[0]
    cited = tuple(_cited(sentence) for sentence in sentences)
    text = first.source_text
    if text is None:
        return Source("", first.heading, "", None, "", None, is_live=True, sentences=cited)
    article = articles.get(text.article_id)
    return Source(
        title=text.title,
        heading=first.heading.rpartition(HEADING_JOIN)[2],
        url=article_address(article, first.heading),
        revision=text.revision_id,
        written_by=article.written_by if article is not None else "",
        reviewed_on=article.reviewed_on if article is not None else None,
        is_live=article is not None and text.pk not in gone,
        sentences=cited,
        article_id=article.pk if article is not None and article.live else None,
    )


def article_address(article: ArticlePage | None, heading: str) -> str:
    """Where a heading of an article is read; empty when the article is not published."""
    if article is None or not article.live:
        return ""
    anchor = article.anchor_for(tuple(heading.split(HEADING_JOIN))) if heading else ""
    return f"{article.url or ''}#{anchor}" if anchor else article.url or ""


def _cited(sentence: DraftSentence) -> CitedSentence:
    finding = sentence.log_finding
    before = after = ""
    if sentence.source_text is not None and sentence.start is not None and sentence.end is not None:
        whole = sentence.source_text.text
        before = whole[max(0, sentence.start - CONTEXT) : sentence.start].lstrip()
        after = whole[sentence.end : sentence.end + CONTEXT].rstrip()
    where = _("line %(line)d of the log") % {"line": finding.line_no} if finding is not None else ""
    quote = sentence.quote if sentence.kind != SentenceKind.NEEDS_WORDS else ""
    return CitedSentence(sentence.text, sentence.form, before, quote, after, where)


def _stale_because(draft: Draft, sentences: Sequence[DraftSentence], gone: set[int]) -> list[str]:
    reasons = []
    if draft.has_newer_message():
        reasons.append(_("The customer has written again since: it answers an earlier message."))
    titles = {s.source_text.title for s in sentences if s.source_text is not None and s.source_text_id in gone}
    reason = _("“%(title)s” was changed, closed to this customer or taken down since.")
    reasons += [reason % {"title": title} for title in sorted(titles)]
    return reasons
