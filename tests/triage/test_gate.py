"""A draft needs an article that clearly answers; each way of not being sure has its reason."""

from dataclasses import replace

import pytest

from kb.retrieval.ranking import Agreement
from tests.triage.requests import an_article
from triage.choices import NoDraftReason
from triage.facts import ArticleEvidence, Evidence
from triage.gate import Bars, Decision, choose_article, weigh
from triage.wording import words_of

QUERY = "Our nightly export stops after the first hundred orders"
SURE = Agreement(cosine=0.75, words=30.0, pairs=9.0, title=0.4, held=0.8, terms=9)
POOR = Agreement(cosine=0.35, words=8.0, pairs=0.5, title=0.1, held=0.2, terms=9)
ANSWER = "The nightly export stops after a hundred orders when the queue is full."


def _clear(number: int = 1, text: str = ANSWER, **fields: object) -> ArticleEvidence:
    article = an_article(text, score=0.7, relevance=0.99, article_id=number, source_text_id=number)
    return replace(article, agreement=SURE, named=0.8, named_mean=0.8, **fields)  # type: ignore[arg-type]


def _weak(number: int = 2, relevance: float = 0.6, **fields: object) -> ArticleEvidence:
    text = f"Part {number}: something quite different about invoices and what is written on them."
    article = an_article(text, score=0.4, relevance=relevance, article_id=number, source_text_id=number)
    return replace(article, title="Invoices", agreement=POOR, named=0.3, named_mean=0.3, **fields)  # type: ignore[arg-type]


def _decide(*articles: ArticleEvidence, degraded: str = "", language: str = "en") -> Decision:
    return choose_article(Evidence(articles, QUERY, degraded), language=language, bars=Bars())


def test_a_clear_article_is_chosen_and_the_record_says_how_sure() -> None:
    decision = _decide(_clear(), _weak())
    assert decision.article is not None
    assert decision.article.article_id == 1
    assert decision.sure >= Bars().sure
    assert f"sure {decision.sure:.2f}" in decision.detail


def test_search_proposes_the_order_and_the_evidence_decides() -> None:
    assert _decide(_weak(), _clear()).article == _clear()


def test_two_articles_that_answer_alike_are_a_conflict_unless_they_say_the_same() -> None:
    other = "Raise the limit of the export: after the first hundred orders nightly jobs are stopped by a quota."
    torn = _decide(_clear(), _clear(2, other))
    assert (torn.article, torn.reason) == (None, NoDraftReason.EVIDENCE_CONFLICT)
    assert _decide(_clear(), _clear(2)).article is not None, "the same section stands in two manuals"


@pytest.mark.parametrize(
    ("articles", "reason"),
    [
        ((), NoDraftReason.NOTHING_RELEVANT),
        ((_weak(relevance=0.2),), NoDraftReason.NOTHING_RELEVANT),
        ((_weak(),), NoDraftReason.LOW_CONFIDENCE),
        ((replace(_clear(), relevance=0.79),), NoDraftReason.LOW_CONFIDENCE),
        ((_clear(language="de"),), NoDraftReason.OTHER_LANGUAGE),
    ],
)
def test_what_is_not_clear_is_not_drafted(articles: tuple[ArticleEvidence, ...], reason: str) -> None:
    assert _decide(*articles).reason == reason


def test_below_the_floor_of_a_draft_there_are_still_articles_to_read() -> None:
    evidence = Evidence((_weak(relevance=0.6), _weak(3, relevance=0.3), _weak(4, relevance=0.1)), QUERY)
    assert choose_article(evidence, language="en", bars=Bars()).article is None
    assert [article.article_id for article in evidence.worth_reading] == [2, 3]


def test_shares_are_of_all_articles_and_of_none() -> None:
    articles = (_clear(), _weak(), _weak(3))
    shares = weigh(articles, [frozenset(words_of(article.text)) for article in articles], QUERY)
    assert shares[0] > shares[1]
    assert sum(shares) < 1
    assert weigh((), (), QUERY) == []


def test_words_alone_are_not_enough_unless_one_article_alone_names_the_code() -> None:
    assert _decide(_clear(), degraded="no embedder").reason == NoDraftReason.SEARCH_DEGRADED
    named = _clear(text="ORA-00942 means that the table is gone.")
    asked = Evidence((named, _weak()), "We get ORA-00942 all the time", "no embedder")
    assert choose_article(asked, language="en", bars=Bars()).article is named
    other = Evidence((named,), "We get ORA-01555 all the time", "no embedder")
    assert choose_article(other, language="en", bars=Bars()).reason == NoDraftReason.SEARCH_DEGRADED
    twice = Evidence((named, _clear(2, "Also about ORA-00942.")), "We get ORA-00942 all the time", "no embedder")
    assert choose_article(twice, language="en", bars=Bars()).reason == NoDraftReason.SEARCH_DEGRADED
