"""Hands work to Celery without ever failing the caller.

Invariant: a lost broker costs at most the configured connect time-out and a log line; the sweep of whatever the task
would have done finds it later.
"""

import logging

from celery import Task
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def enqueue(task: "Task[..., object]", *args: int | str) -> bool:
    """Send `task` with ids as arguments; False (and a log event) when the broker did not take it."""
    try:
        task.apply_async(args=args, retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("enqueue_failed", extra={"task": task.name, "error": type(error).__name__})
        return False
    return True
