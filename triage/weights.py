"""What the signals of priority add up to under given weights: a value, its reasons, and whether to think of urgent.

Pure. Claims are found whatever they weigh, so that other weights can be tried on requests that were read long ago.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.urgency import BY_CODE, SIGNALS

URGENT_FROM, HIGH_FROM, LOW_UP_TO = 7, 3, -2
LEAST, MOST = -9, 9
"""What a weight may be."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each signal that counts, by its code; one that is switched off is not in it."""

    by_code: Mapping[str, int]

    def of(self, code: str) -> int:
        return self.by_code.get(code, 0)


@dataclass(frozen=True, slots=True)
class Claim:
    """That a signal is there. `words`: what set it off, the customer's, or what the record says."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`value` is low, normal or high. `thinks_urgent`: reason enough for a person to think of urgent."""

    value: str
    score: int
    thinks_urgent: bool

    @property
    def farthest(self) -> str:
        """What it comes to for a person: the value, or urgent where that is to be thought of."""
        return "urgent" if self.thinks_urgent else self.value


SHIPPED = Weights({signal.code: signal.weight for signal in SIGNALS})


def signed(weight: int) -> str:
    """Return a weight or a sum as people read it."""
    return f"{weight:+d}".replace("-", "−")


def judge(codes: Iterable[str], weights: Weights) -> Judged:
    """Add up what the found signals weigh. A signal counts once, and one that is unknown or switched off not at all."""
    counted = {code for code in codes if code in BY_CODE and code in weights.by_code}
    score = sum(weights.of(code) for code in counted)
    grave = any(BY_CODE[code].grave and weights.of(code) > 0 for code in counted)
    value = "high" if score >= HIGH_FROM else "low" if score <= LOW_UP_TO else "normal"
    return Judged(value, score, thinks_urgent=grave and score >= URGENT_FROM)
