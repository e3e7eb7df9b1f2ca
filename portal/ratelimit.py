"""Counts how often something happens, in PostgreSQL, so that a limit holds across processes and without Redis.

Invariant: a counter is kept no longer than any window lasts, and names nobody.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from portal.models import RateCounter

LONGEST_WINDOW = timedelta(days=1)

_COUNT = """
    INSERT INTO portal_ratecounter (key, "window", count) VALUES (%s, %s, 1)
    ON CONFLICT (key, "window") DO UPDATE SET count = portal_ratecounter.count + 1
    RETURNING count
"""


def hit(key: str, *, limit: int, seconds: int) -> bool:
    """Count one event under `key`; True while no more than `limit` fell into this fixed window of `seconds`."""
    now = datetime.now(UTC).timestamp()
    window = datetime.fromtimestamp(now - now % seconds, UTC)
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]  # addresses are personal data; a counter needs none
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{seconds}:{digest}", window])
        (count,) = cursor.fetchone()
    return bool(count <= limit)


def prune() -> int:
    """Forget every counter whose window is over, whatever its length; returns how many."""
    count, _per_model = RateCounter.objects.filter(window__lt=timezone.now() - 2 * LONGEST_WINDOW).delete()
    return count
