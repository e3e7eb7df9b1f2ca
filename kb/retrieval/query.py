"""Make a question out of whatever was typed or pasted: cleaned, cut, and read for terms and error signatures.

Pure. A report opens with what it is about and ends with what went wrong, so a long one keeps its beginning and its end:
that costs as little as a short question and finds as much as the whole text did.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb.redaction import redact
from kb.retrieval import lexical
from kb.signatures import Signature, find_signatures

LONGEST_TEXT = 6_000
HEAD_PIECES = 24
TAIL_PIECES = 68
MOST_TERMS = 160

_BLOB = re.compile(r"\S{80,}")
_RULE = re.compile(r"([^\w\s])\1{3,}")
_PIECE = re.compile(r"\w{1,6}|[^\w\s]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Question:
    """`text` is what is embedded; `counts` are the terms of all that was written, by key."""

    text: str
    counts: Mapping[int, int]
    terms_total: int
    signatures: tuple[Signature, ...]
    is_latin: bool


def clean(text: str) -> str:
    """One line without blobs, rulers and control characters; of an endless text the beginning and the end."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT // 3]}\n{text[-LONGEST_TEXT * 2 // 3 :]}"
    text = "".join(c if c.isprintable() or c.isspace() else " " for c in text)
    return " ".join(_RULE.sub(" ", _BLOB.sub(" ", text)).split())


def shorten(text: str) -> str:
    """The first and the last words of a text that is longer than the embedder is asked to read (about 96 pieces)."""
    pieces = list(_PIECE.finditer(text))
    if len(pieces) <= HEAD_PIECES + TAIL_PIECES:
        return text
    head, tail = pieces[HEAD_PIECES].start(), pieces[-TAIL_PIECES].start()
    return f"{text[:head].rstrip()} {text[tail:].lstrip()}"


def read_question(text: str, *, language: str = "en") -> Question:
    """Redacts first: no secret of a pasted log takes part in the search."""
    redacted = redact(text[: LONGEST_TEXT * 4]).text
    cleaned = clean(redacted)
    counts: dict[int, int] = {}
    total = 0
    for code in dict.fromkeys(("en", language)):
        for key, count in lexical.count_terms(cleaned, code).items():
            total += count if code == "en" else 0
            if key in counts or len(counts) < MOST_TERMS:
                counts[key] = max(count, counts.get(key, 0))
    return Question(
        text=shorten(cleaned),
        counts=counts,
        terms_total=total,
        signatures=find_signatures(redacted),
        is_latin=_is_latin(cleaned),
    )


def _is_latin(text: str) -> bool:
    """The embedder reads English; a text in another script would only be noise to it."""
    letters = _LETTER.findall(text)
    return not letters or sum(letter < "\u0250" for letter in letters) * 2 >= len(letters)
