"""What reps' words on spam make of a request that is like one they spoke of. Pure: vectors, domains and bounds.

The bounds are set, not measured: what became of the verdicts is counted beside them, and each names its example.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

SAME_SENDER, ANYBODY = 0.75, 0.92
"""How near (cosine) a request is to be to one from the sender's domain, and to one from anywhere."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request that a person called spam, or said is none; `vector` is of unit length."""

    ticket_id: int
    vector: tuple[float, ...] = field(repr=False)
    sender: str
    is_spam: bool
    said_by: str
    said_on: str


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def like_which(vector: Sequence[float], sender: str, examples: Sequence[Example]) -> Example | None:
    """Return the nearest example that is near enough to speak for this request; None where none is.

    Of two as near, the one that says "no spam" is taken.
    """
    if not examples:
        return None
    wanted = np.asarray(vector, dtype=np.float64)
    nearness = np.asarray([one.vector for one in examples], dtype=np.float64) @ wanted
    near = [
        (round(float(cosine), 6), not one.is_spam, one)
        for one, cosine in zip(examples, nearness, strict=True)
        if cosine >= (SAME_SENDER if sender and one.sender == sender else ANYBODY)
    ]
    return max(near, key=lambda found: found[:2])[2] if near else None
