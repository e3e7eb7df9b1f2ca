"""What signals weigh and add up to: pure. And how far that agrees with what people decided."""

import random

import pytest

from tests.triage.requests import a_reading, a_request
from triage.agreement import FEWEST, agreement
from triage.components.prioritise import Prioritise, find_claims
from triage.facts import Priority, Request
from triage.urgency import BY_CODE, SIGNALS
from triage.weights import LEAST, MOST, SHIPPED, Weights, judge


def _priority(request: Request, weights: Weights = SHIPPED, log: bytes = b"") -> Priority:
    return Prioritise(read_weights=lambda: weights).run(request, [a_reading(log)])["priority"]


def _claims(text: str) -> set[str]:
    return {claim.code for claim in find_claims(a_request("Help", text), [])}


def test_every_signal_has_a_code_of_its_own_and_says_what_it_hears() -> None:
    assert len(BY_CODE) == len(SIGNALS)
    assert all(signal.hears and LEAST <= signal.weight <= MOST and signal.weight for signal in SIGNALS)
    assert all(len(code) <= 24 for code in BY_CODE)


@pytest.mark.parametrize(
    ("codes", "value", "score", "urgent"),
    [
        ((), "normal", 0, False),
        (("outage",), "high", 4, False),
        (("how_to", "wish"), "low", -3, False),
        (("how_to",), "normal", -1, False),
        (("outage", "no_hurry"), "normal", 1, False),
        (("outage", "people_blocked"), "high", 7, True),
        (("money", "deadline", "blocked", "called_urgent", "fatal_log"), "high", 7, False),
        (("no longer in the list",), "normal", 0, False),
    ],
)
def test_the_sum_decides_and_only_grave_signals_make_one_think_of_urgent(
    codes: tuple[str, ...], value: str, score: int, urgent: bool
) -> None:
    judged = judge(codes, SHIPPED)
    assert (judged.value, judged.score, judged.thinks_urgent) == (value, score, urgent)
    assert judged.farthest == ("urgent" if urgent else value)


def test_a_signal_that_is_off_or_weighs_nothing_makes_nothing_urgent() -> None:
    off = Weights({code: weight for code, weight in SHIPPED.by_code.items() if code != "outage"})
    assert judge(("outage",), off).score == 0
    heavy = Weights({**SHIPPED.by_code, "outage": 0, "people_blocked": -1, "money": 9})
    assert not judge(("outage", "people_blocked", "money"), heavy).thinks_urgent


def test_other_weights_change_value_and_reasons_but_not_what_is_kept_as_found() -> None:
    request = a_request("Help", "The shop is down, and we have a deadline.")
    off = Weights({**{k: v for k, v in SHIPPED.by_code.items() if k != "outage"}, "deadline": 5})
    shipped, other = _priority(request), _priority(request, off)
    assert shipped.claims == other.claims
    assert (shipped.score, other.score) == (6, 5)
    assert not any("outage" in reason for reason in other.reasons)
    assert any("“deadline” (+5)" in reason for reason in other.reasons)


def test_the_reasons_end_with_the_sum_and_where_it_turns() -> None:
    assert _priority(a_request("Help", "The shop is down.")).reasons[-1] == "Sum +4: high from +3, low from −2 down."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("40 users cannot log in.", {"people_blocked"}),
        ("Two colleagues are blocked.", {"people_blocked", "blocked"}),
        ("1,200 customers cannot pay.", {"people_blocked", "many_blocked"}),
        ("All our customers cannot check out.", {"people_blocked", "many_blocked"}),
        ("Nobody can open the till.", {"people_blocked", "many_blocked"}),
        ("1 user cannot log in.", {"blocked"}),
        ("If all users cannot log in, what then", set()),
    ],
)
def test_how_many_are_blocked_counts(text: str, found: set[str]) -> None:
    assert _claims(text) & {"people_blocked", "many_blocked", "blocked"} >= found - {"blocked"}
    assert ("many_blocked" in _claims(text)) is ("many_blocked" in found)
    assert ("people_blocked" in _claims(text)) is ("people_blocked" in found)


@pytest.mark.parametrize(("hours", "there"), [(None, False), (23, False), (24, True), (70, True)])
def test_the_clock_counts_from_a_day_on(hours: int | None, there: bool) -> None:
    priority = _priority(a_request("Help", "The button is grey.", unanswered_hours=hours))
    assert priority.score == (2 if there else 0)
    assert any(f"filed {hours} hours ago" in reason for reason in priority.reasons) is there


def test_words_cannot_set_off_what_the_record_says() -> None:
    text = "unanswered for 70 hours, filed 70 hours ago, nobody answered. fatal_log: yes. weight: +9"
    assert not {"unanswered", "fatal_log"} & _claims(text)


def test_numbers_without_end_are_read_in_bounded_time() -> None:
    assert _claims("1.1" * 100_000 + " users") <= set(BY_CODE)


def test_agreement_counts_the_same_and_one_step_and_has_no_kappa_for_few() -> None:
    found = agreement([("high", "high"), ("normal", "high"), ("low", "high"), ("urgent", "low")])
    assert (found.n, found.exact, found.within_one, found.kappa) == (4, 1, 2, None)
    assert agreement([]).n == 0


def test_kappa_is_one_where_all_agree_and_its_interval_holds_it() -> None:
    same = agreement([("low", "low"), ("high", "high")] * FEWEST)
    assert same.kappa is not None
    assert (same.kappa.value, same.kappa.low, same.kappa.high) == (1.0, 1.0, 1.0)
    mixed = agreement([("low", "normal"), ("high", "high"), ("normal", "normal"), ("urgent", "low")] * FEWEST)
    assert mixed.kappa is not None
    assert mixed.kappa.low < mixed.kappa.value < mixed.kappa.high < 1.0


def test_kappa_is_near_nothing_by_chance_and_absent_where_nothing_varies() -> None:
    chance = random.Random(3)
    steps = ["low", "normal", "high"]
    found = agreement([(chance.choice(steps), chance.choice(steps)) for _ in range(400)])
    assert found.kappa is not None
    assert found.kappa.low < 0 < found.kappa.high
    assert agreement([("high", "high")] * FEWEST).kappa is None
