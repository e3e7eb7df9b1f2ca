"""The words and letters of requests as rows of numbers, for comparing them where meaning alone cannot tell two apart.

Pure. Terms are hashed, so that what is kept of a request holds none of its words; texts come in redacted. The beginning
of a request says what it is about: of long ones, reading on made filing worse (docs/decisions/0013).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

CHARACTERS = 600
HEAVIEST = 300
"""Terms kept of one text, so that its row is never more than some kilobytes."""
_WORDS = HashingVectorizer(ngram_range=(1, 2), n_features=2**18, alternate_sign=False, norm=None, dtype=np.float32)
_LETTERS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(2, 5), n_features=2**20, alternate_sign=False, norm=None, dtype=np.float32
)

Column = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rarity:
    """The inverse document frequency of each hashed term (smoothed, Spärck Jones 1972 as in scikit-learn)."""

    words: Column
    letters: Column


def count_words(texts: Sequence[str]) -> csr_matrix:
    """(n, 2^18): how often each word and pair of words stands in the beginning of each text."""
    return _WORDS.transform([text[:CHARACTERS] for text in texts])


def count_letters(texts: Sequence[str]) -> csr_matrix:
    """(n, 2^20): the same of two to five letters in a row, within words."""
    return _LETTERS.transform([text[:CHARACTERS] for text in texts])


def rarity(counts: csr_matrix) -> Column:
    among = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + among)) + 1, dtype=np.float32)


def weigh(counts: csr_matrix, rare: Column) -> csr_matrix:
    """Rows of unit length: (1 + log count) x rarity of each text's heaviest terms; a text without terms stays empty."""
    data = (1 + np.log(counts.data)) * rare[counts.indices]
    kept = [_heaviest(data, counts.indices, *ends) for ends in zip(counts.indptr[:-1], counts.indptr[1:], strict=True)]
    sizes = [len(row) for row, _places in kept]
    made: tuple[Any, Any, Any] = (
        np.concatenate([row for row, _places in kept]).astype(np.float32) if kept else np.zeros(0, np.float32),
        np.concatenate([places for _row, places in kept]) if kept else np.zeros(0, np.int32),
        np.concatenate([[0], np.cumsum(sizes)]),
    )
    return csr_matrix(made, shape=counts.shape)


def _heaviest(
    data: Column, places: npt.NDArray[np.int32], start: int, end: int
) -> tuple[Column, npt.NDArray[np.int32]]:
    row, at = data[start:end], places[start:end]
    if len(row) > HEAVIEST:
        best = np.sort(np.argpartition(row, -HEAVIEST)[-HEAVIEST:])
        row, at = row[best], at[best]
    length = float(np.sqrt((row**2).sum()))
    return (row / length if length else row), at
