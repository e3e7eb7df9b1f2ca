"""The ladder from suggesting a value to applying it: when blind checks are evidence enough, and when no longer.

Pure. A value earns the right when a likelihood ratio against "its precision is at most the bar" passes one in ERROR.
That bound holds at every look at a growing sample (Ville's inequality; Robbins' mixture of likelihood ratios, after the
beta-binomial of Howard, Ramdas et al., "Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021), so
looking after each check costs nothing of it. A running score (Shiryaev and Roberts) takes the right away again.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

# The share of values at or under the bar that may ever earn the right: each attempt has half of what is left of it.
ERROR = 0.05
# With precision exactly at the bar the right is lost by chance once in so many cases on average, or more seldom.
PATIENCE = 400
# What the running score looks for: twice the mistakes that the bar allows.
_WORSE = 2.0


class Rung(StrEnum):
    SUGGESTS = "suggests"
    EARNED = "earned"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The running score that recent cases are worse than the bar allows; it forgets as right ones come in."""

    score: float = 0.0

    def after(self, *, right: bool, bar: float) -> "Suspicion":
        slack = 1.0 - bar
        worse = min(_WORSE * slack, 0.99)
        ratio = (1.0 - worse) / bar if right else worse / slack
        return Suspicion((self.score + 1.0) * ratio)

    @property
    def is_evidence(self) -> bool:
        return self.score >= PATIENCE


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a value stands after `n` blind checks, `right` of them right, since it began or began anew.

    It begins anew, with less room to err, when its checks were wrong too often before it had earned anything: what a
    classifier did in its first days shall not weigh on it for ever.
    """

    rung: Rung = Rung.SUGGESTS
    n: int = 0
    right: int = 0
    suspicion: Suspicion = Suspicion()
    begun_anew: int = 0

    def lower(self, bar: float) -> float:
        """The precision proven so far; the bar, once passed, stays proven for what was checked until then."""
        proven = lower_bound(self.right, self.n, begun_anew=self.begun_anew)
        return max(proven, bar) if self.rung is Rung.EARNED else proven

    def needed(self, bar: float) -> int:
        """How many more checks it takes at least."""
        return checks_needed(self.right, self.n, bar=bar, begun_anew=self.begun_anew)

    def after(self, *, right: bool, bar: float) -> "Standing":
        """Return the standing after one more check. What was lost stays lost: another attempt is another `Standing`."""
        if self.rung is Rung.LOST:
            return self
        n, hits, suspicion = self.n + 1, self.right + right, self.suspicion.after(right=right, bar=bar)
        if suspicion.is_evidence and self.rung is Rung.SUGGESTS:
            return Standing(begun_anew=self.begun_anew + 1)
        if suspicion.is_evidence:
            rung = Rung.LOST
        else:
            proven = self.rung is Rung.EARNED or is_proven(hits, n, bar=bar, begun_anew=self.begun_anew)
            rung = Rung.EARNED if proven else Rung.SUGGESTS
        return Standing(rung, n, hits, suspicion, self.begun_anew)


def climb(checks: Iterable[bool], *, bar: float, kept: Iterable[bool] = ()) -> Standing:
    """Return where blind checks, in order, lead. `kept`: for each applied value, whether people left it as it was.

    Nobody's silence proves a value right, so `kept` can only take the right away.
    """
    standing = Standing()
    for right in checks:
        standing = standing.after(right=right, bar=bar)
    if standing.rung is Rung.EARNED and are_refiled(kept, bar=bar):
        standing = replace(standing, rung=Rung.LOST)
    return standing


def are_refiled(kept: Iterable[bool], *, bar: float) -> bool:
    """Whether people changed applied values so often that the bar cannot hold."""
    suspicion = Suspicion()
    for one in kept:
        suspicion = suspicion.after(right=one, bar=bar)
        if suspicion.is_evidence:
            return True
    return False


def is_proven(right: int, n: int, *, bar: float, begun_anew: int = 0) -> bool:
    """Whether the checks show a precision above the bar, looking after each of them, with this attempt's error."""
    error = ERROR / 2 ** (1 + begun_anew)
    return right > bar * n and _log_evidence(right, n, bar) >= -math.log(error)


def lower_bound(right: int, n: int, *, begun_anew: int = 0) -> float:
    """The greatest precision that the checks prove, in steps of a thousandth; 0 where they prove none."""
    low, high = 0, 1000  # proven at low, not at high
    while high - low > 1:
        middle = (low + high) // 2
        proven = is_proven(right, n, bar=middle / 1000, begun_anew=begun_anew)
        low, high = (middle, high) if proven else (low, middle)
    return low / 1000


def checks_needed(right: int, n: int, *, bar: float, begun_anew: int = 0) -> int:
    """How many more checks it takes at least, if every one of them is right."""

    def suffice(more: int) -> bool:
        return is_proven(right + more, n + more, bar=bar, begun_anew=begun_anew)

    if suffice(0):
        return 0
    low, high = 0, 1
    while not suffice(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffice(middle) else (middle, high)
    return high


def is_drawn(message_id: int, *, seed: str, one_in: int) -> bool:
    """Whether a message is drawn for a blind check: by a keyed hash, so that nobody chooses and nobody foresees it."""
    if one_in < 1:
        return False
    drawn = hashlib.blake2b(str(message_id).encode(), key=hashlib.sha256(seed.encode()).digest(), digest_size=8)
    return int.from_bytes(drawn.digest()) % one_in == 0


def _log_evidence(right: int, n: int, bar: float) -> float:
    """The logarithm of the mean likelihood ratio of precisions above the bar, equally weighed, to the bar itself.

    In closed form B(r+1, w+1) P(X > w) / (bar^r (1-bar)^(w+1)), for r right, w wrong, X binomial of n+1 and 1-bar.
    """
    wrong, slack = n - right, 1.0 - bar
    term, at_most = (n + 1) * math.log(bar), 0.0
    step = math.log(slack) - math.log(bar)
    for count in range(wrong + 1):
        at_most += math.exp(term)
        term += math.log((n + 1 - count) / (count + 1)) + step
    above = 1.0 - at_most
    if above < 1e-9:  # below what a sum of floats can tell, and far from any evidence
        return -math.inf
    beta = math.lgamma(right + 1) + math.lgamma(wrong + 1) - math.lgamma(n + 2)
    return math.log(above) + beta - right * math.log(bar) - (wrong + 1) * math.log(slack)
