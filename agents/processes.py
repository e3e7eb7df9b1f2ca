"""The processes of one machine: how each is started, as which role, and how they are kept up and stopped.

Every child is asked by the kernel to end when its supervisor dies, so killing the supervisor leaves no strays; whatever
it was doing is in PostgreSQL or in Redis's log and goes on at the next start.
"""

import contextlib
import ctypes
import logging
import logging.handlers
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

PYTHON = sys.executable
PR_SET_PDEATHSIG = 1
# Work that is cut off goes on at the next start; a mail between "in flight" and "sent" would go to a person instead.
STOP_SECONDS = 4
MAILER_STOP_SECONDS = 25
ENGINES_SECONDS = 3
LOG_BYTES = 5_000_000
LOG_FILES = 4
# The chat model is asked by workers: nobody else is handed its key.
WORKERS_ONLY = ("HANDRAIL_LLM_API_KEY", "HANDRAIL_LLM_API_KEY_FILE")
# A child that dies sooner than this after its start is started again ever more slowly.
SETTLED_SECONDS = 10
LONGEST_PAUSE = 30


@dataclass(frozen=True)
class Program:
    """One child: its name in the logs, its command, its database role, and its own environment."""

    name: str
    command: Sequence[str]
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = STOP_SECONDS


def celery(name: str, queues: str, *options: str) -> tuple[str, ...]:
    """The command of a Celery worker on `queues`."""
    worker = (
        "worker",
        "-n",
        f"{name}@%h",
        "-Q",
        queues,
        "--without-gossip",
        "--without-mingle",
        "-l",
        "INFO",
        *options,
    )
    return (PYTHON, "-m", "celery", "-A", "portal.celery", *worker)


def programs(*, port: int, bind: str, run_directory: Path, web_workers: int) -> list[Program]:
    """Everything that serves a site on one machine. People-facing queues never share a process with indexing."""
    web = ("--workers", str(web_workers), "--threads", "4", "--preload", "--worker-tmp-dir", str(run_directory))
    gunicorn = (PYTHON, "-m", "gunicorn", "portal.wsgi:application", "-c", "python:portal.gunicorn")
    beat = (PYTHON, "-m", "celery", "-A", "portal.celery", "beat", "-l", "INFO")
    return [
        Program("web", (*gunicorn, "--bind", f"{bind}:{port}", *web), "web"),
        Program("worker", celery("worker", "interactive,triage", "-c", "1"), "worker"),
        Program("indexer", celery("indexer", "index,watch", "-c", "1"), "worker"),
        Program("mailer", celery("mailer", "mail", "-P", "solo"), "mailer", stop_seconds=MAILER_STOP_SECONDS),
        Program("beat", (*beat, "-s", str(run_directory / "beat"), "--pidfile", ""), "worker"),
    ]


def mailbox_program(port: int, directory: Path) -> Program:
    """The demo's mail server: it takes every mail into a file-backed mailbox and delivers nothing."""
    return Program("mailbox", (PYTHON, "-m", "portal.mail.mailbox", str(port), str(directory)), "web")


def free_port() -> int:
    """A port on the loopback address that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(bind: str, port: int) -> bool:
    """Whether the address can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError:
            return False
    return True


def _end_with_parent() -> Callable[[], None]:
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def ask_kernel() -> None:
        if library is not None:
            library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask_kernel


class Child:
    """One running program, its output copied line by line into a rotating log file."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.program = program
        self.log_file = logs / f"{program.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pause = 1.0
        self.due = 0.0

    def start(self) -> None:
        """Start the program with its role, in a process group of its own."""
        environment = {**os.environ, **self.program.environment, "HANDRAIL_DB_ROLE": self.program.role}
        for name in () if self.program.role == "worker" else WORKERS_ONLY:
            environment.pop(name, None)
        environment["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        self.process = subprocess.Popen(
            self.program.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )
        self.started = time.monotonic()
        threading.Thread(target=self._copy_output, args=(self.process,), daemon=True).start()

    def _copy_output(self, process: "subprocess.Popen[bytes]") -> None:
        handler = logging.handlers.RotatingFileHandler(self.log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
        for line in process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            handler.emit(logging.LogRecord(self.program.name, logging.INFO, "", 0, "%s", (text,), None))
        handler.close()

    def keep_up(self) -> None:
        """Start the program again if it ended, after a pause that grows while it keeps ending at once."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        settled = now - self.started > SETTLED_SECONDS
        self.pause = 1.0 if settled else min(self.pause * 2, LONGEST_PAUSE)
        self.process, self.due = None, now + self.pause
        log.error("process_ended", extra={"program": self.program.name, "code": code, "again_in_s": self.pause})

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_stopped(self, asked: float) -> None:
        """Wait until the program ended; when its time since `asked` is over, end its whole group."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, asked + self.program.stop_seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Keeps programs up until told to stop."""

    def __init__(self, wanted: Sequence[Program], logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.children = [Child(program, logs) for program in wanted]
        self._stop = threading.Event()

    def start(self, *names: str) -> None:
        """Start the named programs, or all that are not up yet."""
        for child in self.children:
            if child.process is None and (not names or child.program.name in names):
                child.start()

    def all_up(self) -> bool:
        """Whether none of those that were started has ended."""
        return all(child.process is None or child.process.poll() is None for child in self.children)

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end `watch`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def watch(self, also: Callable[[], object]) -> None:
        """Keep the programs up until a signal comes, and call `also` every few seconds."""
        due = 0.0
        while not self._stop.wait(0.5):
            if time.monotonic() >= due:
                also()
                due = time.monotonic() + ENGINES_SECONDS
            for child in self.children:
                child.keep_up()

    def stop(self) -> None:
        """Ask all to stop, wait, and end those that do not."""
        for child in self.children:
            child.ask_to_stop()
        asked = time.monotonic()
        for child in self.children:
            child.wait_stopped(asked)
