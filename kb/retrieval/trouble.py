"""Notes that search answered by words alone, so that somebody learns of it.

A process counts for itself and writes at most every few seconds, one statement under a time limit; what cannot be
written stays in the log. Answers never wait for it, and searches that went well cost nothing.
"""

import logging
import threading
import time
from collections import Counter
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from kb.retrieval.prepared import limited

log = logging.getLogger(__name__)

SECONDS = 5
MILLISECONDS = 200
SPELL = timedelta(minutes=10)
"""Without another such answer for so long, a spell is over."""

_WRITE = (
    "WITH going_on AS (UPDATE kb_searchtrouble SET times = times + %(times)s, last_at = %(now)s WHERE id = ("
    "   SELECT id FROM kb_searchtrouble WHERE reason = %(reason)s AND last_at > %(since)s"
    "   ORDER BY last_at DESC LIMIT 1) RETURNING 1)"
    " INSERT INTO kb_searchtrouble (reason, began_at, last_at, times)"
    " SELECT %(reason)s, %(now)s, %(now)s, %(times)s WHERE NOT EXISTS (SELECT 1 FROM going_on)"
)
# Built to the end, so that PostgreSQL uses it.
_THERE = (
    "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE i.indrelid = 'kb_passagevector'::regclass AND i.indisvalid AND c.relname = %s"
)
_lock = threading.Lock()
_counted: Counter[str] = Counter()
_written: dict[str, float] = {}


def note(reason: str, *, error: str = "") -> None:
    log.warning("search_degraded", extra={"reason": reason, "error": error})
    with _lock:
        _counted[reason] += 1
        if time.monotonic() - _written.get(reason, -SECONDS) < SECONDS:
            return
        _written[reason] = time.monotonic()
        times = _counted.pop(reason)
    now = timezone.now()
    try:
        with limited(MILLISECONDS) as cursor:
            cursor.execute(_WRITE, {"reason": reason, "now": now, "since": now - SPELL, "times": times})
    except DatabaseError as failure:
        log.warning("search_trouble_not_kept", extra={"error": type(failure).__name__})


def vector_index_is_there(side: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_THERE, [f"kb_vector_public_{side}"])
        return cursor.fetchone() is not None


def forget() -> None:
    """As a process that has just begun."""
    with _lock:
        _counted.clear()
        _written.clear()
