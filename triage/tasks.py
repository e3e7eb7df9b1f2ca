"""Triage's tasks: thin, by id, safe to run twice.

The web process imports this module to enqueue, so what needs Haystack is imported where a worker runs it.
"""

from typing import Any

from celery import Task, shared_task
from celery.signals import celeryd_after_setup, worker_process_init
from django.db import InterfaceError, OperationalError

from kb.enqueue import enqueue
from triage.actions.ladder import settle_ladder as settle
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
def triage_message(self: "Task[..., None]", message_id: int, asked: int = 0) -> None:
    """Triage one customer message, once however often it is delivered; `asked`: a person wants a failed one again."""
    from triage.running import run_triage

    run_triage(message_id, task_id=self.request.id or "", asked_again=bool(asked))


@shared_task(name="triage.sweep_untriaged", queue="triage", time_limit=60, soft_time_limit=45)
def sweep_untriaged() -> int:
    """Enqueue what was missed, lost or failed with attempts left; return how many."""
    return sum(enqueue(triage_message, message_id) for message_id in missed_messages())


@shared_task(name="triage.settle_ladder", queue="triage", time_limit=60, soft_time_limit=45)
def settle_ladder() -> int:
    """Put on record which categories earned or lost their right; an application looks by itself."""
    return settle()


@celeryd_after_setup.connect
def import_before_fork(instance: Any, **_: Any) -> None:
    """In a worker that triages, import what is heavy once, before it forks; other workers never load it."""
    if "triage" in instance.app.amqp.queues.consume_from:
        from triage.running import prepare

        worker_process_init.connect(lambda **_: prepare(), weak=False, dispatch_uid="triage.prepare")
