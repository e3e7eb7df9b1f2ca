"""Make a question out of whatever was typed or pasted: redacted, cleaned, bounded, read for terms and error signatures.

Pure. The text stays whole up to a generous bound; the embedder takes the part of a long one that it needs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.redaction import redact
from kb.retrieval import lexical
from kb.signatures import Signature, find_signatures

LONGEST_TEXT = 6_000
MOST_TERMS = 160

_BLOB = re.compile(r"\S{80,}")
_RULE = re.compile(r"([^\w\s])\1{3,}")
_PLAIN_WORD = re.compile(r"\b[a-z]{5,20}\b")
# In a longer text, what nobody knows is a name or an identifier sooner than a slip.
MOST_TERMS_TYPED = 40
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Question:
    """`text` is what may be embedded, redacted; `counts` are its terms; `terms_total` tells a report from a question.

    `pairs` are neighbours among its terms. `typed` are the plain words of a question by the key of their term: what may
    be a slip, if nobody knows it.
    """

    text: str
    counts: Mapping[int, int]
    terms_total: int
    signatures: tuple[Signature, ...]
    is_latin: bool
    typed: Mapping[int, str] = field(default_factory=dict)
    pairs: frozenset[tuple[int, int]] = frozenset()


def clean(text: str) -> str:
    """One line without blobs, rulers and control characters; of an endless text the beginning and the end."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT // 3]}\n{text[-LONGEST_TEXT * 2 // 3 :]}"
    text = text.translate(_CONTROLS) if text.isascii() else "".join(map(_shown, text))
    return " ".join(_RULE.sub(" ", _BLOB.sub(" ", text)).split())


def _shown(character: str) -> str:
    return character if character.isprintable() or character.isspace() else " "


_CONTROLS = {number: _shown(chr(number)) for number in range(128)}


def read_question(text: str, *, language: str = "en") -> Question:
    """Redacts first: no secret of a pasted log takes part in the search."""
    redacted = redact(text[: LONGEST_TEXT * 4]).text
    cleaned = clean(redacted)
    counts: dict[int, int] = {}
    pairs: set[tuple[int, int]] = set()
    total = 0
    for code in dict.fromkeys(("en", language)):
        sequence = list(lexical.terms(cleaned, code))
        pairs |= lexical.pairs(sequence)
        for key, count in lexical.count(sequence).items():
            total += count if code == "en" else 0
            if key in counts or len(counts) < MOST_TERMS:
                counts[key] = max(count, counts.get(key, 0))
    return Question(
        text=cleaned,
        counts=counts,
        terms_total=total,
        signatures=find_signatures(redacted),
        is_latin=_is_latin(cleaned),
        typed=_typed(cleaned) if total <= MOST_TERMS_TYPED else {},
        pairs=frozenset(pairs),
    )


def _typed(text: str) -> dict[int, str]:
    words = dict.fromkeys(_PLAIN_WORD.findall(lexical.fold(text)))
    return {key: word for word in words for key in lexical.count_terms(word)}


def _is_latin(text: str) -> bool:
    """The embedder reads English; a text in another script would only be noise to it."""
    if text.isascii():
        return True
    letters = _LETTER.findall(text)
    return not letters or sum(letter < "\u0250" for letter in letters) * 2 >= len(letters)
