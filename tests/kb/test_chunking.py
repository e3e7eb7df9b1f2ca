"""Passages: exact spans, one heading path each, small enough for the embedder, the same every time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.retrieval.chunking import (
    CONTEXT_PIECES,
    PASSAGE_PIECES,
    Section,
    SectionKind,
    compose,
    estimate_pieces,
    passage_context,
)
from kb.retrieval.embedder import PASSAGE_TOKENS, get_embedder

LONG = " ".join(f"Sentence number {n} says something about the export queue." for n in range(200))


def test_a_passage_is_a_span_of_the_text() -> None:
    article = compose("Title", [Section(("A",), "one"), Section(("A", "B"), LONG), Section((), "end")])
    for passage in article.passages:
        assert article.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
    assert [passage.position for passage in article.passages] == list(range(len(article.passages)))


def test_sections_under_one_heading_share_passages_and_headings_split_them() -> None:
    article = compose(
        "Title",
        [
            Section(("Fix",), "Do this."),
            Section(("Fix",), "run --now", SectionKind.CODE),
            Section(("Why",), "Because."),
        ],
    )
    assert [(p.heading_path, p.text) for p in article.passages] == [
        (("Fix",), "Do this.\n\nrun --now"),
        (("Why",), "Because."),
    ]
    assert article.text == "Fix\n\nDo this.\n\nrun --now\n\nWhy\n\nBecause."


def test_the_title_and_headings_are_embedded_with_the_passage() -> None:
    (passage,) = compose("Reset a password", [Section(("Steps", "On a phone"), "Press Reset.")]).passages
    assert passage.embedded_text == "Reset a password > Steps > On a phone\nPress Reset."


def test_a_long_section_is_cut_at_sentences_within_the_budget() -> None:
    passages = compose("Title", [Section((), LONG)]).passages
    assert len(passages) > 3
    assert all(passage.text.endswith(".") for passage in passages)
    assert all(estimate_pieces(passage.text) <= PASSAGE_PIECES for passage in passages)


def test_the_budget_holds_for_the_real_tokenizer() -> None:
    embedder = get_embedder()
    code = "\n".join(f"bin/magento indexer:set-mode schedule catalog_product_{n} --verbose=TRUE" for n in range(60))
    for text in (LONG, code, "x" * 3000, "Ünïcödé Wörter überall " * 100):
        for passage in compose("A title of the usual length", [Section(("Heading",), text)]).passages:
            assert embedder.count_tokens(passage.embedded_text) <= PASSAGE_TOKENS


def test_an_article_of_a_title_alone_can_be_found() -> None:
    article = compose("Opening hours", [Section((), "  ")])
    assert [(p.text, p.embedded_text) for p in article.passages] == [("Opening hours", "Opening hours")]


def test_unchanged_passages_keep_their_digest_and_changed_ones_do_not() -> None:
    before = compose("T", [Section(("A",), "same"), Section(("B",), "old")]).passages
    after = compose("T", [Section(("New",), "first"), Section(("A",), "same"), Section(("B",), "new")]).passages
    assert before[0].digest == after[1].digest
    assert before[1].digest != after[2].digest


def test_long_headings_are_cut_from_the_outside() -> None:
    path = tuple(f"A rather long heading with number {n} and many more words in it" for n in range(12))
    context = passage_context("The title", path)
    assert estimate_pieces(context) <= CONTEXT_PIECES
    assert context.startswith("The title")
    assert context.endswith(path[-1])


@pytest.mark.parametrize("words", [1, 50, 500])
def test_composing_twice_gives_the_same(words: int) -> None:
    sections = [Section(("H",), "word " * words)]
    assert compose("T", sections) == compose("T", sections)


@given(st.lists(st.tuples(st.lists(st.text(max_size=20), max_size=3), st.text(max_size=600)), max_size=6))
def test_no_word_is_lost(raw: list[tuple[list[str], str]]) -> None:
    sections = [Section(tuple(path), text) for path, text in raw]
    article = compose("T", sections)
    found = "".join("".join(p.text.split()) for p in article.passages)
    assert all("".join(text.split()) in found for _, text in raw if text.strip())
