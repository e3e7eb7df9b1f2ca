"""Keep the index equal to the articles: passages are written, old ones deleted, the manifest last, in one transaction.

Idempotent and safe under concurrency: an article is indexed by one process at a time, and what is written is read under
its lock. A passage whose text stands unchanged keeps its row and is not embedded again.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from pgvector import HalfVector, SparseVector

from kb.models import ArticlePage, IndexedArticle, Passage, PassageVector, SourceText, TermStatistic
from kb.models.pages import PUBLIC
from kb.retrieval import lexical
from kb.retrieval.chunking import EXTRACTOR_VERSION, ComposedArticle, PassageSpan, Section, compose
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import GENERATION, EmbedderUnavailable, embed_texts
from kb.signatures import find_signatures

log = logging.getLogger(__name__)

ADVISORY_LOCK = 4_242_018
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


def lexical_field(text: str, language: str, field: lexical.FieldStatistics) -> Lexical:
    counts = lexical.count_terms(text, language)
    return Lexical(sorted(counts), sparse(lexical.document_weights(counts, field)))


def has_vectors(language: str) -> bool:
    """The embedder knows English; articles in other languages are found by their words."""
    return language.partition("-")[0] == "en"


def stemming_language(language: str) -> str:
    """An article is stemmed by its own language where the site speaks it, so that questions are stemmed alike."""
    code = language.partition("-")[0]
    return code if code in {name.partition("-")[0] for name, _ in settings.LANGUAGES} else "en"


def compose_article(article: ArticlePage) -> ComposedArticle:
    sections = list(article.plain_sections())
    summary = " ".join(article.summary.split())
    told = " ".join(" ".join(section.text for section in sections[:3]).split())
    if summary and summary.rstrip(".…") not in told:
        sections.insert(0, Section((), summary))
    return compose(article.title, sections)


def index_article(article_id: int) -> IndexOutcome:
    """Bring one article's rows up to date, or take them out. Raises nothing for an article that is gone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_LOCK, article_id])
        article = eligible_articles().filter(pk=article_id).select_related("live_revision").first()
        outcome = _remove(article_id) if article is None else _write(article)
    if outcome in {IndexOutcome.INDEXED, IndexOutcome.REMOVED}:
        log.info("article_indexed", extra={"article": article_id, "outcome": outcome.value})
    return outcome


def _fingerprint(article: ArticlePage, composed: ComposedArticle) -> str:
    """Digest of all that the rows depend on, beside the vectors' generation."""
    parts = [composed.digest, article.audience, article.language, lexical.LEXICAL_VERSION, EXTRACTOR_VERSION]
    parts += [entry.anchor for entry in article.contents]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _write(article: ArticlePage) -> IndexOutcome:
    composed = compose_article(article)
    fingerprint = _fingerprint(article, composed)
    revision_id = article.live_revision_id or 0
    entry = IndexedArticle.objects.filter(pk=article.pk).first()
    vectors, generation = _vectors(article, composed)
    wanted = (fingerprint, generation, revision_id, article.last_published_at)
    if entry and (entry.fingerprint, entry.generation, entry.revision_id, entry.published_at) == wanted:
        return IndexOutcome.UNCHANGED
    source = _source_text(article, composed, revision_id)
    before = _term_counts(article.pk)
    _write_passages(article, composed, source, vectors)
    title = lexical_field(article.title, stemming_language(article.language), lexical.TITLE)
    IndexedArticle.objects.update_or_create(
        article_id=article.pk,
        defaults={
            "source_text": source,
            "revision_id": revision_id,
            "published_at": article.last_published_at,
            "fingerprint": fingerprint,
            "generation": generation,
            "audience": article.audience,
            "language": article.language,
            "title_terms": title.terms,
            "title_weights": title.weights,
        },
    )
    _shift_statistics(before, _term_counts(article.pk))
    return IndexOutcome.INDEXED


def _remove(article_id: int) -> IndexOutcome:
    before = _term_counts(article_id)
    deleted, _ = Passage.objects.filter(article_id=article_id).delete()
    entries, _ = IndexedArticle.objects.filter(pk=article_id).delete()
    _shift_statistics(before, TermCounts(Counter(), Counter()))
    return IndexOutcome.REMOVED if deleted or entries else IndexOutcome.ABSENT


def _source_text(article: ArticlePage, composed: ComposedArticle, revision_id: int) -> SourceText:
    source, _ = SourceText.objects.get_or_create(
        article_id=article.pk,
        revision_id=revision_id,
        extractor_version=EXTRACTOR_VERSION,
        digest=composed.digest,
        defaults={"title": article.title, "text": composed.text},
    )
    return source


def _vectors(article: ArticlePage, composed: ComposedArticle) -> tuple[dict[str, HalfVector], str]:
    """A vector for each digest that has none of this generation yet, and the generation ("" when some stay without)."""
    if not has_vectors(article.language):
        return {}, ""
    known = PassageVector.objects.filter(passage__article_id=article.pk, generation=GENERATION)
    missing = {p.digest: p.embedded_text for p in composed.passages}
    for digest in known.values_list("passage__digest", flat=True):
        missing.pop(digest, None)
    if not missing:
        return {}, GENERATION
    try:
        embedded = embed_texts(list(missing.values()))
    except EmbedderUnavailable:
        return {}, ""
    return {digest: HalfVector(vector) for digest, vector in zip(missing, embedded, strict=True)}, GENERATION


def _write_passages(
    article: ArticlePage,
    composed: ComposedArticle,
    source: SourceText,
    vectors: dict[str, HalfVector],
) -> None:
    """Unchanged passages keep their rows (and vectors); new ones are added; what is left over goes."""
    spare: dict[str, list[Passage]] = {}
    for passage in Passage.objects.filter(article_id=article.pk).order_by("position"):
        spare.setdefault(passage.digest, []).append(passage)
    anchors = {entry.heading_path: entry.anchor for entry in reversed(article.contents)}
    kept: list[Passage] = []
    for span in composed.passages:
        same = spare.get(span.digest)
        passage = same.pop(0) if same else Passage(article_id=article.pk, digest=span.digest)
        _fill(passage, span, article, source)
        passage.anchor = anchors.get(span.heading_path, "")
        passage.save()
        kept.append(passage)
    leftover = [passage.pk for rest in spare.values() for passage in rest]
    Passage.objects.filter(pk__in=leftover).delete()
    _write_vectors(kept, vectors, public=article.audience == PUBLIC)


def _fill(passage: Passage, span: PassageSpan, article: ArticlePage, source: SourceText) -> None:
    words = lexical_field(span.embedded_text, stemming_language(article.language), lexical.PASSAGE)
    passage.source_text = source
    passage.position, passage.start, passage.end = span.position, span.start, span.end
    passage.heading_path = list(span.heading_path)
    passage.audience = article.audience
    passage.terms, passage.weights = words.terms, words.weights
    found = find_signatures(span.embedded_text)[:MAXIMUM_SIGNATURES]
    passage.signatures = sorted({f"{signature.kind}:{signature.value}" for signature in found})


def _write_vectors(passages: list[Passage], vectors: dict[str, HalfVector], *, public: bool) -> None:
    """Every passage with a known vector gets a live row of this generation; rows of older ones are switched off."""
    existing = PassageVector.objects.filter(passage__in=passages)
    current = existing.filter(generation=GENERATION)
    by_digest = {**dict(current.values_list("passage__digest", "vector")), **vectors}
    have = set(current.values_list("passage_id", flat=True))
    PassageVector.objects.bulk_create(
        PassageVector(
            passage=passage,
            generation=GENERATION,
            vector=by_digest[passage.digest],
            is_live=True,
            is_public=public,
        )
        for passage in passages
        if passage.pk not in have and passage.digest in by_digest
    )
    current.exclude(is_live=True, is_public=public).update(is_live=True, is_public=public)
    existing.filter(is_live=True, passage__vectors__generation=GENERATION).exclude(generation=GENERATION).update(
        is_live=False
    )


Counted = tuple[int, str]
"""A term and the audience it is counted for."""


@dataclass(frozen=True)
class TermCounts:
    passages: Counter[Counted]
    titles: Counter[Counted]


def _term_counts(article_id: int) -> TermCounts:
    passages: Counter[Counted] = Counter()
    for terms, audience in Passage.objects.filter(article_id=article_id).values_list("terms", "audience"):
        passages.update((key, audience) for key in (*terms, TermStatistic.COLLECTION))
    titles: Counter[Counted] = Counter()
    for terms, audience in IndexedArticle.objects.filter(pk=article_id).values_list("title_terms", "audience"):
        titles.update((key, audience) for key in (*terms, TermStatistic.COLLECTION))
    return TermCounts(passages, titles)


def _shift_statistics(before: TermCounts, after: TermCounts) -> None:
    """Add the difference in the order of the keys: two processes then never wait for each other in a circle."""
    after.passages.subtract(before.passages)
    after.titles.subtract(before.titles)
    keys = sorted(key for key in {*after.passages, *after.titles} if after.passages[key] or after.titles[key])
    if not keys:
        return
    _add_statistics(keys, [after.passages[key] for key in keys], [after.titles[key] for key in keys])


def _add_statistics(keys: Iterable[Counted], passages: Iterable[int], titles: Iterable[int]) -> None:
    terms, audiences = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kb_termstatistic AS known (key, audience, passages, titles)"
            " SELECT * FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[]) ORDER BY 1, 2"
            " ON CONFLICT (key, audience) DO UPDATE SET passages = known.passages + excluded.passages,"
            " titles = known.titles + excluded.titles",
            [list(terms), list(audiences), list(passages), list(titles)],
        )
