"""Counts how often something happens, in PostgreSQL, so that a limit holds across processes and without Redis."""

import hashlib
from datetime import UTC, datetime

from django.db import connection

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
