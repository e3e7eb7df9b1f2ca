"""How far two lists of priorities agree: exactly, within one step, and beyond chance. Pure.

The kappa is Cohen's with linear weights (1968), its interval by resampling the pairs (Efron and Tibshirani 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS = ("low", "normal", "high", "urgent")
FEWEST = 50
"""Below so many pairs no kappa is given."""
_ROUNDS, _SEED = 1_000, 7
_Table = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Kappa:
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """`kappa` is None where there are too few pairs, or where nothing varies that could agree."""

    n: int
    exact: int
    within_one: int
    kappa: Kappa | None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Compare what was proposed with what a person decided, both in the words of `STEPS`."""
    table = np.zeros((len(STEPS), len(STEPS)), dtype=np.int64)
    for proposed, decided in pairs:
        table[STEPS.index(proposed), STEPS.index(decided)] += 1
    near = sum(int(table.diagonal(offset).sum()) for offset in (-1, 0, 1))
    return Agreement(len(pairs), int(table.trace()), near, _kappa(table) if len(pairs) >= FEWEST else None)


def _kappa(table: _Table) -> Kappa | None:
    value = _weighted(table)
    if value is None:
        return None
    drawn = np.random.default_rng(_SEED).multinomial(table.sum(), table.ravel() / table.sum(), size=_ROUNDS)
    resampled = [one for row in drawn if (one := _weighted(row.reshape(table.shape))) is not None]
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Kappa(value, float(low), float(high))


def _weighted(table: _Table) -> float | None:
    """One less the disagreement seen over the disagreement that the margins alone would bring."""
    places = np.arange(len(STEPS))
    apart = np.abs(places[:, None] - places[None, :])
    by_chance = float((apart * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()) / float(table.sum())
    return 1.0 - float((apart * table).sum()) / by_chance if by_chance else None
