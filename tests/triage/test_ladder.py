"""The ladder's arithmetic: bounds that hold at every look, and rights that the undeserving neither earn nor keep."""

import pytest

from tests.triage.simulated import BAR, checks, lives, share
from triage.ladder import (
    ERROR,
    PATIENCE,
    Rung,
    Suspicion,
    are_refiled,
    checks_needed,
    climb,
    is_drawn,
    is_proven,
    lower_bound,
)


@pytest.mark.parametrize(
    ("right", "n", "proven", "needed"),
    [(0, 0, 0.0, 105), (10, 10, 0.595, 95), (104, 104, 0.949, 1), (105, 105, 0.95, 0), (97, 100, 0.887, 131)],
)
def test_what_so_many_checks_prove(right: int, n: int, proven: float, needed: int) -> None:
    assert lower_bound(right, n) == pytest.approx(proven)
    assert checks_needed(right, n, bar=BAR) == needed
    assert is_proven(right, n, bar=BAR) is (needed == 0)


def test_the_bound_is_below_what_was_seen_and_never_falls_with_a_right_one() -> None:
    for n in (1, 7, 60, 300):
        bounds = [lower_bound(right, n) for right in range(n + 1)]
        assert bounds == sorted(bounds)
        assert all(bound <= right / n for right, bound in enumerate(bounds))
        assert all(lower_bound(right + 1, n + 1) >= bound for right, bound in enumerate(bounds))


def test_what_needs_so_many_more_is_proven_with_them_and_not_with_one_less() -> None:
    for right, n in [(0, 3), (40, 44), (300, 330)]:
        more = checks_needed(right, n, bar=BAR)
        assert is_proven(right + more, n + more, bar=BAR)
        assert not is_proven(right + more - 1, n + more - 1, bar=BAR)


@pytest.mark.parametrize("precision", [0.80, 0.90, 0.93, 0.95])
def test_of_categories_at_or_under_the_bar_no_more_than_the_error_ever_earn_the_right(precision: float) -> None:
    ran = lives(lambda _n: precision, count=700, categories=150)
    assert share(ran, lambda life: Rung.EARNED in life) <= ERROR


def test_categories_whose_precision_wanders_below_the_bar_do_not_earn_it_either() -> None:
    ran = lives(lambda n: 0.95 - 0.10 * (n // 50 % 2), count=700, categories=100)
    assert share(ran, lambda life: Rung.EARNED in life) <= ERROR


@pytest.mark.parametrize(("precision", "within"), [(1.0, 105), (0.995, 210), (0.99, 360), (0.98, 800)])
def test_good_categories_earn_it_within_a_reasonable_number_of_checks_and_keep_it(
    precision: float, within: int
) -> None:
    ran = lives(lambda _n: precision, count=800, categories=60)
    assert share(ran, lambda life: Rung.EARNED in life[:within]) >= 0.9
    assert share(ran, lambda life: Rung.LOST in life) <= ERROR


@pytest.mark.parametrize(("after", "within"), [(0.60, 40), (0.80, 70), (0.90, 300)])
def test_what_was_earned_and_falls_below_the_bar_is_lost_and_not_earned_again(after: float, within: int) -> None:
    good = 400
    ran = lives(lambda n: 0.99 if n < good else after, count=good + within + 300, categories=100)
    earned = [life for life in ran if life[good - 1] is Rung.EARNED]
    assert len(earned) >= 90
    assert share(earned, lambda life: life[good + within] is Rung.EARNED) <= ERROR
    assert share(earned, lambda life: Rung.EARNED in life[good + within :]) <= ERROR


def test_what_a_classifier_did_in_its_first_days_does_not_weigh_on_it_for_ever() -> None:
    ran = lives(lambda n: 0.70 if n < 50 else 0.99, count=600, categories=60)
    assert share(ran, lambda life: Rung.EARNED in life) >= 0.9
    begun_anew = climb([False] * 10, bar=BAR)
    assert (begun_anew.rung, begun_anew.n, begun_anew.begun_anew) == (Rung.SUGGESTS, 2, 1)
    assert begun_anew.needed(BAR) > checks_needed(0, 2, bar=BAR), "each beginning has less room to err"


def test_what_is_just_above_the_bar_is_never_let_in_by_chance_alone_nor_hurried_out() -> None:
    suspicion, right_ones = Suspicion(), 0
    while not suspicion.is_evidence:
        suspicion, right_ones = suspicion.after(right=False, bar=BAR), right_ones + 1
    assert right_ones >= 5
    calm = Suspicion()
    for right in checks(lambda _n: 0.97, PATIENCE, seed=3):
        calm = calm.after(right=right, bar=BAR)
    assert not calm.is_evidence


def test_people_who_change_what_was_filed_take_the_right_away_and_their_silence_gives_none() -> None:
    right = [True] * 110
    assert climb(right, bar=BAR).rung is Rung.EARNED
    assert climb(right, bar=BAR, kept=[True] * 500).rung is Rung.EARNED
    assert climb(right, bar=BAR, kept=[*[True] * 20, *[False] * 8]).rung is Rung.LOST
    assert climb(right[:20], bar=BAR, kept=[True] * 5000).rung is Rung.SUGGESTS
    assert not are_refiled([], bar=BAR)


def test_what_was_lost_stays_lost_until_it_begins_anew() -> None:
    lost = climb([*[True] * 110, *[False] * 8], bar=BAR)
    assert lost.rung is Rung.LOST
    assert lost.after(right=True, bar=BAR) == lost
    assert climb([*[True] * 110, *[False] * 8, *[True] * 500], bar=BAR).rung is Rung.LOST


def test_messages_are_drawn_by_a_keyed_hash_at_the_rate_that_was_set() -> None:
    drawn = [number for number in range(20_000) if is_drawn(number, seed="s", one_in=5)]
    assert 3_800 <= len(drawn) <= 4_200
    assert drawn == [number for number in range(20_000) if is_drawn(number, seed="s", one_in=5)]
    assert drawn != [number for number in range(20_000) if is_drawn(number, seed="another", one_in=5)]
    assert not any(is_drawn(number, seed="s", one_in=0) for number in range(100))
