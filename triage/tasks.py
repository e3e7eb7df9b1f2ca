"""Triage's tasks: thin, by id, safe to run twice.

The web process imports this module to enqueue, so what needs Haystack is imported where a worker runs it.
"""

from typing import Any

from celery import Task, shared_task
from celery.signals import worker_process_init
from django.db import InterfaceError, OperationalError

from kb.enqueue import enqueue
from triage.sweeping import missed_messages

SOFT_SECONDS, HARD_SECONDS = 60, 90


@shared_task(
    name="triage.triage_message",
    bind=True,
    queue="triage",
    acks_late=True,
    soft_time_limit=SOFT_SECONDS,
    time_limit=HARD_SECONDS,
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=2,
    retry_kwargs={"max_retries": 3},
)
def triage_message(self: "Task[..., None]", message_id: int) -> None:
    """Triage one customer message, once however often it is delivered."""
    from triage.running import run_triage

    run_triage(message_id, task_id=self.request.id or "")


@shared_task(name="triage.sweep_untriaged", queue="triage", time_limit=60, soft_time_limit=45)
def sweep_untriaged() -> int:
    """Enqueue what was missed, lost or failed with attempts left; return how many."""
    return sum(enqueue(triage_message, message_id) for message_id in missed_messages())


@worker_process_init.connect
def warm_up(**_: Any) -> None:
    """Load the embedder and build the pipeline before the first request comes, after the fork."""
    from triage.running import prepare

    prepare()
