"""How sure a choice is, measured on held-out cases or absent. Pure NumPy.

Held out means: each case was judged by all the others. From the scores these got it is fitted how often a first choice
turns out right, which categories must be named so that the right one is among them, and how little a request may be
at home before it counts as like nothing seen. Below `MINIMUM_CASES` nothing of this is said.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, logit

MINIMUM_CASES = 50
MISSED = 0.05
"""The share of requests whose right category may be missing from the ones that are named."""
UNLIKE = 0.02
"""The share of requests that belong to a category and may still be called unlike any."""
NEARNESS_WEIGHT = 0.5
_STRENGTH = 0.01  # of the penalty on the two slopes, so that separable cases do not make them infinite

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """What was fitted on `n` held-out cases; of `home` (mean, deviation) of best score and nearness, then the bound."""

    n: int
    temperature: float
    curve: tuple[float, float, float]
    named: float
    home: tuple[float, float, float, float, float]

    @property
    def is_measured(self) -> bool:
        return self.n >= MINIMUM_CASES

    @cached_property
    def _most(self) -> float:
        """No share of n cases can be told from one by less than Laplace's rule."""
        return (self.n + 1) / (self.n + 2)

    def confidence(self, scores: Scores) -> float | None:
        """The share of cases with like scores (K,) whose first choice was right."""
        if not self.is_measured:
            return None
        share = float(_curve(np.asarray(self.curve), *_shape(scores[None], self.temperature))[0])
        return min(max(share, 1 - self._most), self._most)

    def likely(self, scores: Scores) -> tuple[int, ...]:
        """Places of the categories that hold the right one in all but `MISSED` of cases, the likeliest first.

        Split-conformal sets over held-out probabilities (Vovk et al. 2005; least ambiguous sets, Sadinle et al. 2019),
        with the first choice always among them.
        """
        order = np.argsort(-scores, kind="stable")
        if not self.is_measured:
            return tuple(map(int, order))
        shares = np.exp(log_softmax(scores / self.temperature))
        return tuple(int(place) for rank, place in enumerate(order) if not rank or shares[place] >= self.named)

    def belonging(self, scores: Scores, nearness: float) -> float:
        """How much at home among the cases: best score and cosine of the nearest example, in deviations of theirs."""
        best, best_spread, near, near_spread, _bound = self.home
        return float((scores.max() - best) / best_spread + NEARNESS_WEIGHT * (nearness - near) / near_spread)

    def is_like_any(self, belonging: float) -> bool:
        return not self.is_measured or belonging >= self.home[4]


NOT_MEASURED = Calibration(0, 1.0, (0.0, 0.0, 0.0), 0.0, (0.0, 1.0, 0.0, 1.0, 0.0))


def calibrate(scores: Scores, labels: npt.NDArray[np.int64], nearness: Scores) -> Calibration:
    """Fit on held-out scores (n, K), right places (n,) and cosines of the nearest other example (n,)."""
    n = len(labels)
    if n < MINIMUM_CASES or scores.shape[1] < 2:
        return NOT_MEASURED
    temperature = fit_temperature(scores, labels)
    right = scores.argmax(axis=1) == labels
    shares = np.exp(log_softmax(scores / temperature, axis=1))[np.arange(n), labels]
    allowed = int(np.floor((n + 1) * MISSED))  # the finite-sample correction of the quantile
    best = scores.max(axis=1)
    spreads = (max(float(best.std()), 1e-6), max(float(nearness.std()), 1e-6))
    home = (float(best.mean()), spreads[0], float(nearness.mean()), spreads[1])
    belonging = (best - home[0]) / spreads[0] + NEARNESS_WEIGHT * (nearness - home[2]) / spreads[1]
    return Calibration(
        n,
        temperature,
        _fit_curve(*_shape(scores, temperature), right),
        float(np.sort(shares)[max(allowed - 1, 0)]) if allowed else 0.0,
        (*home, float(np.quantile(belonging, UNLIKE))),
    )


def fit_temperature(scores: Scores, labels: npt.NDArray[np.int64]) -> float:
    """The temperature at which the softmax of the scores makes the labels likeliest (Guo et al. 2017)."""
    return float(minimize_scalar(lambda t: log_loss(scores, labels, t), bounds=(0.005, 2.0), method="bounded").x)


def log_loss(scores: Scores, labels: npt.NDArray[np.int64], temperature: float) -> float:
    return float(-log_softmax(scores / temperature, axis=1)[np.arange(len(labels)), labels].mean())


def _shape(scores: Scores, temperature: float) -> tuple[Scores, Scores]:
    """Of each row: the log odds of its first choice, and how far the second is behind."""
    shares = np.exp(log_softmax(scores / temperature, axis=1)).max(axis=1)
    first, second = np.sort(scores, axis=1)[:, -1], np.sort(scores, axis=1)[:, -2]
    return logit(np.clip(shares, 1e-6, 1 - 1e-6)), first - second


def _curve(slopes: Scores, odds: Scores, margin: Scores) -> Scores:
    return np.asarray(expit(slopes[0] * odds + slopes[1] * margin + slopes[2]))


def _fit_curve(odds: Scores, margin: Scores, right: Flags) -> tuple[float, float, float]:
    """Platt's (1999) curve over both, to targets that are never quite 0 and 1."""
    good, bad = int(right.sum()), int((~right).sum())
    target = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))

    def loss(slopes: Scores) -> float:
        said = np.clip(_curve(slopes, odds, margin), 1e-9, 1 - 1e-9)
        fit = -(target * np.log(said) + (1 - target) * np.log(1 - said)).sum()
        return float(fit + _STRENGTH * (slopes[0] ** 2 + slopes[1] ** 2))

    slopes = minimize(loss, np.array([1.0, 0.0, 0.0]), method="L-BFGS-B").x
    return float(slopes[0]), float(slopes[1]), float(slopes[2])
