"""Hears of customers' messages and hands them to a worker. It only enqueues: filing never waits for triage."""

from typing import Any

from django.dispatch import receiver

from kb.enqueue import enqueue
from portal.signals import message_received
from triage.tasks import triage_message


@receiver(message_received, dispatch_uid="triage.message_received")
def enqueue_triage(*, message_id: int, **_: Any) -> None:
    enqueue(triage_message, message_id)
