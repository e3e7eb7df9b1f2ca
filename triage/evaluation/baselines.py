"""What the product's search is measured against, on the same articles and the same questions in the same run.

They are given every advantage: exact search, no floor, no rights, and the whole question up to the embedder's limit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
import numpy.typing as npt
import snowballstemmer

from kb.models import ArticlePage, PassageVector
from kb.retrieval.embedder import EmbedderUnavailable, embed_texts
from kb.retrieval.live import live_index
from triage.evaluation.datasets import Document, Query
from triage.evaluation.runner import with_progress

DEPTH = 10
RRF_CONSTANT = 60
# Wagtail nests one expression per word; a few hundred of them exceed Python's recursion limit.
WAGTAIL_WORDS = 64
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Corpus:
    """The documents in a fixed order, and the article that each became."""

    documents: Sequence[Document]
    article_ids: Sequence[int]


def rankings(corpus: Corpus, queries: Sequence[Query], dense: Scores | None) -> dict[str, list[list[str]]]:
    """The ten best documents of each query by each baseline; those with cosines where `dense` has a row for each."""
    everything = _bm25([f"{d.title}\n{d.text}" for d in corpus.documents], queries)
    titles = _bm25([d.title for d in corpus.documents], queries)
    found = {"bm25": _best(corpus, everything)}
    if dense is not None:
        found["dense"] = _best(corpus, dense)
        found["rrf"] = _best(corpus, _reciprocal(dense) + _reciprocal(everything))
        found["hybrid"] = _best(corpus, dense + 0.3 * _scaled(everything) + 0.1 * _scaled(titles))
    found["wagtail"] = _wagtail(corpus, queries)
    return found


def _best(corpus: Corpus, scores: Scores) -> list[list[str]]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return [
        [corpus.documents[place].document_id for place in row if scores[number, place] > -1]
        for number, row in enumerate(order)
    ]


def _scaled(scores: Scores) -> Scores:
    """Each query's scores divided by its best."""
    return np.asarray(scores / np.maximum(scores.max(axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _reciprocal(scores: Scores) -> Scores:
    """Cormack, Clarke and Buettcher 2009."""
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return np.asarray(1.0 / (RRF_CONSTANT + 1 + ranks), dtype=np.float32)


def _bm25(texts: Sequence[str], queries: Sequence[Query]) -> Scores:
    stem: Callable[[list[str]], list[str]] = snowballstemmer.stemmer("english").stemWords
    tokens = bm25s.tokenize(list(texts), stopwords="en", stemmer=stem, show_progress=False)
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    scores = np.zeros((len(queries), len(texts)), dtype=np.float32)
    for number, query in enumerate(queries):
        asked = bm25s.tokenize([query.text], stopwords="en", stemmer=stem, show_progress=False, return_ids=False)[0]
        known = [token for token in asked if token in tokens.vocab]
        if known:
            scores[number] = index.get_scores(known)
    return scores


def dense_scores(corpus: Corpus, queries: Sequence[Query]) -> Scores | None:
    """The cosine of each question with the nearest passage of each document; None without an embedder."""
    try:
        asked = np.concatenate([embed_texts([query.text]) for query in with_progress(queries, "baselines: questions")])
    except EmbedderUnavailable:
        return None
    place_of = {article: place for place, article in enumerate(corpus.article_ids)}
    scores = np.full((len(queries), len(corpus.documents)), -1.0, dtype=np.float32)
    rows = PassageVector.objects.filter(side=live_index().side).values_list("passage__article_id", "vector")
    by_place: dict[int, list[npt.NDArray[np.float32]]] = {}
    for article, vector in rows.iterator():
        by_place.setdefault(place_of[article], []).append(np.asarray(vector, dtype=np.float32))
    for place, vectors in by_place.items():
        scores[:, place] = (asked @ np.stack(vectors).T).max(axis=1)
    return scores


def _wagtail(corpus: Corpus, queries: Sequence[Query]) -> list[list[str]]:
    """Wagtail's own search over its database index, any word counting: what a site has without ours."""
    document_of: Mapping[int, str] = {
        article: document.document_id for article, document in zip(corpus.article_ids, corpus.documents, strict=True)
    }
    articles = ArticlePage.objects.live()
    found = []
    for query in with_progress(queries, "baselines: wagtail"):
        words = " ".join(query.text.split()[:WAGTAIL_WORDS])
        hits = articles.search(words, operator="or")[:DEPTH]
        found.append([document_of[hit.pk] for hit in hits])
    return found
