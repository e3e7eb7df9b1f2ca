"""Which words are marked, and which part of a long passage is shown."""

import pytest

from kb.highlight import excerpt, pieces, sought


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        ("the vault is locked", "The vaults lock.", ["vaults lock"]),
        ("HF-2104", "See HF-2104: locked", ["HF-2104"]),
        ("café", "A CAFE, here", ["CAFE"]),
        ("is it", "It is here", []),
        ("", "It is here", []),
        ("<script>", "a <script> tag", ["script"]),
    ],
)
def test_words_of_the_same_stem_are_marked(question: str, text: str, marked: list[str]) -> None:
    found = pieces(text, sought(question))
    assert [piece.text for piece in found if piece.is_match] == marked
    assert "".join(piece.text for piece in found) == text


def test_an_excerpt_is_begun_where_the_question_is_answered() -> None:
    text = "word " * 100 + "then the vault is locked again " + "word " * 100
    shown = excerpt(text, sought("vault locked"), length=120)
    assert "vault is locked" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) <= 124


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt("one\n\n two", sought("two"), length=100) == "one two"


def test_the_end_of_a_text_is_shown_to_its_end() -> None:
    shown = excerpt("word " * 100 + "vault", sought("vault"), length=60)
    assert shown.endswith("vault")
