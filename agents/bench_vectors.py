"""Vectors for a generated library: what the embedder makes of real passages, plus noise.

The passages are the demo's, written by people, one for each of their paragraphs. The noise lies in the directions in
which those passages differ from each other. White noise would lie in all 384 directions alike, where an embedder's
vectors never lie, and no index finds its way there: of the ten nearest it finds .65 at a hundred thousand, and .997 of
thirty thousand real ones.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from agents.demo_script import read_requests
from kb.demo import ARTICLES
from kb.retrieval.embedder import Vectors, embed_query, embed_texts

NOISE = 1.0
"""Its length; a vector's is 1."""
FEWEST_WORDS = 8


def paragraphs() -> list[str]:
    """What the demo's articles and requests say, paragraph by paragraph."""
    texts = [path.read_text(encoding="utf-8").partition("\n---\n")[2] for path in sorted(ARTICLES.rglob("*.md"))]
    texts += [request.text for request in read_requests(timezone.now())]
    split = [" ".join(part.split()) for text in texts for part in re.split(r"\n\s*\n", text)]
    return [part for part in split if len(part.split()) >= FEWEST_WORDS]


def questions() -> list[str]:
    """What people asked in the demo, as they put it in a line; none of it is among the paragraphs."""
    return [request.subject for request in read_requests(timezone.now())]


def question_vectors() -> Iterator[Vectors]:
    yield from map(embed_query, questions())


class Cloud:
    """Endless vectors of unit length around the paragraphs', the same in each run."""

    def __init__(self, seed: int = 5) -> None:
        self._chance = np.random.default_rng(seed)
        self._real = embed_texts(paragraphs())
        apart = self._real - self._real.mean(axis=0)
        # Gaussian with the covariance of what lies apart, a root of which the sample itself is.
        self._spread: npt.NDArray[np.float32] = apart / np.sqrt((apart**2).sum())

    def draw(self, count: int) -> Vectors:
        """(count, 384) float32: each a paragraph's vector and noise of about length `NOISE`."""
        which = self._chance.integers(len(self._real), size=count)
        noise = self._chance.normal(size=(count, len(self._spread))).astype(np.float32) @ self._spread
        around = self._real[which] + NOISE * noise
        vectors: Vectors = (around / np.linalg.norm(around, axis=1, keepdims=True)).astype(np.float32)
        return vectors
