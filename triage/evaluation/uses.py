"""The floors of search, one for each use, by what they let through on either half of a labelled set.

The floors were chosen on the halves `tuned_on` of four sets, so what counts is `held_out`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kb.retrieval.ranking import FLOORS, Use
from triage.evaluation import metrics
from triage.evaluation.datasets import Query, QueryKind
from triage.evaluation.report import Figures

TYPED_SHARE = 0.5
FEWEST_TYPED = 3
HALVES = ((0, "tuned_on"), (1, "held_out"))


@dataclass(frozen=True)
class Found:
    """What comes first for one query, whatever the floor: how relevant it was held, and whether it is right."""

    relevance: float
    is_right: bool


def half_typed(query: Query) -> Query:
    """The query when half of its words stand in the form."""
    words = query.text.split()
    return replace(query, text=" ".join(words[: max(FEWEST_TYPED, round(len(words) * TYPED_SHARE))]))


def figures(queries: Sequence[Query], whole: Mapping[str, Found], half: Mapping[str, Found]) -> Figures:
    """By use and half. `whole` and `half` hold what was found by a query's id."""
    found = {Use.PAGE: whole, Use.TYPING: half, Use.EVIDENCE: whole}
    rows: dict[str, Figures] = {}
    for use in Use:
        for half_number, name in HALVES:
            chosen = [query for query in queries if query.half == half_number]
            rows[f"{use}, {name}"] = _row(chosen, found[use], FLOORS[use])
    return rows


def _row(queries: Sequence[Query], found: Mapping[str, Found], floor: float) -> Figures:
    """`right` is the share of right ones among the answerable queries that get anything."""
    answered = [found[q.query_id] for q in queries if q.kind is QueryKind.ANSWERABLE]
    shown = [each for each in answered if each.relevance >= floor]
    foreign = [found[q.query_id].relevance < floor for q in queries if q.kind is QueryKind.FOREIGN]
    return {
        "floor": floor,
        "answered": len(shown) / len(answered) if answered else None,
        "right": metrics.mean([float(each.is_right) for each in shown]) if shown else None,
        "foreign_silence": metrics.mean([float(each) for each in foreign]) if foreign else None,
    }
