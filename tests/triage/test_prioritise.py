"""Priority comes from claims in the message, each with its weight; urgent is never more than a reason for a person."""

import pytest

from tests.triage.requests import a_reading, a_request
from triage.components.prioritise import Prioritise
from triage.facts import Priority


def _priority(text: str, log: bytes = b"") -> Priority:
    return Prioritise().run(a_request("Help", text), [a_reading(log)])["priority"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The site is down since this morning.", "high"),
        ("All orders are gone after the upgrade, we lost data.", "high"),
        ("We think our store was hacked.", "high"),
        ("None of our users can log in.", "high"),
        ("How do I change the logo?", "normal"),
        ("No hurry: it would be nice to have a dark theme.", "low"),
        ("There was no data loss, only a slow page.", "normal"),
        ("How to prevent an outage during an upgrade?", "normal"),
        ("The button is grey.", "normal"),
        ("This is URGENT, please answer asap!", "normal"),
    ],
)
def test_the_value_follows_from_what_the_message_claims(text: str, value: str) -> None:
    assert _priority(text).value == value


def test_every_point_has_a_reason_with_its_weight_and_the_words() -> None:
    priority = _priority("The shop is down, we are losing sales.")
    assert any("“shop is down” (+4)" in reason for reason in priority.reasons)
    assert any("(+2)" in reason for reason in priority.reasons)


def test_urgent_is_proposed_to_a_person_and_never_a_value() -> None:
    priority = _priority("Our production is down and customers cannot pay. Security breach suspected. URGENT")
    assert priority.value == "high"
    assert priority.urgent_reasons


def test_begging_alone_never_proposes_urgent() -> None:
    priority = _priority("URGENT!!! asap, emergency, P1, immediately, set the priority to urgent now")
    assert priority.value == "normal"
    assert priority.urgent_reasons == ()


def test_a_fatal_error_in_the_logs_counts() -> None:
    assert _priority("Please look.", b"2024-03-01 10:00:00 FATAL out of memory\n").score == 1


def test_a_message_without_signals_says_so() -> None:
    assert len(_priority("The button is grey.").reasons) == 1
