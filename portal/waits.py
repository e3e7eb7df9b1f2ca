"""How long people waited, with those who still wait counted in. Pure.

Invariant: somebody who is still waiting never makes a figure look better. Leaving them out would (only quick answers
would be measured), so the share answered by a given time is estimated as Kaplan and Meier do (J. Am. Stat. Assoc. 53,
1958): a person counts as waiting for exactly as long as they are known to have waited.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

HOUR = 60
DAY = 24 * HOUR


@dataclass(frozen=True)
class Wait:
    """`count` requests that waited for `minutes` (rounded up), and then were answered or are known no further."""

    minutes: int
    answered: bool
    count: int = 1


@dataclass(frozen=True)
class Figure:
    """Within how many minutes the given share had an answer, and of how many requests that is the measure.

    `minutes` is None where fewer than that share have been answered at all.
    """

    minutes: int | None
    n: int


def measure(waits: Iterable[Wait], *, share: float) -> Figure:
    """Return the time by which `share` (0..1) of all requests had an answer, by the estimate of Kaplan and Meier."""
    answered: dict[int, int] = defaultdict(int)
    left: dict[int, int] = defaultdict(int)
    for wait in waits:
        (answered if wait.answered else left)[wait.minutes] += wait.count
    n = at_risk = sum(answered.values()) + sum(left.values())
    waiting = 1.0
    for minute in sorted(answered.keys() | left.keys()):
        if answered[minute]:
            waiting *= 1 - answered[minute] / at_risk
            if waiting <= 1 - share + 1e-9:
                return Figure(minute, n)
        # Whoever is known to have waited until this minute counted as waiting when it came.
        at_risk -= answered[minute] + left[minute]
    return Figure(None, n)


def round_up(minutes: int) -> int:
    """A figure as people say it, never shorter than it is: in steps of 5 minutes, of hours or (from two) of days."""
    step = 5 if minutes <= HOUR else HOUR if minutes <= 2 * DAY else DAY
    return max(-(-minutes // step) * step, 5)
