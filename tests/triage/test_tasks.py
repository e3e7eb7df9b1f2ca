"""The tasks are thin and safe to repeat; the receiver only enqueues; a killed worker loses nothing."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError as BrokerError

from portal.models import Message, Ticket
from portal.signals import message_received
from tests.conftest import Site
from tests.factories import make_ticket
from triage import receivers
from triage.choices import RunState
from triage.models import Run
from triage.running import run_triage
from triage.tasks import HARD_SECONDS, SOFT_SECONDS, sweep_untriaged, triage_message

_DYING = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
import django
django.setup()
import time
from portal import database
from triage import running

def think(request, pipeline=None):
    print("thinking", flush=True)
    time.sleep(600)

running.run_pipeline = think
with database.using(role="worker", database=sys.argv[1]):
    running.run_triage(int(sys.argv[2]), task_id="delivered")
"""


def _message(ticket: Ticket) -> Message:
    return Message.objects.get(ticket=ticket)


def test_the_tasks_are_named_queued_acknowledged_late_and_bounded() -> None:
    assert triage_message.name == "triage.triage_message"
    assert (getattr(triage_message, "queue", ""), triage_message.acks_late) == ("triage", True)
    assert (triage_message.soft_time_limit, triage_message.time_limit) == (SOFT_SECONDS, HARD_SECONDS)
    assert sweep_untriaged.name == "triage.sweep_untriaged"


def test_the_task_run_twice_leaves_one_run(site: Site) -> None:
    message = _message(make_ticket())
    with site.as_role("worker"):
        for _delivery in range(2):
            triage_message.apply(args=(message.pk,), throw=True)
    run = Run.objects.get(message=message)
    assert (run.state, run.attempts) == (RunState.DONE, 1)


def test_the_task_for_a_message_that_is_gone_does_nothing(site: Site) -> None:
    with site.as_role("worker"):
        triage_message.apply(args=(10**9,), throw=True)
    assert not Run.objects.exists()


def test_filing_only_enqueues_the_id(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(receivers, "enqueue", lambda task, *args: sent.append((task.name, *args)))
    message = _message(make_ticket())
    assert sent == [("triage.triage_message", message.pk)]
    assert not Run.objects.exists()


def test_filing_works_while_the_broker_is_down_and_the_sweep_finds_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise BrokerError("no broker")

    monkeypatch.setattr(triage_message, "apply_async", refuse)
    message = _message(make_ticket())
    message_received.send(sender=Message, message_id=message.pk)
    assert not Run.objects.exists()
    monkeypatch.setattr("triage.sweeping.GRACE", timedelta(minutes=-5))
    sent: list[int] = []

    def enqueue(_task: object, message_id: int) -> bool:
        sent.append(message_id)
        return True

    monkeypatch.setattr("triage.tasks.enqueue", enqueue)
    with site.as_role("worker"):
        assert sweep_untriaged.apply(throw=True).result == 1
    assert sent == [message.pk]


@pytest.mark.faults
def test_a_worker_killed_while_thinking_is_continued_by_the_same_delivery(site: Site) -> None:
    message = _message(make_ticket())
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "HANDRAIL_DB_ROLE": "worker"}
    process = subprocess.Popen(
        [sys.executable, "-c", _DYING, site.name, str(message.pk)], stdout=subprocess.PIPE, env=environment, cwd=root
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"thinking\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with site.as_role("worker"):
        assert Run.objects.get(message=message).state == RunState.RUNNING
        assert run_triage(message.pk, task_id="another task meanwhile") is None
        run = run_triage(message.pk, task_id="delivered")
    assert run is not None
    assert (run.state, run.attempts) == (RunState.DONE, 2)
    assert Run.objects.filter(message=message).count() == 1
