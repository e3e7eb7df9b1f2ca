"""May a generation answer? It is complete, its rows are what they say they are, and it finds what the live one finds.

Reads only. What it finds wrong it names; whoever builds the generation again mends what can be mended.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef

from kb.models import ArticlePage, Generation, GenerationEntry, IndexedArticle, Passage
from kb.retrieval.composing import compose_article
from kb.retrieval.embedder import EmbedderUnavailable, embed_texts
from kb.retrieval.generations import lacking_articles, live_generation
from kb.retrieval.golden import Comparison, compare, golden_questions
from kb.retrieval.reconcile import statistics_drifted

SAMPLED = 16
"""Articles that are composed and embedded again, to see whether they come out as they stand."""
LOOKS = 5
SETTLING_SECONDS = 0.5
SAME_VECTOR = 0.999
"""Least cosine: what is stored is rounded to half precision."""

# Articles that do not hold as many passages as their manifest says, or lack vectors; and passages of no manifest.
_MISCOUNTED = (
    "SELECT count(*) FROM (SELECT article_id, passages, embedder FROM kb_generationentry WHERE generation_id = %s) made"
    " FULL JOIN (SELECT p.article_id, count(*) AS passages, count(v.id) AS vectors FROM kb_passage p"
    "   LEFT JOIN kb_passagevector v ON v.passage_id = p.id AND v.side = p.side WHERE p.side = %s GROUP BY 1) held"
    "   USING (article_id)"
    " WHERE held.passages IS DISTINCT FROM made.passages OR held.passages = 0"
    "   OR (made.embedder <> '' AND held.vectors <> held.passages)"
)


@dataclass(frozen=True)
class Check:
    """`faults` are sentences for operators; without any the generation may answer."""

    faults: tuple[str, ...]
    articles: int
    passages: int
    golden: Comparison | None

    @property
    def passed(self) -> bool:
        return not self.faults


def check(generation: Generation, *, questions: Iterable[tuple[str, int]] = ()) -> Check:
    """Counts, fingerprints and the golden questions; the last are asked only of what is complete."""
    faults = [*completeness(generation), *_altered(generation)]
    golden = None
    if not faults:
        golden = compare(golden_questions(questions), live=live_generation(), beside=generation)
        if not golden.holds:
            faults.append("golden questions are found less well than by the live one")
    return Check(
        faults=tuple(faults),
        articles=GenerationEntry.objects.filter(generation=generation).count(),
        passages=Passage.objects.filter(side=generation.side).count(),
        golden=golden,
    )


def completeness(generation: Generation) -> list[str]:
    """What a way back needs: everything there, and everything counted. What is being published settles meanwhile."""
    for _look in range(LOOKS):
        faults = [*_incomplete(generation), *_miscounted(generation)]
        if not faults:
            break
        time.sleep(SETTLING_SECONDS)
    return faults


def _incomplete(generation: Generation) -> Iterator[str]:
    if lacking := lacking_articles(generation, live_generation()):
        yield f"{lacking} articles are missing, out of date or without vectors"
    known = IndexedArticle.objects.filter(article_id=OuterRef("article_id"))
    if extra := GenerationEntry.objects.filter(~Exists(known), generation=generation).count():
        yield f"{extra} articles are in it that are in no index any more"


def _miscounted(generation: Generation) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_MISCOUNTED, [generation.pk, generation.side])
        (articles,) = cursor.fetchone()
    if articles:
        yield f"{articles} articles with other passages or vectors than their manifest counts"
    if statistics_drifted():
        yield "terms are counted wrongly"


def _altered(generation: Generation) -> Iterator[str]:
    """A sample whose passages, or vectors by the embedder that is named, would come out otherwise today."""
    entries = GenerationEntry.objects.filter(generation=generation).order_by("article_id")
    ids = sorted(entries.values_list("article_id", flat=True), key=lambda pk: hashlib.sha256(str(pk).encode()).digest())
    sampled = ArticlePage.objects.filter(pk__in=ids[:SAMPLED])
    try:
        altered = sum(not _is_as_composed(article, generation) for article in sampled)
    except EmbedderUnavailable as error:
        yield str(error)
        return
    if altered:
        yield f"{altered} of {len(sampled)} sampled articles come out otherwise when they are embedded again"


def _is_as_composed(article: ArticlePage, generation: Generation) -> bool:
    composed = compose_article(article, pieces=generation.passage_pieces)
    rows = Passage.objects.filter(article_id=article.pk, side=generation.side).order_by("position")
    standing = list(rows.values_list("digest", "vector__vector"))
    if [digest for digest, _ in standing] != [passage.digest for passage in composed.passages]:
        return False
    stored = [(place, vector) for place, (_, vector) in enumerate(standing) if vector is not None]
    again = embed_texts([composed.passages[place].embedded_text for place, _ in stored], embedder=generation.embedder)
    kept = np.array([list(vector) for _, vector in stored], dtype=np.float32).reshape(again.shape)
    return bool((np.sum(again * kept, axis=1) >= SAME_VECTOR).all())
