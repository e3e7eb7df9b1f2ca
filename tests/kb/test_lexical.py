"""Terms and weights: folding, stemming, identifiers, and BM25 as an inner product."""

import math
import threading

import pytest

from kb.retrieval import lexical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("exporting", "exported"),
        ("Größe", "GROSSE"),
        ("ﬁle", "file"),
        ("catalog_product", "catalog product"),
        ("OrderExport", "order export"),
        ("全角検索", "検索"),
    ],
)
def test_spellings_meet_in_a_term(one: str, other: str) -> None:
    assert set(lexical.terms(one)) & set(lexical.terms(other))


def test_an_identifier_is_a_term_of_its_own_and_by_its_parts() -> None:
    assert list(lexical.terms("2.4.3-p1")) == ["2.4.3-p1", "2", "4", "3", "p1"]
    assert "indexer:set-mode" in set(lexical.terms("run indexer:set-mode"))


def test_a_language_brings_its_own_stems() -> None:
    assert set(lexical.terms("Bestellungen", "de")) == set(lexical.terms("Bestellung", "de"))
    assert list(lexical.terms("слово", "xx")) == ["слово"]


def test_keys_fit_the_sparse_vectors() -> None:
    assert all(0 <= lexical.term_key(f"term{n}") < lexical.TERM_SPACE for n in range(10_000))
    assert len({lexical.term_key(f"term{n}") for n in range(10_000)}) == 10_000


def test_the_inner_product_is_bm25() -> None:
    field = lexical.FieldStatistics(pivot=10.0)
    weights = lexical.document_weights({1: 3, 2: 1}, field)
    norm = 1.5 * (1 - 0.75 + 0.75 * 4 / 10)
    assert weights[1] == pytest.approx(3 * 2.5 / (3 + norm))
    assert lexical.inverse_frequency(100, 4) == pytest.approx(math.log(1 + 96.5 / 4.5))


def test_pairs_are_neighbours_over_short_words_and_kept_where_a_field_keeps_them() -> None:
    key = lexical.term_key
    assert lexical.pairs(lexical.terms("the back of the television")) == {(key("back"), key("televis"))}
    assert lexical.pairs(lexical.terms("error 42 is back")) == {(key("error"), key("42")), (key("42"), key("back"))}
    words = list(lexical.terms("cache cleared"))
    pair = lexical.pair_key(key(words[0]), key(words[1]))
    assert lexical.field_weights(words, lexical.PASSAGE)[pair] == 1
    assert pair not in lexical.field_weights(words, lexical.TITLE)
    assert pair != lexical.pair_key(key(words[1]), key(words[0]))
    assert 0 <= pair < lexical.TERM_SPACE


@pytest.mark.parametrize(("documents", "holding"), [(0, 0), (1, 1), (10, 10), (5, 7)])
def test_a_weight_is_never_negative_or_undefined(documents: int, holding: int) -> None:
    holding = min(holding, documents)
    assert lexical.inverse_frequency(documents, holding) >= 0


def test_threads_stem_alike() -> None:
    words = [
        f"{stem}{end}" for stem in ("index", "export", "deliver", "connect") for end in ("ing", "ed", "s", "ions")
    ] * 40
    expected = list(lexical.terms(" ".join(words)))
    lexical._stem.cache_clear()
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(list(lexical.terms(" ".join(words))))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 6


@pytest.mark.parametrize(("typed", "meant"), [("exprot", "export"), ("passwrd", "password"), ("invoicee", "invoices")])
def test_one_slip_of_the_fingers_is_near_what_was_meant(typed: str, meant: str) -> None:
    (key,) = lexical.count_terms(meant)
    assert key in lexical.near_keys(typed)


def test_another_first_letter_or_two_slips_are_another_word() -> None:
    (key,) = lexical.count_terms("export")
    assert not {key} & {*lexical.near_keys("axport"), *lexical.near_keys("exrpto"), *lexical.near_keys("export")}
