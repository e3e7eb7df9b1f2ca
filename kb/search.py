"""The one public read of what we know: `search(text, audiences=…)` gives hits that this reader may see.

Words and vectors propose articles, `ranking` fuses them, a floor keeps silence where nothing fits, and the articles
themselves decide last who may see what. The vectors may fail in any way: search then answers from words alone, and
`SearchOutcome.degraded` says why.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote

from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from wagtail.models import Site

from kb.audiences import PUBLIC
from kb.curation import Curation, curation_of, phrases_of
from kb.highlight import excerpt, sought
from kb.models import Passage
from kb.models.pages import byline
from kb.retrieval import ranking
from kb.retrieval.composing import has_vectors
from kb.retrieval.legs import PATIENCE_MS, Degradation, Findings, begin_embedding, gather
from kb.retrieval.prepared import PLANNED_ONCE, Row, fetch, fetch_both
from kb.retrieval.query import Question, read_question
from kb.retrieval.ranking import NO_AGREEMENT, Agreement, Use
from kb.retrieval.statements import CURATED, readable, statistics
from kb.retrieval.timing import Stopwatch
from kb.retrieval.weighing import asked_of

PUBLIC_READER = frozenset({PUBLIC})
SNIPPET_LENGTH = 280
LONGEST_MARKED = 600
"""Of a pasted log only the beginning decides which part of a passage is shown."""
SITE_ROOTS_SECONDS = 10.0
# Where articles are refused to this reader the next best are asked for, this many times at most.
MOST_ROUNDS = 4


@dataclass(frozen=True)
class Hit:
    """One article, with the passage in it that answers best. `SourceText.text[start:end]` is that passage.

    `url` leads to the passage's section. `audience` is the key of those who may read the article. `score` orders the
    hits of one question; `relevance` can be compared between questions, and is what a floor is set on. Hits in the
    reader's language come first. `by_words_alone`: no embedder reads the article's language.
    """

    article_id: int
    revision_id: int
    title: str
    url: str
    heading_path: tuple[str, ...]
    passage_id: int
    source_text_id: int
    start: int
    end: int
    snippet: str
    score: float
    matched: tuple[str, ...]
    written_by: str
    reviewed_on: date | None
    language: str
    audience: str = PUBLIC
    relevance: float = 0.0
    product: str = ""
    versions: tuple[str, ...] = ()
    by_words_alone: bool = False
    agreement: Agreement = NO_AGREEMENT


@dataclass(frozen=True)
class SearchOutcome:
    """`degraded` is None or why the answer is from words alone; `timings` are milliseconds by stage."""

    hits: tuple[Hit, ...]
    degraded: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict)


def search(
    text: str, *, audiences: frozenset[str], limit: int = 5, use: Use = Use.PAGE, floor: float | None = None
) -> list[Hit]:
    """The best articles for a text, at most one hit each; empty when nothing is relevant."""
    return list(find(text, audiences=audiences, limit=limit, use=use, floor=floor).hits)


def find(
    text: str,
    *,
    audiences: frozenset[str],
    limit: int = 5,
    use: Use = Use.PAGE,
    floor: float | None = None,
    curation: Curation | None = None,
    patience_ms: int = PATIENCE_MS,
    side: int | None = None,
    snippets: bool = True,
    uncut: bool = False,
) -> SearchOutcome:
    """As `search`, with the reason for any degradation and the time each stage took.

    `use` decides the relevance below which there is silence; `floor` replaces it, and 0 shows whatever is nearest.
    `curation` stands in for the synonyms and pins that are in use. `patience_ms` is how long meaning is waited for
    before words answer alone: more than the default where nobody watches the page. `side` asks another index than
    the live one. Without `snippets` a hit says where its passage is and not what stands in it.
    `uncut` embeds all of a long question, which takes as long as it is.
    """
    watch = Stopwatch()
    floor = ranking.FLOORS[use] if floor is None else floor
    language = (get_language() or "en").partition("-")[0]
    with watch("analyse"):
        question = read_question(text, language=language)
    if not question.text or not audiences:
        return SearchOutcome((), None, watch.milliseconds)
    embedding = begin_embedding(question, uncut=uncut)
    known: list[Row] | None = None
    if curation is None:
        with watch("curate"):
            phrases = {"phrases": phrases_of(question.text)}
            rows, known = fetch_both(CURATED, phrases, statistics(side), asked_of(question, audiences))
            curation = curation_of(question.text, rows)
    look = partial(gather, audiences=audiences, watch=watch, patience_ms=patience_ms, side=side, uncut=uncut)
    if curation.meanings:
        findings = look(read_question(" ".join((text, *curation.meanings)), language=language))
    else:
        findings = look(question, embedding=embedding, known=known)
    with watch("authorise"):
        hits = _hits(findings, audiences=audiences, limit=limit, floor=floor, snippets=snippets)
    if not hits and curation.meanings:
        # More words make each of them count for less: what the question finds by itself is not silenced by a synonym.
        findings = look(question, embedding=embedding, known=known)
        hits = _hits(findings, audiences=audiences, limit=limit, floor=floor, snippets=snippets)
    if curation.pinned:
        hits = _with_pinned(hits, curation.pinned, findings, audiences=audiences, limit=limit)
    return SearchOutcome(hits, findings.degraded.value if findings.degraded else None, watch.milliseconds)


def _hits(
    findings: Findings, *, audiences: frozenset[str], limit: int, floor: float, snippets: bool
) -> tuple[Hit, ...]:
    """Candidates become hits only here, where the articles say that this reader may see them."""
    candidates = ranking.fuse(findings.evidence)
    shown: list[Hit] = []
    for first in range(0, min(len(candidates), limit * MOST_ROUNDS), max(1, limit)):
        batch = candidates[first : first + limit]
        read = readable_articles(
            [candidate.article_id for candidate in batch], audiences, [candidate.passage_id for candidate in batch]
        )
        for candidate in batch:
            article = read.get(candidate.article_id)
            if article is None or (passage := article.passage) is None or len(shown) == limit:
                continue
            least = floor * ranking.FOLLOWERS_SHARE if shown else floor
            relevance = findings.relevance(candidate, passage.terms)
            if relevance >= least:
                shown.append(_hit(article, passage, candidate, findings, relevance, snippets=snippets))
            elif not shown:
                return ()
        if len(read) == len(batch):
            break
    own = (get_language() or "en").partition("-")[0]
    return tuple(sorted(shown, key=lambda hit: hit.language.partition("-")[0] != own))


def _with_pinned(
    hits: tuple[Hit, ...], pinned: tuple[int, ...], findings: Findings, *, audiences: frozenset[str], limit: int
) -> tuple[Hit, ...]:
    """The pinned articles that this reader may see, then what was found; a pin leaves its score as it is."""
    ranked = {candidate.article_id: candidate for candidate in ranking.fuse(findings.evidence)}
    others = Passage.objects.filter(side=findings.index.side, article_id__in=[pk for pk in pinned if pk not in ranked])
    first = others.order_by("article_id", "pk").distinct("article_id")
    for article_id, passage_id in first.values_list("article_id", "pk"):
        ranked[article_id] = ranking.RankedArticle(article_id, passage_id, 0.0, 0.0, 0.0, ranking.NO_TITLE)
    chosen = [ranked[pk] for pk in pinned if pk in ranked]
    read = readable_articles([one.article_id for one in chosen], audiences, [one.passage_id for one in chosen])
    shown = []
    for candidate in chosen:
        article = read.get(candidate.article_id)
        if article is not None and (passage := article.passage) is not None:
            hit = _hit(article, passage, candidate, findings, findings.relevance(candidate, passage.terms))
            shown.append(replace(hit, matched=(_("chosen by our editors"), *hit.matched)))
    first_ones = {hit.article_id for hit in shown}
    return (*shown, *(hit for hit in hits if hit.article_id not in first_ones))[:limit]


@dataclass(frozen=True)
class Quoted:
    """What is needed of a passage: not its weights, and of the source text only its own span."""

    pk: int
    source_text_id: int
    revision_id: int
    heading_path: tuple[str, ...]
    anchor: str
    start: int
    end: int
    terms: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class Readable:
    """What a hit shows of an article that its reader may see, and that one of the passages which is its own."""

    pk: int
    title: str
    url: str
    written_by: str
    reviewed_on: date | None
    language: str
    audience: str
    product: str
    versions: tuple[str, ...]
    passage: Quoted | None


def readable_articles(
    ids: list[int], audiences: frozenset[str], passages: list[int] | None = None
) -> dict[int, Readable]:
    """The articles that this reader may see, with what a hit shows of them, and each one's own of the `passages`."""
    rows = fetch(
        readable(), {"articles": ids, "passages": passages or [], "audiences": sorted(audiences)}, PLANNED_ONCE
    )
    return {row[0]: _readable(row) for row in rows}


def _readable(row: Row) -> Readable:
    pk, title, url_path, origin, is_edited, *more = row
    owner_email, owner_name, publisher_email, publisher_name, reviewed_on, language, *more = more
    audience, product, versions, *passage = more
    writer = byline(
        origin=origin,
        is_edited=is_edited,
        owner=_full_name(owner_email, owner_name),
        publisher=_full_name(publisher_email, publisher_name),
    )
    shown = (reviewed_on, language, audience, product, tuple(versions))
    return Readable(pk, title, _address(url_path), writer, *shown, _quoted(*passage))


def _quoted(pk: int | None, source_text_id: int, revision_id: int, *place: Any) -> Quoted | None:
    if pk is None:
        return None
    path, anchor, start, end, terms, text = place
    return Quoted(pk, source_text_id, revision_id, tuple(path), anchor, start, end, tuple(terms), text)


@lru_cache(maxsize=1_000)
def _full_name(email: str | None, display_name: str | None) -> str:
    """As the person's own model writes it; empty where there is nobody."""
    if email is None:
        return ""
    person: Any = get_user_model()
    return str(person(email=email, display_name=display_name).get_full_name())


def _address(url_path: str) -> str:
    """As Wagtail's `Page.get_url`, for a path that no page was read for; empty where no site leads to it."""
    roots = _site_roots()
    for root in roots:
        if url_path.startswith(root.root_path):
            path = reverse("wagtail_serve", args=(url_path[len(root.root_path) :],))
            return str(path if len(roots) == 1 else root.root_url + path)
    return ""


def _site_roots() -> Any:
    """Wagtail's own look-up of where sites begin, kept a moment: a site seldom moves, and each hit has an address."""
    global _roots
    database, now = connection.settings_dict["NAME"], time.monotonic()
    if _roots is None or _roots[0] != database or _roots[1] < now:
        _roots = (database, now + SITE_ROOTS_SECONDS, Site.get_site_root_paths())
    return _roots[2]


_roots: tuple[str, float, Any] | None = None


def _hit(
    article: Readable,
    passage: Quoted,
    ranked: ranking.RankedArticle,
    findings: Findings,
    relevance: float,
    *,
    snippets: bool = True,
) -> Hit:
    return Hit(
        article_id=article.pk,
        revision_id=passage.revision_id,
        title=article.title,
        url=f"{article.url}#{quote(passage.anchor)}" if article.url and passage.anchor else article.url,
        heading_path=passage.heading_path,
        passage_id=passage.pk,
        source_text_id=passage.source_text_id,
        start=passage.start,
        end=passage.end,
        snippet=snippet(passage.text, findings.question.text) if snippets else "",
        score=ranking.normalised(ranked.score),
        matched=tuple(_reasons(ranked, findings.question)),
        written_by=article.written_by,
        reviewed_on=article.reviewed_on,
        language=article.language,
        audience=article.audience,
        relevance=relevance,
        product=article.product,
        versions=article.versions,
        by_words_alone=not has_vectors(article.language),
        agreement=_agreement(passage, ranked, findings),
    )


def _agreement(passage: Quoted, ranked: ranking.RankedArticle, findings: Findings) -> Agreement:
    held, strange = findings.shares(passage.terms)
    terms = findings.question.terms_total
    return Agreement(ranked.cosine, ranked.words, ranked.pairs, ranked.title.coverage, held, strange, terms)


def snippet(text: str, question: str = "") -> str:
    """The part of a passage that holds most of the question's words, or its beginning; one line, cut at words."""
    return excerpt(text, sought(question[:LONGEST_MARKED]), length=SNIPPET_LENGTH)


def _reasons(ranked: ranking.RankedArticle, question: Question) -> list[str]:
    """Why this article, in words a person can check."""
    reasons = [_("code %(code)s") % {"code": shown} for shown in ranked.signatures[:3]]
    if ranked.title.coverage >= 0.3 or (ranked.title.words and question.terms_total <= 6):
        reasons.append(_("title"))
    if ranked.cosine >= 0.4:
        reasons.append(_("meaning"))
    if ranked.words > 0:
        reasons.append(_("words"))
    return reasons


__all__ = ["Agreement", "Degradation", "Hit", "SearchOutcome", "Use", "find", "search", "snippet"]
