"""What a reader finds, what stays hidden, when there is silence, and what is left when the vectors fail."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from pytest_django.plugin import DjangoDbBlocker

from kb.models import ArticlePage, Passage, PassageVector, SourceText
from kb.retrieval import embedder, legs
from kb.retrieval.legs import Degradation
from kb.retrieval.query import read_question
from kb.retrieval.timing import Stopwatch
from kb.retrieval.weighing import Weights
from kb.search import find, search, snippet
from portal import database
from tests.conftest import SITE_ROLES, Site
from tests.kb.library import index, publish

PUBLIC = frozenset({"public"})
ACME = frozenset({"public", "org:1"})


def fill_shelf(site: Site) -> dict[str, ArticlePage]:
    pages = {
        "password": publish(
            "Reset a lost password", "Open the profile page and press Reset. A mail with a link comes."
        ),
        "export": publish("Nightly export stops", "The export stops when the queue is full. Empty the export queue."),
        "denied": publish("Folder cannot be written", "Windows answers 0x80070005: the folder is read only."),
        "theme": publish("Change the colours of the theme", "Choose a palette in the theme editor and save it."),
        "acme": publish(
            "The private gateway of Acme", "Requests of Acme enter through gateway seven.", audience="org:1"
        ),
    }
    index(site, *pages.values())
    return pages


@pytest.fixture
def shelf(site: Site) -> dict[str, ArticlePage]:
    """A shelf of a test's own, to change."""
    return fill_shelf(site)


@pytest.fixture(scope="module")
def library(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, ArticlePage]]:
    """One shelf for all tests that only read it."""
    name = f"handrail_library_{os.getpid()}_{secrets.token_hex(4)}"
    database.clone_template(name, roles=SITE_ROLES)
    try:
        with django_db_blocker.unblock(), database.using(role="web", database=name):
            yield fill_shelf(Site(name))
    finally:
        database.drop_database(name)


def titles(text: str, audiences: frozenset[str] = PUBLIC) -> list[str]:
    return [hit.title for hit in search(text, audiences=audiences)]


def test_an_article_is_found_by_meaning(library: dict[str, ArticlePage]) -> None:
    assert titles("I forgot my login and cannot sign in any more")[0] == "Reset a lost password"


def test_an_article_is_found_by_words_the_model_does_not_know(library: dict[str, ArticlePage]) -> None:
    assert titles("export queue full")[0] == "Nightly export stops"


def test_an_error_code_finds_its_article_and_is_given_as_the_reason(library: dict[str, ArticlePage]) -> None:
    hit = search("it says 0X80070005 whenever I press save", audiences=PUBLIC)[0]
    assert hit.title == "Folder cannot be written"
    assert "code 0x80070005" in hit.matched


def test_a_hit_points_at_the_exact_passage_and_its_writer(library: dict[str, ArticlePage]) -> None:
    hit = search("how do I reset my password", audiences=PUBLIC)[0]
    source = SourceText.objects.get(pk=hit.source_text_id)
    assert source.text[hit.start : hit.end].startswith("Open the profile page")
    assert (hit.article_id, hit.revision_id) == (library["password"].pk, library["password"].live_revision_id)
    assert hit.written_by == library["password"].written_by
    assert hit.url == library["password"].url
    assert 0 < hit.score <= 1


@pytest.mark.parametrize("text", ["", "   \n ", "weather on mars tomorrow", "Which stocks should I buy?", "===== ----"])
def test_nothing_relevant_means_silence(library: dict[str, ArticlePage], text: str) -> None:
    assert titles(text) == []


def test_a_mistyped_word_finds_what_the_right_one_finds(library: dict[str, ArticlePage]) -> None:
    found = legs.gather(read_question("nightly exprot queue"), audiences=PUBLIC, watch=Stopwatch())
    right = legs.gather(read_question("nightly export queue"), audiences=PUBLIC, watch=Stopwatch())
    assert found.weights.passages.keys() == right.weights.passages.keys()
    assert sum(found.weights.passages.values()) < sum(right.weights.passages.values())
    assert titles("nightly exprot queue")[0] == "Nightly export stops"


def test_without_a_floor_the_nearest_is_shown(library: dict[str, ArticlePage]) -> None:
    assert search("weather on mars tomorrow", audiences=PUBLIC, floor=0.0)


def test_an_empty_index_answers_with_silence(site: Site) -> None:
    assert find("anything at all", audiences=PUBLIC).hits == ()


def test_a_restricted_article_is_found_by_its_readers(library: dict[str, ArticlePage]) -> None:
    assert titles("private gateway of Acme", ACME)[0] == "The private gateway of Acme"


@pytest.mark.parametrize("audiences", [PUBLIC, frozenset({"public", "org:2"}), frozenset({"staff"}), frozenset[str]()])
def test_a_restricted_article_is_never_a_hit_for_others(
    library: dict[str, ArticlePage], audiences: frozenset[str]
) -> None:
    hits = search("private gateway of Acme", audiences=audiences, limit=50, floor=0.0)
    assert "The private gateway of Acme" not in [hit.title for hit in hits]


@pytest.mark.parametrize(("known", "typed"), [("exprot", "exprot"), ("axport", "aexport")])
def test_a_restricted_word_is_no_word_to_others(
    site: Site, shelf: dict[str, ArticlePage], known: str, typed: str
) -> None:
    """As it is typed it would keep a reader's slip from being mended; near to it, it would be what they meant."""
    before = weighed(typed, PUBLIC)
    index(site, *(publish(f"Notes {number}", f"The {known} of {number}", audience="staff") for number in range(9)))
    assert weighed(typed, PUBLIC) == before
    assert weighed(typed, PUBLIC | {"org:1"}) != weighed(typed, PUBLIC | {"staff"}) != before


def weighed(text: str, audiences: frozenset[str]) -> Weights:
    return legs.gather(read_question(text), audiences=audiences, watch=Stopwatch()).weights


def test_the_article_decides_last_even_when_the_index_is_behind(site: Site, shelf: dict[str, ArticlePage]) -> None:
    """Unpublished and restricted a moment ago, still in the index: no hit."""
    ArticlePage.objects.filter(pk=shelf["password"].pk).update(audience="staff")
    shelf["export"].unpublish()
    assert titles("reset my lost password") == []
    assert titles("export queue full") == []


def test_without_the_embedder_words_answer_and_the_reason_is_given(
    library: dict[str, ArticlePage], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedder, "embedder_directory", lambda _graph: tmp_path)
    outcome = find("the export queue is full", audiences=PUBLIC)
    assert outcome.degraded == Degradation.EMBEDDER_MISSING
    assert outcome.hits[0].title == "Nightly export stops"
    assert find("weather on mars tomorrow", audiences=PUBLIC).hits == ()


def test_without_the_vectors_table_words_answer_and_the_reason_is_given(
    site: Site, shelf: dict[str, ArticlePage]
) -> None:
    with site.as_role("owner"), connection.cursor() as cursor:
        cursor.execute("REVOKE SELECT ON kb_passagevector FROM handrail_web")
    outcome = find("the export queue is full", audiences=PUBLIC)
    assert outcome.degraded == Degradation.VECTORS_FAILED
    assert outcome.hits[0].title == "Nightly export stops"


def test_a_slow_vector_probe_is_given_up_and_words_answer(site: Site, shelf: dict[str, ArticlePage]) -> None:
    """Somebody holds a lock on the vectors: the probe's own time limit ends the wait."""
    other = site.connect("owner")
    other.execute("LOCK TABLE kb_passagevector IN ACCESS EXCLUSIVE MODE")
    try:
        outcome = find("the export queue is full", audiences=PUBLIC, patience_ms=60)
    finally:
        other.rollback()
        other.close()
    assert outcome.degraded == Degradation.TIMED_OUT
    assert outcome.hits[0].title == "Nightly export stops"


def test_a_callers_transaction_keeps_its_own_time_limit(library: dict[str, ArticlePage]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '7s'")
        assert find("the export queue is full", audiences=PUBLIC).hits
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("7s",)


def test_another_script_is_searched_by_words_and_says_so(site: Site) -> None:
    index(site, publish("検索が動かない", "索引を再構築してください。", language="ja"))
    outcome = find("検索が動かない", audiences=PUBLIC)
    assert outcome.degraded == Degradation.LANGUAGE
    assert [hit.title for hit in outcome.hits] == ["検索が動かない"]


def test_english_answers_where_the_readers_language_has_nothing(library: dict[str, ArticlePage]) -> None:
    with translation.override("de"):
        assert titles("export queue full")[0] == "Nightly export stops"


def test_a_secret_in_the_question_is_not_searched_for(site: Site) -> None:
    index(site, publish("Examples", "An example is hunter2hunter1, and nothing else is said."))
    assert titles("password: hunter2hunter1") == []


def test_a_question_takes_few_statements_however_many_articles_answer(
    shelf: dict[str, ArticlePage], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Nobody's articles: whom they name must not be asked for one by one. One statement looks for slips."""
    ArticlePage.objects.update(owner=None, live_revision=None)
    question = "error in the export queue of the nightly report"
    find(question, audiences=PUBLIC)  # for what is read once a process and planned once a connection
    with django_assert_max_num_queries(5):
        assert len(find(question, audiences=PUBLIC, floor=0).hits) > 2


def test_stages_are_timed(library: dict[str, ArticlePage]) -> None:
    timings = find("export queue full", audiences=PUBLIC).timings
    assert set(timings) == {"analyse", "curate", "weigh", "words", "embed", "score", "authorise"}


def test_the_approximate_probe_finds_what_the_exact_scan_finds(site: Site, shelf: dict[str, ArticlePage]) -> None:
    """Recall of the HNSW index against exact order, on random vectors beside the real ones."""
    passage = PassageVector.objects.first()
    assert passage is not None
    chance = np.random.default_rng(3)
    with site.as_role("owner"), connection.cursor() as cursor:
        copied = [field.column for field in Passage._meta.concrete_fields if not field.primary_key]
        columns = ", ".join(f'"{column}"' for column in copied)
        cursor.execute(
            f"INSERT INTO kb_passage ({columns}) SELECT {columns} FROM kb_passage, generate_series(1, 600)"
            " WHERE id = %s RETURNING id",
            [passage.passage_id],
        )
        for (copy,) in cursor.fetchall():
            vector = chance.normal(size=embedder.DIMENSIONS)
            cursor.execute(
                "INSERT INTO kb_passagevector (passage_id, side, vector, is_public) VALUES (%s, 0, %s::halfvec, true)",
                [copy, str((vector / np.linalg.norm(vector)).tolist())],
            )
        probe = str(chance.normal(size=embedder.DIMENSIONS).tolist())
        query = "SELECT id FROM kb_passagevector WHERE side = 0 AND is_public ORDER BY vector <=> %s::halfvec LIMIT 30"
        cursor.execute("SET enable_seqscan = off; SET hnsw.ef_search = 80")
        cursor.execute(query, [probe])
        near = {row[0] for row in cursor.fetchall()}
        cursor.execute("EXPLAIN " + query, [probe])
        assert "kb_vector_public_0" in str(cursor.fetchall())
        cursor.execute("SET enable_seqscan = on; SET enable_indexscan = off")
        cursor.execute(query, [probe])
        assert len(near & {row[0] for row in cursor.fetchall()}) >= 27


def test_a_snippet_is_one_line_cut_at_a_word() -> None:
    assert snippet("one\n\n two") == "one two"
    cut = snippet("word " * 100)
    assert len(cut) <= 283
    assert cut.endswith("word …")
