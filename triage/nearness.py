"""How near texts are to a request: by meaning, or by words where there is no embedder. No reads, no writes."""

import logging
import re
from collections.abc import Callable, Sequence

from kb.retrieval.embedder import PASSAGE_TOKENS, QUERY_TOKENS, EmbedderUnavailable, embed_texts
from triage.wording import words_of

log = logging.getLogger(__name__)

Relevance = Callable[[Sequence[str]], Sequence[float]]

# Of a long request what it opens with and what it ends with: what it is about, and what went wrong.
FIRST_SENTENCES, LAST_SENTENCES = 2, 5
_SHORTEST = 15
_LONGEST = 6_000
_BETWEEN = re.compile(r"(?<=[.!?:])\s+|\n+")


def relevance_to(text: str) -> Relevance:
    """Return a function from sentences to their nearness to the text."""

    def by_meaning(sentences: Sequence[str]) -> Sequence[float]:
        try:
            wanted = embed_texts([text], tokens=QUERY_TOKENS)[0]
            scores: list[float] = (embed_texts(list(sentences), tokens=PASSAGE_TOKENS) @ wanted).tolist()
        except EmbedderUnavailable:
            log.warning("draft_without_embedder")
            return _by_words(text, sentences)
        return scores

    return by_meaning


def name_nearness(titles: Sequence[str], text: str) -> list[tuple[float, float]]:
    """For each title its cosine to the nearest sentence of the text, and to its sentences in the mean; 0 if unknown."""
    if not titles:
        return []
    try:
        near = embed_texts(list(titles)) @ embed_texts(telling_sentences(text), tokens=QUERY_TOKENS).T
    except EmbedderUnavailable:
        return [(0.0, 0.0)] * len(titles)
    return [(float(row.max()), float(row.mean())) for row in near]


def telling_sentences(text: str) -> list[str]:
    """Return the sentences of a request that are compared: all of a few, of many the first and the last."""
    whole = [said for part in _BETWEEN.split(text[:_LONGEST]) if len(said := part.strip()) > _SHORTEST]
    if len(whole) > FIRST_SENTENCES + LAST_SENTENCES:
        return whole[:FIRST_SENTENCES] + whole[-LAST_SENTENCES:]
    return whole or [text]


def _by_words(text: str, sentences: Sequence[str]) -> Sequence[float]:
    wanted = set(words_of(text))
    return [len(wanted & (said := set(words_of(sentence)))) / (1 + len(said)) for sentence in sentences]
