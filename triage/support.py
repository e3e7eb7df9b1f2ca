"""Tells whether a sentence says no more and nothing else than the span that it rests on. Lexical, English, strict.

Pure. A sentence may inflect words and add small ones ("you", "the", "is"); every other word must stand in the span, in
the span's order, and nothing that turns a meaning (not, only, before, 5, --force) may be added, lost or moved.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import snowballstemmer

from triage.facts import Form

# Of a plain sentence without a turning word, at least this share of the span's words has to be said.
LEAST_SAID = 0.6

# Words that may be added or left out freely. Not among them: direction ("on", "from", "with"), and who did what already
# ("we have cleared it" is not what "clear it" says).
_SMALL_WORDS = """
    a an the this that these those it its you your yours is are be being can will to of in for at by as and then also
    please now next there
"""
_TURNING_WORDS = """
    not no none never nothing neither nor without only must should may might could shall would cannot unless except
    before after until till if when while whenever or but than instead rather all any every each both either more less
    most least always first last once again too yet still
"""
_SMALL, _TURNING = frozenset(_SMALL_WORDS.split()), frozenset(_TURNING_WORDS.split())
_CONTRACTED = (
    (re.compile(r"\bcan(?:no|['’])t\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon['’]t\b", re.IGNORECASE), "will not"),
    (re.compile(r"\bshan['’]t\b", re.IGNORECASE), "shall not"),
    (re.compile(r"(\w)n['’]t\b", re.IGNORECASE), r"\1 not"),
    (re.compile(r"(\w)['’](?:s|re|ll|ve|d|m)\b", re.IGNORECASE), r"\1"),
)
_OPENING, _CLOSING = "\"'“”‘’«»(`", "\"'“”‘’«»()`.,;:!?…"
_DASHES = frozenset("-–—•·")
# What tells an exact thing from a word: a digit, a sign inside, two capitals, a capital after a small letter.
_EXACT = re.compile(r"\d|\(\)|[/\\_=<>{}\[\]$@#~^*+&%|`]|\w[.:]+\w|^--?\w|^\.\w|^[A-Z]{2,}s?$|[a-zß-ÿ][A-Z]")
_PLAIN_SIGNS = frozenset(" .,;:!?'\"“”‘’()-–—…\u00a0")


class _Sort(StrEnum):
    SMALL = "small"
    TURNING = "turning"
    EXACT = "exact"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class _Token:
    sort: _Sort
    value: str


def says_the_same(said: str, span: str, form: Form) -> bool:
    """Tell whether `said` is supported by `span`. Commands are letter for letter, steps and items word for word.

    A word order other than the span's, a word that is not in it, or a turning word more or less is no support.
    """
    if said == span:
        return True
    if form in (Form.COMMAND, Form.HEADING) or "\n" in said or _new_signs(said, span):
        return False
    if form in (Form.STEP, Form.ITEM):
        return _bearing(said, inflected=False) == _bearing(span, inflected=False)
    told, known = _bearing(said), _bearing(span)
    if not any(token.sort in (_Sort.CONTENT, _Sort.EXACT) for token in told) or not _is_subsequence(told, known):
        return False
    if any(token.sort is _Sort.TURNING for token in known):
        return told == known
    lost_exact = _of_sort(told, _Sort.EXACT) != _of_sort(known, _Sort.EXACT)
    return not lost_exact and len(told) >= LEAST_SAID * len(known)


def turns(text: str) -> bool:
    """Tell whether the text holds a word that limits, warns or orders: one that must not be left out of an answer."""
    return any(token.sort is _Sort.TURNING for token in _bearing(text))


def exact_things(text: str) -> frozenset[str]:
    """Return the numbers, codes, paths, addresses, flags and names in the text that are exact, letter for letter."""
    return frozenset(token.value for token in _tokens(text) if token.sort is _Sort.EXACT)


def _bearing(text: str, *, inflected: bool = True) -> list[_Token]:
    """Return all but the small words; `inflected`: "stops", "stopped" and "stopping" are one word."""
    return [token for token in _tokens(text, inflected=inflected) if token.sort is not _Sort.SMALL]


def _of_sort(tokens: list[_Token], sort: _Sort) -> list[_Token]:
    return [token for token in tokens if token.sort is sort]


def _tokens(text: str, *, inflected: bool = True) -> Iterator[_Token]:
    for pattern, plain in _CONTRACTED:
        text = pattern.sub(plain, text)
    for piece in text.split():
        bare = piece if "()" in piece else piece.lstrip(_OPENING).rstrip(_CLOSING)
        if not bare or all(character in _DASHES for character in bare):
            continue
        folded = bare.casefold()
        if _EXACT.search(bare) or not any(character.isalpha() for character in bare):
            yield _Token(_Sort.EXACT, bare)
        elif folded in _TURNING:
            yield _Token(_Sort.TURNING, folded)
        elif folded in _SMALL:
            yield _Token(_Sort.SMALL, folded)
        else:
            yield _Token(_Sort.CONTENT, _stem(folded) if inflected else folded)


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer("english")


def _is_subsequence(short: list[_Token], long: list[_Token]) -> bool:
    rest = iter(long)
    return all(token in rest for token in short)


def _new_signs(said: str, span: str) -> bool:
    """Tell whether there is a sign in what is said, other than plain punctuation, that the span does not hold."""
    return any(not c.isalnum() and c not in _PLAIN_SIGNS and c not in span for c in said)
