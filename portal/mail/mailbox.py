"""The demo's mail server: takes every mail by SMTP into a Maildir on disk. `python -m portal.mail.mailbox PORT DIR`.

A real SMTP conversation, so that the mailer runs exactly as against a real server; nothing ever leaves the machine.
"""

import signal
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox


def serve(port: int, directory: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    directory.parent.mkdir(parents=True, exist_ok=True)
    controller = Controller(Mailbox(directory), hostname="127.0.0.1", port=port)
    controller.start()
    stopped.wait()
    controller.stop()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
