"""Turn texts into weighted terms, the same way for what is indexed and what is asked.

Pure. BM25 (Robertson and Zaragoza 2009) is split in two: a document's vector holds the saturated term frequencies, a
query's vector the inverse document frequencies, and their inner product is the score. The length that a document is
compared with is fixed per field, so a stored vector stays right while the collection grows.
"""

import itertools
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

K1 = 1.5
B = 0.75
TERM_SPACE = 999_999_937  # the largest prime below what a sparse vector of PostgreSQL can hold
LEXICAL_VERSION = "2"

_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "nb": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAPHS}]+|[^\W{_IDEOGRAPHS}]+(?:[.:/\\-][^\W{_IDEOGRAPHS}]+)*")
_PART = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LONGEST_TOKEN = 80
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class FieldStatistics:
    """How long a field usually is, in terms: the pivot of BM25's length normalisation; and whether pairs are kept."""

    pivot: float
    keeps_pairs: bool = False


PASSAGE = FieldStatistics(pivot=120.0, keeps_pairs=True)
TITLE = FieldStatistics(pivot=9.0)
# Shorter words (of, the, on) are stepped over where neighbours are paired.
SHORTEST_OF_PAIR = 4


def fold(text: str) -> str:
    """Lower case without accents, widths and ligatures: Café, CAFE and ＣＡＦＥ are one word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    """A stemmer keeps state while it works, so every call has its own: threads share this module."""
    name = _STEMMERS.get(language)
    return str(snowballstemmer.stemmer(name).stemWord(word)) if name and word.isalpha() else word


def _grams(run: str) -> Iterator[str]:
    """Chinese, Japanese and Korean are written without spaces: overlapping pairs stand for words."""
    yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))


def terms(text: str, language: str = "en") -> Iterator[str]:
    """Stems in order; an identifier (`catalog_product`, `2.4.3-p1`, `indexer:set-mode`) as a whole and by its parts."""
    for token in _TOKEN.findall(text):
        yield from _terms_of(token, language)


@lru_cache(maxsize=50_000)
def _terms_of(token: str, language: str) -> tuple[str, ...]:
    if len(token) > LONGEST_TOKEN:
        return ()
    folded = fold(token)
    if re.match(rf"[{_IDEOGRAPHS}]", token):
        return tuple(_grams(folded))
    parts = _PART.findall(folded)
    camel = [fold(part) for word in _PART.findall(token) for part in _CAMEL.split(word)]
    stemmed = [*(camel if len(camel) > len(parts) else ()), *parts]
    return (*([folded] if len(parts) > 1 else ()), *(_stem(part, language) for part in stemmed))


@lru_cache(maxsize=200_000)
def term_key(term: str) -> int:
    """A term's place in the sparse vectors, from 0 (CRC-32; two terms share one about once in a billion)."""
    return zlib.crc32(term.encode()) % TERM_SPACE


def near_keys(word: str, language: str = "en") -> set[int]:
    """Keys of the terms that one slip of the fingers makes of this word: a letter left out, added, changed or swapped.

    The first letter is taken as meant, and the stem is varied: the ending is what a stemmer takes away anyway.
    """
    stem = _stem(word, language)
    halves = [(stem[:place], stem[place:]) for place in range(1, len(stem) + 1)]
    near = {first + rest[1:] for first, rest in halves if rest}
    near |= {first + rest[1] + rest[0] + rest[2:] for first, rest in halves if len(rest) > 1}
    near |= {first + letter + rest[1:] for first, rest in halves if rest for letter in LETTERS}
    near |= {first + letter + rest for first, rest in halves for letter in LETTERS}
    return {zlib.crc32(term.encode()) % TERM_SPACE for term in near - {stem}}


def count_terms(text: str, language: str = "en") -> dict[int, int]:
    return count(terms(text, language))


def count(sequence: Iterable[str]) -> dict[int, int]:
    return dict(Counter(term_key(term) for term in sequence))


def pairs(sequence: Iterable[str]) -> set[tuple[int, int]]:
    """The keys of neighbouring terms: what was said together, not only in the same passage."""
    telling = [term_key(term) for term in sequence if len(term) >= SHORTEST_OF_PAIR or not term.isalpha()]
    return set(itertools.pairwise(telling))


def pair_key(first: int, second: int) -> int:
    """A pair's place in the sparse vectors, among the terms'."""
    return (first * 1_000_003 + second) % TERM_SPACE


def field_weights(sequence: Sequence[str], field: FieldStatistics) -> dict[int, float]:
    """What is stored of a field: its terms for BM25 and, at 1, its pairs. A question asks for each by itself."""
    weights = document_weights(count(sequence), field)
    if field.keeps_pairs:
        weights |= {pair_key(*pair): 1.0 for pair in pairs(sequence)}
    return weights


def document_weights(counts: Mapping[int, int], field: FieldStatistics) -> dict[int, float]:
    """tf (k1 + 1) / (tf + k1 (1 - b + b length / pivot)) for each term."""
    length = sum(counts.values())
    norm = K1 * (1 - B + B * length / field.pivot)
    return {key: tf * (K1 + 1) / (tf + norm) for key, tf in counts.items()}


def inverse_frequency(documents: int, holding: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)), never negative."""
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5)) if documents else 0.0
