"""The screen gives a verdict with reasons, and no more than a verdict."""

import pytest

from tests.triage.requests import a_request
from triage.components.screen import Screen
from triage.facts import LogFile, OpenRequest, ScreenVerdict


def test_a_plain_request_passes() -> None:
    assert Screen().run(a_request())["screening"].verdict is ScreenVerdict.PLAIN


def test_a_message_without_words_is_empty_unless_it_brings_a_file() -> None:
    assert Screen().run(a_request("", " \n.."))["screening"].verdict is ScreenVerdict.EMPTY
    with_file = a_request("", "..", files=(LogFile(1, "app.log", "x", b"ERROR"),))
    assert Screen().run(with_file)["screening"].verdict is ScreenVerdict.PLAIN


def test_the_same_words_in_an_open_request_of_the_same_person_are_a_duplicate() -> None:
    plain = a_request()
    again = a_request(other_open=(OpenRequest(41, plain.subject, plain.text),))
    screening = Screen().run(again)["screening"]
    assert (screening.verdict, screening.duplicate_of) == (ScreenVerdict.DUPLICATE, 41)
    assert "#41" in screening.reasons[0]


def test_another_question_or_a_reply_is_no_duplicate() -> None:
    other = OpenRequest(41, "Invoice address", "Please change the address on our invoices.")
    assert Screen().run(a_request(other_open=(other,)))["screening"].verdict is ScreenVerdict.PLAIN
    plain = a_request()
    reply = a_request(is_first=False, other_open=(OpenRequest(41, plain.subject, plain.text),))
    assert Screen().run(reply)["screening"].verdict is ScreenVerdict.PLAIN


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (
            "I came across your website. Our SEO team will increase your traffic with backlinks. Unsubscribe here.",
            ScreenVerdict.SPAM,
        ),
        ("The unsubscribe link in our newsletter answers with error 500.", ScreenVerdict.PLAIN),
        ("Our shop's SEO settings are not saved: the meta title stays empty.", ScreenVerdict.PLAIN),
    ],
)
def test_only_what_reads_like_an_offer_is_spam(text: str, verdict: ScreenVerdict) -> None:
    assert Screen().run(a_request("Hello", text))["screening"].verdict is verdict
