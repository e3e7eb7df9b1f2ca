"""A web server over a throw-away database, run like the site's: `… -m agents.bench_server NAME PORT WORKERS [FILES]`.

It is a process of its own, in the role of the web: what is measured is a whole request and nothing of the bench, but
for headers that say how many queries and how much of the processor a page took. FILES holds its media, attachments and
static files.
"""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from agents.processes import free_port
from portal.database import using

START_SECONDS = 60
READY_PATH = "/healthz"
THREADS = 4
KEPT_SECONDS = 30
QUERIES_HEADER, PROCESSOR_HEADER = "X-Bench-Queries", "X-Bench-Processor"
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def file_settings(directory: Path) -> dict[str, object]:
    """The settings under which media, attachments and static files live in `directory`."""
    storages: dict[str, Any] = dict(settings.STORAGES)
    options = {"location": directory / "files", "base_url": None}
    storages["attachments"] = {**storages["attachments"], "OPTIONS": options}
    return {"MEDIA_ROOT": directory / "media", "STATIC_ROOT": directory / "static", "STORAGES": storages}


def counting(application: Application) -> Application:
    """The same application, which also says in headers what a page took: queries, and milliseconds of the processor."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        count, began = 0, time.thread_time()

        def counted(execute: Callable[..., object], *arguments: object) -> object:
            nonlocal count
            count += 1
            return execute(*arguments)

        def start(status: str, headers: list[tuple[str, str]], *more: object) -> object:
            told = [(QUERIES_HEADER, str(count)), (PROCESSOR_HEADER, f"{(time.thread_time() - began) * 1000:.3f}")]
            return start_response(status, [*headers, *told], *more)

        with connection.execute_wrapper(counted):
            return application(environ, start)

    return answer


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
            "keepalive": KEPT_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        return counting(get_wsgi_application())


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
def running_server(database: str, *, workers: int, files: Path | None = None) -> Iterator[Running]:
    """A server that answers, in a process of its own; stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "agents.bench_server", database, str(port), str(workers)]
    environment = {**os.environ, "HANDRAIL_DB_ROLE": "web"}
    if files is not None:
        command.append(str(files))
        # Whatever the site's own address is: here people come to this machine, without TLS.
        environment |= {"PORT": str(port), "HANDRAIL_PUBLIC_URL": f"http://localhost:{port}"}
    process = subprocess.Popen(command, env=environment)
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
    for setting, value in file_settings(Path(arguments[3])).items() if len(arguments) > 3 else ():
        setattr(settings, setting, value)
    with using(role="web", database=name):
        Server(port, workers).run()


if __name__ == "__main__":
    main(sys.argv[1:])
