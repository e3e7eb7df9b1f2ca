"""Keep the index equal to the articles: passages are written, old ones deleted, the manifest last, in one transaction.

Idempotent and safe under concurrency: an article is indexed by one process at a time, and what is written is read under
its lock. A passage whose text stands unchanged keeps its row and is not embedded again. What is published is written
into every generation that stands, the live one first, so that any of them may answer at any time.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.db import connection, transaction
from pgvector import HalfVector, SparseVector

from kb.models import (
    ArticlePage,
    Generation,
    GenerationEntry,
    IndexedArticle,
    Passage,
    PassageVector,
    SourceText,
    TermStatistic,
)
from kb.models.pages import PUBLIC
from kb.models.retrieval import SIDES
from kb.retrieval import lexical
from kb.retrieval.chunking import (
    EXTRACTOR_VERSION,
    PASSAGE_PIECES,
    ComposedArticle,
    PassageSpan,
    Section,
    compose,
)
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import EmbedderUnavailable, Vectors, embed_texts
from kb.signatures import find_signatures

log = logging.getLogger(__name__)

ADVISORY_LOCK = 4_242_018
GENERATIONS_LOCK = 4_242_019
"""Held in common by whoever writes an article; alone by whoever switches or drops a generation."""
MAXIMUM_SIGNATURES = 200


class IndexOutcome(StrEnum):
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Lexical:
    """The words of one field, ready to be stored."""

    terms: list[int]
    weights: SparseVector


def sparse(weights: dict[int, float]) -> SparseVector:
    return SparseVector(weights, lexical.TERM_SPACE)


def lexical_field(text: str, language: str, statistics: lexical.FieldStatistics) -> Lexical:
    sequence = list(lexical.terms(text, language))
    return Lexical(sorted(lexical.count(sequence)), sparse(lexical.field_weights(sequence, statistics)))


def has_vectors(language: str) -> bool:
    """The embedder knows English; articles in other languages are found by their words."""
    return language.partition("-")[0] == "en"


def stemming_language(language: str) -> str:
    """An article is stemmed by its own language where the site speaks it, so that questions are stemmed alike."""
    code = language.partition("-")[0]
    return code if code in {name.partition("-")[0] for name, _ in settings.LANGUAGES} else "en"


def compose_article(article: ArticlePage, *, pieces: int = PASSAGE_PIECES) -> ComposedArticle:
    sections = list(article.plain_sections())
    summary = " ".join(article.summary.split())
    told = " ".join(" ".join(section.text for section in sections[:3]).split())
    if summary and summary.rstrip(".…") not in told:
        sections.insert(0, Section((), summary))
    return compose(article.title, sections, pieces=pieces)


class Embed(Protocol):
    """How `embed_texts` is called here; a caller may measure it."""

    def __call__(self, texts: Sequence[str], *, embedder: str) -> Vectors: ...


def index_article(article_id: int, *, into: Generation | None = None, embed: Embed = embed_texts) -> IndexOutcome:
    """Bring one article's rows up to date, or take them out; in every generation, or `into` one alone.

    The outcome is the live one's. Each is a transaction of its own: nobody waits for a second embedder to find what was
    published. Raises nothing for an article that is gone.
    """
    generations = [into] if into else list(Generation.objects.order_by("-is_live"))
    outcomes = [_index(article_id, generation, embed) for generation in generations]
    outcome = outcomes[0] if outcomes else IndexOutcome.ABSENT
    if outcome in {IndexOutcome.INDEXED, IndexOutcome.REMOVED}:
        log.info("article_indexed", extra={"article": article_id, "outcome": outcome.value})
    return outcome


def _index(article_id: int, generation: Generation, embed: Embed) -> IndexOutcome:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(%s), pg_advisory_xact_lock(%s, %s)",
                [GENERATIONS_LOCK, ADVISORY_LOCK, article_id],
            )
        if not Generation.objects.filter(pk=generation.pk).exists():
            return IndexOutcome.ABSENT  # dropped since: nothing would ever take its rows out again
        article = eligible_articles().filter(pk=article_id).select_related("live_revision").first()
        return _remove(article_id) if article is None else _write(article, generation, embed)


# How this version reads words and texts. It opens every fingerprint, so a version that reads otherwise knows its rows.
READING = f"{lexical.LEXICAL_VERSION}.{EXTRACTOR_VERSION}."


def _fingerprint(article: ArticlePage, composed: ComposedArticle) -> str:
    """Digest of all that the rows depend on, beside the settings of the generation."""
    parts = [composed.digest, article.audience, article.language, str(article.live_revision_id or 0)]
    parts += [entry.anchor for entry in article.contents]
    return READING + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:48]


def _write(article: ArticlePage, generation: Generation, embed: Embed) -> IndexOutcome:
    composed = compose_article(article, pieces=generation.passage_pieces)
    fingerprint = _fingerprint(article, composed)
    known = IndexedArticle.objects.filter(pk=article.pk).defer("title_weights").first()
    entry = GenerationEntry.objects.filter(article_id=article.pk, generation=generation).first()
    vectors, embedder = _vectors(article, composed, generation, embed, is_new=known is None)
    is_known = known is not None and (known.fingerprint, known.published_at) == (fingerprint, article.last_published_at)
    if known and is_known and entry and (entry.fingerprint, entry.embedder) == (fingerprint, embedder):
        return IndexOutcome.UNCHANGED
    change = StatisticsChange(generation.side)
    if known and is_known:
        source = known.source_text
    else:
        source = _source_text(article, composed)
        _write_manifest(article, source, fingerprint, known, change)
    standing = _standing(article.pk, generation.side) if known else []
    _write_passages(article, composed, source, vectors, standing, generation.side, change)
    GenerationEntry.objects.bulk_create(
        [
            GenerationEntry(
                generation=generation,
                article_id=article.pk,
                fingerprint=fingerprint,
                embedder=embedder,
                passages=len(composed.passages),
            )
        ],
        update_conflicts=True,
        unique_fields=["generation", "article"],
        update_fields=["fingerprint", "embedder", "passages"],
    )
    change.apply()
    return IndexOutcome.INDEXED


def _remove(article_id: int) -> IndexOutcome:
    """Out of every generation at once: what was taken down is found by nobody from here on."""
    for side in SIDES:
        change = StatisticsChange(side)
        rows = Passage.objects.filter(article_id=article_id, side=side).only("terms", "audience")
        change.lose_passages(rows)
        change.apply()
    deleted, _ = Passage.objects.filter(article_id=article_id).delete()
    GenerationEntry.objects.filter(article_id=article_id).delete()
    known = IndexedArticle.objects.filter(pk=article_id).defer("title_weights").first()
    if known:
        change = StatisticsChange(SIDES[0])
        change.lose_title(known)
        change.apply()
        known.delete()
    return IndexOutcome.REMOVED if deleted or known else IndexOutcome.ABSENT


def _source_text(article: ArticlePage, composed: ComposedArticle) -> SourceText:
    """Under the article's lock, so nobody else makes the same one."""
    what = {
        "article_id": article.pk,
        "revision_id": article.live_revision_id or 0,
        "extractor_version": EXTRACTOR_VERSION,
        "digest": composed.digest,
    }
    found = SourceText.objects.filter(**what).first()
    return found or SourceText.objects.create(**what, title=article.title, text=composed.text)


def _write_manifest(
    article: ArticlePage,
    source: SourceText,
    fingerprint: str,
    known: IndexedArticle | None,
    change: "StatisticsChange",
) -> None:
    title = lexical_field(article.title, stemming_language(article.language), lexical.TITLE)
    manifest = IndexedArticle(
        article_id=article.pk,
        source_text=source,
        revision_id=article.live_revision_id or 0,
        published_at=article.last_published_at,
        fingerprint=fingerprint,
        audience=article.audience,
        language=article.language,
        title_terms=title.terms,
        title_weights=title.weights,
    )
    columns = [field.name for field in IndexedArticle._meta.concrete_fields if not field.primary_key]
    IndexedArticle.objects.bulk_create(
        [manifest], update_conflicts=True, unique_fields=["article"], update_fields=columns
    )
    if known:
        change.lose_title(known)
    change.gain_title(manifest)


def _vectors(
    article: ArticlePage, composed: ComposedArticle, generation: Generation, embed: Embed, *, is_new: bool
) -> tuple[dict[str, HalfVector], str]:
    """A vector for each passage's digest, and the embedder they are by ("" when some stay without).

    What stands on either side by the same embedder is not embedded again.
    """
    if not has_vectors(article.language):
        return {}, ""
    vectors: dict[str, HalfVector] = {}
    if not is_new:
        sides = Generation.objects.filter(embedder=generation.embedder).values("side")
        standing = PassageVector.objects.filter(passage__article_id=article.pk, side__in=sides)
        vectors = dict(standing.values_list("passage__digest", "vector"))
    missing = {p.digest: p.embedded_text for p in composed.passages if p.digest not in vectors}
    if not missing:
        return vectors, generation.embedder
    try:
        embedded = embed(list(missing.values()), embedder=generation.embedder)
    except EmbedderUnavailable:
        return vectors, ""
    vectors |= {digest: HalfVector(vector) for digest, vector in zip(missing, embedded, strict=True)}
    return vectors, generation.embedder


def _standing(article_id: int, side: int) -> list[Passage]:
    return list(Passage.objects.filter(article_id=article_id, side=side).defer("weights").order_by("position"))


def _write_passages(
    article: ArticlePage,
    composed: ComposedArticle,
    source: SourceText,
    vectors: dict[str, HalfVector],
    standing: list[Passage],
    side: int,
    change: "StatisticsChange",
) -> None:
    """Unchanged passages keep their rows (and vectors); new ones are added; what is left over goes."""
    change.lose_passages(standing)
    spare: dict[str, list[Passage]] = {}
    for passage in standing:
        spare.setdefault(passage.digest, []).append(passage)
    anchors = {entry.heading_path: entry.anchor for entry in reversed(article.contents)}
    kept: list[Passage] = []
    for span in composed.passages:
        same = spare.get(span.digest)
        passage = same.pop(0) if same else Passage(article_id=article.pk, side=side, digest=span.digest)
        _fill(passage, span, article, source)
        passage.anchor = anchors.get(span.heading_path, "")
        kept.append(passage)
    leftover = [passage.pk for rest in spare.values() for passage in rest]
    if leftover:
        Passage.objects.filter(pk__in=leftover).delete()
    columns = [field.name for field in Passage._meta.concrete_fields if not field.primary_key]
    Passage.objects.bulk_create(kept, update_conflicts=True, unique_fields=["id"], update_fields=columns)
    change.gain_passages(kept)
    _write_vectors(kept, vectors, side, are_new=not standing, public=article.audience == PUBLIC)


def _fill(passage: Passage, span: PassageSpan, article: ArticlePage, source: SourceText) -> None:
    words = lexical_field(span.embedded_text, stemming_language(article.language), lexical.PASSAGE)
    passage.source_text = source
    passage.position, passage.start, passage.end = span.position, span.start, span.end
    passage.heading_path = list(span.heading_path)
    passage.audience = article.audience
    passage.terms, passage.weights = words.terms, words.weights
    found = find_signatures(span.embedded_text)[:MAXIMUM_SIGNATURES]
    passage.signatures = sorted({f"{signature.kind}:{signature.value}" for signature in found})


def _write_vectors(
    passages: list[Passage], vectors: dict[str, HalfVector], side: int, *, are_new: bool, public: bool
) -> None:
    """Every passage with a known vector has a row of it; one that stands is only touched if its readers changed."""
    standing = PassageVector.objects.filter(passage__in=passages)
    are_public = {} if are_new else dict(standing.values_list("passage_id", "is_public"))
    PassageVector.objects.bulk_create(
        PassageVector(passage=passage, side=side, vector=vectors[passage.digest], is_public=public)
        for passage in passages
        if passage.pk not in are_public and passage.digest in vectors
    )
    if any(was is not public for was in are_public.values()):
        standing.exclude(is_public=public).update(is_public=public)


Counted = tuple[int, str]
"""A term and the audience it is counted for."""


@dataclass
class StatisticsChange:
    """What one article changes in the statistics of a side; written at once, at the end."""

    side: int
    passages: Counter[Counted] = field(default_factory=Counter)
    titles: Counter[Counted] = field(default_factory=Counter)

    def gain_passages(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            self.passages.update(_counted(passage.terms, passage.audience))

    def lose_passages(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            self.passages.subtract(_counted(passage.terms, passage.audience))

    def gain_title(self, entry: IndexedArticle) -> None:
        self.titles.update(_counted(entry.title_terms, entry.audience))

    def lose_title(self, entry: IndexedArticle) -> None:
        self.titles.subtract(_counted(entry.title_terms, entry.audience))

    def apply(self) -> None:
        """Add the difference in the order of the keys: two processes then never wait for each other in a circle."""
        keys = sorted(key for key in {*self.passages, *self.titles} if self.passages[key] or self.titles[key])
        if not keys:
            return
        terms, audiences = zip(*keys, strict=True)
        passages = [self.passages[key] for key in keys]
        with connection.cursor() as cursor:
            cursor.execute(
                ADD_STATISTICS[self.side], [list(terms), list(audiences), passages, [self.titles[key] for key in keys]]
            )


def _counted(terms: Iterable[int], audience: str) -> Iterator[Counted]:
    return ((key, audience) for key in (*terms, TermStatistic.COLLECTION))


_ADD = (
    "INSERT INTO kb_termstatistic AS known (key, audience, passages_{side}, titles, passages_{other})"
    " SELECT *, 0 FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[]) ORDER BY 1, 2"
    " ON CONFLICT (key, audience) DO UPDATE SET titles = known.titles + excluded.titles,"
    " passages_{side} = known.passages_{side} + excluded.passages_{side}"
)
ADD_STATISTICS = {side: _ADD.format(side=side, other=1 - side) for side in SIDES}
