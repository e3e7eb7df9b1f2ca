"""The rows of articles in the index: passages are written, old ones deleted, the manifests last.

Several articles at a time, in the caller's transaction and under their locks, so that all of it is there or none. A
passage whose text stands unchanged keeps its row and its vector.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from django.db import connection

from kb.audiences import PUBLIC
from kb.models import ArticlePage, Generation, GenerationEntry, IndexedArticle, Passage, PassageVector, SourceText
from kb.retrieval import lexical
from kb.retrieval.chunking import EXTRACTOR_VERSION, ComposedArticle, PassageSpan
from kb.retrieval.composing import has_vectors, lexical_field, stemming_language
from kb.retrieval.counting import StatisticsChange
from kb.retrieval.embedder import DIMENSIONS, Vectors
from kb.signatures import find_signatures

MAXIMUM_SIGNATURES = 200
ROWS_AT_ONCE = 200
_INSERT_VECTORS = "INSERT INTO kb_passagevector (passage_id, side, vector, is_public) VALUES {}"
# Five digits tell every number of half precision from the next, and are written and read far quicker than all of them.
_VECTOR_TEXT = f"[{','.join(['%.5g'] * DIMENSIONS)}]"


@dataclass(frozen=True)
class Reading:
    """An article as it is to stand in a generation, beside its manifest as it stands."""

    article: ArticlePage
    composed: ComposedArticle
    fingerprint: str
    known: IndexedArticle | None
    entry: GenerationEntry | None

    @property
    def has_vectors(self) -> bool:
        return has_vectors(self.article.language)

    @property
    def is_known(self) -> bool:
        """Is the manifest right, whatever the generation holds?"""
        found = self.known and (self.known.fingerprint, self.known.published_at)
        return found == (self.fingerprint, self.article.last_published_at)

    def stands(self, embedder: str) -> bool:
        """Does the generation hold this very text, with vectors by this embedder ("" is none)?"""
        held = self.entry and (self.entry.fingerprint, self.entry.embedder)
        return self.is_known and held == (self.fingerprint, embedder)


@dataclass(frozen=True)
class Embedded:
    """Vectors by one embedder, as PostgreSQL writes them, by the passages' digests: those that could be had."""

    vectors: Mapping[str, str]
    embedder: str

    def embedder_of(self, reading: Reading) -> str:
        """The embedder, where an article has all its vectors; else "" for one that is found by its words alone."""
        has_all = all(passage.digest in self.vectors for passage in reading.composed.passages)
        return self.embedder if reading.has_vectors and has_all else ""


def vector_text(vector: Vectors) -> str:
    return _VECTOR_TEXT % tuple(vector.astype(np.float16).tolist())


def write(readings: Sequence[Reading], embedded: Embedded, generation: Generation) -> None:
    change = StatisticsChange()
    sources = _write_manifests(readings, change)
    _write_passages(readings, sources, embedded, generation.side, change)
    _write_entries(readings, embedded, generation)
    change.apply()


def remove(article_ids: Sequence[int]) -> set[int]:
    """Out of every generation at once: what was taken down is found by nobody from here on. Those that stood there."""
    change = StatisticsChange()
    passages = list(Passage.objects.filter(article_id__in=article_ids).only("article_id", "side", "terms", "audience"))
    change.lose_passages(passages)
    known = list(IndexedArticle.objects.filter(pk__in=article_ids).defer("title_weights"))
    for manifest in known:
        change.lose_title(manifest)
    Passage.objects.filter(pk__in=[passage.pk for passage in passages]).delete()
    GenerationEntry.objects.filter(article_id__in=article_ids).delete()
    IndexedArticle.objects.filter(pk__in=[manifest.pk for manifest in known]).delete()
    change.apply()
    return {passage.article_id for passage in passages} | {manifest.pk for manifest in known}


def _write_manifests(readings: Sequence[Reading], change: StatisticsChange) -> dict[int, int]:
    """Ids of the source texts by the articles'; new ones where the manifest does not name the right one."""
    sources = {reading.known.pk: reading.known.source_text_id for reading in readings if reading.known}
    changed = [reading for reading in readings if not reading.is_known]
    sources |= _source_texts(changed)
    manifests = [_manifest(reading, sources[reading.article.pk]) for reading in changed]
    columns = [field.name for field in IndexedArticle._meta.concrete_fields if not field.primary_key]
    IndexedArticle.objects.bulk_create(
        manifests, update_conflicts=True, unique_fields=["article"], update_fields=columns
    )
    for reading, manifest in zip(changed, manifests, strict=True):
        if reading.known:
            change.lose_title(reading.known)
        change.gain_title(manifest)
    return sources


def _source_texts(readings: Sequence[Reading]) -> dict[int, int]:
    """Under the articles' locks, so nobody else makes the same ones."""
    wanted = {_source_key(reading): reading for reading in readings}
    standing = SourceText.objects.filter(
        article_id__in=[article_id for article_id, _revision, _digest in wanted], extractor_version=EXTRACTOR_VERSION
    )
    rows = standing.values_list("article_id", "revision_id", "digest", "pk")
    found = {(article_id, revision_id, digest): pk for article_id, revision_id, digest, pk in rows}
    made = SourceText.objects.bulk_create(
        SourceText(
            article_id=article_id,
            revision_id=revision_id,
            extractor_version=EXTRACTOR_VERSION,
            digest=digest,
            title=reading.article.title,
            text=reading.composed.text,
        )
        for (article_id, revision_id, digest), reading in wanted.items()
        if (article_id, revision_id, digest) not in found
    )
    kept = {article_id: pk for (article_id, *rest), pk in found.items() if (article_id, *rest) in wanted}
    return kept | {source.article_id: source.pk for source in made}


def _source_key(reading: Reading) -> tuple[int, int, str]:
    return reading.article.pk, reading.article.live_revision_id or 0, reading.composed.digest


def _manifest(reading: Reading, source_text_id: int) -> IndexedArticle:
    article = reading.article
    title = lexical_field(article.title, stemming_language(article.language), lexical.TITLE)
    return IndexedArticle(
        article_id=article.pk,
        source_text_id=source_text_id,
        revision_id=article.live_revision_id or 0,
        published_at=article.last_published_at,
        fingerprint=reading.fingerprint,
        audience=article.audience,
        language=article.language,
        title_terms=title.terms,
        title_weights=title.weights,
    )


def _write_entries(readings: Sequence[Reading], embedded: Embedded, generation: Generation) -> None:
    GenerationEntry.objects.bulk_create(
        [
            GenerationEntry(
                generation=generation,
                article_id=reading.article.pk,
                fingerprint=reading.fingerprint,
                embedder=embedded.embedder_of(reading),
                passages=len(reading.composed.passages),
            )
            for reading in readings
        ],
        update_conflicts=True,
        unique_fields=["generation", "article"],
        update_fields=["fingerprint", "embedder", "passages"],
    )


def _write_passages(
    readings: Sequence[Reading],
    sources: Mapping[int, int],
    embedded: Embedded,
    side: int,
    change: StatisticsChange,
) -> None:
    """Unchanged passages keep their rows (and vectors); new ones are added; what is left over goes."""
    ids = [reading.article.pk for reading in readings if reading.known]
    rows = Passage.objects.filter(article_id__in=ids, side=side).defer("weights").order_by("article_id", "position")
    standing = list(rows) if ids else []
    change.lose_passages(standing)
    spare: dict[tuple[int, str], list[Passage]] = {}
    for passage in standing:
        spare.setdefault((passage.article_id, passage.digest), []).append(passage)
    kept = [
        passage for reading in readings for passage in _passages_of(reading, sources[reading.article.pk], spare, side)
    ]
    leftover = [passage.pk for rest in spare.values() for passage in rest]
    if leftover:
        Passage.objects.filter(pk__in=leftover).delete()
    columns = [field.name for field in Passage._meta.concrete_fields if not field.primary_key]
    Passage.objects.bulk_create(
        kept, batch_size=ROWS_AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=columns
    )
    change.gain_passages(kept)
    in_english = {reading.article.pk for reading in readings if reading.has_vectors}
    _write_vectors(
        [passage for passage in kept if passage.article_id in in_english],
        embedded.vectors,
        side,
        had_any=bool(standing),
    )


def _passages_of(
    reading: Reading, source_text_id: int, spare: dict[tuple[int, str], list[Passage]], side: int
) -> Iterable[Passage]:
    article = reading.article
    language = stemming_language(article.language)
    anchors = {entry.heading_path: entry.anchor for entry in reversed(article.contents)}
    for span in reading.composed.passages:
        same = spare.get((article.pk, span.digest))
        passage = same.pop(0) if same else Passage(article_id=article.pk, side=side, digest=span.digest)
        passage.source_text_id, passage.audience = source_text_id, article.audience
        passage.anchor = anchors.get(span.heading_path, "")
        _fill(passage, span, language)
        yield passage


def _fill(passage: Passage, span: PassageSpan, language: str) -> None:
    words = lexical_field(span.embedded_text, language, lexical.PASSAGE)
    passage.position, passage.start, passage.end = span.position, span.start, span.end
    passage.heading_path = list(span.heading_path)
    passage.terms, passage.weights = words.terms, words.weights
    found = find_signatures(span.embedded_text)[:MAXIMUM_SIGNATURES]
    passage.signatures = sorted({f"{signature.kind}:{signature.value}" for signature in found})


def _write_vectors(passages: Sequence[Passage], vectors: Mapping[str, str], side: int, *, had_any: bool) -> None:
    """Every passage with a known vector has a row of it; one that stands is only touched if its readers changed."""
    standing = PassageVector.objects.filter(passage__in=passages)
    was_public = dict(standing.values_list("passage_id", "is_public")) if had_any else {}
    new = [passage for passage in passages if passage.pk not in was_public and passage.digest in vectors]
    for first in range(0, len(new), ROWS_AT_ONCE):
        rows = [(p.pk, side, vectors[p.digest], p.audience == PUBLIC) for p in new[first : first + ROWS_AT_ONCE]]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_VECTORS.format(", ".join(["(%s, %s, %s, %s)"] * len(rows))), list(chain(*rows)))
    is_public = {passage.pk: passage.audience == PUBLIC for passage in passages}
    for public in (True, False):
        changed = [pk for pk, was in was_public.items() if is_public[pk] is public and was is not public]
        if changed:
            PassageVector.objects.filter(passage__in=changed).update(is_public=public)
