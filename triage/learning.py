"""What a request is filed under, learnt from names, descriptions and the choices of people; and how sure that is.

Pure NumPy. A confidence is never the score itself: it is the share of held-out requests (each left out of the
examples once) with a like score that were right. Below `MINIMUM_CASES` there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

MINIMUM_CASES = 50
_WINDOW = 30  # held-out cases nearest in score that a confidence is read from
NEIGHBOURS = 8
_SHARPNESS = 12.0
_LEARNT_WEIGHT = 0.6

Matrix = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """Requests that a person filed: unit vectors (n, 384), the index of each one's category, its ticket."""

    vectors: Matrix
    labels: npt.NDArray[np.int64]
    tickets: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.tickets)


@dataclass(frozen=True)
class Measured:
    """Held-out predictions: how far the best category led, and whether it was the person's choice."""

    leads: Scores
    right: npt.NDArray[np.bool_]

    def confidence(self, lead: float) -> float | None:
        """Return the share of right ones (Laplace's rule) among held-out cases with the most similar lead."""
        if len(self.leads) < MINIMUM_CASES:
            return None
        window = max(_WINDOW, len(self.leads) // 8)
        nearest = np.argsort(np.abs(self.leads - lead), kind="stable")[:window]
        return float((self.right[nearest].sum() + 1) / (len(nearest) + 2))


@dataclass(frozen=True)
class Choice:
    """The best category and what led to it; `neighbours` are (ticket, category, cosine), the nearest first.

    `ranking` holds every category, the likeliest first.
    """

    index: int
    score: float
    lead: float
    described: float
    neighbours: tuple[tuple[int, int, float], ...]
    ranking: tuple[int, ...] = ()


class Filing:
    """A classifier over category vectors (from name and description) and examples; examples weigh more as they grow."""

    def __init__(self, categories: Matrix, examples: Examples) -> None:
        self.categories = categories
        self.examples = examples

    def choose(self, vector: Matrix) -> Choice:
        """Return the category for a unit vector of shape (384,)."""
        similarities = self.examples.vectors @ vector if len(self.examples) else np.zeros(0, np.float32)
        described = self.categories @ vector
        scores = self._scores(described, similarities)
        order = np.argsort(-scores, kind="stable")
        lead = float(scores[order[0]] - scores[order[1]]) if len(order) > 1 else float(scores[order[0]])
        nearest = np.argsort(-similarities, kind="stable")[:NEIGHBOURS]
        neighbours = tuple(
            (self.examples.tickets[i], int(self.examples.labels[i]), float(similarities[i])) for i in nearest
        )
        best = int(order[0])
        return Choice(best, float(scores[best]), lead, float(described[best]), neighbours, tuple(map(int, order)))

    @cached_property
    def measured(self) -> Measured:
        """Leave-one-out over the examples: each is filed by all the others."""
        count = len(self.examples)
        leads, right = np.zeros(count), np.zeros(count, dtype=bool)
        if count < MINIMUM_CASES:
            return Measured(leads[:0], right[:0])
        similarities = self.examples.vectors @ self.examples.vectors.T
        described = self.examples.vectors @ self.categories.T
        for index in range(count):
            row = similarities[index].copy()
            row[index] = -1.0  # left out: it may not vote for itself
            scores = self._scores(described[index], row)
            first, second = np.sort(scores)[::-1][:2] if len(scores) > 1 else (scores[0], 0.0)
            leads[index] = first - second
            right[index] = int(np.argmax(scores)) == self.examples.labels[index]
        return Measured(leads, right)

    def _scores(self, described: Matrix, similarities: Matrix) -> Scores:
        scores = described.astype(np.float64)
        if not len(similarities):
            return scores
        nearest = np.argsort(-similarities, kind="stable")[:NEIGHBOURS]
        weights = np.exp(_SHARPNESS * (similarities[nearest].astype(np.float64) - similarities[nearest[0]]))
        votes = np.bincount(self.examples.labels[nearest], weights=weights, minlength=len(self.categories))
        # A vote says more where the neighbours are near, and where each category has been seen a few times.
        trust = max(0.0, float(similarities[nearest[0]])) * min(1.0, len(similarities) / (3 * len(self.categories)))
        learnt: Scores = votes / max(votes.sum(), 1e-9)
        return np.asarray(scores + _LEARNT_WEIGHT * trust * learnt, dtype=np.float64)


def examples_of(rows: Sequence[tuple[int, int, Sequence[float]]]) -> Examples:
    """Build examples from (ticket, category index, vector) rows."""
    vectors = np.asarray([row[2] for row in rows], dtype=np.float32).reshape(len(rows), len(rows[0][2]) if rows else 0)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return Examples(
        vectors / np.maximum(norms, 1e-9),
        np.asarray([row[1] for row in rows], dtype=np.int64),
        tuple(row[0] for row in rows),
    )
