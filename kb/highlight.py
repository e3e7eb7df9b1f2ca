"""Which words of a text answer to which words of a question, by the same stems that the index knows. Pure.

What comes out are plain pieces of text with a flag: whoever shows them escapes them like any other text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kb.retrieval import lexical

# Too frequent to tell a reader anything, and marked everywhere they would only make a page restless.
_COMMON = frozenset(
    "a an and are as at be by can do does for from has have how i if in is it my no not of on or our that the "  # noqa: SIM905 - a list of words
    "their there this to was we what when where which who why will with you your".split()
)
_WORD = re.compile(r"\S+")
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")
LEAD = 60
"""Characters shown before the first match of a cut passage."""


@dataclass(frozen=True)
class Piece:
    text: str
    is_match: bool


@dataclass(frozen=True)
class Sought:
    """The stems of a question that are worth marking."""

    stems: frozenset[str]
    language: str

    @cached_property
    def beginnings(self) -> re.Pattern[str]:
        """Where a word may match: what stemming leaves of a word in ASCII begins as the word does."""
        return re.compile("|".join(sorted({re.escape(stem[:3]) for stem in self.stems})) or r"(?!)")

    def matches(self, word: str) -> bool:
        return not self.stems.isdisjoint(_stems_of(word, self.language))


@lru_cache(maxsize=100_000)
def _stems_of(word: str, language: str) -> frozenset[str]:
    """The stems of one word of a text. The same articles are shown again and again, and so are their words."""
    return frozenset(lexical.terms(_EDGES.sub("", word), language))


@lru_cache(maxsize=256)
def sought(question: str, language: str = "en") -> Sought:
    words = " ".join(word for word in question.split() if lexical.fold(_EDGES.sub("", word)) not in _COMMON)
    return Sought(frozenset(lexical.terms(words, language)), language)


def pieces(text: str, wanted: Sought) -> tuple[Piece, ...]:
    """The text whole, cut where a match begins or ends."""
    return tuple(_joined(_spans(text, wanted)))


def _spans(text: str, wanted: Sought) -> Iterator[Piece]:
    end = 0
    for found in _WORD.finditer(text):
        if not wanted.matches(found.group()):
            continue
        lead = len(found.group()) - len(re.sub(r"^[^\w]+", "", found.group()))
        tail = len(found.group()) - len(re.sub(r"[^\w]+$", "", found.group()))
        start, stop = found.start() + lead, found.end() - tail
        yield Piece(text[end:start], is_match=False)
        yield Piece(text[start:stop], is_match=True)
        end = stop
    yield Piece(text[end:], is_match=False)


def _joined(found: Iterator[Piece]) -> Iterator[Piece]:
    """Matches that only a blank parts are one match."""
    kept: list[Piece] = []
    for piece in found:
        if not piece.text:
            continue
        if len(kept) > 1 and piece.is_match and kept[-1].text.isspace() and kept[-2].is_match:
            blank, before = kept.pop(), kept.pop()
            kept.append(Piece(before.text + blank.text + piece.text, is_match=True))
        else:
            kept.append(piece)
    return iter(kept)


def _matching(line: str, wanted: Sought) -> list[int]:
    """Where the matching words begin. Of a plain text only the words are read that a glance does not rule out."""
    if not line.isascii():
        return [found.start() for found in _WORD.finditer(line) if wanted.matches(found.group())]
    near = wanted.beginnings.finditer(line.lower())
    begins = dict.fromkeys(line.rfind(" ", 0, found.start()) + 1 for found in near)
    return [start for start in begins if wanted.matches(line[start:].partition(" ")[0])]


def excerpt(text: str, wanted: Sought, *, length: int) -> str:
    """One line of about `length` characters, begun so that it holds as many matches as it can, cut at words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    lead = min(LEAD, length // 4)
    at = _matching(line, wanted)
    start = max(at, key=lambda s: (sum(s <= other < s + length - lead for other in at), -s), default=0)
    start = 0 if start < length - lead else line.rfind(" ", 0, start - lead) + 1
    start = min(start, max(0, len(line) - length))
    if start and line[start - 1] != " ":
        start = line.find(" ", start) + 1
    cut = line[start : start + length]
    end = "" if start + length >= len(line) else " …"
    if end:
        cut = cut.rpartition(" ")[0].rstrip(" ,;:")
    return ("… " if start else "") + cut + end
