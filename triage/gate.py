"""Decides from evidence alone whether one article clearly answers a request. Wrong and confident is the worst outcome.

No reads, no writes. The bars were set on half of the development queries and checked on the other half.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.choices import NoDraftReason
from triage.facts import ArticleEvidence, Evidence


@dataclass(frozen=True, slots=True)
class Bars:
    """`floor`: the least score to draft from; `clear`: a score that needs no lead; `lead`: over the next article."""

    floor: float = 0.55
    clear: float = 0.75
    lead: float = 0.08


@dataclass(frozen=True, slots=True)
class Decision:
    article: ArticleEvidence | None = None
    reason: str = ""
    detail: str = ""


def choose_article(evidence: Evidence, *, language: str, bars: Bars) -> Decision:
    """Return the article to draft from, or why none is sure enough."""
    if not evidence.articles:
        return Decision(reason=NoDraftReason.NOTHING_RELEVANT)
    spoken = [article for article in evidence.articles if _same_language(article.language, language)]
    if not spoken:
        return Decision(reason=NoDraftReason.OTHER_LANGUAGE)
    best = spoken[0]
    exact = _matched_exactly(best)
    if evidence.degraded and not exact:
        return Decision(reason=NoDraftReason.SEARCH_DEGRADED, detail=evidence.degraded)
    lead = best.score - _next_score(best, spoken)
    detail = f"score {best.score:.2f}, lead {lead:.2f}"
    if best.score < bars.floor and not exact:
        return Decision(reason=NoDraftReason.LOW_CONFIDENCE, detail=detail)
    if lead < bars.lead and best.score < bars.clear:
        reason = NoDraftReason.EVIDENCE_CONFLICT if best.score - lead >= bars.floor else NoDraftReason.LOW_CONFIDENCE
        return Decision(reason=reason, detail=detail)
    return Decision(article=best, detail=detail)


def _same_language(one: str, other: str) -> bool:
    return one.split("-")[0].casefold() == other.split("-")[0].casefold()


def _matched_exactly(article: ArticleEvidence) -> bool:
    return any(reason.startswith("code") for reason in article.matched)


def _next_score(best: ArticleEvidence, articles: Sequence[ArticleEvidence]) -> float:
    return max((article.score for article in articles if article is not best), default=0.0)
