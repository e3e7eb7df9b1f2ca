"""Whether a container's process does its work: `python -m portal.healthcheck web`, or a worker's name.

It asks the process itself: the web server for a page that needs PostgreSQL, a worker for an answer through Redis, the
scheduler for the file that it keeps writing. Exit code 0 means yes; anything else comes with a line that says what.
"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from kombu.exceptions import OperationalError

SECONDS = 8
# The scheduler writes down every three minutes what it has sent.
BEAT_SECONDS = 600


def ask_web() -> str:
    """Ask as the proxy does: by the public name, as if over https."""
    public = urlsplit(os.environ.get("HANDRAIL_PUBLIC_URL", "http://localhost"))
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz"
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return "" if answer.status == 200 and answer.url == address else f"{answer.url} answers {answer.status}"
    except OSError as error:
        return f"{address}: {error}"


def ask_worker(name: str) -> str:
    """Send this container's worker a ping through the broker; one that is busy answers when it has a moment."""
    from portal.celery import app  # only here: the web's check needs no settings

    node = f"{name}@{socket.gethostname()}"
    try:
        answers = app.control.inspect(destination=[node], timeout=SECONDS).ping() or {}
    except OperationalError as error:
        return f"the broker does not answer: {error}"
    return "" if node in answers else f"{node} does not answer"


def ask_beat(file: Path) -> str:
    """See when the schedule was last written; the database behind the name may add an ending to it."""
    written = [path.stat().st_mtime for path in file.parent.glob(f"{file.name}*")]
    if not written:
        return f"{file} is not there"
    age = time.time() - max(written)
    return "" if age < BEAT_SECONDS else f"{file} was last written {age:.0f} seconds ago"


def main(name: str, *file: str) -> int:
    """Ask, and say what is wrong. The scheduler is known by the file of its `-s`."""
    if name == "web":
        wrong = ask_web()
    elif name == "beat":
        wrong = ask_beat(Path(file[0]))
    else:
        wrong = ask_worker(name)
    if wrong:
        sys.stderr.write(f"{name}: {wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
