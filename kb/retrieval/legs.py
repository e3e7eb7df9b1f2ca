"""The two legs of a search: words and vectors propose passages, then every passage of every candidate is scored.

Words: true BM25 over sparse vectors. Only the rarest terms of a question fetch candidates (an index on terms), within a
budget of rows, so a long question over a large index stays fast; all its terms then count in the score.
Vectors: an HNSW probe of what is public, an exact scan of the reader's few restricted passages. All of it runs under a
time limit: whatever happens to the vectors, the words answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from django.db import DatabaseError
from pgvector import HalfVector

from kb.audiences import PUBLIC
from kb.retrieval import lexical, ranking, trouble
from kb.retrieval.beside import run_beside
from kb.retrieval.composing import sparse
from kb.retrieval.embedder import EmbedderUnavailable, embed_query
from kb.retrieval.live import LiveIndex, remember, remembered_index
from kb.retrieval.prepared import Row, by_index_alone, fetch
from kb.retrieval.query import Question
from kb.retrieval.statements import by_meaning, by_words_alone, held, signatures
from kb.retrieval.timing import Stopwatch
from kb.retrieval.weighing import Weights, rarest, weigh
from kb.signatures import SignatureKind

SIGNATURE_CANDIDATES = 20
ROW_BUDGET = 800
SINGLE_TERM_BUDGET = 1_500
TITLE_BUDGET = 400
# What somebody waits for who types; answered from words alone, a search may take longer before it counts as broken.
PATIENCE_MS = 400
WORDS_LIMIT_MS = 5_000
EF_SEARCH = 120
# No term has this key: where the question has none that is known, words hold nothing.
NO_TERM = [-1]


class Degradation(StrEnum):
    EMBEDDER_MISSING = "embedder_missing"
    VECTORS_FAILED = "vectors_failed"
    TIMED_OUT = "timed_out"
    INDEX_MISSING = "vector_index_missing"
    LANGUAGE = "language_without_embedder"


@dataclass(frozen=True)
class Findings:
    question: Question
    evidence: ranking.Evidence
    weights: Weights
    degraded: Degradation | None
    index: LiveIndex

    def shares(self, passage_terms: Iterable[int]) -> tuple[float, float]:
        """Of the question's weight, the share that these terms hold and the share that no passage here knows."""
        held = set(passage_terms)
        strange = self.weights.unknown * sum(key not in self.weights.passages for key in self.question.counts)
        whole = strange + sum(self.weights.passages.get(key, 0.0) for key in self.question.counts)
        covered = sum(weight for key, weight in self.weights.passages.items() if key in held)
        return (covered / whole, strange / whole) if whole else (0.0, 0.0)

    def relevance(self, article: ranking.RankedArticle, passage_terms: Iterable[int]) -> float:
        terms = self.question.terms_total
        coverage, strangeness = self.shares(passage_terms)
        boost = self.evidence.signature_boosts.get(article.article_id, 0.0)
        if self.degraded or not article.cosine:  # no embedder reads its language
            return ranking.relevance_of_words(article, query_terms=terms, query_coverage=coverage, boost=boost)
        return ranking.relevance(
            article,
            query_terms=terms,
            query_coverage=coverage,
            strangeness=strangeness,
            nearest=self.evidence.nearest,
            collection=self.weights.collection,
            boost=boost,
        )


@dataclass(frozen=True)
class Embedding:
    """A question's vector, as PostgreSQL reads it, in the making."""

    embedder: str
    vector: Future[str]


def begin_embedding(question: Question, embedder: str = "", *, uncut: bool = False) -> Embedding | None:
    """The embedder works while PostgreSQL looks words up; None where it does not read the question's script.

    Without a name it is the embedder of the index that this process last saw to be live: a guess.
    """
    embedder = embedder or remembered_index().embedder
    return (
        Embedding(embedder, run_beside(_vector_of, question.text, embedder, uncut=uncut)) if question.is_latin else None
    )


def _vector_of(text: str, embedder: str, *, uncut: bool) -> str:
    vector: str = HalfVector(embed_query(text, embedder=embedder, is_redacted=True, uncut=uncut)).to_text()
    return vector


def gather(
    question: Question,
    *,
    audiences: frozenset[str],
    watch: Stopwatch,
    patience_ms: int = PATIENCE_MS,
    side: int | None = None,
    embedding: Embedding | None = None,
    known: list[Row] | None = None,
    uncut: bool = False,
) -> Findings:
    """Everything that ranking needs. The audiences already narrow here; who may see what is decided later, once.

    The first statement says which index is live; all of the search then keeps to it, whatever is switched meanwhile.
    `side` asks another one. `embedding` was begun before, and the statistics `known` fetched, for this very question.
    """
    embedding = embedding or begin_embedding(question, uncut=uncut)
    with watch("weigh"):
        index, weights = weigh(question, audiences, side, known)
        signed = _by_signature(question, audiences, index)
    if side is None:
        remember(index)
    if embedding and embedding.embedder != index.embedder:
        embedding = begin_embedding(question, index.embedder, uncut=uncut)
    passages: list[ranking.PassageMatch] | None = None
    with watch("words"):
        candidates = _held(index, weights, audiences) | set(signed)
    with watch("embed"):
        vector, degraded = _awaited(embedding)
    with watch("score"):
        if vector is not None:
            try:
                passages, titles = _score(index, weights, candidates, audiences, vector, patience_ms)
            except DatabaseError as error:
                degraded = _reason(error, index)
                trouble.note(degraded.value, error=type(error).__name__)
        if passages is None:
            passages, titles = _score(index, weights, candidates, audiences, None, WORDS_LIMIT_MS)
    evidence = ranking.Evidence(
        passages=passages,
        titles=titles,
        query_terms=question.terms_total,
        signatures={article: match.shown for article, match in signed.items()},
        signature_boosts={article: match.boost for article, match in signed.items()},
    )
    return Findings(question, evidence, weights, degraded, index)


def _reason(error: DatabaseError, index: LiveIndex) -> Degradation:
    if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
        return Degradation.VECTORS_FAILED
    return Degradation.TIMED_OUT if trouble.vector_index_is_there(index.side) else Degradation.INDEX_MISSING


def _awaited(embedding: Embedding | None) -> tuple[str | None, Degradation | None]:
    if embedding is None:
        return None, Degradation.LANGUAGE
    try:
        return embedding.vector.result(), None
    except EmbedderUnavailable:
        trouble.note(Degradation.EMBEDDER_MISSING.value)
        return None, Degradation.EMBEDDER_MISSING


@dataclass(frozen=True)
class SignatureMatch:
    """The error signatures that an article shares with the question, as people wrote them, and what that is worth."""

    shown: tuple[str, ...]
    boost: float


def _by_signature(question: Question, audiences: frozenset[str], index: LiveIndex) -> dict[int, SignatureMatch]:
    wanted = {f"{signature.kind}:{signature.value}": signature for signature in question.signatures}
    if not wanted:
        return {}
    found = fetch(signatures(index.side), {"signatures": list(wanted), "audiences": sorted(audiences)})
    rows = [(int(article), str(value)) for article, value in found]
    holders: dict[str, int] = {}
    for _, value in rows:
        holders[value] = holders.get(value, 0) + 1
    by_article: dict[int, list[str]] = {}
    for article, value in rows:
        by_article.setdefault(article, []).append(value)
    matches = {
        article: SignatureMatch(
            tuple(_label(wanted[v].kind, wanted[v].value) for v in sorted(values, key=lambda v: (holders[v], v))),
            ranking.signature_boost(_worth(wanted[v].kind, holders[v]) for v in values),
        )
        for article, values in by_article.items()
    }
    best = sorted(matches, key=lambda article: (-matches[article].boost, article))[:SIGNATURE_CANDIDATES]
    return {article: matches[article] for article in best}


def _label(kind: SignatureKind, value: str) -> str:
    return f"“{value}”" if kind is SignatureKind.MESSAGE else value


def _worth(kind: SignatureKind, holders: int) -> int:
    """A bare status or class says little about which fault it is, however few articles hold it."""
    return holders + (8 if kind in {SignatureKind.HTTP, SignatureKind.EXCEPTION} else 0)


def _held(index: LiveIndex, weights: Weights, audiences: frozenset[str]) -> set[int]:
    """The articles that words propose.

    Where no term of the question is rare, they are sought in the passages that hold the three rarest together.
    """
    rare = rarest(weights.frequencies, ROW_BUDGET, alone=SINGLE_TERM_BUDGET)
    few = sorted(weights.frequencies, key=lambda key: weights.frequencies[key])[:3]
    rows = fetch(
        held(index.side, all_of_them=not rare),
        {
            "weights": _text_of(weights.passages),
            "title_weights": _text_of(weights.titles),
            "rare": rare or few or NO_TERM,
            "rare_in_titles": rarest(weights.title_frequencies, TITLE_BUDGET, alone=ROW_BUDGET),
            "audiences": sorted(audiences),
        },
        by_index_alone(ef_search=EF_SEARCH, milliseconds=WORDS_LIMIT_MS),
    )
    return {article for (article,) in rows}


def _score(
    index: LiveIndex,
    weights: Weights,
    candidates: set[int],
    audiences: frozenset[str],
    vector: str | None,
    milliseconds: int,
) -> tuple[list[ranking.PassageMatch], dict[int, ranking.TitleMatch]]:
    """Every passage of both legs' candidates with both scores, and the titles that share a term."""
    parameters: dict[str, str | bool | list[int] | list[str]] = {
        "weights": _text_of(weights.passages),
        "pairs": _text_of(weights.pairs),
        "asked": sorted(weights.passages.keys() | weights.titles.keys()),
        "held": sorted(candidates),
        "audiences": sorted(audiences),
    }
    settings = by_index_alone(ef_search=EF_SEARCH, milliseconds=milliseconds)
    if vector is None:
        rows = fetch(by_words_alone(index.side), parameters, settings)
    else:
        whose = {"public": PUBLIC in audiences, "restricted": bool(audiences - {PUBLIC})}
        rows = fetch(by_meaning(index.side), {**parameters, **whose, "vector": vector}, settings)
    passages = [ranking.PassageMatch(*row[:5]) for row in rows if row[0]]
    common = dict(terms for passage, article, *_, terms in rows if not article)
    titles = {a: _title_match(weights, terms, common) for passage, a, *_, terms in rows if a and not passage}
    return passages, titles


def _title_match(weights: Weights, terms: Sequence[int], common: Mapping[int, int]) -> ranking.TitleMatch:
    words = covered = whole = 0.0
    for key in terms:
        weight = lexical.inverse_frequency(weights.collection, common.get(key, 0))
        whole += weight
        words += weights.titles.get(key, 0.0)
        if key in weights.passages:
            covered += weight
    return ranking.TitleMatch(words, ranking.title_coverage(covered, whole))


def _text_of(weights: Mapping[int, float]) -> str:
    text: str = sparse(dict(weights)).to_text()
    return text
