"""Cut an article's sections into passages that fit the embedder, each with the path of its headings.

Pure and deterministic: the same sections give the same text and spans, so unchanged passages keep their digests and are
not embedded again. A passage never crosses a heading, and `text[start:end]` is exactly what people are shown.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

EXTRACTOR_VERSION = "1"
# The model reads 256 word pieces; what is left over the passage itself holds the title and the headings.
PASSAGE_PIECES = 200
CONTEXT_PIECES = 50


class SectionKind(StrEnum):
    PROSE = "prose"
    CODE = "code"
    TABLE = "table"
    CALLOUT = "callout"
    KNOWN_ERROR = "known_error"


@dataclass(frozen=True)
class Section:
    """One block of an article as plain text, under the headings that lead to it (outermost first, title excluded)."""

    heading_path: tuple[str, ...]
    text: str
    kind: SectionKind = SectionKind.PROSE


@dataclass(frozen=True)
class PassageSpan:
    """A passage as a span of the composed text; `digest` covers everything that its vector depends on."""

    position: int
    heading_path: tuple[str, ...]
    start: int
    end: int
    text: str
    embedded_text: str
    digest: str


@dataclass(frozen=True)
class ComposedArticle:
    text: str
    digest: str
    passages: tuple[PassageSpan, ...]


_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")
_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?。！？])\s+"),
    re.compile(r"\s+"),
)


def digest_of(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def estimate_pieces(text: str) -> int:
    """Word pieces of a text, guessed without the tokenizer (a passage must not depend on whether it is installed).

    Plain short words are one piece; long words, digits and capitals inside words split. It errs on the high side.
    """
    return sum(map(_pieces_of, _WORD.findall(text)))


@lru_cache(maxsize=20_000)
def _pieces_of(word: str) -> int:
    if not word.isascii():
        return len(word)
    if len(word) <= 3:
        return 1
    if word.isdigit():
        return (len(word) + 1) // 2
    if word.isalpha() and (word.islower() or word.istitle() or word.isupper()):
        return 1 if len(word) <= 8 else (len(word) + 3) // 5
    return (len(word) + 2) // 3


def _split(text: str, start: int, end: int, budget: int, level: int = 0) -> Iterator[tuple[int, int]]:
    """Spans of at most `budget` pieces: cut at blank lines, else lines, sentences, words, characters at the last."""
    if estimate_pieces(text[start:end]) <= budget:
        yield start, end
        return
    if level == len(_BREAKS):
        for position in range(start, end, budget):
            yield position, min(end, position + budget)
        return
    position = start
    for match in [*_BREAKS[level].finditer(text, start, end), None]:
        stop = match.start() if match else end
        if stop > position:
            yield from _split(text, position, stop, budget, level + 1)
        position = match.end() if match else end


def _pack(text: str, spans: Iterable[tuple[int, int]], budget: int) -> Iterator[tuple[int, int]]:
    """Join neighbours while they fit together. What lies between two that do not touch is white space."""
    held: tuple[int, int] | None = None
    pieces = 0
    for start, end in spans:
        own = estimate_pieces(text[start:end])
        together = pieces + own
        if held and held[1] == start:
            together = estimate_pieces(text[held[0] : end])
        if held and together <= budget:
            held, pieces = (held[0], end), together
            continue
        if held:
            yield held
        held, pieces = (start, end), own
    if held:
        yield held


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def passage_context(title: str, heading_path: Sequence[str]) -> str:
    """What is embedded before a passage: title and headings; the outer headings go first when they do not fit."""
    path = [title, *heading_path]
    while len(path) > 2 and estimate_pieces(" > ".join(path)) > CONTEXT_PIECES:
        del path[1]
    words = " > ".join(path).split()
    while len(words) > 1 and estimate_pieces(" ".join(words)) > CONTEXT_PIECES:
        words.pop()
    return " ".join(words)


def _grouped(sections: Iterable[Section]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Neighbouring sections under one heading path belong together."""
    path: tuple[str, ...] | None = None
    texts: list[str] = []
    for section in sections:
        body = section.text.strip()
        if not body:
            continue
        if section.heading_path != path:
            if path is not None:
                yield path, texts
            path, texts = section.heading_path, []
        texts.append(body)
    if path is not None:
        yield path, texts


def compose(title: str, sections: Iterable[Section], *, pieces: int = PASSAGE_PIECES) -> ComposedArticle:
    """The immutable text of a revision and its passages of at most `pieces`; a title alone is one passage.

    The text does not depend on how it is cut, so a citation stands whichever way that is.
    """
    parts: list[str] = []
    length = 0
    spans: list[tuple[tuple[str, ...], int, int]] = []
    previous: tuple[str, ...] = ()
    for path, texts in _grouped(sections):
        shared = next(
            (i for i, (a, b) in enumerate(zip(path, previous, strict=False)) if a != b), min(len(path), len(previous))
        )
        headings = "".join(f"{heading}\n\n" for heading in path[shared:])
        body = "\n\n".join(texts)
        parts.append(f"{headings}{body}\n\n")
        spans.append((path, length + len(headings), length + len(headings) + len(body)))
        length += len(parts[-1])
        previous = path
    text = "".join(parts).rstrip() or title
    if not spans:
        spans = [((), 0, len(text))]
    passages = tuple(_passages(title, text, spans, pieces))
    return ComposedArticle(text=text, digest=digest_of(EXTRACTOR_VERSION, title, text), passages=passages)


def _passages(
    title: str, text: str, spans: Iterable[tuple[tuple[str, ...], int, int]], pieces: int
) -> Iterator[PassageSpan]:
    position = 0
    for path, start, end in spans:
        context = passage_context(title, path)
        for piece in _pack(text, _split(text, start, end, pieces), pieces):
            first, last = _trimmed(text, *piece)
            if first == last:
                continue
            body = text[first:last]
            embedded = body if body == title else f"{context}\n{body}"
            yield PassageSpan(position, path, first, last, body, embedded, digest_of(EXTRACTOR_VERSION, embedded))
            position += 1
