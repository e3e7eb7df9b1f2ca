"""Measures of a classifier that may abstain, pure: predictions in, numbers out. Probabilities are shares (0..1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 15
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Predicted:
    """What was said of one text: categories from the likeliest, how sure (None: not enough data), how much at home.

    `likely` are the ones named together.
    """

    ranking: tuple[str, ...]
    confidence: float | None
    belonging: float
    likely: tuple[str, ...] = ()
    is_like_any: bool = True

    @property
    def first(self) -> str:
        return self.ranking[0] if self.ranking else ""


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean over the categories that occur in the truth of the harmonic mean of precision and recall."""
    scores = []
    for label in sorted(set(truth)):
        right = sum(t == s == label for t, s in zip(truth, said, strict=True))
        named = sum(s == label for s in said) + sum(t == label for t in truth)
        scores.append(2 * right / named if named else 0.0)
    return float(np.mean(scores)) if scores else 0.0


def calibration_error(confidences: Floats, right: Flags) -> float:
    """Expected calibration error over bins of equal width (Guo et al. 2017)."""
    places = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = (
        abs(float(right[places == place].mean()) - float(confidences[places == place].mean()))
        * float((places == place).mean())
        for place in np.unique(places)
    )
    return sum(gaps)


def brier(confidences: Floats, right: Flags) -> float:
    """The mean square of what the confidence in the first category was off by."""
    return float(np.mean((confidences - right) ** 2))


def accuracy_at(coverage: float, sureness: Floats, right: Flags) -> float:
    """Accuracy over that share of the texts of which it is surest."""
    surest = np.argsort(-sureness, kind="stable")[: max(1, round(coverage * len(right)))]
    return float(right[surest].mean())


def auroc(at_home: Floats, foreign: Floats) -> float:
    """The chance that a text of a category measures higher than one of none; a tie counts half."""
    ordered = np.sort(foreign)
    below = np.searchsorted(ordered, at_home, "left") + np.searchsorted(ordered, at_home, "right")
    return float(below.mean() / 2 / len(ordered))


def recall_at_acceptance(share: float, at_home: Floats, foreign: Floats) -> float:
    """The share of foreign texts refused by the threshold that accepts this share of those at home."""
    return float((foreign < np.quantile(at_home, 1 - share)).mean())
