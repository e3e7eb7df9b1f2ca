"""Which index answers. A search learns it from a statement that it sends anyway, so a switch needs no restart.

Between a switch and a process's next search the process still remembers the old one; only work begun on a guess may use
what is remembered, and whoever guessed compares before relying on it.
"""

from dataclasses import dataclass

from django.db import connection

from kb.retrieval.embedder import DEFAULT_EMBEDDER


@dataclass(frozen=True)
class LiveIndex:
    """A side of the index and the embedder that questions to it must be embedded by."""

    side: int
    embedder: str


NO_INDEX = LiveIndex(0, "")
_remembered = LiveIndex(0, DEFAULT_EMBEDDER)


def remembered_index() -> LiveIndex:
    """What this process last saw to be live. Sends no statement."""
    return _remembered


def remember(seen: LiveIndex) -> None:
    global _remembered

    _remembered = seen


def live_index() -> LiveIndex:
    """What is live now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT side, embedder FROM kb_generation WHERE is_live")
        row = cursor.fetchone()
    return LiveIndex(*row) if row else NO_INDEX
