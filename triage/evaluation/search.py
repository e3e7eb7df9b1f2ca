"""`evaluate search`: the product's own search on a labelled set, beside the baselines, in one throw-away database.

Nothing is tuned here. Both halves of the hash split are shown, for the weights and the floor were set on one of them.
"""

import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kb.retrieval.embedder import QUERY_TOKENS, EmbedderUnavailable, get_embedder
from kb.search import find
from triage.evaluation import baselines, metrics, uses
from triage.evaluation.datasets import Query, QueryKind, SearchSet, read_search_set
from triage.evaluation.knowledge import stocked_site
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress

READER = frozenset({"public"})
DEPTH = 10


# What is measured is the search, not what else this machine does meanwhile.
PATIENCE_MS = 60_000
ANSWERED_SHARES = (0.99, 0.95, 0.9, 0.8, 0.7)


@dataclass(frozen=True)
class Answer:
    """What the product showed for one query, and how relevant it held the first of it."""

    ranking: tuple[str, ...]
    relevance: float
    milliseconds: float
    degraded: str | None


def ask(
    queries: Sequence[Query],
    document_of: Mapping[int, str],
    label: str,
    *,
    floor: float | None = None,
    uncut: bool = False,
) -> list[Answer]:
    answers = []
    for query in with_progress(queries, label):
        started = time.perf_counter()
        outcome = find(query.text, audiences=READER, limit=DEPTH, floor=floor, patience_ms=PATIENCE_MS, uncut=uncut)
        passed = (time.perf_counter() - started) * 1000
        ranking = tuple(document_of[hit.article_id] for hit in outcome.hits)
        relevance = outcome.hits[0].relevance if outcome.hits else 0.0
        answers.append(Answer(ranking, relevance, passed, outcome.degraded))
    return answers


def run(options: Mapping[str, object]) -> Report:
    dataset = read_search_set(Path(str(options["directory"])))
    with stocked_site(dataset.documents) as document_of:
        find("warm up the embedder", audiences=READER)
        asked = ask(dataset.queries, document_of, "questions")
        answers = {query.query_id: answer for query, answer in zip(dataset.queries, asked, strict=True)}
        found = ask(dataset.queries, document_of, "questions without the floor", floor=0.0)
        half_typed = [uses.half_typed(query) for query in dataset.queries]
        typed = ask(half_typed, document_of, "questions half typed", floor=0.0)
        uncut = ask(_cut(dataset), document_of, "long questions, uncut", floor=0.0, uncut=True)
        unfloored = {query.query_id: answer for query, answer in zip(dataset.queries, found, strict=True)}
        corpus = baselines.Corpus(dataset.documents, list(document_of))
        cosines = baselines.dense_scores(corpus, dataset.queries)
        answerable = dataset.of_kind(QueryKind.ANSWERABLE)
        places = [place for place, query in enumerate(dataset.queries) if query.kind is QueryKind.ANSWERABLE]
        compared = baselines.rankings(corpus, answerable, None if cosines is None else cosines[places])
    best = [unfloored[query.query_id].ranking for query in answerable]
    measures = {"relevance": {query_id: answer.relevance for query_id, answer in unfloored.items()}}
    if cosines is not None:
        tops = cosines.max(axis=1).tolist()
        measures["top_cosine"] = {query.query_id: top for query, top in zip(dataset.queries, tops, strict=True)}
    figures = {
        **_headline(dataset, answers),
        "intervals": _intervals(dataset, answers),
        "baselines": {name: _shown(metrics.score_rankings(r, _truth(answerable))) for name, r in compared.items()},
        "halves": _halves(dataset, answers),
        "uses": uses.figures(dataset.queries, _first(dataset.queries, found), _first(dataset.queries, typed)),
        "without_floor": _shown(metrics.score_rankings(best, _truth(answerable))),
        "mrr_over_hybrid": _gain(answerable, best, compared["hybrid"]) if "hybrid" in compared else {},
        "cut": _loss_from_cutting(_cut(dataset), unfloored, uncut),
        "gain": {name: _gain(answerable, best, ranking) for name, ranking in compared.items()},
        **_curves(dataset, measures),
    }
    notes = [f"data {dataset.digest[:12]}, {len(dataset.documents)} documents"]
    degraded = {answer.degraded for answer in answers.values() if answer.degraded}
    notes += [f"degraded: {reason}" for reason in sorted(degraded)]
    return Report(f"search on {dataset.name}", figures, tuple(notes))


def _first(queries: Sequence[Query], answers: Sequence[Answer]) -> dict[str, uses.Found]:
    return {
        query.query_id: uses.Found(answer.relevance, bool(answer.ranking) and answer.ranking[0] in query.relevant)
        for query, answer in zip(queries, answers, strict=True)
    }


def _truth(queries: Sequence[Query]) -> list[Mapping[str, float]]:
    return [query.relevant for query in queries]


def _headline(dataset: SearchSet, answers: Mapping[str, Answer]) -> Figures:
    answerable = dataset.of_kind(QueryKind.ANSWERABLE)
    scores = metrics.score_rankings([answers[query.query_id].ranking for query in answerable], _truth(answerable))
    times = [answer.milliseconds for answer in answers.values()]
    return {
        "queries": len(dataset.queries),
        "answerable": len(answerable),
        "hit@1": scores.hit1,
        "hit@3": scores.hit3,
        "hit@5": scores.hit5,
        "recall@10": scores.recall10,
        "ndcg@10": scores.ndcg10,
        "mrr": scores.mrr,
        "foreign_silence": _silence(dataset.of_kind(QueryKind.FOREIGN), answers),
        "withheld_silence": _silence(dataset.of_kind(QueryKind.WITHHELD), answers),
        "answered": metrics.mean([float(bool(answers[query.query_id].ranking)) for query in answerable]),
        "ms_p50": metrics.percentile(times, 0.5),
        "ms_p95": metrics.percentile(times, 0.95),
    }


def _silences(queries: Sequence[Query], answers: Mapping[str, Answer]) -> list[float]:
    return [float(not answers[query.query_id].ranking) for query in queries]


def _silence(queries: Sequence[Query], answers: Mapping[str, Answer]) -> float | None:
    return metrics.mean(_silences(queries, answers)) if queries else None


def _shown(scores: metrics.RankingScores) -> Figures:
    return {"hit@1": scores.hit1, "hit@5": scores.hit5, "ndcg@10": scores.ndcg10, "mrr": scores.mrr}


def _intervals(dataset: SearchSet, answers: Mapping[str, Answer]) -> Figures:
    """95 % bootstrap intervals of the headline figures."""
    answerable = dataset.of_kind(QueryKind.ANSWERABLE)
    pairs = [(answers[query.query_id].ranking, query.relevant) for query in answerable]
    values = {
        "hit@1": [metrics.hit_at(r, q, 1) for r, q in pairs],
        "hit@3": [metrics.hit_at(r, q, 3) for r, q in pairs],
        "hit@5": [metrics.hit_at(r, q, 5) for r, q in pairs],
        "recall@10": [metrics.recall_at(r, q, 10) for r, q in pairs],
        "ndcg@10": [metrics.ndcg_at(r, q, 10) for r, q in pairs],
        "mrr": [metrics.reciprocal_rank(r, q) for r, q in pairs],
        "answered": [float(bool(r)) for r, _ in pairs],
        "foreign_silence": _silences(dataset.of_kind(QueryKind.FOREIGN), answers),
        "withheld_silence": _silences(dataset.of_kind(QueryKind.WITHHELD), answers),
    }
    intervals = {name: metrics.bootstrap(each) for name, each in values.items() if each}
    return {name: {"mean": i.mean, "low": i.low, "high": i.high} for name, i in intervals.items()}


def _halves(dataset: SearchSet, answers: Mapping[str, Answer]) -> Figures:
    halves = {}
    for half, name in ((0, "tuned_on"), (1, "held_out")):
        chosen = replace(dataset, queries=tuple(query for query in dataset.queries if query.half == half))
        headline = _headline(chosen, answers)
        halves[name] = {
            key: headline[key]
            for key in ("answerable", "hit@1", "hit@5", "mrr", "answered", "foreign_silence", "withheld_silence")
        }
    return halves


def _gain(queries: Sequence[Query], ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> Figures:
    """Ours without the floor against a baseline, which has none: mean difference of reciprocal ranks."""
    interval = metrics.paired_bootstrap(
        [metrics.reciprocal_rank(r, q.relevant) for r, q in zip(ours, queries, strict=True)],
        [metrics.reciprocal_rank(r, q.relevant) for r, q in zip(theirs, queries, strict=True)],
    )
    return {"difference": interval.mean, "low": interval.low, "high": interval.high}


def _cut(dataset: SearchSet) -> list[Query]:
    """The answerable questions of which the embedder reads the two ends only."""
    try:
        embedder = get_embedder()
    except EmbedderUnavailable:
        return []
    return [q for q in dataset.of_kind(QueryKind.ANSWERABLE) if embedder.count_tokens(q.text) > QUERY_TOKENS]


def _loss_from_cutting(queries: Sequence[Query], cut: Mapping[str, Answer], uncut: Sequence[Answer]) -> Figures:
    """Both without the floor; `difference` is what cutting wins (above zero) or loses in reciprocal rank."""
    if not queries:
        return {"queries": 0}
    as_asked = [cut[query.query_id].ranking for query in queries]
    whole = [answer.ranking for answer in uncut]
    truth = _truth(queries)
    mrr = {"mrr": metrics.score_rankings(as_asked, truth).mrr, "mrr_uncut": metrics.score_rankings(whole, truth).mrr}
    return {"queries": len(queries), **mrr, **_gain(queries, as_asked, whole)}


def _curves(dataset: SearchSet, measures: Mapping[str, Mapping[str, float]]) -> Figures:
    """What any floor could do: silence by the share of answerable questions still answered, for each measure."""
    curves: dict[str, Figures] = {}
    answerable = dataset.of_kind(QueryKind.ANSWERABLE)
    for name, kind in (("foreign_curve", QueryKind.FOREIGN), ("withheld_curve", QueryKind.WITHHELD)):
        silent = dataset.of_kind(kind)
        if not silent or not answerable:
            continue
        rows: dict[str, Figures] = {}
        for measure, values in measures.items():
            curve = metrics.trade_off(
                [values[query.query_id] for query in answerable],
                [values[query.query_id] for query in silent],
                ANSWERED_SHARES,
            )
            points = {f"silence@{share:.0%}": silence for share, silence in curve.silence.items()}
            rows[measure] = {"area": curve.area, **points}
        curves[name] = rows
    return curves


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", help="BEIR layout: corpus.jsonl, queries.jsonl, qrels/test.tsv")


EVALUATION = Evaluation(
    "search", "search against BM25, dense, RRF, the reference hybrid and Wagtail", _add_arguments, run
)
