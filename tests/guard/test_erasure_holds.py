"""Nothing is added after an erasure, nor slips through while it runs, and nobody undoes it."""

import threading
import time

import psycopg
import pytest

from agents.actions.compositions import keep_words
from agents.models import Composition
from portal.actions.tickets import add_customer_message, add_note
from portal.errors import ErasedError
from tests.conftest import Site
from tests.guard.conftest import RELEASE, Scene, session
from tests.guard.erasing import ADDRESS, WORDS, Case, erase_somebody, rows_with, tell_the_story
from triage.actions.runs import begin_run, store_outcome
from triage.gathering import gather, get_message
from triage.models import NoDraftReason
from triage.pipeline import run_pipeline


@pytest.fixture
def case(site: Site) -> Case:
    return tell_the_story(site)


@pytest.fixture(scope="module")
def erased(standing_scene: Scene) -> Case:
    """One erased person for a whole module of refusals."""
    return erase_somebody(standing_scene)


def test_nothing_can_be_added_to_an_erased_conversation(case: Case) -> None:
    ticket, rep = case.tickets[0], case.scene.rep
    case.erase()
    with pytest.raises(ErasedError):
        add_customer_message(actor=case.person, ticket=ticket, text="Xylograph")
    with pytest.raises(ErasedError):
        add_note(actor=rep, ticket=ticket, text="Xylograph")
    with pytest.raises(ErasedError):
        keep_words(actor=rep, ticket=ticket, version=ticket.version, text="Xylograph")


MESSAGE = "INSERT INTO portal_message (ticket_id, direction, author_id, automatic)"
TICKET = """
    INSERT INTO portal_ticket (reference, filing_key, requester_id, subject, status, priority, version, channel,
        language, identity_verified, created_at, updated_at)
    VALUES (gen_random_uuid(), gen_random_uuid(), %(person)s, 'A third xylograph', 'open', 'normal', 0, 'web', 'en',
        true, now(), now())
"""
COMPOSITION = """
    INSERT INTO agents_composition (ticket_id, author_id, text, note, seen_version, updated_at)
    VALUES (%(ticket)s, %(rep)s, 'the xylograph', '', 0, now())
"""
PAYLOAD = """
    INSERT INTO portal_releasepayload (ticket_id, subject, text, html, recipients, sender_name, language, attachments,
        digest, created_by_id, created_at)
    VALUES (%(ticket)s, 'x', 'x', '', '{x}', 'x', 'en', '{}', 'x', %(rep)s, now())
"""
AFTERWARDS = [
    f"{MESSAGE} VALUES (%(ticket)s, 'inbound', %(person)s, 'none')",
    f"{MESSAGE} VALUES (%(ticket)s, 'note', %(rep)s, 'none')",
    TICKET,
    COMPOSITION,
    PAYLOAD,
    "UPDATE portal_user SET display_name = 'Zebulon' WHERE id = %(person)s",
    "UPDATE portal_user SET is_active = true WHERE id = %(person)s",
    "UPDATE portal_user SET erased_at = NULL WHERE id = %(person)s",
    "UPDATE portal_user SET erased_at = now() WHERE id = %(rep)s",
]


@pytest.mark.parametrize("statement", AFTERWARDS)
def test_the_database_refuses_to_add_to_or_undo_an_erasure(erased: Case, statement: str) -> None:
    named = {"ticket": erased.tickets[0].pk, "person": erased.person.pk, "rep": erased.scene.rep.pk}
    with session(erased.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError) as refusal:
        web.execute(statement.encode(), named)
    assert refusal.value.sqlstate == "23H09"


def test_a_release_into_an_erased_conversation_is_refused(case: Case) -> None:
    payload = case.scene.payload("Xylograph", recipients=[ADDRESS])
    case.erase()
    with session(case.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError):
        web.execute(RELEASE, case.scene.arguments(payload))
    assert rows_with(case.site, WORDS) == {}


def test_words_on_their_way_while_it_runs_are_found(case: Case) -> None:
    """A rep's page keeps words, a customer's message is being stored: neither has committed when erasure begins."""
    with session(case.site, "web") as keeping, session(case.site, "web") as filing:
        named = {"ticket": case.tickets[1].pk, "rep": case.lead.pk, "person": case.person.pk}
        keeping.execute(COMPOSITION, named)
        filing.execute(TICKET, named)

        def commit_later() -> None:
            time.sleep(0.7)
            keeping.commit()
            filing.commit()

        committing = threading.Thread(target=commit_later)
        committing.start()
        done = case.erase()
        committing.join(10)
    assert getattr(done, "is_complete", False)
    assert rows_with(case.site, WORDS) == {}
    assert not Composition.objects.filter(ticket__in=case.tickets).exists()


def test_it_says_so_when_something_under_way_does_not_end(case: Case) -> None:
    with session(case.site, "web") as keeping:
        keeping.execute("UPDATE portal_cache SET value = '' WHERE cache_key = 'nothing'")
        keeping.execute("SELECT pg_current_xact_id()")
        done = case.erase(wait_seconds=0.2)
        keeping.rollback()
    assert not getattr(done, "is_complete", True)
    assert getattr(case.erase(), "is_complete", False)


def test_a_run_that_read_before_stores_nothing_after(case: Case) -> None:
    message = add_customer_message(actor=case.person, ticket=case.tickets[1], text="One more xylograph.")
    with case.site.as_role("worker"):
        read = get_message(message.pk)
        assert read is not None
        run = begin_run(message=read, task_id="t", pipeline_version="1", actor=None)
        assert run is not None
        gathered = gather(read)
        outcome = run_pipeline(gathered.request)
    case.erase()
    with case.site.as_role("worker"):
        stored = store_outcome(run=run, outcome=outcome, inputs=gathered.inputs, input_digest="x", actor=None)
    assert stored.no_draft_reason == NoDraftReason.ERASED
    assert rows_with(case.site, WORDS) == {}
