"""An input's text as lines: bounded in number and length, printable, records unfolded, each with its number.

Pure. What was left out for a bound is said by whoever asks: `has_more` and `is_clipped`.
"""

import re
from dataclasses import dataclass

from triage.loglines import MAX_LINE, clean_line
from triage.unfolding import unfold

_COMPOSED = re.compile(r"[\w.-]{1,60}[ \t]{1,40}\| ?")
_SAMPLE = 40


@dataclass(frozen=True, slots=True)
class Lines:
    """`numbers[i]` is where `texts[i]` stands in the input, from 1; several lines of one record share a number."""

    texts: list[str]
    numbers: list[int]
    has_more: bool
    is_clipped: bool


def lines_of(text: str, *, most: int, before: int = 0) -> Lines:
    """Split the text into lines, of which `before` come first."""
    split = text.split("\n", most)
    has_more = len(split) > most
    if has_more:
        split.pop()
    skip = _is_composed(split)
    texts: list[str] = []
    numbers: list[int] = []
    is_clipped = False
    for number, raw in enumerate(split, before + 1):
        line = _COMPOSED.sub("", raw, count=1) if skip else raw
        for one in unfold(line) or (line,):
            is_clipped = is_clipped or len(one) > MAX_LINE
            texts.append(clean_line(one))
            numbers.append(number)
    return Lines(texts, numbers, has_more, is_clipped)


def _is_composed(lines: list[str]) -> bool:
    """Tell whether every line has a container's name and a bar before it."""
    sample = [line for line in lines[:_SAMPLE] if line.strip()]
    return len(sample) > 1 and all(_COMPOSED.match(line) for line in sample)
