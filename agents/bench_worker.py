"""A Celery worker over a throw-away database, run like the site's: `… -m agents.bench_worker NAME PREFIX PROCESSES`.

It is the site's own application with the product's tasks and settings; only its keys in Redis begin with PREFIX: no
worker of the site takes what is measured, nor this one what is the site's.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

from agents.processes import celery
from portal.celery import app
from portal.database import using

START_SECONDS, STOP_SECONDS = 90, 15
QUEUE = "triage"


@dataclass(frozen=True)
class Workers:
    """A running worker: its own process and its children, which do the work."""

    process: "subprocess.Popen[bytes]"

    def children(self) -> list[int]:
        pid = self.process.pid
        with contextlib.suppress(OSError):
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def peak_megabytes(self) -> float:
        """The most that any one of the children has held so far."""
        return max((_peak(child) for child in self.children()), default=0.0)

    def processor_seconds(self) -> dict[int, float]:
        """What each of the children has used of the processor so far."""
        return {child: processor_seconds(child) for child in self.children()}


def processor_seconds(pid: int) -> float:
    """What a process has used of the processor so far; 0 when it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _peak(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def keys_of_its_own(application: Any, prefix: str) -> Iterator[None]:
    """Let the application's queues be others in Redis than the site's, and leave none of them behind."""
    options, eager = dict(application.conf.broker_transport_options or {}), application.conf.task_always_eager
    application.conf.update(broker_transport_options={**options, "global_keyprefix": prefix}, task_always_eager=False)
    application._after_fork()  # forgets the connections that it has, as in a new process
    try:
        yield
    finally:
        _forget_keys(application, prefix)
        application.conf.update(broker_transport_options=options, task_always_eager=eager)
        application._after_fork()


def _forget_keys(application: Any, prefix: str) -> None:
    with application.connection_for_write() as connection:
        client = connection.default_channel.client
        client.global_keyprefix = ""  # the names that are found have it already
        for key in client.scan_iter(match=f"{prefix}*"):
            client.execute_command("DEL", key)


@contextlib.contextmanager
def running_workers(database: str, *, prefix: str, processes: int) -> Iterator[Workers]:
    """A worker with so many processes, stopped at the end."""
    command = [sys.executable, "-m", "agents.bench_worker", database, prefix, str(processes)]
    environment = {**os.environ, "HANDRAIL_DB_ROLE": "worker"}
    started = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield Workers(started)
    finally:
        started.terminate()
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait_while_busy(workers: Workers, *, is_done: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is done, at most so long; False when the time is over or the worker has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and workers.process.poll() is None:
        if is_done():
            return True
        time.sleep(0.5)
    return False


def main(arguments: list[str]) -> None:
    name, prefix, processes = arguments
    django.setup()
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "global_keyprefix": prefix}
    with using(role="worker", database=name):
        program = celery("bench", QUEUE, "-c", processes)
        app.worker_main(["--quiet", *program[program.index("worker") :], "-l", "ERROR"])


if __name__ == "__main__":
    main(sys.argv[1:])
