"""`evaluate search`: the product's own search on a labelled set, beside the baselines, in one throw-away database.

Nothing is tuned here. Both halves of the hash split are shown, for the weights and the floor were set on one of them.
"""

import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.search import find
from triage.evaluation import baselines, metrics
from triage.evaluation.datasets import Query, QueryKind, SearchSet, read_search_set
from triage.evaluation.knowledge import stocked_site
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress

READER = frozenset({"public"})
DEPTH = 10


@dataclass(frozen=True)
class Answer:
    """What the product showed for one query."""

    ranking: tuple[str, ...]
    milliseconds: float
    degraded: str | None


def ask(queries: Sequence[Query], document_of: Mapping[int, str], *, floor: float | None = None) -> list[Answer]:
    label = "questions" if floor is None else "questions without the floor"
    answers = []
    for query in with_progress(queries, label):
        started = time.perf_counter()
        outcome = find(query.text, audiences=READER, limit=DEPTH, floor=floor)
        passed = (time.perf_counter() - started) * 1000
        ranking = tuple(document_of[hit.article_id] for hit in outcome.hits)
        answers.append(Answer(ranking, passed, outcome.degraded))
    return answers


def run(options: Mapping[str, object]) -> Report:
    dataset = read_search_set(Path(str(options["directory"])))
    with stocked_site(dataset.documents) as document_of:
        find("warm up the embedder", audiences=READER)
        asked = ask(dataset.queries, document_of)
        answers = {query.query_id: answer for query, answer in zip(dataset.queries, asked, strict=True)}
        answerable = dataset.of_kind(QueryKind.ANSWERABLE)
        unfloored = ask(answerable, document_of, floor=0.0)
        corpus = baselines.Corpus(dataset.documents, list(document_of))
        compared = baselines.rankings(corpus, answerable)
    figures = {
        **_headline(dataset, answers),
        "baselines": {name: _shown(metrics.score_rankings(r, _truth(answerable))) for name, r in compared.items()},
        "halves": _halves(answerable, [answers[query.query_id].ranking for query in answerable]),
        "without_floor": _shown(metrics.score_rankings([a.ranking for a in unfloored], _truth(answerable))),
        **_differences(answerable, unfloored, compared),
    }
    notes = [f"data {dataset.digest[:12]}, {len(dataset.documents)} documents"]
    degraded = {answer.degraded for answer in answers.values() if answer.degraded}
    notes += [f"degraded: {reason}" for reason in sorted(degraded)]
    return Report(f"search on {dataset.name}", figures, tuple(notes))


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


def _silence(queries: Sequence[Query], answers: Mapping[str, Answer]) -> float | None:
    return metrics.mean([float(not answers[query.query_id].ranking) for query in queries]) if queries else None


def _shown(scores: metrics.RankingScores) -> Figures:
    return {"hit@1": scores.hit1, "hit@5": scores.hit5, "ndcg@10": scores.ndcg10, "mrr": scores.mrr}


def _halves(queries: Sequence[Query], rankings: Sequence[Sequence[str]]) -> Figures:
    halves = {}
    for half, name in ((0, "tuned_on"), (1, "held_out")):
        chosen = [number for number, query in enumerate(queries) if query.half == half]
        truth = [queries[number].relevant for number in chosen]
        answered = metrics.mean([float(bool(rankings[number])) for number in chosen])
        scores = metrics.score_rankings([rankings[number] for number in chosen], truth)
        halves[name] = {"queries": len(chosen), **_shown(scores), "answered": answered}
    return halves


def _differences(
    queries: Sequence[Query], unfloored: Sequence[Answer], compared: Mapping[str, list[list[str]]]
) -> Figures:
    """Ours without the floor against the reference hybrid, which has none: mean difference of reciprocal ranks."""
    if "hybrid" not in compared:
        return {}
    ours = [metrics.reciprocal_rank(a.ranking, q.relevant) for a, q in zip(unfloored, queries, strict=True)]
    theirs = [metrics.reciprocal_rank(r, q.relevant) for r, q in zip(compared["hybrid"], queries, strict=True)]
    interval = metrics.paired_bootstrap(ours, theirs)
    return {"mrr_over_hybrid": {"difference": interval.difference, "low": interval.low, "high": interval.high}}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", help="BEIR layout: corpus.jsonl, queries.jsonl, qrels/test.tsv")


EVALUATION = Evaluation(
    "search", "search against BM25, dense, RRF, the reference hybrid and Wagtail", _add_arguments, run
)
