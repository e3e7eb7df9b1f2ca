"""What editors decided about searching: words that mean the same, and articles that stand first for a phrase.

Invariant: one look-up by index for a search, at any number of entries. Nothing here says who may read what: a pinned
article is a candidate like any other, and `kb.search` asks for its readers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kb.retrieval.lexical import fold
from kb.retrieval.prepared import Row, fetch
from kb.retrieval.statements import CURATED

LONGEST_PHRASE = 4
"""Words of a phrase that is looked for."""
LONGEST_READ = 60
"""Words of a question in which synonyms are looked for; a pasted report has its words already."""
LONGEST_PINNED = 12
"""Words of a question that pins count for: a pin is for a phrase that somebody types, not for a report."""
_WORD = re.compile(r"[^\W_]+(?:[.'-][^\W_]+)*")

T = TypeVar("T")


@dataclass(frozen=True)
class Curation:
    """`meanings` are added to what is asked; `pinned` are articles in the order in which they stand first."""

    meanings: tuple[str, ...] = ()
    pinned: tuple[int, ...] = ()

    def with_meaning(self, text: str, phrase: str, meaning: str) -> "Curation":
        """As if this synonym were in use."""
        return replace(self, meanings=_once((*self.meanings, meaning))) if holds(text, phrase) else self

    def with_pin(self, text: str, phrase: str, article_id: int) -> "Curation":
        """As if this pin were in use."""
        return replace(self, pinned=_once((*self.pinned, article_id))) if is_pinned_for(text, phrase) else self


def phrase_key(text: str) -> str:
    """Letters and digits alone, folded: the spelling in which a phrase is kept and looked for."""
    return " ".join(_WORD.findall(fold(text)))


def curate(text: str, *, without: tuple[str, int] | None = None) -> Curation:
    """What counts for this question. `without` leaves one synonym or pin out, to show what it does."""
    rows = fetch(CURATED, {"phrases": phrases_of(text)})
    return curation_of(text, [row for row in rows if without != (("synonym", "pin")[row[0]], row[4])])


def curation_of(text: str, rows: Iterable[Row]) -> Curation:
    """What the rows of `CURATED` for `phrases_of(text)` say about it."""
    rows, is_short = list(rows), _length(text) <= LONGEST_PINNED
    return Curation(
        meanings=_once([meaning for kind, _key, meaning, _article, _pk in rows if kind == 0]),
        pinned=_once([article for kind, _key, _meaning, article, _pk in rows if kind == 1 and is_short]),
    )


def holds(text: str, phrase: str) -> bool:
    return phrase_key(phrase) in phrases_of(text)


def is_pinned_for(text: str, phrase: str) -> bool:
    return holds(text, phrase) and _length(text) <= LONGEST_PINNED


def _length(text: str) -> int:
    return len(_WORD.findall(text))


def phrases_of(text: str) -> list[str]:
    """Every phrase of the text that may be one of an editor's, once."""
    words = _WORD.findall(fold(text[: LONGEST_READ * 20]))[:LONGEST_READ]
    phrases = (
        " ".join(words[first : first + length])
        for length in range(1, LONGEST_PHRASE + 1)
        for first in range(len(words) - length + 1)
    )
    return list(dict.fromkeys(phrases))


def _once(values: Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
