"""An answer is exactly of one shape and within its sizes, or it is none."""

import json

import pytest

from triage.answers import MAX_CHARACTERS, MAX_SENTENCES, Said, parse_answer
from triage.choices import NotWorded
from triage.errors import NotWordedError


def _answer(*entries: object) -> str:
    return json.dumps({"sentences": list(entries)})


def test_an_answer_is_sentences_with_the_number_of_a_passage() -> None:
    read = parse_answer(_answer({"text": " It stops. ", "passage": 1}, {"text": "Run\nthis", "passage": 2}))
    assert read == (Said("It stops.", 1), Said("Run\nthis", 2))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", NotWorded.EMPTY),
        (" \n", NotWorded.EMPTY),
        (_answer(), NotWorded.EMPTY),
        ("Sure! Here is the reply.", NotWorded.MALFORMED),
        ("```json\n" + _answer({"text": "a", "passage": 1}) + "\n```", NotWorded.MALFORMED),
        (_answer({"text": "a", "passage": 1}) + " done", NotWorded.MALFORMED),
        ("[" * 20_000, NotWorded.MALFORMED),
        ("[]", NotWorded.MALFORMED),
        ("null", NotWorded.MALFORMED),
        ('{"sentences": {}}', NotWorded.MALFORMED),
        ('{"sentences": [], "action": "send"}', NotWorded.MALFORMED),
        ('{"sentences": [{"text": "a", "passage": 1}], "sentences": []}', NotWorded.MALFORMED),
        ('{"sentences": [{"text": "a", "passage": NaN}]}', NotWorded.MALFORMED),
        (_answer("a"), NotWorded.MALFORMED),
        (_answer({"text": "a"}), NotWorded.MALFORMED),
        (_answer({"text": "a", "passage": "1"}), NotWorded.MALFORMED),
        (_answer({"text": "a", "passage": True}), NotWorded.MALFORMED),
        (_answer({"text": "a", "passage": 1.0}), NotWorded.MALFORMED),
        (_answer({"text": ["a"], "passage": 1}), NotWorded.MALFORMED),
        (_answer({"text": "a", "passage": 1, "send": True}), NotWorded.MALFORMED),
        (_answer({"text": " ", "passage": 1}), NotWorded.MALFORMED),
        (_answer({"text": "a\u202eb", "passage": 1}), NotWorded.MALFORMED),
        (_answer({"text": "a\u200bb", "passage": 1}), NotWorded.MALFORMED),
        (_answer({"text": "a\x00b", "passage": 1}), NotWorded.MALFORMED),
        ('{"sentences": [{"text": "\\ud800", "passage": 1}]}', NotWorded.MALFORMED),
        ('{"sentences": [{"text": "a", "passage": ' + "9" * 5_000 + "}]}", NotWorded.MALFORMED),
        (_answer({"text": "a" * 5_000, "passage": 1}), NotWorded.TOO_LONG),
        (_answer(*[{"text": "a", "passage": 1}] * (MAX_SENTENCES + 1)), NotWorded.TOO_LONG),
        (" " * MAX_CHARACTERS + "{}", NotWorded.TOO_LONG),
    ],
)
def test_anything_else_is_none_with_a_reason(answer: str, reason: NotWorded) -> None:
    with pytest.raises(NotWordedError) as caught:
        parse_answer(answer)
    assert caught.value.reason is reason
