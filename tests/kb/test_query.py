"""A question is redacted, cleaned and bounded, and read for what it names."""

import pytest

from kb.retrieval.query import clean, read_question


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a\n\n b\t c ", "a b c"),
        ("before ======== after", "before after"),
        ("x " + "A" * 200 + " y", "x y"),
        ("nul\x00 byte", "nul byte"),
    ],
)
def test_noise_is_removed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_no_secret_of_a_pasted_log_takes_part() -> None:
    question = read_question("it says password=hunter2hunter for uma@example.org")
    assert "hunter2hunter" not in question.text
    assert "uma@example.org" not in question.text


def test_signatures_are_read_from_the_whole_text() -> None:
    question = read_question("It began today. " * 40 + "ORA-00942 " + "and so on " * 80)
    assert [signature.value for signature in question.signatures] == ["ORA-00942"]


@pytest.mark.parametrize(
    ("text", "latin"), [("résumé", True), ("12345", True), ("検索が動かない", False), ("привет мир", False)]
)
def test_texts_in_other_scripts_are_recognised(text: str, latin: bool) -> None:
    assert read_question(text).is_latin is latin


def test_an_endless_text_is_bounded() -> None:
    question = read_question("lorem ipsum dolor " * 20_000)
    assert len(question.text) <= 6_000
    assert len(question.counts) <= 160


def test_the_plain_words_of_a_question_may_be_slips_and_those_of_a_report_are_names() -> None:
    typed = read_question("Where is teh exprot of 2FA tokens in catalog_product?").typed
    assert set(typed.values()) == {"where", "exprot", "tokens"}
    assert read_question("the exprot stops " * 20).typed == {}
