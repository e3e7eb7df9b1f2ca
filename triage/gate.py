"""Decides from evidence alone whether one article clearly answers a request. Wrong and confident is the worst outcome.

No reads, no writes. The bars were set on half of the development queries and checked on the other half.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kb.signatures import SignatureKind, find_signatures
from triage.choices import NoDraftReason
from triage.facts import ArticleEvidence, Evidence


@dataclass(frozen=True, slots=True)
class Bars:
    """`sure`: what score and weighted lead over the next article have to reach together; `floor`: the least score.

    From `clear` on a score needs no lead. From `strong` on, a near second is a conflict and not a weak match.
    """

    sure: float = 0.70
    lead_weight: float = 1.5
    floor: float = 0.42
    clear: float = 0.85
    strong: float = 0.55
    near: float = 0.05


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
    if evidence.degraded and not _shares_a_code(evidence.query, best):
        return Decision(reason=NoDraftReason.SEARCH_DEGRADED, detail=evidence.degraded)
    lead = best.score - _next_score(best, spoken)
    detail = f"score {best.score:.2f}, lead {lead:.2f}"
    if best.score >= bars.clear or (best.score >= bars.floor and best.score + bars.lead_weight * lead >= bars.sure):
        return Decision(article=best, detail=detail)
    torn = best.score >= bars.strong and lead < bars.near
    return Decision(reason=NoDraftReason.EVIDENCE_CONFLICT if torn else NoDraftReason.LOW_CONFIDENCE, detail=detail)


def _same_language(one: str, other: str) -> bool:
    return one.split("-")[0].casefold() == other.split("-")[0].casefold()


def _shares_a_code(query: str, article: ArticleEvidence) -> bool:
    """Tell whether the article names a code of the request: one that somebody issued, not a class or a status."""
    asked = {found.value for found in find_signatures(query) if found.kind is SignatureKind.CODE}
    return bool(asked) and any(found.value in asked for found in find_signatures(article.text))


def _next_score(best: ArticleEvidence, articles: Sequence[ArticleEvidence]) -> float:
    return max((article.score for article in articles if article is not best), default=0.0)
