"""Where the tests keep what they throw away: in memory, if the machine has room there.

A run makes and deletes hundreds of databases, each of a thousand files. Some file systems grow ten times slower at that
(ext4 without a journal looks at every file deleted in the last minutes before it makes one).
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 3 * 2**30  # a run takes about one


def use_memory() -> None:
    """Keep temporary files in memory, and those of every process started from here; a TMPDIR that is set stays."""
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # pytest has asked for the place already


def _has_room() -> bool:
    """The files take memory that the tests' processes need too: both must fit."""
    if not os.access(MEMORY, os.W_OK | os.X_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return False
    available = re.search(r"^MemAvailable:\s+(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return available is not None and int(available[1]) * 1024 > 2 * ROOM
