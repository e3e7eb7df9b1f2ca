"""What a request is filed under, learnt from the categories' descriptions and from the requests that people filed.

Kernel ridge regression, one column a category, over two kinds of likeness at once: of meaning (a Gaussian over the
embeddings) and of wording (the cosine of words and letters). It has a closed form, and so has the judgement of each
example by all the others (Rasmussen and Williams 2006, 5.4.2), which is what every confidence is measured on.
Descriptions are examples like any other, but nothing is measured on them. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.sparse import csr_matrix

from triage.calibration import MINIMUM_CASES, Calibration, Scores, calibrate, fit_temperature, log_loss
from triage.terms import Rarity, count_letters, count_words, rarity, weigh

MOST_EXAMPLES = 12_000
"""Kernels grow with the square: these take 600 MB and two minutes of two cores."""
NEIGHBOURS = 8
RIDGE = 0.2
WIDTH = 1.0
WORDINGS = ((0.3, 0.1), (0.6, 0.3), (1.2, 0.8))
"""How much likeness of words and of letters counts beside that of meaning: which, the examples themselves decide."""
_TRIED_ON = 3_000
_BLOCK = 500

Matrix = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Examples:
    """Requests that a person filed: redacted texts, unit vectors (n, 384), places of their categories, tickets."""

    texts: tuple[str, ...]
    vectors: Matrix
    labels: npt.NDArray[np.int64]
    tickets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tickets)


@dataclass(frozen=True)
class Described:
    """The categories as their names and descriptions have them: texts, and unit vectors (K, 384)."""

    texts: tuple[str, ...]
    vectors: Matrix


@dataclass(frozen=True)
class Choice:
    """What was made of one request. `ranking` holds every category's place, the likeliest first.

    `likely` are those that hold the right one but for a stated error; `nearest` are (ticket, category, cosine).
    """

    ranking: tuple[int, ...]
    confidence: float | None
    likely: tuple[int, ...]
    belonging: float
    is_like_any: bool
    described: float
    nearest: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Learnt:
    """A classifier: rows (categories first, then examples) to compare with, and what each says for each category.

    `held_out` are the categories' places that the examples got from all the others.
    """

    vectors: Matrix
    words: csr_matrix
    letters: csr_matrix
    rare: Rarity
    wording: tuple[float, float]
    says: Matrix
    labels: npt.NDArray[np.int64]
    tickets: npt.NDArray[np.int64]
    held_out: npt.NDArray[np.int64]
    calibration: Calibration

    @property
    def categories(self) -> int:
        return int(self.says.shape[1])

    @property
    def examples(self) -> int:
        return len(self.tickets)

    @cached_property
    def _columns(self) -> tuple[Any, Any]:
        """Transposed once: a request is compared with all rows."""
        return self.words.T.tocsr(), self.letters.T.tocsr()

    def score(self, texts: Sequence[str], vectors: Matrix) -> tuple[Scores, Matrix]:
        """Scores (n, K) and cosines to every row (n, K + examples) of redacted texts and their vectors (n, 384)."""
        cosines = vectors @ self.vectors.T
        words, letters = self._columns
        said = _likeness(
            cosines,
            (weigh(count_words(texts), self.rare.words) @ words).toarray(),
            (weigh(count_letters(texts), self.rare.letters) @ letters).toarray(),
            self.wording,
        )
        return np.asarray(said @ self.says, dtype=np.float64), cosines

    def choose(self, text: str, vector: Matrix) -> Choice:
        """Return the choice for a redacted text and its unit vector (384,)."""
        scores, cosines = self.score([text], vector[None])
        return self._choice(scores[0], cosines[0])

    def choose_all(self, texts: Sequence[str], vectors: Matrix) -> list[Choice]:
        made = []
        for first in range(0, len(texts), _BLOCK):
            scores, cosines = self.score(texts[first : first + _BLOCK], vectors[first : first + _BLOCK])
            made += [self._choice(*pair) for pair in zip(scores, cosines, strict=True)]
        return made

    def _choice(self, scores: Scores, cosines: Matrix) -> Choice:
        order = np.argsort(-scores, kind="stable")
        described, to_examples = cosines[: self.categories], cosines[self.categories :]
        nearest = np.argsort(-to_examples, kind="stable")[:NEIGHBOURS]
        belonging = self.calibration.belonging(scores, float(to_examples.max(initial=-1.0)))
        return Choice(
            tuple(map(int, order)),
            self.calibration.confidence(scores),
            self.calibration.likely(scores),
            belonging,
            self.calibration.is_like_any(belonging),
            float(described[order[0]]),
            tuple((int(self.tickets[i]), int(self.labels[i]), float(to_examples[i])) for i in nearest),
        )


def learn(described: Described, examples: Examples, progress: Progress | None = None) -> Learnt:
    """Learn from at least one category and any number of examples up to `MOST_EXAMPLES`; minutes for the most."""
    tell = progress or _untold
    texts = (*described.texts, *examples.texts)
    tell("terms", 0, 2)
    counted = count_words(texts), count_letters(texts)
    rare = Rarity(rarity(counted[0]), rarity(counted[1]))
    words, letters = weigh(counted[0], rare.words), weigh(counted[1], rare.letters)
    vectors = np.concatenate([described.vectors, examples.vectors]).astype(np.float32)
    many = len(described.texts)
    labels = np.concatenate([np.arange(many), examples.labels])
    wording = _best_wording(vectors, words, letters, labels, many, tell)
    kernel = _kernel(vectors, words, letters, wording, tell)
    tell("solving", 0, 1)
    says, held_out = _solve(kernel, labels, many)
    scores = held_out[many:].astype(np.float64)
    tell("solving", 1, 1)
    return Learnt(
        vectors,
        words,
        letters,
        rare,
        wording,
        says,
        examples.labels,
        examples.tickets,
        scores.argmax(axis=1) if len(scores) else np.zeros(0, np.int64),
        calibrate(scores, examples.labels, _nearness(examples.vectors)),
    )


def evenly(labels: Sequence[int], limit: int) -> list[int]:
    """Places of at most `limit` of these labels, newest first as they come: as many of each as there are, up to a cap.

    A category with few examples keeps all; the cap is the highest under which they fit.
    """
    counts = np.bincount(np.asarray(labels, dtype=np.int64)) if len(labels) else np.zeros(0, np.int64)
    cap = 0
    while cap < counts.max(initial=0) and np.minimum(counts, cap + 1).sum() <= limit:
        cap += 1
    seen = np.zeros(len(counts), dtype=np.int64)
    taken = []
    for place, label in enumerate(labels):
        if seen[label] < cap:
            taken.append(place)
            seen[label] += 1
    return taken


def _untold(_stage: str, _done: int, _all: int) -> None:
    """Nobody waits for it."""


def _likeness(cosines: Matrix, words: Matrix, letters: Matrix, wording: tuple[float, float]) -> Matrix:
    likeness: Matrix = np.exp(2 * WIDTH * (cosines - 1)) + wording[0] * words + wording[1] * letters
    return likeness


def _kernel(
    vectors: Matrix, words: csr_matrix, letters: csr_matrix, wording: tuple[float, float], tell: Progress
) -> Matrix:
    """The likeness of each row to each (n, n), block by block, so that little stands beside the result."""
    count = len(vectors)
    kernel = np.empty((count, count), dtype=np.float32)
    other_words, other_letters = words.T.tocsr(), letters.T.tocsr()
    for first in range(0, count, _BLOCK):
        rows = slice(first, first + _BLOCK)
        kernel[rows] = _likeness(
            vectors[rows] @ vectors.T,
            (words[rows] @ other_words).toarray(),
            (letters[rows] @ other_letters).toarray(),
            wording,
        )
        tell("comparing", min(first + _BLOCK, count), count)
    return kernel


def _solve(kernel: Matrix, labels: npt.NDArray[np.int64], categories: int) -> tuple[Matrix, Matrix]:
    """What each row says for each category (n, K), and each row judged by all the others (n, K). Kernel is used up."""
    count = len(labels)
    targets = np.full((count, categories), -1 / categories, dtype=np.float32)
    targets[np.arange(count), labels] += 1
    kernel[np.diag_indices(count)] += RIDGE
    # It is symmetric, so its transpose is itself as LAPACK wants it: nothing is copied.
    factor, lower = cho_factor(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    says = cho_solve((factor, lower), targets, check_finite=False)
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError
    return says, targets - says / np.diag(inverse)[:, None]


def _best_wording(
    vectors: Matrix, words: csr_matrix, letters: csr_matrix, labels: npt.NDArray[np.int64], many: int, tell: Progress
) -> tuple[float, float]:
    """The wording under which the examples, each judged by the others, are likeliest; of many, a sample."""
    count = len(labels) - many
    if count < MINIMUM_CASES or many < 2:
        return WORDINGS[0]
    sample = np.sort(np.random.default_rng(7).permutation(count)[:_TRIED_ON]) + many
    rows = np.concatenate([np.arange(many), sample])
    losses = []
    for place, wording in enumerate(WORDINGS):
        tell("weighing", place, len(WORDINGS))
        kernel = _kernel(vectors[rows], words[rows], letters[rows], wording, _untold)
        scores = _solve(kernel, labels[rows], many)[1][many:].astype(np.float64)
        losses.append(log_loss(scores, labels[sample], fit_temperature(scores, labels[sample])))
    return WORDINGS[int(np.argmin(losses))]


def _nearness(vectors: Matrix) -> Scores:
    """The cosine of each example's nearest other one."""
    nearest = np.zeros(len(vectors))
    for first in range(0, len(vectors), _BLOCK):
        cosines = vectors[first : first + _BLOCK] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(first, first + len(cosines))] = -1.0
        nearest[first : first + _BLOCK] = cosines.max(axis=1, initial=-1.0)
    return nearest
