"""A model's sentences take the place of quotations where they stand; order, steps, commands and warnings stay."""

from dataclasses import replace

import pytest

from triage.answers import Said
from triage.choices import NotWorded
from triage.errors import NotWordedError
from triage.facts import Form, Kind, Sentence
from triage.rewording import number_passages, reword

LEAD = "The nightly export stops early in the morning."
CAUSE = "The queue keeps finished jobs until somebody clears it."
WARNING = "Do not delete the queue by hand."
FIRST, SECOND = "Open Tools > Export queue.", "Press Clear finished jobs."
COMMAND = "bin/export run --resume"


def _quoted(text: str, form: Form = Form.SENTENCE) -> Sentence:
    return Sentence(text, Kind.QUOTED, form, source_text_id=11, start=0, end=len(text), quote=text, digest="d")


GREETING, CLOSING = Sentence("Hello,", Kind.NEEDS_WORDS), Sentence("Please write back.", Kind.NEEDS_WORDS)
DRAFT = (
    GREETING,
    _quoted(LEAD),
    _quoted(CAUSE),
    _quoted("Solution", Form.HEADING),
    _quoted(WARNING),
    _quoted(FIRST, Form.STEP),
    _quoted(SECOND, Form.STEP),
    _quoted(COMMAND, Form.COMMAND),
    CLOSING,
)
WORDED_CAUSE = "Your queue will keep finished jobs until somebody clears it."


def _texts(*said: Said) -> list[str]:
    return [sentence.text for sentence in reword(DRAFT, said)]


def _reason(*said: Said) -> NotWorded:
    with pytest.raises(NotWordedError) as caught:
        reword(DRAFT, said)
    return caught.value.reason


def test_passages_are_the_quoted_sentences_numbered_from_one() -> None:
    numbered = number_passages(DRAFT)
    assert [(passage.number, passage.text) for passage in numbered] == list(
        enumerate([LEAD, CAUSE, WARNING, FIRST, SECOND, COMMAND], 1)
    )


def test_a_supported_sentence_stands_with_the_source_of_its_passage() -> None:
    reworded = reword(DRAFT, [Said(WORDED_CAUSE, 2)])
    assert replace(DRAFT[2], text=WORDED_CAUSE, kind=Kind.WORDED) in reworded
    assert reworded[0] is GREETING
    assert reworded[-1] is CLOSING


def test_plain_sentences_may_go_but_no_warning_step_or_command_does() -> None:
    assert _texts(Said(WORDED_CAUSE, 2)) == [
        "Hello,",
        WORDED_CAUSE,
        "Solution",
        WARNING,
        FIRST,
        SECOND,
        COMMAND,
        "Please write back.",
    ]


def test_a_sentence_that_the_next_one_leans_on_stays() -> None:
    draft = (_quoted(LEAD), _quoted("This happens at night."), _quoted(CAUSE))
    reworded = reword(draft, [Said("This then happens at night.", 2), Said(WORDED_CAUSE, 3)])
    assert [sentence.text for sentence in reworded] == [LEAD, "This then happens at night.", WORDED_CAUSE]


def test_the_order_is_the_articles_whatever_the_model_makes_of_it() -> None:
    told = [Said(f"Please press Clear finished jobs.", 5), Said(WORDED_CAUSE, 2), Said(LEAD, 1)]  # noqa: F541
    assert _texts(*told)[1:3] == [LEAD, WORDED_CAUSE]
    assert _texts(*told)[5:7] == [FIRST, "Please press Clear finished jobs."]


def test_an_unsupported_sentence_is_replaced_by_its_passage() -> None:
    told = _texts(Said(WORDED_CAUSE, 2), Said("Please open Tools > Export queue.", 4), Said("Press the big button.", 5))
    assert told == [
        "Hello,",
        WORDED_CAUSE,
        "Solution",
        WARNING,
        "Please open Tools > Export queue.",
        SECOND,
        COMMAND,
        "Please write back.",
    ]


def test_two_sentences_for_one_passage_are_none() -> None:
    assert SECOND in _texts(
        Said(WORDED_CAUSE, 2), Said(LEAD, 1), Said("Press Clear finished jobs.", 5), Said("Please press it.", 5)
    )


@pytest.mark.parametrize("number", [0, 7, -1, 10**30])
def test_a_passage_that_was_not_given_ends_it(number: int) -> None:
    assert _reason(Said(WORDED_CAUSE, 2), Said("Something.", number)) is NotWorded.UNKNOWN_PASSAGE


@pytest.mark.parametrize(
    "invented",
    [
        "Run bin/export drop --all.",
        "See https://evil.example/reset for the queue.",
        "Write to help@evil.example to have the queue cleared.",
        "The queue keeps 12 finished jobs until somebody clears it.",
        "The queue keeps finished jobs until somebody clears EXP-4711.",
        "rm -rf /",
    ],
)
def test_an_invented_command_number_or_address_ends_it(invented: str) -> None:
    assert _reason(Said(WORDED_CAUSE, 2), Said(invented, 1)) is NotWorded.INVENTED


def test_where_most_does_not_stand_nothing_is_trusted() -> None:
    assert _reason(Said("Your refund is on its way.", 1)) is NotWorded.UNSUPPORTED
    lies = [Said("Your refund is on its way.", 1), Said("Everything is fine.", 2)]
    assert _reason(*lies, Said("Please open Tools > Export queue.", 4)) is NotWorded.UNSUPPORTED
    assert _reason() is NotWorded.UNSUPPORTED
