"""The high-touch wall at each layer that could leak: the run, the database, training, lists, the console, release()."""

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from agents.actions.compositions import keep_words, use_draft, use_step
from agents.actions.reviews import reject_draft
from agents.coverage import files_read
from agents.evidence import draft_state, proposals_of
from agents.found import found_in
from agents.models import Approval, Composition, Review
from agents.queue import QueueFilter, read_queue
from agents.sending import send_reply
from kb.retrieval.embedder import DEFAULT_EMBEDDER
from portal.actions.tickets import set_category
from portal.errors import OwnWordsOnlyError
from portal.models import AuditEvent, Membership, Message, Organisation, Ticket, User
from portal.permissions import audiences_for
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.guard.conftest import RELEASE, Scene, session
from triage.gathering import gather, get_message
from triage.lessons import read_examples
from triage.models import Draft, DraftSentence, FieldProposal, LogFinding, NextStep, NoDraftReason, Run
from triage.reading import latest_draft, latest_run, latest_runs, runs_of
from triage.running import run_triage

WALL = "23H10"


def store_draft(site: Site, ticket: Ticket) -> Draft:
    """A run with one of everything, as a worker stores it."""
    message = ticket.messages.inbound().latest("pk")
    with site.as_role("worker"):
        run = Run.objects.create(
            message=message,
            ticket=ticket,
            state="done",
            finished_at=timezone.now(),
            is_first=True,
            verdict="spam",
            outputs={"screen": {}},
            embedding=[1.0] + [0.0] * 383,
            embedding_version="test",
        )
        draft = Draft.objects.create(run=run, ticket=ticket, answers=message)
        DraftSentence.objects.create(draft=draft, position=0, text="Restart the agent.", kind="needs_words")
        FieldProposal.objects.create(run=run, field="priority", value="high", reasons=["it says at once"])
        LogFinding.objects.create(run=run, position=0, line_no=1, kind="error", head="E", text="E 42")
        NextStep.objects.create(run=run, position=0, kind="question", text="Which version?", reason="none named")
    return draft


def make_high_touch(ticket: Ticket, *, engineer: User) -> Ticket:
    Organisation.objects.filter(tickets=ticket).update(kind="high_touch", engineer=engineer)
    return Ticket.objects.select_related("organisation", "requester").get(pk=ticket.pk)


@pytest.fixture
def drafted(scene: Scene) -> tuple[Scene, Draft]:
    """A request with a draft whose account has just become high-touch, served by the scene's rep."""
    draft = store_draft(scene.site, scene.ticket)
    ticket = make_high_touch(scene.ticket, engineer=scene.rep)
    return Scene(scene.site, ticket, scene.rep, scene.session_key), draft


def test_a_request_of_a_high_touch_account_leaves_a_run_with_nothing_in_it(scene: Scene) -> None:
    ticket = make_high_touch(scene.ticket, engineer=scene.rep)
    with scene.site.as_role("worker"):
        run = run_triage(ticket.messages.get().pk, task_id="t")
    assert run is not None
    assert (run.outputs, run.inputs, run.embedding, run.no_draft_reason) == ({}, {}, None, NoDraftReason.HIGH_TOUCH)
    assert not any(model.objects.exists() for model in (Draft, FieldProposal, LogFinding, NextStep))


@pytest.mark.parametrize("model", [Draft, FieldProposal, LogFinding, NextStep])
def test_the_database_refuses_what_a_machine_makes_for_a_high_touch_account(
    drafted: tuple[Scene, Draft], model: type[Draft | FieldProposal | LogFinding | NextStep]
) -> None:
    scene, draft = drafted
    message = Message.objects.create(ticket=scene.ticket, direction="inbound", author=scene.ticket.requester)
    rows: dict[type, dict[str, object]] = {
        Draft: {"ticket": scene.ticket, "answers": message},
        FieldProposal: {"field": "category", "value": "billing"},
        LogFinding: {"position": 1, "line_no": 1, "kind": "error", "head": "E", "text": "E"},
        NextStep: {"position": 1, "kind": "question", "text": "?", "reason": "!"},
    }
    with scene.site.as_role("worker"):
        run = Run.objects.create(message=message, ticket=scene.ticket)
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            model.objects.create(run=run, **rows[model])
        assert getattr(refusal.value.__cause__, "sqlstate", "") == WALL
        products: list[dict[str, object]] = [{"outputs": {"draft": {}}}, {"embedding": [1.0] * 384}]
        for field in products:
            with pytest.raises(IntegrityError), transaction.atomic():
                Run.objects.filter(pk=run.pk).update(**field)
    assert draft.run.outputs  # what was stored before is still there, and read by nobody


def test_the_same_is_stored_for_a_standard_account(scene: Scene) -> None:
    draft = store_draft(scene.site, scene.ticket)
    assert latest_draft(scene.ticket) == draft
    assert draft_state(scene.ticket, latest_run(scene.ticket), set()).is_ready


def test_a_draft_made_before_vanishes_from_every_read(drafted: tuple[Scene, Draft]) -> None:
    scene, _draft = drafted
    run = latest_run(scene.ticket)
    assert run is not None
    assert (run.no_draft_reason, run.verdict, getattr(run, "draft", None)) == (NoDraftReason.HIGH_TOUCH, "", None)
    assert [*run.proposals.all(), *run.findings.all(), *run.next_steps.all()] == []
    assert latest_draft(scene.ticket) is None
    assert latest_runs([scene.ticket.pk]) == {}
    assert not runs_of(scene.ticket)
    assert (proposals_of(scene.ticket), found_in(scene.ticket), files_read(scene.ticket)) == (({}, False), [], [])
    assert not draft_state(scene.ticket, run, set()).is_ready


def test_the_console_shows_nothing_of_it(drafted: tuple[Scene, Draft]) -> None:
    scene, _draft = drafted
    client = sign_in(scene.rep)
    for address in (
        reverse("agents:ticket", args=[scene.ticket.pk]),
        reverse("agents:triage_pane", args=[scene.ticket.pk]),
        reverse("agents:queue"),
    ):
        shown = client.get(address).content.decode()
        for words in ("Restart the agent.", "Which version?", "E 42", "it says at once", "possible spam"):
            assert words not in shown, (address, words)


def test_what_a_machine_thought_before_moves_nothing_in_the_queue(drafted: tuple[Scene, Draft]) -> None:
    scene, _draft = drafted
    plain = make_ticket(make_user("Pia", organisation=make_organisation()))
    reader = make_rep("Rex")
    rows = read_queue(reader=reader, wanted=QueueFilter(), page=None).rows
    assert [row.ticket.pk for row in rows] == [scene.ticket.pk, plain.pk]  # by age alone: spam would be last
    assert (rows[0].draft_is_ready, rows[0].why_here, rows[0].priority_note) == (False, "", "")


def test_the_buttons_of_a_draft_refuse_on_a_page_that_was_open_before(drafted: tuple[Scene, Draft]) -> None:
    scene, draft = drafted
    stale = Ticket.objects.select_related("organisation").get(pk=scene.ticket.pk)
    step = NextStep.objects.select_related("run").get()
    with pytest.raises(OwnWordsOnlyError):
        use_draft(actor=scene.rep, ticket=stale, draft=draft)
    with pytest.raises(OwnWordsOnlyError):
        use_step(actor=scene.rep, ticket=stale, step=step)
    with pytest.raises(OwnWordsOnlyError):
        reject_draft(actor=scene.rep, ticket=stale, draft=draft, reason="other")
    assert not Composition.objects.exists()
    assert not Review.objects.exists()


def test_a_draft_is_not_released_to_an_account_that_became_high_touch(drafted: tuple[Scene, Draft]) -> None:
    scene, draft = drafted
    with session(scene.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError) as refusal:
        web.execute(RELEASE, scene.arguments(scene.payload(), draft=draft.pk))
    assert refusal.value.sqlstate == WALL
    with pytest.raises(OwnWordsOnlyError):
        send_reply(
            actor=scene.rep,
            session_key=scene.session_key,
            ticket=scene.ticket,
            version=scene.version(),
            text="Restart the agent.",
            draft=draft,
            undo_seconds=0,
        )
    assert scene.outbound() == 0
    assert Composition.objects.get().text == "Restart the agent."


def test_the_reps_own_words_still_go_out(drafted: tuple[Scene, Draft]) -> None:
    """What was typed is kept; the page that comes back offers it as the rep's own words, without the draft."""
    scene, draft = drafted
    version = scene.version()
    keep_words(actor=scene.rep, ticket=scene.ticket, version=version, text="I am on it.", draft=draft)
    page = sign_in(scene.rep).get(reverse("agents:ticket", args=[scene.ticket.pk]))
    assert "I am on it." in page.content.decode()
    assert page.context["editor"].draft_id is None
    send_reply(
        actor=scene.rep,
        session_key=scene.session_key,
        ticket=scene.ticket,
        version=version,
        text="I am on it.",
        draft=None,
        undo_seconds=0,
    )
    assert Approval.objects.get().draft is None


def test_an_account_that_becomes_high_touch_while_a_run_is_under_way_gets_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record changes between the reading and the storing."""
    message = get_message(scene.ticket.messages.get().pk)
    assert message is not None
    gathered = gather(message)

    def change_hands(*_args: object) -> object:
        with session(scene.site, "web") as admin:
            admin.execute("UPDATE portal_organisation SET kind = 'high_touch'")
            admin.commit()
        return gathered

    monkeypatch.setattr("triage.running.gather", change_hands)
    with scene.site.as_role("worker"):
        run = run_triage(message.pk, task_id="t")
    assert run is not None
    assert (run.outputs, run.no_draft_reason) == ({}, NoDraftReason.HIGH_TOUCH)
    assert not Draft.objects.exists()


def test_a_high_touch_request_teaches_nothing(scene: Scene) -> None:
    category = make_category()
    store_draft(scene.site, scene.ticket)
    with scene.site.as_role("worker"):
        Run.objects.update(embedding_version=DEFAULT_EMBEDDER)
    set_category(actor=scene.rep, ticket=scene.ticket, category=category)
    with scene.site.as_role("worker"):
        assert list(read_examples((category.slug,), limit=10).tickets) == [scene.ticket.pk]
    make_high_touch(scene.ticket, engineer=scene.rep)
    with scene.site.as_role("worker"):
        assert list(read_examples((category.slug,), limit=10).tickets) == []
    assert not Run.objects.shareable()
    assert not Run.objects.person_labelled()


def test_a_high_touch_request_is_not_compared_with_the_persons_others(scene: Scene) -> None:
    """The same person's later request, filed under another account: the walled one is not shown beside it."""
    requester = scene.ticket.requester
    make_high_touch(scene.ticket, engineer=scene.rep)
    Membership.objects.filter(user=requester).update(organisation=make_organisation())
    later = make_ticket(User.objects.get(pk=requester.pk))
    message = get_message(later.messages.get().pk)
    assert message is not None
    assert gather(message).request.other_open == ()


def test_a_high_touch_request_is_in_nobody_elses_list(scene: Scene) -> None:
    make_high_touch(scene.ticket, engineer=scene.rep)
    assert not Ticket.objects.visible_to(AnonymousUser())
    assert not Ticket.objects.visible_to(make_user("Stranger", organisation=scene.ticket.organisation))
    assert scene.ticket.organisation is not None
    assert f"org:{scene.ticket.organisation_id}" not in audiences_for(make_user("Other"))


def test_the_wall_falls_back_with_the_record(drafted: tuple[Scene, Draft]) -> None:
    """It is the record that decides, at every reading: a standard account again is drafted for again."""
    scene, draft = drafted
    Organisation.objects.update(kind="standard")
    again = Ticket.objects.select_related("organisation").get(pk=scene.ticket.pk)
    assert latest_draft(again) == draft


def test_the_audit_trail_says_that_a_run_was_barred(scene: Scene) -> None:
    ticket = make_high_touch(scene.ticket, engineer=scene.rep)
    with scene.site.as_role("worker"):
        run_triage(ticket.messages.get().pk, task_id="t")
    assert AuditEvent.objects.filter(verb="triage.run_barred", details__reason="high_touch").count() == 1
