"""The fusion and the floor, on numbers alone."""

import pytest

from kb.retrieval import ranking
from kb.retrieval.ranking import FLOORS, Evidence, PassageMatch, RankedArticle, TitleMatch, Use

FLOOR = FLOORS[Use.PAGE]


def evidence(*passages: PassageMatch, titles: dict[int, TitleMatch] | None = None, **others: object) -> Evidence:
    return Evidence(passages=passages, titles=titles or {}, query_terms=8, **others)  # type: ignore[arg-type]


def order(found: Evidence) -> list[int]:
    return [article.article_id for article in ranking.fuse(found)]


def test_an_article_is_as_good_as_its_best_passage_and_shows_it() -> None:
    (article,) = ranking.fuse(evidence(PassageMatch(1, 7, 0.2, 1.0), PassageMatch(2, 7, 0.8, 3.0)))
    assert (article.passage_id, article.cosine, article.words) == (2, 0.8, 3.0)


def test_words_decide_between_equal_meanings_and_titles_between_equal_words() -> None:
    assert order(evidence(PassageMatch(1, 1, 0.5, 1.0), PassageMatch(2, 2, 0.5, 9.0))) == [2, 1]
    titles = {1: TitleMatch(0.0, 0.0), 2: TitleMatch(4.0, 0.5)}
    assert order(evidence(PassageMatch(1, 1, 0.5, 9.0), PassageMatch(2, 2, 0.5, 9.0), titles=titles)) == [2, 1]


def test_an_exact_error_code_lifts_an_article_over_a_nearer_one() -> None:
    found = evidence(PassageMatch(1, 1, 0.6, 2.0), PassageMatch(2, 2, 0.4, 2.0), signature_boosts={2: 0.4})
    assert order(found) == [2, 1]


def test_a_shared_title_word_is_less_proof_for_a_short_question_than_for_a_report() -> None:
    passages = (PassageMatch(1, 1, 0.55, 5.0), PassageMatch(2, 2, 0.5, 5.0))
    titles = {2: TitleMatch(4.0, 0.0)}
    assert order(Evidence(passages=passages, titles=titles, query_terms=4)) == [1, 2]
    assert order(Evidence(passages=passages, titles=titles, query_terms=200)) == [2, 1]


def test_without_vectors_the_words_rank() -> None:
    assert order(evidence(PassageMatch(1, 1, None, 1.0), PassageMatch(2, 2, None, 2.0))) == [2, 1]


def test_ties_are_settled_the_same_way_every_time() -> None:
    assert order(evidence(PassageMatch(9, 5, 0.5, 1.0), PassageMatch(8, 3, 0.5, 1.0))) == [3, 5]
    assert ranking.fuse(evidence()) == []


@pytest.mark.parametrize(
    ("cosine", "coverage", "shown"), [(0.7, 0.0, True), (0.45, 0.5, True), (0.3, 0.2, False), (0.0, 1.0, False)]
)
def test_a_short_question_needs_meaning_and_its_words_help(cosine: float, coverage: float, shown: bool) -> None:
    article = RankedArticle(1, 1, 0.0, cosine, 0.0, ranking.NO_TITLE)
    assert (ranking.relevance(article, query_terms=6, query_coverage=coverage) >= FLOOR) is shown


def test_among_more_passages_chance_alone_is_nearer() -> None:
    article = RankedArticle(1, 1, 0.0, 0.48, 0.0, ranking.NO_TITLE)
    small, large = (ranking.relevance(article, query_terms=6, query_coverage=0.3, collection=n) for n in (300, 9_000))
    assert large < FLOOR < small
    assert ranking.nearness(0.5, 10) == ranking.nearness(0.5, ranking.FEWEST_PASSAGES)
    assert ranking.nearness(0.5, 10**6) == ranking.nearness(0.5, ranking.MOST_PASSAGES)


def test_what_the_library_does_not_know_speaks_against_a_report_and_shared_pairs_for_it() -> None:
    plain = RankedArticle(1, 1, 0.0, 0.3, 0.0, TitleMatch(9.0, 0.4))
    sharing = RankedArticle(1, 1, 0.0, 0.3, 0.0, TitleMatch(9.0, 0.4), pairs=20.0)
    told = [
        ranking.relevance(article, query_terms=90, query_coverage=0.1, strangeness=strange)
        for article, strange in ((plain, 0.5), (plain, 0.0), (sharing, 0.0))
    ]
    assert told == sorted(told)
    assert told[0] < FLOOR < told[2]


def test_words_said_together_decide_between_equal_words() -> None:
    assert order(evidence(PassageMatch(1, 1, 0.5, 9.0), PassageMatch(2, 2, 0.5, 9.0, pairs=8.0))) == [2, 1]


def test_a_clear_lead_in_meaning_counts_for_a_short_question() -> None:
    passages = (PassageMatch(1, 1, 0.7, 5.0), PassageMatch(2, 2, 0.5, 9.0), PassageMatch(3, 3, 0.49, 1.0))
    short = {article.article_id: article.score for article in ranking.fuse(evidence(*passages))}
    assert short[1] == pytest.approx(0.7 + 0.3 * 0.2 * 0.8 + 0.38 * 5 / 9)
    (only,) = ranking.fuse(evidence(passages[0]))
    assert only.score == pytest.approx(0.7 + 0.38)


def test_a_long_report_may_be_carried_by_the_title_it_covers() -> None:
    article = RankedArticle(1, 1, 0.0, 0.3, 0.0, TitleMatch(9.0, 0.7))
    assert ranking.relevance(article, query_terms=90, query_coverage=0.1) >= FLOOR
    assert ranking.relevance(article, query_terms=5, query_coverage=0.1) < FLOOR


@pytest.mark.parametrize(("counts", "boost"), [([], 0.0), ([1], 0.4), ([1, 1], 0.5), ([21], 0.4 / 11)])
def test_a_rare_signature_is_worth_more(counts: list[int], boost: float) -> None:
    assert ranking.signature_boost(counts) == pytest.approx(boost)


def test_scores_lie_between_zero_and_one() -> None:
    assert ranking.normalised(-1) == 0
    assert ranking.normalised(0.8) == pytest.approx(0.4)
    assert ranking.normalised(9) == 1
