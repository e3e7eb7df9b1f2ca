"""What a message says, without the mail around it."""

import pytest

from triage.wording import essence, likeness, with_subject


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hello team,\nmy export fails.\nThanks a lot,\n", "my export fails."),
        ("It fails.\n\nOn Mon, 1 Mar 2024, Jane wrote:\n> old words\n", "It fails."),
        ("It fails.\n-- \nJane Roe\nACME", "It fails."),
        ("> quoted\nnew words", "new words"),
        ("", ""),
    ],
)
def test_pleasantries_quotes_and_signatures_do_not_count(text: str, left: str) -> None:
    assert essence(text) == left


def test_the_subject_stands_first_and_once() -> None:
    assert with_subject("Re: Export fails", "It stops at 5 %.") == "Export fails\nIt stops at 5 %."
    assert with_subject("Export fails", "Export fails every night") == "Export fails every night"


def test_hostile_text_is_bounded() -> None:
    assert len(essence("x" * 3_000_000)) <= 6_000
    assert len(essence("a\n" * 500_000)) <= 6_000


def test_likeness_runs_from_nothing_to_the_same() -> None:
    assert likeness("my export fails at night", "my export fails at night") == 1.0
    assert likeness("my export fails at night", "please change our invoice address") == 0.0
    assert likeness("", "anything") == 0.0
