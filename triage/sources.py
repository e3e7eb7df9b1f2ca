"""Reads for the pipeline: whole articles behind search hits, sources to check against."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from pgvector import HalfVector
from pgvector.django import CosineDistance

from kb.models import ArticleApproval, Passage, PassageVector, SourceText
from kb.redaction import redact
from kb.retrieval.embedder import EmbedderUnavailable, embed_query
from kb.retrieval.live import LiveIndex, live_index
from kb.retrieval.query import clean
from kb.search import Hit
from triage.components.ground import LiveSource
from triage.facts import ArticleEvidence, PassageEvidence
from triage.models.drafts import live_sources
from triage.nearness import name_nearness


def read_articles(hits: Sequence[Hit], query: str) -> tuple[ArticleEvidence, ...]:
    """Return the articles behind the hits, in their order, each whole, with its passages' nearness to the query."""
    if not hits:
        return ()
    ids = [hit.source_text_id for hit in hits]
    sources = SourceText.objects.in_bulk(ids)
    index = live_index()
    near = _similarities(ids, query, index)
    passages: dict[int, list[PassageEvidence]] = {source_id: [] for source_id in ids}
    standing = Passage.objects.filter(source_text__in=ids, side=index.side)
    for passage in standing.order_by("source_text", "position").defer("weights"):
        passages[passage.source_text_id].append(
            PassageEvidence(
                passage.pk, tuple(passage.heading_path), passage.start, passage.end, near.get(passage.pk, 0.0)
            )
        )
    named = name_nearness([hit.title for hit in hits], query)
    return tuple(
        _article(hit, sources[hit.source_text_id], tuple(passages[hit.source_text_id]), near_title)
        for hit, near_title in zip(hits, named, strict=True)
        if hit.source_text_id in sources and passages[hit.source_text_id]
    )


def _article(
    hit: Hit, source: SourceText, passages: tuple[PassageEvidence, ...], named: tuple[float, float]
) -> ArticleEvidence:
    return ArticleEvidence(
        article_id=hit.article_id,
        source_text_id=hit.source_text_id,
        title=hit.title,
        url=hit.url,
        language=hit.language,
        text=source.text,
        digest=source.digest,
        score=hit.score,
        matched=tuple(hit.matched),
        written_by=hit.written_by,
        reviewed_on=hit.reviewed_on,
        best_start=hit.start,
        best_end=hit.end,
        passages=passages,
        relevance=hit.relevance,
        agreement=hit.agreement,
        named=named[0],
        named_mean=named[1],
    )


def _similarities(source_ids: Sequence[int], query: str, index: LiveIndex) -> dict[int, float]:
    """Return the cosine of each passage to the query; empty without an embedder."""
    try:
        # Cleaned as search cleans it, so that it is embedded once.
        wanted = embed_query(clean(redact(query).text), embedder=index.embedder, is_redacted=True)
    except EmbedderUnavailable:
        return {}
    rows = PassageVector.objects.filter(side=index.side, passage__source_text__in=source_ids)
    near = rows.annotate(distance=CosineDistance("vector", HalfVector(wanted)))
    return {passage_id: 1.0 - float(distance) for passage_id, distance in near.values_list("passage_id", "distance")}


def read_sources(ids: Sequence[int], audiences: frozenset[str]) -> dict[int, LiveSource]:
    """Return the sources as they are now; readable when live and when this audience may see their article."""
    sources = SourceText.objects.filter(pk__in=ids)
    readable = set(live_sources(sources, audiences).values_list("pk", flat=True))
    reviews = ArticleApproval.objects.filter(
        article_id=OuterRef("article_id"),
        revision_id=OuterRef("article__live_revision_id"),
        basis=ArticleApproval.Basis.REVIEW,
    )
    # What is readable says what the live revision says, so that an approval of the one is one of the other.
    approved = set(sources.filter(Exists(reviews), pk__in=readable).values_list("pk", flat=True))
    return {
        source.pk: LiveSource(
            source.pk, source.text, source.digest, readable=source.pk in readable, approved=source.pk in approved
        )
        for source in sources
    }
