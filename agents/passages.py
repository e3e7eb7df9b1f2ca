"""Passages that a rep looks up to cite. Reads only.

Invariant: what can be put into a reply was found, and is read again, with the audiences of the requester; what only
staff may read stands apart, as words for the rep alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from agents.evidence import HEADING_JOIN, article_address
from kb.models import ArticlePage, Passage
from kb.search import Hit, find
from portal.models import Ticket, User
from portal.permissions import audiences_for, audiences_of_requester

MOST_PASSAGES = 5
MOST_STAFF_PASSAGES = 3
MOST_WORDS = 400
OPENING = 240
OPENING_LINES = 4


@dataclass(frozen=True)
class FoundPassage:
    """One passage with its source, as the list of results shows it."""

    passage_id: int
    article_id: int
    title: str
    heading: str
    url: str
    text: str
    written_by: str
    reviewed_on: date | None
    matched: tuple[str, ...]
    customer_saw: str

    @property
    def opening(self) -> str:
        """The beginning of a passage too long for a list; empty when it may stand whole."""
        if len(self.text) <= OPENING and self.text.count("\n") < OPENING_LINES:
            return ""
        return "\n".join(self.text.split("\n")[:OPENING_LINES])[:OPENING].rstrip()


@dataclass(frozen=True)
class Found:
    """What a search gave: `citable` for the customer, `for_you` for staff alone; `degraded` when only words counted."""

    asked: str
    citable: tuple[FoundPassage, ...]
    for_you: tuple[FoundPassage, ...]
    degraded: bool


@dataclass(frozen=True)
class Citable:
    """A passage as it stands in the index now, with what a citation copies."""

    passage: Passage
    title: str
    heading: str
    quote: str
    address: str

    def words(self, language: str) -> str:
        """What goes into the reply: the passage, and below it where it is from."""
        with translation.override(language):
            source = _("From “%(title)s”: %(address)s") % {"title": self.title, "address": self.address}
        return f"{self.quote}\n\n{source}"


def find_passages(ticket: Ticket, reader: User, asked: str) -> Found:
    """Look for passages by meaning and words: for the customer of this request, and for the rep alone."""
    asked = " ".join(asked.split()[:MOST_WORDS])
    if not asked:
        return Found("", (), (), degraded=False)
    theirs = audiences_of_requester(ticket)
    outcome = find(asked, audiences=theirs, limit=MOST_PASSAGES)
    ours = audiences_for(reader) - theirs
    staff = find(asked, audiences=ours, limit=MOST_STAFF_PASSAGES).hits if ours else ()
    texts = _texts(hit.passage_id for hit in (*outcome.hits, *staff))
    saw = _seen_before(ticket)
    return Found(
        asked,
        tuple(_found(hit, texts, saw) for hit in outcome.hits),
        tuple(_found(hit, texts, {}) for hit in staff),
        degraded=outcome.degraded is not None,
    )


def citable_passage(ticket: Ticket, passage_id: int) -> Citable | None:
    """The passage, if the customer of this request may read it today; None otherwise."""
    passage = Passage.objects.filter(pk=passage_id).select_related("source_text").first()
    if passage is None:
        return None
    readable = ArticlePage.objects.for_audiences(audiences_of_requester(ticket))
    article = readable.filter(pk=passage.article_id).first()
    if article is None:
        return None
    heading = HEADING_JOIN.join(passage.heading_path)
    return Citable(
        passage,
        title=article.title,
        heading=heading,
        quote=passage.source_text.text[passage.start : passage.end].strip(),
        address=urljoin(f"{settings.HANDRAIL_PUBLIC_URL}/", article_address(article, heading)),
    )


def _found(hit: Hit, texts: dict[int, str], saw: dict[int, str]) -> FoundPassage:
    heading = hit.heading_path[-1] if hit.heading_path else ""
    return FoundPassage(
        passage_id=hit.passage_id,
        article_id=hit.article_id,
        title=hit.title,
        heading="" if heading == hit.title else heading,
        url=hit.url,
        text=texts.get(hit.passage_id, hit.snippet),
        written_by=hit.written_by,
        reviewed_on=hit.reviewed_on,
        matched=hit.matched,
        customer_saw=saw.get(hit.article_id, ""),
    )


def _texts(ids: Iterable[int]) -> dict[int, str]:
    passages = Passage.objects.filter(pk__in=list(ids)).select_related("source_text")
    return {p.pk: p.source_text.text[p.start : p.end].strip() for p in passages.only("source_text", "start", "end")}


def _seen_before(ticket: Ticket) -> dict[int, str]:
    """By article: whether the customer opened it, or only saw it, before writing."""
    shown = ticket.shown_articles.filter(article__isnull=False).values_list("article_id", "opened")
    words = {True: _("the customer opened it"), False: _("was shown to the customer")}
    return {article: words[opened] for article, opened in shown if article is not None}
