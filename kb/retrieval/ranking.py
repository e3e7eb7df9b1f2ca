"""Fuse what the legs found into one order, and say whether it is worth showing at all.

Pure. The scores are sums of parts that each lie near 0..1, so that a missing leg leaves the others comparable. The
weights and the floor were set on half of four public question sets (docs/decisions/0002).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

# What a short question and a long report weigh. In a few words each counts, and a title that shares one is no proof.
WORDS_WEIGHTS = (0.4, 0.3)
TITLE_WEIGHTS = (0.03, 0.1)
TITLE_COVERAGE_WEIGHT = 0.2
# Of a pair of neighbouring terms, beside BM25 of each of them.
PAIRS_WEIGHT = 0.4
# What the nearest article gains for each bit by which it is nearer than the next; of a report's meaning less is read.
LEAD_WEIGHT = 0.3
# A report of this many terms is long: then it is telling that it covers an article's whole title, and no longer telling
# which share of its own words an article holds.
LONG_QUERY_TERMS = 40
COVERAGE_PRIOR = 3.0


class Use(StrEnum):
    """What hits are for. Whoever looks for something takes a poor hit for a good one's sake; a draft must not."""

    PAGE = "page"
    TYPING = "typing"
    EVIDENCE = "evidence"


# The relevance below which there is silence, chosen on one half of four question sets and shown on the other by
# `evaluate search`.
FLOORS = {Use.PAGE: 0.5, Use.TYPING: 0.6, Use.EVIDENCE: 0.8}
# What answers to a relevance of a half where words alone are compared.
HALF_BY_WORDS = 0.36
FOLLOWERS_SHARE = 0.5
# By how much the nearest of more passages is nearer by chance: for each e-fold, to where it was not measured any more.
CHANCE_NEARNESS = 0.037
FEWEST_PASSAGES, MOST_PASSAGES = 300, 10_000
HIGHEST_SCORE = 2.0


class PassageMatch(NamedTuple):
    """How well one passage answers: cosine (None without vectors), BM25, and the weight of shared pairs, unscaled."""

    passage_id: int
    article_id: int
    cosine: float | None
    words: float
    pairs: float = 0.0

    @property
    def wording(self) -> float:
        return self.words + PAIRS_WEIGHT * self.pairs


@dataclass(frozen=True)
class TitleMatch:
    """BM25 of the title, and the share of the title's weight that the question covers (0..1)."""

    words: float
    coverage: float


@dataclass(frozen=True)
class RankedArticle:
    """`pairs` are those of the passage that is shown; `cosine` and `words` (with pairs) may be another's."""

    article_id: int
    passage_id: int
    score: float
    cosine: float
    words: float
    title: TitleMatch
    signatures: tuple[str, ...] = ()
    pairs: float = 0.0


@dataclass(frozen=True)
class Agreement:
    """What speaks for an article, part by part: for who has to decide more than the order.

    `words` and `pairs` are of the wording (unscaled), `title` the share of the title that the question covers, `held`
    and `strange` the shares of the question that the passage holds and that no passage here knows.
    """

    cosine: float = 0.0
    words: float = 0.0
    pairs: float = 0.0
    title: float = 0.0
    held: float = 0.0
    strange: float = 0.0
    terms: int = 0


NO_AGREEMENT = Agreement()


@dataclass(frozen=True)
class Evidence:
    """Everything the legs found for one question. `signature_boosts` are per article, 0..0.5."""

    passages: Sequence[PassageMatch]
    titles: Mapping[int, TitleMatch]
    query_terms: int
    signatures: Mapping[int, Sequence[str]] = field(default_factory=dict)
    signature_boosts: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def cosines(self) -> dict[int, float]:
        """Of the nearest passage of each article."""
        nearest: dict[int, float] = {}
        for _passage_id, article_id, cosine, _words, _pairs in self.passages:
            nearest[article_id] = max(cosine or 0.0, nearest.get(article_id, 0.0))
        return nearest

    @cached_property
    def nearest(self) -> float:
        return max(self.cosines.values(), default=0.0)


NO_TITLE = TitleMatch(0.0, 0.0)


def length_share(query_terms: int) -> float:
    """0 for a short question, 1 for a long report."""
    return min(1.0, query_terms / LONG_QUERY_TERMS)


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def title_coverage(covered: float, whole: float) -> float:
    """Shares of inverse document frequency; the prior keeps one shared word of a two-word title from being proof."""
    return covered / (whole + COVERAGE_PRIOR) if covered else 0.0


def _best_of(passages: Iterable[PassageMatch], words_weight: float) -> dict[int, PassageMatch]:
    """Each article's best passage with its pairs, but with the best wording of any of the article's as its words."""
    scores: dict[int, float] = {}
    best: dict[int, PassageMatch] = {}
    wordings: dict[int, float] = {}
    for match in passages:
        passage_id, article_id, cosine, words, pairs = match
        wording = words + PAIRS_WEIGHT * pairs
        score = (cosine or 0.0) + words_weight * wording
        if article_id not in scores:
            scores[article_id], best[article_id], wordings[article_id] = score, match, wording
            continue
        if wording > wordings[article_id]:
            wordings[article_id] = wording
        if (score, -passage_id) > (scores[article_id], -best[article_id].passage_id):
            scores[article_id], best[article_id] = score, match
    return {article_id: match._replace(words=wordings[article_id]) for article_id, match in best.items()}


def fuse(evidence: Evidence) -> list[RankedArticle]:
    """Best first. Ties fall to the smaller article id, so that the order is always the same."""
    most_words = max((match.wording for match in evidence.passages), default=0.0) or 1.0
    most_title = max((match.words for match in evidence.titles.values()), default=0.0) or 1.0
    long = length_share(evidence.query_terms)
    words_weight, title_weight = _between(WORDS_WEIGHTS, long), _between(TITLE_WEIGHTS, long)
    second = sorted(evidence.cosines.values())[-2:][0] if evidence.cosines else 0.0
    ranked = []
    for article_id, best in _best_of(evidence.passages, words_weight / most_words).items():
        cosine, words = evidence.cosines[article_id], best.words
        title = evidence.titles.get(article_id, NO_TITLE)
        score = (
            cosine
            + LEAD_WEIGHT * max(0.0, cosine - second) * (1 - long)
            + words_weight * words / most_words
            + title_weight * title.words / most_title
            + TITLE_COVERAGE_WEIGHT * title.coverage * long
            + evidence.signature_boosts.get(article_id, 0.0)
        )
        signatures = tuple(evidence.signatures.get(article_id, ()))
        ranked.append(RankedArticle(article_id, best.passage_id, score, cosine, words, title, signatures, best.pairs))
    return sorted(ranked, key=lambda article: (-article.score, article.article_id))


def relevance(
    article: RankedArticle,
    *,
    query_terms: int,
    query_coverage: float,
    strangeness: float = 0.0,
    nearest: float = 0.0,
    collection: int = FEWEST_PASSAGES,
    boost: float = 0.0,
) -> float:
    """Is it about the same thing at all? A logistic model of what answered questions have in common.

    All stand on how near this article is, and the `nearest` of all. A short question counts `query_coverage`, the share
    of its inverse document frequency that the best passage holds; a report the title that it covers, the pairs of words
    that it shares and its `strangeness`, the share of it that no passage of the `collection` knows. The coefficients
    are of one regression over the tuning half of four question sets, moved so that the floor stands in the middle.
    """
    long = length_share(query_terms)
    evidence = (
        -7.5
        + 14.3 * nearness((article.cosine + max(nearest, article.cosine)) / 2, collection)
        + 3.0 * query_coverage * (1 - long)
        + (7.3 * article.title.coverage + 1.55 * math.log1p(article.pairs) - 7.7 * strangeness + 0.55) * long
        + 12.0 * boost
    )
    return 1 / (1 + math.exp(-evidence))


def nearness(cosine: float, collection: int) -> float:
    """A cosine less what chance alone gives among so many passages, as in a library of a thousand."""
    return cosine - CHANCE_NEARNESS * math.log(min(MOST_PASSAGES, max(FEWEST_PASSAGES, collection)) / 1000)


def relevance_of_words(article: RankedArticle, *, query_terms: int, query_coverage: float, boost: float = 0.0) -> float:
    """The same where there are no vectors, on the same scale: 0.5 is as likely to be of use."""
    long = length_share(query_terms)
    held = query_coverage * (1 - long) + _report(article, query_coverage) * long + boost
    return min(1.0, held * 0.5 / HALF_BY_WORDS)


def _report(article: RankedArticle, query_coverage: float) -> float:
    return 0.8 * article.title.coverage + 0.5 * query_coverage


def signature_boost(frequencies: Iterable[int]) -> float:
    """For shared error signatures, given in how many articles each stands: only a rare one names a fault."""
    return min(0.5, sum(0.4 / (1 + max(0, count - 1) / 2) for count in frequencies))


def normalised(score: float) -> float:
    return max(0.0, min(1.0, score / HIGHEST_SCORE))
