"""Filing by meaning: examples outweigh descriptions as they grow, and a confidence is measured or absent."""

from typing import Any

import numpy as np
import numpy.typing as npt

from triage.learning import MINIMUM_CASES, Filing, Matrix, examples_of

DIMENSIONS = 16


def _units(rows: npt.NDArray[Any]) -> Matrix:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _noisy(
    count: int, noise: float, *, wrong: float = 0.0, seed: int = 1
) -> tuple[Matrix, list[tuple[int, int, list[float]]]]:
    """Three categories on axes of their own, and examples around them, a share of them filed wrongly."""
    random = np.random.default_rng(seed)
    categories = _units(np.eye(3, DIMENSIONS))
    rows = []
    for ticket in range(count):
        label = ticket % 3
        vector = _units((categories[label] + noise * random.normal(size=DIMENSIONS))[None])[0]
        filed = (label + 1) % 3 if random.random() < wrong else label
        rows.append((ticket, filed, vector.tolist()))
    return categories, rows


def test_without_examples_the_nearest_description_wins_and_there_is_no_confidence() -> None:
    categories, _rows = _noisy(0, 0.1)
    filing = Filing(categories, examples_of([]))
    choice = filing.choose(categories[2])
    assert choice.index == 2
    assert filing.measured.confidence(choice.lead) is None


def test_people_overrule_a_misleading_description() -> None:
    categories, rows = _noisy(60, 0.05)
    # Every request that lies near category 0's description was filed under 1 by people.
    moved = [(ticket, 1 if label == 0 else label, vector) for ticket, label, vector in rows]
    choice = Filing(0.3 * categories, examples_of(moved)).choose(categories[0])
    assert choice.index == 1


def test_no_confidence_below_the_minimum_and_one_from_it_on() -> None:
    categories, rows = _noisy(MINIMUM_CASES, 0.1)
    assert Filing(categories, examples_of(rows[:-1])).measured.confidence(0.3) is None
    assert Filing(categories, examples_of(rows)).measured.confidence(0.3) is not None


def test_confidence_is_near_the_share_that_turns_out_right() -> None:
    categories, rows = _noisy(600, 0.12, wrong=0.3)
    filing = Filing(categories, examples_of(rows))
    _same, fresh = _noisy(300, 0.12, wrong=0.3, seed=2)
    claimed, right = [], []
    for _ticket, label, vector in fresh:
        choice = filing.choose(np.asarray(vector, dtype=np.float32))
        claimed.append(filing.measured.confidence(choice.lead) or 0.0)
        right.append(choice.index == label)
    assert abs(float(np.mean(claimed)) - float(np.mean(right))) < 0.1
    assert max(claimed) < 0.95


def test_an_example_does_not_vote_for_itself() -> None:
    random = np.random.default_rng(3)
    vectors = _units(random.normal(size=(80, DIMENSIONS)).astype(np.float32))
    labels = random.integers(0, 3, size=80)
    rows = [
        (index, int(label), vector.tolist()) for index, (label, vector) in enumerate(zip(labels, vectors, strict=True))
    ]
    filing = Filing(_units(np.eye(3, DIMENSIONS)), examples_of(rows))
    assert filing.measured.right.mean() < 0.6
