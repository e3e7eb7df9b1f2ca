"""The measures, pure: each takes plain lists and gives a number between 0 and 1 (times apart)."""

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RankingScores:
    hit1: float
    hit3: float
    hit5: float
    recall10: float
    ndcg10: float
    mrr: float


@dataclass(frozen=True)
class Interval:
    """A mean, or a difference of means, with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, float], depth: int = 10) -> float:
    return next((1 / place for place, item in enumerate(ranking[:depth], 1) if item in relevant), 0.0)


def hit_at(ranking: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    return float(any(item in relevant for item in ranking[:depth]))


def recall_at(ranking: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    return sum(item in relevant for item in ranking[:depth]) / len(relevant) if relevant else 0.0


def ndcg_at(ranking: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    """Järvelin and Kekäläinen 2002, with linear gains, as trec_eval has it."""
    gained = sum(relevant.get(item, 0.0) / math.log2(place + 1) for place, item in enumerate(ranking[:depth], 1))
    ideal = sorted(relevant.values(), reverse=True)[:depth]
    best = sum(gain / math.log2(place + 1) for place, gain in enumerate(ideal, 1))
    return gained / best if best else 0.0


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def score_rankings(rankings: Sequence[Sequence[str]], relevants: Sequence[Mapping[str, float]]) -> RankingScores:
    pairs = list(zip(rankings, relevants, strict=True))
    return RankingScores(
        hit1=mean([hit_at(r, q, 1) for r, q in pairs]),
        hit3=mean([hit_at(r, q, 3) for r, q in pairs]),
        hit5=mean([hit_at(r, q, 5) for r, q in pairs]),
        recall10=mean([recall_at(r, q, 10) for r, q in pairs]),
        ndcg10=mean([ndcg_at(r, q, 10) for r, q in pairs]),
        mrr=mean([reciprocal_rank(r, q) for r, q in pairs]),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Linear between neighbours; 0 for nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def paired_bootstrap(ours: Sequence[float], theirs: Sequence[float], *, rounds: int = 2000, seed: int = 7) -> Interval:
    """Resample the questions, keep the pairs."""
    return bootstrap([a - b for a, b in zip(ours, theirs, strict=True)], rounds=rounds, seed=seed)


def bootstrap(values: Sequence[float], *, rounds: int = 2000, seed: int = 7) -> Interval:
    """Of the mean, by resampling (Efron and Tibshirani 1993, percentile interval)."""
    if not values:
        return Interval(0.0, 0.0, 0.0)
    chance = random.Random(seed)  # noqa: S311 - a repeatable sample, not a secret
    means = [mean(chance.choices(values, k=len(values))) for _ in range(rounds)]
    return Interval(mean(values), percentile(means, 0.025), percentile(means, 0.975))


@dataclass(frozen=True)
class TradeOff:
    """Silence where it is right against answers where they are: what one measure can do with any threshold.

    `silence` by the share of answerable questions that is still answered; `area` is the chance that an answerable
    question measures higher than one that has no answer (0.5: the measure knows nothing).
    """

    silence: Mapping[float, float]
    area: float


def trade_off(answerable: Sequence[float], silent: Sequence[float], shares: Sequence[float]) -> TradeOff:
    """A question is answered from the threshold on; each share takes the highest threshold that reaches it."""
    ordered = sorted(answerable, reverse=True)
    thresholds = {share: ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)] for share in shares}
    silence = {share: mean([float(value < least) for value in silent]) for share, least in thresholds.items()}
    lower = sorted(silent)
    below = [(bisect_left(lower, value) + bisect_right(lower, value)) / 2 for value in answerable]
    return TradeOff(silence, mean(below) / len(lower))
