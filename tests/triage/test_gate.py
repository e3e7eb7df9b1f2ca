"""A draft needs an article that clearly answers; each way of not being sure has its reason."""

import pytest

from tests.triage.requests import an_article
from triage.choices import NoDraftReason
from triage.facts import ArticleEvidence, Evidence
from triage.gate import Bars, Decision, choose_article

BARS = Bars(sure=0.8, lead_weight=1.0, floor=0.5, clear=0.85, strong=0.6, near=0.1)


def _decide(*articles: ArticleEvidence, degraded: str = "", language: str = "en") -> Decision:
    return choose_article(Evidence(articles, "q", degraded), language=language, bars=BARS)


def _scored(score: float, number: int = 1, language: str = "en") -> ArticleEvidence:
    return an_article("Text.", score=score, language=language, article_id=number, source_text_id=number)


def test_a_clear_article_is_chosen() -> None:
    assert _decide(_scored(0.7), _scored(0.4, 2)).article is not None
    assert _decide(_scored(0.9), _scored(0.89, 2)).article is not None
    assert _decide(_scored(0.55)).article is not None


@pytest.mark.parametrize(
    ("articles", "reason"),
    [
        ((), NoDraftReason.NOTHING_RELEVANT),
        ((_scored(0.4),), NoDraftReason.LOW_CONFIDENCE),
        ((_scored(0.7), _scored(0.65, 2)), NoDraftReason.EVIDENCE_CONFLICT),
        ((_scored(0.55), _scored(0.49, 2)), NoDraftReason.LOW_CONFIDENCE),
        ((_scored(0.9, language="de"),), NoDraftReason.OTHER_LANGUAGE),
    ],
)
def test_what_is_not_clear_is_not_drafted(articles: tuple[ArticleEvidence, ...], reason: str) -> None:
    assert _decide(*articles).reason == reason


def test_words_alone_are_not_enough_unless_a_code_matched_exactly() -> None:
    assert _decide(_scored(0.9), degraded="no embedder").reason == NoDraftReason.SEARCH_DEGRADED
    named = an_article("ORA-00942 means that the table is gone.", score=0.9)
    asked = Evidence((named,), "We get ORA-00942 all the time", "no embedder")
    assert choose_article(asked, language="en", bars=BARS).article is named
    other = Evidence((named,), "We get ORA-01555 all the time", "no embedder")
    assert choose_article(other, language="en", bars=BARS).reason == NoDraftReason.SEARCH_DEGRADED
