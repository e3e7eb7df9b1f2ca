"""A run is done once and never lost: redelivered, failed, killed, given up or missed by every signal."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from haystack.core.errors import PipelineRuntimeError

from portal.actions.tickets import add_customer_message, reopen_ticket, solve_ticket
from portal.models import AuditEvent, Message
from tests.conftest import Site
from tests.factories import make_ticket
from tests.triage.asking import SUBJECT, TEXT, first_message, triage_first
from triage import pipeline, running
from triage.actions.runs import begin_run
from triage.choices import Failure, NoDraftReason, RunState
from triage.models import Run
from triage.models.runs import MAX_ATTEMPTS, STALE_AFTER
from triage.running import run_triage
from triage.sweeping import missed_messages


def test_a_redelivered_message_is_triaged_once(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    assert triage_first(stocked, ticket) is not None
    assert triage_first(stocked, ticket) is None
    assert triage_first(stocked, ticket, task_id="another") is None
    assert Run.objects.filter(ticket=ticket).count() == 1
    assert Run.objects.get(ticket=ticket).attempts == 1
    assert AuditEvent.objects.filter(verb="triage.run_done").count() == 1


def test_a_failing_step_is_recorded_by_name_and_tried_again_until_exhausted(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text="the customer's own words")

    def fail(request: object, **_: object) -> object:
        raise PipelineRuntimeError("retrieve", object, "broke") from KeyError("the customer's own words")

    monkeypatch.setattr(running, "run_pipeline", fail)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert missed_messages() == [first_message(ticket)] or attempt == 1
        run = triage_first(stocked, ticket, task_id=f"t{attempt}")
        assert run is not None
        assert (run.state, run.failure, run.attempts) == (RunState.FAILED, Failure.STEP, attempt)
        assert run.failure_detail == "retrieve: KeyError"
        assert run.is_exhausted is (attempt == MAX_ATTEMPTS)
    assert missed_messages() == []
    assert triage_first(stocked, ticket, task_id="t9") is None
    monkeypatch.undo()
    with stocked.as_role("worker"):
        again = run_triage(first_message(ticket), task_id="t10", asked_again=True)
    assert again is not None
    assert (again.state, again.failure, again.no_draft_reason) != (RunState.FAILED, Failure.STEP, NoDraftReason.FAILED)


def test_a_lost_database_is_left_to_the_retry(stocked: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)

    def lose(request: object, **_: object) -> object:
        raise PipelineRuntimeError("retrieve", object, "gone") from OperationalError("gone")

    monkeypatch.setattr(running, "run_pipeline", lose)
    with pytest.raises(OperationalError):
        triage_first(stocked, ticket, task_id="same")
    monkeypatch.undo()
    run = triage_first(stocked, ticket, task_id="same")
    assert run is not None
    assert (run.state, run.attempts) == (RunState.DONE, 2)


def test_a_run_whose_process_was_lost_is_taken_up_again_after_its_time(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    message = Message.objects.get(pk=first_message(ticket))
    with stocked.as_role("worker"):
        assert begin_run(message=message, task_id="lost", pipeline_version="1", actor=None) is not None
        assert missed_messages() == []
        assert run_triage(message.pk, task_id="too early") is None
        Run.objects.update(started_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
        assert missed_messages() == [message.pk]
        run = run_triage(message.pk, task_id="sweep")
        assert run is not None
        assert (run.state, run.attempts) == (RunState.DONE, 2)


def test_a_message_that_kills_its_process_each_time_ends_as_failed_and_visible(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    message = Message.objects.get(pk=first_message(ticket))
    with stocked.as_role("worker"):
        for attempt in range(MAX_ATTEMPTS):
            assert begin_run(message=message, task_id=f"lost {attempt}", pipeline_version="1", actor=None) is not None
            Run.objects.update(started_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
        assert run_triage(message.pk, task_id="last") is None
        run = Run.objects.get(message=message)
        assert (run.state, run.failure, run.is_exhausted) == (RunState.FAILED, Failure.LOST, True)
        assert missed_messages() == []


def test_the_result_of_an_attempt_that_was_given_up_is_not_stored(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    think = pipeline.run_pipeline

    def take_over(request: object, **_: object) -> object:
        outcome = think(request)  # type: ignore[arg-type]
        Run.objects.update(attempts=2, claimed_by="another")
        return outcome

    monkeypatch.setattr(running, "run_pipeline", take_over)
    assert triage_first(stocked, ticket) is None
    run = Run.objects.get(ticket=ticket)
    assert run.state == RunState.RUNNING
    assert not hasattr(run, "draft")


def test_the_sweep_finds_what_no_signal_brought_and_leaves_robots_alone(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    assert missed_messages() == []  # still on its way
    later = timezone.now() + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("triage.sweeping.timezone.now", lambda: later)
        assert missed_messages() == [first_message(ticket)]
        assert triage_first(stocked, ticket) is not None
        assert missed_messages() == []
        Message.objects.create(
            ticket=ticket, direction="inbound", author=ticket.requester, automatic=Message.Automatic.AUTO_REPLY
        )
        assert missed_messages() == []


def test_the_sweep_reads_later_messages_only_while_the_request_waits_for_us(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    second = add_customer_message(actor=ticket.requester, ticket=ticket, text="It was the queue. Thank you.")
    later = timezone.now() + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("triage.sweeping.timezone.now", lambda: later)
        assert missed_messages() == [first_message(ticket), second.pk]
        solve_ticket(actor=ticket.requester, ticket=ticket)
        assert missed_messages() == [first_message(ticket)]
        reopen_ticket(actor=ticket.requester, ticket=ticket)
        assert missed_messages() == [first_message(ticket), second.pk]
