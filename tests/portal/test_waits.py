"""The estimate of how long people wait: those who still wait are counted, and no figure is rounded to look better."""

import pytest

from portal.waits import DAY, HOUR, Figure, Wait, measure, round_up


def _waits(*, answered: list[int], still: list[int] | None = None) -> list[Wait]:
    return [Wait(m, answered=True) for m in answered] + [Wait(m, answered=False) for m in still or []]


def test_where_everybody_was_answered_it_is_the_plain_percentile() -> None:
    assert measure(_waits(answered=list(range(1, 11))), share=0.8) == Figure(8, 10)


def test_those_who_still_wait_longer_make_it_longer_than_leaving_them_out_would() -> None:
    quick = list(range(1, 11))
    left_out = measure(_waits(answered=quick), share=0.8).minutes
    counted = measure(_waits(answered=[*quick, 300, 400], still=[200] * 4), share=0.8).minutes
    assert left_out == 8
    assert counted == 300


def test_those_who_only_just_asked_change_nothing_but_the_number() -> None:
    assert measure(_waits(answered=[10] * 10, still=[0] * 5), share=0.8) == Figure(10, 15)


def test_where_too_few_were_answered_there_is_no_figure() -> None:
    assert measure(_waits(answered=[5] * 10, still=[600] * 10), share=0.8) == Figure(None, 20)
    assert measure([], share=0.8) == Figure(None, 0)


def test_an_answer_in_the_minute_in_which_another_is_lost_sight_of_counts_both_as_waiting_then() -> None:
    # By hand: at 10 minutes 2 of 4 are answered (half wait on), one is lost, at 20 the last one is answered.
    assert measure(_waits(answered=[10, 10, 20], still=[10]), share=0.5).minutes == 10
    assert measure(_waits(answered=[10, 10, 20], still=[10]), share=0.6).minutes == 20


def test_counts_weigh_like_single_waits() -> None:
    assert measure([Wait(3, True, 4), Wait(9, True, 1)], share=0.8) == measure(
        _waits(answered=[3, 3, 3, 3, 9]), share=0.8
    )


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, 5),
        (5, 5),
        (6, 10),
        (60, HOUR),
        (61, 2 * HOUR),
        (179, 3 * HOUR),
        (48 * HOUR, 2 * DAY),
        (48 * HOUR + 1, 3 * DAY),
    ],
)
def test_a_figure_is_rounded_up_only(minutes: int, said: int) -> None:
    assert round_up(minutes) == said
    assert round_up(minutes) >= minutes
