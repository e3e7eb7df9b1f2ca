"""Compare the index with the articles in both directions, and name what differs. It mends nothing by itself.

Signals can be missed (a lost broker, a moved branch, a restriction, an expiry, a script): whoever runs this and indexes
what it names has an index that is right again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import Count

from kb.models import IndexedArticle, Passage, TermStatistic
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import GENERATION, EmbedderUnavailable, get_embedder
from kb.retrieval.indexing import has_vectors


class Finding(StrEnum):
    MISSING = "missing"  # eligible, not in the index
    EXTRA = "extra"  # in the index, gone or no longer eligible
    STALE = "stale"  # another revision, audience or language
    WITHOUT_VECTORS = "without_vectors"  # indexed while there was no embedder, or by another one


@dataclass(frozen=True)
class Difference:
    article_id: int
    finding: Finding


def differences() -> Iterator[Difference]:
    indexed = {entry.article_id: entry for entry in IndexedArticle.objects.defer("title_terms", "title_weights")}
    rows = eligible_articles().values_list("pk", "live_revision_id", "last_published_at", "audience", "language")
    embeds = _embedder_is_there()
    for pk, revision_id, published_at, audience, language in rows.order_by("pk"):
        entry = indexed.pop(pk, None)
        if entry is None:
            yield Difference(pk, Finding.MISSING)
        elif (entry.revision_id, entry.published_at, entry.audience, entry.language) != (
            revision_id or 0,
            published_at,
            audience,
            language,
        ):
            yield Difference(pk, Finding.STALE)
        elif embeds and has_vectors(language) and entry.generation != GENERATION:
            yield Difference(pk, Finding.WITHOUT_VECTORS)
    for pk in sorted(indexed):
        yield Difference(pk, Finding.EXTRA)


def _embedder_is_there() -> bool:
    try:
        get_embedder()
    except EmbedderUnavailable:
        return False
    return True


def statistics_drifted() -> bool:
    """The counts are kept by differences; the row that counts everything tells whether one was ever lost."""
    counted = TermStatistic.objects.filter(key=TermStatistic.COLLECTION).exclude(passages=0, titles=0)
    passages = Passage.objects.values("audience").annotate(count=Count("pk"))
    titles = IndexedArticle.objects.values("audience").annotate(count=Count("pk"))
    return (
        dict(counted.exclude(passages=0).values_list("audience", "passages")),
        dict(counted.exclude(titles=0).values_list("audience", "titles")),
    ) != tuple(dict(rows.order_by().values_list("audience", "count")) for rows in (passages, titles))


def recount_statistics() -> None:
    """Count every term anew. Holds up other writers of the index for the moment it takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE kb_termstatistic IN EXCLUSIVE MODE")
        cursor.execute("DELETE FROM kb_termstatistic")
        cursor.execute(
            "INSERT INTO kb_termstatistic (key, audience, passages, titles)"
            " SELECT key, audience, sum(passages), sum(titles) FROM ("
            "  SELECT unnest(terms || -1) AS key, audience, 1 AS passages, 0 AS titles FROM kb_passage"
            "  UNION ALL SELECT unnest(title_terms || -1), audience, 0, 1 FROM kb_indexedarticle) counted"
            " GROUP BY key, audience"
        )
