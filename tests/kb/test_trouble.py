"""Search without its vectors: words answer, and whoever runs the site learns since when, why and what to do."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from kb.models import SearchTrouble
from kb.retrieval import embedder, health, trouble
from kb.search import find
from tests.conftest import Site
from tests.factories import make_rep, sign_in
from tests.kb.library import index, publish

PUBLIC = frozenset({"public"})
ASKED = "the export queue is full"


@pytest.fixture
def shelf(site: Site) -> Site:
    index(site, publish("Nightly export stops", "The export stops when the queue is full. Empty the export queue."))
    trouble.forget()
    return site


def answers(reason: str | None, *, patience_ms: int = 5_000) -> bool:
    outcome = find(ASKED, audiences=PUBLIC, patience_ms=patience_ms)
    return outcome.degraded == reason and outcome.hits[0].title == "Nightly export stops"


def without_vector_index(site: Site) -> None:
    with site.as_role("owner"), connection.cursor() as cursor:
        cursor.execute("DROP INDEX kb_vector_public_0")


def test_a_search_that_goes_well_leaves_nothing(shelf: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert answers(None)
    assert not SearchTrouble.objects.exists()
    call_command("check_search")
    assert "by meaning and by words" in capsys.readouterr().out


def test_an_embedder_that_is_gone_is_told(
    shelf: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANDRAIL_EMBEDDER_DIR", str(tmp_path))
    monkeypatch.setattr(embedder, "embedder_directory", lambda _graph: tmp_path)
    assert answers("embedder_missing")
    with pytest.raises(SystemExit):
        call_command("check_search")
    told = capsys.readouterr().out
    assert "make setup" in told
    assert "1 searches" in told


def test_a_vector_index_that_is_gone_is_told_and_can_be_built_again(shelf: Site) -> None:
    """Few vectors are read without it in time. With many, as with a lock on them, time runs out."""
    without_vector_index(shelf)
    assert answers(None)
    (finding,) = health.check().findings
    assert "kb_vector_public_0" in finding.what
    other = shelf.connect("owner")
    other.execute("LOCK TABLE kb_passagevector IN ACCESS EXCLUSIVE MODE")
    assert answers("vector_index_missing", patience_ms=60)
    other.rollback()
    other.close()
    (spell,) = health.check().going_on
    assert "--mend" in spell.to_do
    with pytest.raises(CommandError):
        call_command("check_search", "--mend")
    with shelf.as_role("owner"):
        assert health.mend() == "kb_vector_public_0"
        assert health.mend() == ""
    assert health.check().findings == ()


def test_vectors_that_take_too_long_are_told(shelf: Site) -> None:
    other = shelf.connect("owner")
    other.execute("LOCK TABLE kb_passagevector IN ACCESS EXCLUSIVE MODE")
    assert answers("timed_out", patience_ms=60)
    other.rollback()
    other.close()
    (spell,) = health.spells()
    assert (spell.reason, spell.times, spell.is_going_on) == ("timed_out", 1, True)


def test_passages_without_a_vector_are_told_unless_the_embedder_does_not_read_them(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(embedder, "embedder_directory", lambda _graph: tmp_path)
        index(site, publish("The queue", "It is full."), publish("Die Schlange", "Sie ist voll.", language="de"))
    (finding,) = health.check().findings
    assert finding.what.startswith("1 passages")


def test_many_such_searches_cost_one_statement_every_few_seconds(
    shelf: Site, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    trouble.note("timed_out")
    with django_assert_num_queries(0):
        for _ in range(5):
            trouble.note("timed_out")
    monkeypatch.setattr(trouble, "SECONDS", 0)
    trouble.note("timed_out")
    assert [spell.times for spell in health.spells()] == [7]


def test_a_spell_ends_and_another_begins(shelf: Site) -> None:
    trouble.note("timed_out")
    SearchTrouble.objects.update(last_at=timezone.now() - 2 * trouble.SPELL)
    assert not health.is_troubled()
    trouble.forget()
    trouble.note("timed_out")
    assert [spell.is_going_on for spell in health.spells()] == [True, False]
    SearchTrouble.objects.update(last_at=timezone.now() - health.REMEMBERED - timedelta(days=1))
    assert health.spells() == ()


def test_what_cannot_be_noted_stops_no_search(shelf: Site) -> None:
    with shelf.as_role("owner"), connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON kb_searchtrouble FROM handrail_web")
        cursor.execute("REVOKE SELECT ON kb_passagevector FROM handrail_web")
    assert answers("vectors_failed")


def test_leads_see_it_on_their_queue_and_on_a_page_and_nobody_else_does(shelf: Site) -> None:
    trouble.note("embedder_missing")
    page = reverse("agents:search_health")
    lead, rep = sign_in(make_rep("Lea", lead=True)), sign_in(make_rep("Rita"))
    assert page in lead.get(reverse("agents:queue")).content.decode()
    told = lead.get(page).content.decode()
    assert "Search answers by words alone" in told
    assert "make setup" in told
    assert "by words alone" not in rep.get(reverse("agents:queue")).content.decode()
    assert rep.get(page).status_code == 404
    assert Client().get(page).status_code == 302
