"""Golden questions: what the library itself says must be found, asked of two generations of the index.

Titles and known errors are the articles' own words; recorded questions come from whoever keeps them. A generation that
finds fewer of them than the live one is not switched to. No question is ever printed: only titles of articles are.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from kb.audiences import PUBLIC
from kb.curation import Curation
from kb.models import ArticlePage, Generation
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.legs import WORDS_LIMIT_MS, Degradation
from kb.search import find
from kb.signals import recorded_questions_wanted

MOST_OF_A_KIND = 100
MOST_LOOKED_AT = 2_000
"""Articles that known errors are looked for in."""
DEPTH = 5
LONGEST_ERROR = 300
# One question in a hundred may go the other way: two ways of rounding a vector order close articles differently.
ALLOWED_LOSS = 0.01


@dataclass(frozen=True)
class GoldenQuestion:
    text: str
    article_id: int
    audience: str
    language: str


@dataclass(frozen=True)
class Found:
    """How a generation answers: shares of the questions whose article came first, in the first three, and the MRR."""

    first: float
    first_three: float
    mrr: float
    by_words_alone: int


@dataclass(frozen=True)
class Comparison:
    questions: int
    live: Found
    beside: Found
    lost: tuple[int, ...]
    """Articles in the first three of the live one alone."""

    @property
    def holds(self) -> bool:
        """At least as well, but for what chance moves."""
        return (
            self.beside.first_three >= self.live.first_three - ALLOWED_LOSS
            and self.beside.mrr >= self.live.mrr - ALLOWED_LOSS
            and self.beside.by_words_alone <= self.live.by_words_alone
        )


def golden_questions(given: Iterable[tuple[str, int]] = ()) -> list[GoldenQuestion]:
    """A sample, the same while the library is: titles, known errors, recorded questions and those given."""
    articles = {article.pk: article for article in eligible_articles().order_by("pk")[:MOST_LOOKED_AT]}
    sampled = sorted(articles.values(), key=lambda article: hashlib.sha256(str(article.pk).encode()).digest())
    titles = [(str(article.title), int(article.pk)) for article in sampled[:MOST_OF_A_KIND]]
    errors = [(error, int(article.pk)) for article in sampled for error in _known_errors(article)]
    wanted = dict.fromkeys([*titles, *errors[:MOST_OF_A_KIND], *_recorded(), *given])
    others = eligible_articles().in_bulk([pk for _, pk in wanted if pk not in articles])
    return [
        GoldenQuestion(text, pk, article.audience, article.language)
        for text, pk in wanted
        if (article := articles.get(pk) or others.get(pk)) and text.strip()
    ]


def _recorded() -> Iterator[tuple[str, int]]:
    replies: Any = recorded_questions_wanted.send(sender=None, most=MOST_OF_A_KIND)
    for _receiver, pairs in replies:
        yield from pairs


def _known_errors(article: ArticlePage) -> Iterator[str]:
    for block in article.body.raw_data:
        if block["type"] == "known_error":
            yield str(block["value"].get("message") or "")[:LONGEST_ERROR]


def compare(questions: Sequence[GoldenQuestion], *, live: Generation, beside: Generation) -> Comparison:
    """Ask both the same, each question of one right after the other."""
    ranks = [(_rank(question, live), _rank(question, beside)) for question in questions]
    return Comparison(
        questions=len(questions),
        live=_found([was for was, _ in ranks]),
        beside=_found([now for _, now in ranks]),
        lost=tuple(
            question.article_id
            for question, (was, now) in zip(questions, ranks, strict=True)
            if 1 <= was[0] <= 3 and not 1 <= now[0] <= 3
        ),
    )


Rank = tuple[int, bool]
"""Place of the article, 0 where it is not among the first; and whether words alone answered."""


def _rank(question: GoldenQuestion, generation: Generation) -> Rank:
    """Without pins and synonyms, which would find it whatever the index holds, and without the floor."""
    with translation.override(question.language):
        outcome = find(
            question.text,
            audiences=frozenset({PUBLIC, question.audience}),
            limit=DEPTH,
            floor=0.0,
            curation=Curation(),
            patience_ms=WORDS_LIMIT_MS,
            side=generation.side,
        )
    places = [hit.article_id for hit in outcome.hits]
    place = places.index(question.article_id) + 1 if question.article_id in places else 0
    return place, outcome.degraded not in {None, Degradation.LANGUAGE}


def _found(ranks: Sequence[Rank]) -> Found:
    count = max(1, len(ranks))
    return Found(
        first=sum(place == 1 for place, _ in ranks) / count,
        first_three=sum(1 <= place <= 3 for place, _ in ranks) / count,
        mrr=sum(1 / place for place, _ in ranks if place) / count,
        by_words_alone=sum(words for _, words in ranks),
    )
