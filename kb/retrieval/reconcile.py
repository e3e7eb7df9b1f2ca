"""Compare the index with the articles in both directions, and name what differs. It mends nothing by itself.

Signals can be missed (a lost broker, a moved branch, a restriction, an expiry, a script): whoever runs this and indexes
what it names has an index that is right again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import Count, Q

from kb.models import Generation, GenerationEntry, IndexedArticle, Passage, TermStatistic
from kb.models.retrieval import SIDES
from kb.retrieval.composing import READING, has_vectors
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import EmbedderUnavailable, get_embedder

COLUMNS = ("passages_0", "passages_1", "titles")


class Finding(StrEnum):
    MISSING = "missing"  # eligible, not in the index
    EXTRA = "extra"  # in the index, gone or no longer eligible
    STALE = "stale"  # another revision, audience or language, or read by an older version
    WITHOUT_VECTORS = "without_vectors"  # indexed while there was no embedder, or by another one


@dataclass(frozen=True)
class Difference:
    article_id: int
    finding: Finding


def differences(generation: Generation | None = None) -> Iterator[Difference]:
    """Of this generation; without one, of every one that was whole once (an unfinished one is its builder's matter)."""
    kept = Generation.objects.filter(Q(is_live=True) | Q(built_at__isnull=False)).order_by("-is_live")
    generations = [generation] if generation else list(kept)
    indexed = {entry.article_id: entry for entry in IndexedArticle.objects.defer("title_terms", "title_weights")}
    entries = [_entries(each) for each in generations]
    rows = eligible_articles().values_list("pk", "live_revision_id", "last_published_at", "audience", "language")
    for pk, revision_id, published_at, audience, language in rows.order_by("pk"):
        known = indexed.pop(pk, None)
        if known is None:
            yield Difference(pk, Finding.MISSING)
        elif not known.fingerprint.startswith(READING) or (
            known.revision_id,
            known.published_at,
            known.audience,
            known.language,
        ) != (revision_id or 0, published_at, audience, language):
            yield Difference(pk, Finding.STALE)
        else:
            found = (_beside(held.get(pk), known, embedder) for held, embedder in entries)
            yield from (Difference(pk, finding) for finding in [next(filter(None, found), None)] if finding)
    for pk in sorted(indexed):
        yield Difference(pk, Finding.EXTRA)


Entries = dict[int, tuple[str, str]]
"""Fingerprint and embedder by article."""


def _entries(generation: Generation) -> tuple[Entries, str | None]:
    """What a generation holds, and the embedder that its vectors must be by; None while that one cannot run."""
    rows = GenerationEntry.objects.filter(generation=generation).values_list("article_id", "fingerprint", "embedder")
    held = {article: (fingerprint, embedder) for article, fingerprint, embedder in rows}
    try:
        get_embedder(generation.embedder)
    except EmbedderUnavailable:
        return held, None
    return held, generation.embedder


def _beside(held: tuple[str, str] | None, known: IndexedArticle, embedder: str | None) -> Finding | None:
    """What one generation lacks of an article whose manifest is right."""
    if held is None:
        return Finding.MISSING
    if held[0] != known.fingerprint:
        return Finding.STALE
    if embedder and has_vectors(known.language) and held[1] != embedder:
        return Finding.WITHOUT_VECTORS
    return None


def statistics_drifted() -> bool:
    """The counts are kept by differences; the row that counts everything tells whether one was ever lost."""
    counted = TermStatistic.objects.filter(key=TermStatistic.COLLECTION)
    columns = [dict(counted.exclude(**{name: 0}).values_list("audience", name)) for name in COLUMNS]
    passages = Passage.objects.order_by().values("audience").annotate(count=Count("pk"))
    standing = [dict(passages.filter(side=side).values_list("audience", "count")) for side in SIDES]
    titles = IndexedArticle.objects.order_by().values("audience").annotate(count=Count("pk"))
    return columns != [*standing, dict(titles.values_list("audience", "count"))]


def recount_statistics() -> None:
    """Count every term anew. Holds up other writers of the index for the moment it takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE kb_termstatistic IN EXCLUSIVE MODE")
        cursor.execute("DELETE FROM kb_termstatistic")
        cursor.execute(
            "INSERT INTO kb_termstatistic (key, audience, passages_0, passages_1, titles)"
            " SELECT key, audience, count(*) FILTER (WHERE side = 0), count(*) FILTER (WHERE side = 1),"
            "  count(*) FILTER (WHERE side IS NULL) FROM ("
            "  SELECT unnest(terms || -1) AS key, audience, side FROM kb_passage"
            "  UNION ALL SELECT unnest(title_terms || -1), audience, NULL FROM kb_indexedarticle) counted"
            " GROUP BY key, audience"
        )
