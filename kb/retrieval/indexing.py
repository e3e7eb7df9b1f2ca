"""Keep the index equal to the articles: what changed is read, embedded and written, what is gone is taken out.

Idempotent and safe under concurrency: an article is indexed by one process at a time, and what is written is read under
its lock. No transaction stands open while the embedder works. What is published is written into every generation that
stands, the live one first, so that any of them may answer at any time.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from kb.models import Generation, GenerationEntry, IndexedArticle, PassageVector
from kb.retrieval.composing import compose_article, fingerprint_of
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import EmbedderUnavailable, Vectors, embed_texts
from kb.retrieval.writing import Embedded, Reading, remove, vector_text, write

log = logging.getLogger(__name__)

ADVISORY_LOCK = 4_242_018
GENERATIONS_LOCK = 4_242_019
"""Held in common by whoever writes articles; alone by whoever switches or drops a generation."""
_READ = ("title", "summary", "body", "audience", "language", "live_revision", "last_published_at")


class IndexOutcome(StrEnum):
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    ABSENT = "absent"


class Embed(Protocol):
    """How `embed_texts` is called here; a caller may measure it."""

    def __call__(self, texts: Sequence[str], *, embedder: str) -> Vectors: ...


def index_article(article_id: int, *, into: Generation | None = None, embed: Embed = embed_texts) -> IndexOutcome:
    """Bring one article's rows up to date, or take them out; in every generation, or `into` one alone."""
    return index_articles([article_id], into=into, embed=embed)[article_id]


def index_articles(
    article_ids: Iterable[int], *, into: Generation | None = None, embed: Embed = embed_texts
) -> dict[int, IndexOutcome]:
    """As `index_article`, and all of them in one transaction, which costs less: their outcomes by their ids.

    The outcomes are the live generation's. Each generation is a transaction of its own: nobody waits for a second
    embedder to find what was published. Raises nothing for an article that is gone.
    """
    ids = sorted(set(article_ids))
    outcomes = dict.fromkeys(ids, IndexOutcome.ABSENT)
    generations = [into] if into else list(Generation.objects.order_by("-is_live"))
    for place, generation in enumerate(generations):
        found = _index(ids, generation, embed)
        outcomes |= found if place == 0 else {}
    for article_id, outcome in outcomes.items():
        if outcome in {IndexOutcome.INDEXED, IndexOutcome.REMOVED}:
            log.info("article_indexed", extra={"article": article_id, "outcome": outcome.value})
    return outcomes


@contextlib.contextmanager
def _held(article_ids: list[int]) -> Iterator[None]:
    """Nobody else indexes these meanwhile. Taken in order, so that two never wait for each other in a circle.

    The session's locks and not a transaction's: embedding takes longer than a transaction should stand open.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, id) FROM unnest(%s::int[]) AS id", [ADVISORY_LOCK, article_ids])
            yield
        finally:
            cursor.execute(
                "SELECT pg_advisory_unlock(%s, id) FROM unnest(%s::int[]) AS id", [ADVISORY_LOCK, article_ids]
            )


def _index(article_ids: list[int], generation: Generation, embed: Embed) -> dict[int, IndexOutcome]:
    with _held(article_ids):
        readings = _read(article_ids, generation)
        differing = [each for each in readings if not each.stands(generation.embedder if each.has_vectors else "")]
        embedded = _embedded(differing, generation, embed)
        changed = [reading for reading in differing if not reading.stands(embedded.embedder_of(reading))]
        gone = sorted({*article_ids} - {reading.article.pk for reading in readings})
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GENERATIONS_LOCK])
            if not Generation.objects.filter(pk=generation.pk).exists():
                return {}  # dropped since: nothing would ever take its rows out again
            removed = remove(gone) if gone else set()
            if changed:
                write(changed, embedded, generation)
    return {
        **{reading.article.pk: IndexOutcome.UNCHANGED for reading in readings},
        **{reading.article.pk: IndexOutcome.INDEXED for reading in changed},
        **dict.fromkeys(removed, IndexOutcome.REMOVED),
    }


def _read(article_ids: Sequence[int], generation: Generation) -> list[Reading]:
    """Those that may stand in the index, as they are now, and what stands of them."""
    articles = eligible_articles().filter(pk__in=article_ids).only(*_READ).order_by("pk")
    known = IndexedArticle.objects.defer("title_weights").in_bulk(article_ids)
    entries = GenerationEntry.objects.filter(article_id__in=article_ids, generation=generation)
    held = {entry.article_id: entry for entry in entries}
    readings = []
    for article in articles:
        composed = compose_article(article, pieces=generation.passage_pieces)
        fingerprint = fingerprint_of(article, composed)
        readings.append(Reading(article, composed, fingerprint, known.get(article.pk), held.get(article.pk)))
    return readings


def _embedded(readings: Sequence[Reading], generation: Generation, embed: Embed) -> Embedded:
    """A vector for each passage's digest. What stands on either side by the same embedder is not embedded again."""
    readings = [reading for reading in readings if reading.has_vectors]
    vectors = _standing_vectors([reading.article.pk for reading in readings if reading.known], generation)
    passages = (passage for reading in readings for passage in reading.composed.passages)
    missing = {passage.digest: passage.embedded_text for passage in passages if passage.digest not in vectors}
    if missing:
        with contextlib.suppress(EmbedderUnavailable):
            made = embed(list(missing.values()), embedder=generation.embedder)
            vectors |= {digest: vector_text(vector) for digest, vector in zip(missing, made, strict=True)}
    return Embedded(vectors, generation.embedder)


def _standing_vectors(article_ids: Sequence[int], generation: Generation) -> dict[str, str]:
    if not article_ids:
        return {}
    sides = Generation.objects.filter(embedder=generation.embedder).values("side")
    standing = PassageVector.objects.filter(passage__article_id__in=article_ids, side__in=sides)
    return dict(standing.values_list("passage__digest", Cast("vector", TextField())))
