"""`evaluate drafts`: each query is a request; the whole pipeline drafts or abstains, in one throw-away database.

Support is checked against the data set's own text, not against what the product stored. Both halves of the hash split
are shown, because the bars of the gate were set on one of them.
"""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.evaluation import metrics
from triage.evaluation.datasets import Query, QueryKind, read_search_set
from triage.evaluation.entailment import drafted_sentences
from triage.evaluation.knowledge import stocked_site
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress
from triage.facts import Request, Sentence
from triage.gate import Bars, choose_article
from triage.generators import configured_endpoint
from triage.outcome import Outcome
from triage.pipeline import run_pipeline
from triage.running import prepare

READER = frozenset({"public"})
CURVE_BARS = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


@dataclass(frozen=True)
class Answer:
    """What a rep would have got: `shown` are document ids, those that the draft cites first.

    `nearest` is the document that comes nearest to being drafted from, `sure` how sure of it the gate is.
    """

    cited: tuple[str, ...]
    shown: tuple[str, ...]
    quoted: tuple[Sentence, ...]
    reason: str
    model: str
    not_worded: str
    milliseconds: float
    nearest: str = ""
    sure: float = 0.0


def draft_all(queries: Sequence[Query], document_of: Mapping[int, str]) -> dict[str, Answer]:
    answers = {}
    for query in with_progress(queries, "requests"):
        started = time.perf_counter()
        outcome = run_pipeline(_request(query))
        answers[query.query_id] = _answer(outcome, document_of, (time.perf_counter() - started) * 1000)
    return answers


def _request(query: Query) -> Request:
    return Request(
        ticket_id=0,
        message_id=0,
        requester_name="",
        subject="",
        text=query.text,
        language="en",
        audiences=READER,
        is_first=True,
        is_latest=True,
        drafting=True,
    )


def _answer(outcome: Outcome, document_of: Mapping[int, str], milliseconds: float) -> Answer:
    quoted = [sentence for sentence in outcome.grounded.sentences if sentence.is_sourced]
    by_source = {a.source_text_id: document_of[a.article_id] for a in outcome.evidence.articles}
    cited = dict.fromkeys(by_source[sentence.source_text_id or 0] for sentence in quoted)
    worth_reading = [by_source[article.source_text_id] for article in outcome.evidence.worth_reading]
    decision = choose_article(outcome.evidence, language="en", bars=Bars())
    return Answer(
        cited=tuple(cited),
        shown=tuple(dict.fromkeys([*cited, *worth_reading])),
        quoted=tuple(quoted),
        reason=str(outcome.grounded.no_draft_reason),
        model=outcome.grounded.model,
        not_worded=outcome.grounded.not_worded,
        milliseconds=milliseconds,
        nearest=document_of[decision.best.article_id] if decision.best else "",
        sure=decision.sure,
    )


def run(options: Mapping[str, object]) -> Report:
    dataset = read_search_set(Path(str(options["directory"])))
    with stocked_site(dataset.documents) as document_of:
        prepare()
        answers = draft_all(dataset.queries, document_of)
    answerable = dataset.of_kind(QueryKind.ANSWERABLE)
    halves = {name: [q for q in answerable if q.half == half] for half, name in ((0, "tuned_on"), (1, "held_out"))}
    times = [answer.milliseconds for answer in answers.values()]
    figures: Figures = {
        "requests": len(dataset.queries),
        **_figures(answerable, answers),
        **drafted_sentences(dataset, [(answer.cited, answer.quoted) for answer in answers.values()]),
        "foreign_drafted": _drafted(dataset.of_kind(QueryKind.FOREIGN), answers),
        "withheld_drafted": _drafted(dataset.of_kind(QueryKind.WITHHELD), answers),
        "ms_p50": metrics.percentile(times, 0.5),
        "ms_p95": metrics.percentile(times, 0.95),
        "halves": {name: {"requests": len(chosen), **_figures(chosen, answers)} for name, chosen in halves.items()},
        "curve": curve(dataset.queries, answers),
        "curve_held_out": curve([query for query in dataset.queries if query.half], answers),
        "abstained": _counted(answers[query.query_id].reason for query in answerable),
        **_generated(answers.values()),
    }
    notes = (
        f"data {dataset.digest[:12]}; the gate was fitted on the halves tuned_on of four sets: held_out is what counts",
        f"curve: what each bar would draft and get wrong, before anything is composed; {Bars().sure:.2f} is in use",
    )
    return Report(f"drafts on {dataset.name}", figures, notes)


def _generated(answers: Collection[Answer]) -> Figures:
    """Who wrote the drafts: quotation alone, or the model, with the share that it worded and why not the others."""
    endpoint = configured_endpoint()
    if endpoint is None:
        return {"generator": "quotation"}
    drafted = [answer for answer in answers if answer.cited]
    worded = metrics.mean([float(bool(answer.model)) for answer in drafted]) if drafted else None
    return {
        "generator": endpoint.model,
        "worded": worded,
        "not_worded": _counted(answer.not_worded for answer in drafted),
    }


def _figures(queries: Sequence[Query], answers: Mapping[str, Answer]) -> Figures:
    """Over answerable requests. hit@k: the right article is among the first k that the run puts before a rep."""
    return {
        "drafted": _drafted(queries, answers),
        "hit@1": metrics.mean([metrics.hit_at(answers[query.query_id].shown, query.relevant, 1) for query in queries]),
        "hit@3": metrics.mean([metrics.hit_at(answers[query.query_id].shown, query.relevant, 3) for query in queries]),
        "wrong_confident": metrics.mean([float(_is_wrong(query, answers[query.query_id])) for query in queries]),
    }


def _is_wrong(query: Query, answer: Answer) -> bool:
    return bool(answer.cited) and answer.cited[0] not in query.relevant


def _drafted(queries: Sequence[Query], answers: Mapping[str, Answer]) -> float | None:
    return metrics.mean([float(bool(answers[query.query_id].cited)) for query in queries]) if queries else None


def curve(queries: Sequence[Query], answers: Mapping[str, Answer]) -> dict[str, Figures]:
    """What a lower or a higher bar would do, by the bar: shares as in the whole table."""
    by_kind = {kind: [answers[query.query_id] for query in queries if query.kind is kind] for kind in QueryKind}
    asked = [query for query in queries if query.kind is QueryKind.ANSWERABLE]
    rows: dict[str, Figures] = {}
    for bar in CURVE_BARS:
        wrong = [
            answers[query.query_id].sure >= bar and answers[query.query_id].nearest not in query.relevant
            for query in asked
        ]
        rows[f"{bar:.2f}"] = {
            "drafted": _share_above(by_kind[QueryKind.ANSWERABLE], bar),
            "wrong_confident": metrics.mean([float(is_wrong) for is_wrong in wrong]),
            "foreign_drafted": _share_above(by_kind[QueryKind.FOREIGN], bar),
            "withheld_drafted": _share_above(by_kind[QueryKind.WITHHELD], bar),
        }
    return rows


def _share_above(answers: Sequence[Answer], bar: float) -> float | None:
    return metrics.mean([float(bool(answer.nearest) and answer.sure >= bar) for answer in answers]) if answers else None


def _counted(reasons: Iterable[str]) -> Figures:
    return dict(sorted(Counter(reason for reason in reasons if reason).items()))


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", help="BEIR layout: corpus.jsonl, queries.jsonl, qrels/test.tsv")


EVALUATION = Evaluation("drafts", "drafts and abstentions of the whole pipeline", _add_arguments, run)
