"""Decides from measured evidence whether one article clearly answers a request. Wrong and sure is the worst outcome.

No reads, no writes. The nearest articles and "none of them" compete: each is weighed by what speaks for it, and what it
weighs among all of them is how sure it is. Articles that say the same do not compete. The weights and the bar were
fitted on one half of four public question sets, and are judged on the other (docs/decisions/0011).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.retrieval.ranking import FLOORS, Use, length_share
from kb.signatures import SignatureKind, find_signatures
from triage.choices import NoDraftReason
from triage.facts import ArticleEvidence, Evidence
from triage.wording import words_of

# What speaks for an article, each about 0..1 but for `relevant`, which is a logit over four; `…_long` counts the more,
# the longer the request.
WEIGHTS: Mapping[str, float] = {
    "score": 0.98,
    "score_long": 0.93,
    "relevant": 2.91,
    "relevant_long": -0.83,
    "cosine": 0.50,
    "wording": 0.82,
    "pairs": 0.51,
    "title": -1.42,
    "held": 0.65,
    "covered": 2.26,
    "covered_long": -0.74,
    "named": 0.65,
    "named_long": 2.09,
    "named_mean": 1.20,
    "named_mean_long": 2.17,
}
# What "none of them" weighs.
NONE, NONE_LONG = 4.86, 1.57
SAME_WORDS = 0.9
_LEAST = 1e-6

# Words that every request holds; what an article has of them says nothing.
_COMMON = frozenset(
    words_of(
        "the a an is are to of in on for and or how what do i my can it with be if not this that from you your when at"
        " by as"
    )
)


@dataclass(frozen=True, slots=True)
class Bars:
    """`sure`: how sure an article has to be to draft from it; two that reach `close` are a conflict.

    Nothing is drafted from what is less relevant than `floor`, however alone it stands.
    """

    sure: float = 0.66
    close: float = 0.30
    floor: float = FLOORS[Use.EVIDENCE]


@dataclass(frozen=True, slots=True)
class Decision:
    """The article to draft from, or why there is none. `sure` is 0..1; `best` is the one that comes nearest."""

    article: ArticleEvidence | None = None
    reason: str = ""
    detail: str = ""
    sure: float = 0.0
    best: ArticleEvidence | None = None


def choose_article(evidence: Evidence, *, language: str, bars: Bars) -> Decision:
    """Return the article to draft from, or why none is sure enough."""
    if not evidence.worth_reading:
        return Decision(reason=NoDraftReason.NOTHING_RELEVANT)
    if not any(_same_language(article.language, language) for article in evidence.worth_reading):
        return Decision(reason=NoDraftReason.OTHER_LANGUAGE)
    spoken = [article for article in evidence.articles if _same_language(article.language, language)]
    if evidence.degraded:
        return _by_code(evidence, spoken)
    words = [_words(article) for article in spoken]
    shares = weigh(spoken, words, evidence.query)
    place = max(range(len(spoken)), key=lambda index: shares[index])
    best = spoken[place]
    same = [_alike(words[place], held) for held in words]
    sure = sum(share for share, is_same in zip(shares, same, strict=True) if is_same)
    others = [share for share, is_same in zip(shares, same, strict=True) if not is_same]
    detail = f"sure {sure:.2f}, next {max(others, default=0.0):.2f}"
    if sure >= bars.sure and best.relevance >= bars.floor:
        return Decision(best, detail=detail, sure=sure, best=best)
    torn = min(sure, max(others, default=0.0)) >= bars.close
    reason = NoDraftReason.EVIDENCE_CONFLICT if torn else NoDraftReason.LOW_CONFIDENCE
    return Decision(reason=reason, detail=detail, sure=sure, best=best)


def weigh(articles: Sequence[ArticleEvidence], words: Sequence[frozenset[str]], query: str) -> list[float]:
    """How sure each article is to be the answer: its share of all, and of "none of them"."""
    if not articles:
        return []
    long = length_share(articles[0].agreement.terms)
    rows = _features(articles, words, frozenset(words_of(query)) - _COMMON, long)
    sums = [sum(weight * row[name] for name, weight in WEIGHTS.items()) for row in rows]
    none = NONE + NONE_LONG * long
    highest = max(*sums, none)
    parts = [math.exp(value - highest) for value in sums]
    whole = sum(parts) + math.exp(none - highest)
    return [part / whole for part in parts]


def _features(
    articles: Sequence[ArticleEvidence], words: Sequence[frozenset[str]], asked: frozenset[str], long: float
) -> list[dict[str, float]]:
    """What speaks for each article; each with a name in `WEIGHTS` that ends in `_long` once more for a long request."""
    most_words = max(article.agreement.words for article in articles) or 1.0
    most_pairs = max(article.agreement.pairs for article in articles) or 1.0
    rows = [
        {
            "score": article.score,
            "relevant": _logit(article.relevance) / 4,
            "cosine": article.agreement.cosine,
            "wording": article.agreement.words / most_words,
            "pairs": article.agreement.pairs / most_pairs,
            "title": article.agreement.title,
            "held": article.agreement.held,
            "covered": len(asked & held) / max(1, len(asked)),
            "named": article.named,
            "named_mean": article.named_mean,
        }
        for article, held in zip(articles, words, strict=True)
    ]
    return [row | {f"{name}_long": value * long for name, value in row.items()} for row in rows]


def _words(article: ArticleEvidence) -> frozenset[str]:
    return frozenset(words_of(f"{article.title} {article.text}"))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two articles share nearly all their words: a section that stands in two manuals, say."""
    return len(one & other) >= SAME_WORDS * len(one | other)


def _logit(share: float) -> float:
    held = min(1 - _LEAST, max(_LEAST, share))
    return math.log(held / (1 - held))


def _same_language(one: str, other: str) -> bool:
    return one.split("-")[0].casefold() == other.split("-")[0].casefold()


def _by_code(evidence: Evidence, spoken: Sequence[ArticleEvidence]) -> Decision:
    """Without meaning only a code decides that somebody issued and one article alone names; no class, no status."""
    asked = {found.value for found in find_signatures(evidence.query) if found.kind is SignatureKind.CODE}
    naming = [a for a in spoken if any(found.value in asked for found in find_signatures(a.text))] if asked else []
    if len(naming) == 1:
        return Decision(naming[0], detail=evidence.degraded, sure=1.0, best=naming[0])
    return Decision(reason=NoDraftReason.SEARCH_DEGRADED, detail=evidence.degraded, best=spoken[0])
