"""Another index beside the live one: built while people search and publish, checked, switched to, and back again."""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pgvector import HalfVector

from kb.errors import GenerationRefusedError
from kb.models import ArticlePage, Generation, GenerationEntry, Passage, PassageVector
from kb.retrieval import bulk
from kb.retrieval.checking import check
from kb.retrieval.embedder import DIMENSIONS, FULL, INT8, EmbedderUnavailable, get_embedder
from kb.retrieval.generations import begin_generation, drop_generation, live_generation, switch_to
from kb.retrieval.golden import compare, golden_questions
from kb.retrieval.indexing import IndexOutcome, index_article, index_articles
from kb.retrieval.reconcile import statistics_drifted
from kb.search import find
from kb.tasks import reconcile_index
from tests.conftest import Site
from tests.kb.library import index, index_differences, publish, rewrite

PUBLIC = frozenset({"public"})
SHORT = 60


@pytest.fixture
def full() -> str:
    """The embedder before it was quantised."""
    try:
        get_embedder(FULL)
    except EmbedderUnavailable as missing:
        pytest.skip(f"{missing}; `python -m kb.retrieval.embedder_setup --full` builds it")
    return FULL


@pytest.fixture
def library(site: Site) -> list[ArticlePage]:
    """Articles of one and of several passages, indexed."""
    long = " ".join(f"Step {number}: open the export page, choose the queue and wait." for number in range(40))
    pages = [
        publish("The export queue is full", long),
        publish("Change your password", "Open your account and choose a new password.", "A mail confirms it."),
        publish(
            "The database refuses",
            body=[("known_error", {"message": "SQLSTATE[42S02] base table missing", "meaning": "<p>Run set-up.</p>"})],
        ),
        publish("Internal rates", "What we charge partners for imports.", audience="staff"),
        publish("Bestellungen ausführen", "Der Export der Bestellungen bleibt stehen.", language="de"),
    ]
    index(site, *pages)
    return pages


@pytest.fixture
def operator(site: Site, library: list[ArticlePage]) -> Iterator[None]:
    """As the command runs, once the library stands."""
    with site.as_role("worker"):
        yield


def reindex(*options: str) -> None:
    call_command("reindex_articles", *options)


def answers(side: int | None = None) -> tuple[str, ...]:
    """What a reader gets; the relevance tells which embedder read the question, and the span how it was cut."""
    outcome = find("the export queue is full and waits", audiences=PUBLIC, floor=0, side=side, patience_ms=30_000)
    shown = [f"{hit.article_id} {hit.start}-{hit.end} {hit.relevance:.9f}" for hit in outcome.hits]
    return (str(outcome.degraded), *shown)


@pytest.mark.usefixtures("operator")
def test_another_embedder_is_built_beside_checked_switched_to_and_back(
    full: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = answers()
    reindex("--beside", "full", "--embedder", full)
    assert answers() == before
    reindex("--check", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["live"], told["beside"]) == ("first", "full")
    assert told["golden"]["questions"] == 6
    assert told["golden"]["beside"]["first_three"] == told["golden"]["live"]["first_three"] == 1
    reindex("--switch")
    after = answers()
    assert after == answers(side=1) != before
    assert live_generation().embedder == full
    GenerationEntry.objects.filter(generation__name="first").first().delete()  # type: ignore[union-attr]
    reindex("--back")  # what it lacks of articles it is given first
    assert answers() == before


@pytest.mark.usefixtures("operator")
def test_passages_of_another_size_keep_what_they_share(capsys: pytest.CaptureFixture[str]) -> None:
    reindex("--beside", "short", "--pieces", str(SHORT), "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    sides = [Passage.objects.filter(side=side, vector__isnull=False) for side in (0, 1)]
    assert sides[1].count() > sides[0].count()
    digests = [set(passages.values_list("digest", flat=True)) for passages in sides]
    assert digests[0] & digests[1]
    assert told["embedded"] == len(digests[1] - digests[0]) > 0
    assert not statistics_drifted()
    reindex("--switch")
    assert answers() == answers(side=1)


@pytest.mark.usefixtures("library")
def test_searches_during_a_switch_are_whole_and_never_mixed(site: Site, full: str) -> None:
    """Both embedder and passages differ, so an answer that took anything from each would be a third one."""
    with site.as_role("worker"):
        reindex("--beside", "other", "--embedder", full, "--pieces", str(SHORT))
        other = Generation.objects.get(name="other")
        first = live_generation()
        pure = {answers(side=0), answers(side=1)}
        assert len(pure) == 2
        seen: list[tuple[str, ...]] = []
        failures: list[Exception] = []
        stop = threading.Event()

        def read() -> None:
            try:
                while not stop.is_set():
                    seen.append(answers())
            except Exception as error:  # noqa: BLE001 - whatever it is, it fails the test below
                failures.append(error)
            finally:
                connection.close()

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for turn in range(8):
            reached = len(seen) + 6
            switch_to(first if turn % 2 else other)
            while len(seen) < reached and not failures:
                stop.wait(0.01)
        stop.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert set(seen) == pure


def test_what_is_published_during_a_build_is_in_both(site: Site, library: list[ArticlePage]) -> None:
    with site.as_role("worker"):
        short = begin_generation("short", pieces=SHORT)
        index_article(library[0].pk, into=short)
    late = publish("Late words", "Something about invoices.")
    rewrite(library[0], "The queue is empty now.")
    library[1].unpublish()
    index(site, late, library[0], library[1])
    with site.as_role("worker"):
        reindex("--beside", "short")
        for side in (0, 1):
            found = {
                page.pk
                for page in [*library[:2], late]
                if Passage.objects.filter(side=side, article_id=page.pk).exists()
            }
            assert found == {late.pk, library[0].pk}
            hits = find("The queue is empty now", audiences=PUBLIC, floor=0, side=side, limit=1).hits
            assert hits[0].snippet == "The queue is empty now."
        assert not statistics_drifted()
        assert check(short).passed


@pytest.mark.usefixtures("operator")
def test_a_build_that_was_stopped_goes_on_and_nothing_is_switched_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_after_two(ids: Sequence[int], *, into: Generation, embed: bulk.Meter) -> dict[int, IndexOutcome]:
        if GenerationEntry.objects.filter(generation=into).count() == 2:
            raise KeyboardInterrupt
        return index_articles(ids, into=into, embed=embed)

    with monkeypatch.context() as pressed:
        pressed.setattr(bulk, "index_articles", stop_after_two)
        with pytest.raises(CommandError, match="2 of 5 articles"):
            reindex("--beside", "short", "--pieces", str(SHORT), "--jobs", "1")
    assert reconcile_index() == 0  # an unfinished one is left to whoever builds it
    with pytest.raises(CommandError, match="3 articles are missing"):
        reindex("--switch")
    with pytest.raises(GenerationRefusedError, match="lacks 3 articles"):
        switch_to(Generation.objects.get(name="short"))
    with pytest.raises(CommandError, match="never answered"):
        reindex("--back")
    assert live_generation().name == "first"
    reindex("--beside", "short")
    reindex("--switch")
    assert live_generation().name == "short"


@pytest.mark.usefixtures("operator")
def test_the_sweep_keeps_both_whole(site: Site, library: list[ArticlePage]) -> None:
    reindex("--beside", "short", "--pieces", str(SHORT))
    GenerationEntry.objects.filter(article_id=library[1].pk, generation__name="short").delete()
    assert reconcile_index() == 1
    index_differences(site)
    assert reconcile_index() == 0


@pytest.mark.usefixtures("operator")
def test_what_finds_less_or_is_not_what_it_says_may_not_answer(library: list[ArticlePage], tmp_path: Path) -> None:
    reindex("--beside", "short", "--pieces", str(SHORT))
    beside = Generation.objects.get(name="short")
    assert compare(golden_questions(), live=live_generation(), beside=beside).holds
    vectors = PassageVector.objects.filter(side=beside.side)
    vectors.update(vector=HalfVector([1.0] + [0.0] * (DIMENSIONS - 1)))
    assert any("come out otherwise" in fault for fault in check(beside).faults)
    vectors.filter(passage__article_id=library[1].pk).delete()
    assert any("than their manifest counts" in fault for fault in check(beside).faults)
    Passage.objects.filter(side=beside.side, article_id=library[1].pk).delete()
    compared = compare(golden_questions(), live=live_generation(), beside=beside)
    assert not compared.holds
    assert compared.lost == (library[1].pk,)
    with pytest.raises(CommandError, match="may not answer"):
        reindex("--switch")
    assert live_generation().name == "first"
    questions = tmp_path / "questions"
    questions.write_text("no json\n")
    with pytest.raises(CommandError, match="not lines of"):
        reindex("--check", "--questions", str(questions))


def test_recorded_and_given_questions_are_asked_too(site: Site, library: list[ArticlePage]) -> None:
    with site.as_role("worker"):
        questions = golden_questions([("how do I get a new password", library[1].pk), ("gone", 0)])
    asked = {(question.text, question.article_id) for question in questions}
    assert ("how do I get a new password", library[1].pk) in asked
    assert ("SQLSTATE[42S02] base table missing", library[2].pk) in asked
    assert "gone" not in {question.text for question in questions}


@pytest.mark.usefixtures("operator")
def test_there_is_room_for_one_beside_and_the_live_one_stays() -> None:
    reindex("--beside", "short", "--pieces", str(SHORT))
    for name, options, refusal in (
        ("first", {}, "is live"),
        ("third", {}, "--drop short"),
        ("short", {"pieces": 100}, "other settings"),
        ("short", {"embedder": FULL}, "other settings"),
    ):
        with pytest.raises(GenerationRefusedError, match=refusal):
            begin_generation(name, **options)
    with pytest.raises(GenerationRefusedError, match="is live"):
        drop_generation("first")
    reindex("--switch")
    with pytest.raises(GenerationRefusedError, match="a moment ago"):
        drop_generation("first")
    reindex("--back")
    Generation.objects.filter(name="short").update(left_at=None)
    reindex("--drop", "short")
    assert not Passage.objects.filter(side=1).exists()
    assert not statistics_drifted()
    for pieces in (10, 1000):
        with pytest.raises(GenerationRefusedError, match="passages of"):
            begin_generation("third", pieces=pieces)
    assert begin_generation("third", embedder=INT8).side == 1


@pytest.mark.usefixtures("library")
def test_a_page_cannot_switch(site: Site) -> None:
    with site.as_role("worker"):
        reindex("--beside", "short", "--pieces", str(SHORT))
        short = Generation.objects.get(name="short")
    with pytest.raises(DatabaseError), transaction.atomic():
        switch_to(short)
    with site.as_role("worker"):
        switch_to(short)
    assert live_generation() == short
