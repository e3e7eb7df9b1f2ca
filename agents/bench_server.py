"""A web server over a throw-away database, run like the site's: `python -m agents.bench_server NAME PORT WORKERS`.

It is a process of its own, in the role of the web: what is measured is a whole request and nothing of the bench.
"""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from agents.processes import free_port
from portal.database import using

START_SECONDS = 60
READY_PATH = "/healthz"
THREADS = 4


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with the product's own settings."""

    def __init__(self, port: int, workers: int) -> None:
        self._port = port
        self._workers = workers
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"127.0.0.1:{self._port}",
            "workers": self._workers,
            "threads": THREADS,
            "worker_class": "gthread",
            "preload_app": True,
            "keepalive": 30,
            "loglevel": "warning",
            "control_socket_disable": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return get_wsgi_application()


@dataclass(frozen=True)
class Running:
    port: int
    pid: int

    def resident_megabytes(self) -> float:
        """The largest of the server's processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max((_resident(int(pid)) for pid in [str(self.pid), *children]), default=0.0)


def _resident(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def running_server(database: str, *, workers: int) -> Iterator[Running]:
    """A server that answers, in a process of its own; stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "agents.bench_server", database, str(port), str(workers)]
    process = subprocess.Popen(command, env={**os.environ, "HANDRAIL_DB_ROLE": "web"})
    try:
        _wait_for(port, process)
        yield Running(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError):
            client.request("GET", READY_PATH)
            client.getresponse().read()
            return
        time.sleep(0.2)
    raise RuntimeError("the server under measurement did not start")


def main(arguments: list[str]) -> None:
    name, port, workers = arguments[0], int(arguments[1]), int(arguments[2])
    with using(role="web", database=name):
        Server(port, workers).run()


if __name__ == "__main__":
    main(sys.argv[1:])
