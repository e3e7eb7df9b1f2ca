"""What the terms of a question weigh among the passages and titles that its reader may read, and which index answers.

A word that stands nowhere is taken for the commonest term that one slip of the fingers makes of it, at some discount.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from kb.models import TermStatistic
from kb.retrieval import lexical
from kb.retrieval.live import NO_INDEX, LiveIndex
from kb.retrieval.prepared import Row, Value, fetch
from kb.retrieval.query import Question
from kb.retrieval.statements import statistics

MOST_SLIPS = 3
MOST_PAIRS = 160
SLIP_CERTAINTY = 0.8


@dataclass(frozen=True)
class Weights:
    """Inverse document frequencies of the question's terms among passages and among titles; 0 where unknown.

    A pair weighs what its two terms weigh.
    """

    passages: Mapping[int, float]
    pairs: Mapping[int, float]
    titles: Mapping[int, float]
    frequencies: Mapping[int, int]
    title_frequencies: Mapping[int, int]
    collection: int
    unknown: float


def asked_of(question: Question, audiences: frozenset[str]) -> dict[str, Value]:
    """What `statistics` is asked for a question."""
    return {"keys": [*question.counts, TermStatistic.COLLECTION], "audiences": sorted(audiences)}


def weigh(
    question: Question, audiences: frozenset[str], side: int | None, known: list[Row] | None = None
) -> tuple[LiveIndex, Weights]:
    """Which index answers, and what the question's terms weigh in it. `known` are the rows for `asked_of` it."""
    index, rows = _read(fetch(statistics(side), asked_of(question, audiences)) if known is None else known)
    all_passages, all_titles = rows.pop(TermStatistic.COLLECTION, (0, 0))
    meant = _meant([word for key, word in question.typed.items() if not rows.get(key, (0, 0))[0]], audiences, index)
    meant = {key: counts for key, counts in meant.items() if key not in rows}
    passages, titles = (
        {key: counts[place] for key, counts in {**rows, **meant}.items() if counts[place] > 0} for place in (0, 1)
    )
    certain = {key: SLIP_CERTAINTY if key in meant else 1.0 for key in passages | titles}
    weights = {key: certain[key] * lexical.inverse_frequency(all_passages, n) for key, n in passages.items()}
    return index, Weights(
        passages=weights,
        pairs=_pair_weights(question, weights),
        titles={key: certain[key] * lexical.inverse_frequency(all_titles, n) for key, n in titles.items()},
        frequencies=passages,
        title_frequencies=titles,
        collection=all_passages,
        unknown=lexical.inverse_frequency(all_passages, 1),
    )


def _pair_weights(question: Question, weights: Mapping[int, float]) -> dict[int, float]:
    """The heaviest pairs of known terms."""
    known = [pair for pair in question.pairs if pair[0] in weights and pair[1] in weights]
    weighed = {lexical.pair_key(one, two): weights[one] + weights[two] for one, two in known}
    return dict(heapq.nlargest(MOST_PAIRS, weighed.items(), key=lambda item: (item[1], item[0])))


def _read(rows: list[Row]) -> tuple[LiveIndex, dict[int, tuple[int, int]]]:
    """In how many of this reader's passages and titles each term stands; of others' words they learn nothing."""
    index = LiveIndex(*rows[0][:2]) if rows else NO_INDEX
    return index, {key: (passages, titles) for _, _, key, passages, titles in rows if key is not None}


def _meant(unknown: list[str], audiences: frozenset[str], index: LiveIndex) -> dict[int, tuple[int, int]]:
    """For words that stand nowhere, the commonest term that one slip makes of each."""
    near = [lexical.near_keys(word) for word in unknown[:MOST_SLIPS]]
    if not near:
        return {}
    keys = sorted(set().union(*near))
    _, rows = _read(fetch(statistics(index.side), {"keys": keys, "audiences": sorted(audiences)}))
    known = [[key for key in keys if rows.get(key, (0, 0))[0]] for keys in near]
    chosen = [max(keys, key=lambda key: (rows[key], key)) for keys in known if keys]
    return {key: rows[key] for key in chosen}


def rarest(frequencies: Mapping[int, int], budget: int, *, alone: int) -> list[int]:
    """The rarest terms that together stand in few enough rows; none when the rarest stands in more than `alone`."""
    chosen: list[int] = []
    rows = 0
    for key, frequency in sorted(frequencies.items(), key=lambda item: (item[1], item[0])):
        rows += frequency
        if rows > (budget if chosen else alone):
            break
        chosen.append(key)
    return chosen
