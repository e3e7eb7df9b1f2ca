"""Runs the real `manage.py start` for the journeys and the fault tests, each site in a data directory of its own.

A site is prepared once per test run (that is the first start) and every other one begins as a copy of its directory.
Whatever a test does, `end` leaves no process behind.
"""

import contextlib
import email
import email.policy
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import quote

import psycopg

from agents.processes import free_port
from portal import embedded
from portal.environment import BASE_DIR, ensure_secret

T = TypeVar("T")

START_SECONDS = 420  # a first start on a machine that runs all of `make test` beside it
# The messages that triage's sweep would find.
UNREAD = """
    SELECT count(*) FROM portal_message m JOIN portal_ticket t ON t.id = m.ticket_id
    WHERE m.direction = 'inbound'
        AND NOT EXISTS (SELECT FROM triage_run r WHERE r.message_id = m.id AND r.state = 'done')
        AND (t.status = 'open' OR NOT EXISTS (
            SELECT FROM portal_message o WHERE o.ticket_id = m.ticket_id AND o.direction = 'inbound' AND o.id < m.id))
"""
LOGIN = re.compile(r"^\s+(customer|rep|lead|editor)\s+(\S+@\S+)\s+(\S+)\s+(/\S*)$", re.MULTILINE)
ADDRESS = re.compile(r"Handrail answers at (\S+)")
# Every test run has its own prepared site; its workers share it.
PREPARED = Path(tempfile.gettempdir()) / f"handrail-prepared-{os.environ.get('HANDRAIL_TEST_RUN', os.getpid())}"


def wait_until(what: Callable[[], T], *, seconds: float = 30, describe: str = "") -> T:
    """Ask again and again until the answer is true; fail in words when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {describe or what}")
        time.sleep(0.1)
    return answer


def environment(data: Path, port: int, **more: str) -> dict[str, str]:
    """What a site's processes are told: nothing of the tests' own servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_"))}
    kept.pop("HANDRAIL_DB_ROLE", None)
    kept.pop("HANDRAIL_TEST_DATA", None)
    return {**kept, "HANDRAIL_DATA": str(data), "PORT": str(port), "HANDRAIL_UNDO_SECONDS": "1", **more}


def manage(*arguments: str, environment: Mapping[str, str], seconds: float = 180) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    return subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False, cwd=BASE_DIR
    )


def processes_of(data: Path) -> dict[int, str]:
    """Every live process that was told this data directory, or whose command names it or its sockets."""
    marks = (str(data), str(embedded.places(data).sockets))
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            told = f"HANDRAIL_DATA={data}".encode() in (entry / "environ").read_bytes().split(b"\0")
            if command and (told or any(f"{mark}/" in command for mark in marks)):
                found[int(entry.name)] = command
    return found | _backends(found)


def _backends(found: Mapping[int, str]) -> dict[int, str]:
    """PostgreSQL's processes name no directory of their own: they are known by their parent."""
    children = {}
    for pid in found:
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                children[int(child)] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ").strip()
    return {pid: command for pid, command in children.items() if command}


class RunningSite:
    """One site under `manage.py start`."""

    def __init__(self, data: Path, port: int, **more: str) -> None:
        self.data = data
        self.port = port
        self.address = f"http://localhost:{port}"
        self.environment = environment(data, port, **more)
        self.logins: dict[str, tuple[str, str]] = {}
        self.said = data / "start.out"
        self.process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    @property
    def mailbox(self) -> Path:
        return self.data / "mailbox"

    def start(self, *arguments: str) -> float:
        """Start, wait for the printed address, read the logins; returns the seconds that it took."""
        begun = time.monotonic()
        self.said.unlink(missing_ok=True)
        self._output = self.said.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), "start", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=BASE_DIR,
        )
        wait_until(self._has_answered, seconds=START_SECONDS, describe=f"start prints its address in {self.said}")
        self.logins = {role: (address, password) for role, address, password, _ in LOGIN.findall(self.output())}
        return time.monotonic() - begun

    def wait_for_workers(self) -> None:
        """Until every Celery worker says that it is ready: the page answers before them."""
        for name in ("worker", "indexer", "mailer"):
            log = self.data / "logs" / f"{name}.log"
            wait_until(partial(_says_ready, log), seconds=120, describe=f"ready in {log}")

    def wait_for_triage(self) -> None:
        """Until the worker has read all that the demo left to it: copies of this site then have nothing to catch up."""
        wait_until(lambda: self.value(UNREAD) == 0, seconds=START_SECONDS, describe="the demo's messages are triaged")

    def _has_answered(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"start ended with {self.process.returncode}: {self.output()}"
        return ADDRESS.search(self.output()) is not None and "Ctrl-C" in self.output()

    def output(self) -> str:
        return self.said.read_text(errors="replace")

    def stop(self) -> float:
        """Ctrl-C; returns the seconds until everything had ended, and fails if something did not."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        seconds = time.monotonic() - begun
        assert self.process.returncode == 0, self.output()
        assert processes_of(self.data) == {}
        self.process = None
        return seconds

    def kill_everything(self) -> None:
        """SIGKILL of the supervisor, every child, PostgreSQL and Redis, as a power cut would."""
        while running := processes_of(self.data):
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        if self.process is not None:
            self.process.wait(10)
            self.process = None

    def end(self) -> None:
        """Whatever state it is in: nothing of it runs or stays on disk afterwards."""
        self.kill_everything()
        if self._output is not None:
            self._output.close()
        remove_site(self.data)

    def children(self, mark: str) -> list[int]:
        """The processes of this site whose command holds `mark`."""
        return [pid for pid, command in processes_of(self.data).items() if mark in command]

    def connect(self, role: str = "web") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection to the site's database as one of its roles."""
        return psycopg.connect(
            host=str(embedded.places(self.data).postgres_socket_directory),
            user=f"handrail_{role}",
            password=(self.data / "secrets" / f"db_handrail_{role}").read_text().strip(),
            dbname="handrail",
            autocommit=True,
            connect_timeout=5,
        )

    def rows(self, query: str, *values: object, role: str = "web") -> list[tuple[object, ...]]:
        """What a query answers, as one of the site's roles."""
        with self.connect(role) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def value(self, query: str, *values: object, role: str = "web") -> object:
        """The first column of the first row, or None."""
        found = self.rows(query, *values, role=role)
        return found[0][0] if found else None

    def mails(self, *, to: str, request: int | None = None) -> list[EmailMessage]:
        """The mails in the file-backed mailbox for an address, in the order in which they came."""
        files = sorted((self.mailbox / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [
            mail
            for mail in read
            if to in str(mail["To"]) and request in {None, int(str(mail["X-Handrail-Request"] or 0))}
        ]

    def manage(self, *arguments: str, seconds: float = 180) -> str:
        """Run a command on this site; returns what it printed."""
        done = manage(*arguments, environment=self.environment, seconds=seconds)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def status(self, path: str = "/", seconds: float = 20) -> int:
        """The status of a page, 0 while nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=seconds) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def _says_ready(log: Path) -> bool:
    return log.exists() and " ready." in log.read_text(errors="replace")


def new_directory(name: str) -> Path:
    """A short path that PostgreSQL's own user may cross."""
    made = Path(tempfile.mkdtemp(prefix=f"handrail-{name}-"))
    made.chmod(0o755)
    return made.resolve()


def remove_site(data: Path) -> None:
    """Take a site's files and sockets away, and the directory made for it."""
    shutil.rmtree(embedded.places(data).sockets, ignore_errors=True)
    shutil.rmtree(data.parent if data.name == "site" else data, ignore_errors=True)


def copy_site(source: Path, name: str) -> Path:
    """A stopped site's directory, copied with its owners: a site of its own with the same people and articles."""
    copy = new_directory(name) / "site"
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(copy)], check=True)
    shutil.rmtree(copy / "logs", ignore_errors=True)
    return copy


@contextlib.contextmanager
def prepared_site() -> Iterator[Path]:
    """The directory of a site that was started once, holds the demo, and was stopped by Ctrl-C."""
    with Path(f"{PREPARED}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PREPARED / "prepared").exists():
            PREPARED.mkdir(mode=0o755, exist_ok=True)
            site = RunningSite(PREPARED.resolve() / "site", free_port())
            site.data.mkdir(exist_ok=True)
            try:
                started = site.start()
                site.wait_for_triage()
                stopped = site.stop()
            except BaseException:
                site.kill_everything()
                raise
            (PREPARED / "prepared").write_text(f"{started:.1f} {stopped:.1f}")
    yield PREPARED.resolve() / "site"


@contextlib.contextmanager
def live_site() -> Iterator[RunningSite]:
    """A copy of the prepared site, up and with its workers ready; Ctrl-C must end all of it."""
    with prepared_site() as prepared:
        live = RunningSite(copy_site(prepared, "live"), free_port())
    try:
        live.start()
        live.wait_for_workers()
        yield live
        live.stop()
    finally:
        live.end()


def forget_prepared_site() -> None:
    """At the end of the test run."""
    remove_site(PREPARED.resolve() / "site")
    Path(f"{PREPARED}.lock").unlink(missing_ok=True)


@dataclass(frozen=True)
class Servers:
    """A PostgreSQL and a Redis that no site of ours supervises."""

    postgres: embedded.PostgresServer
    redis: embedded.RedisServer
    superuser_password: str

    def environment(self, database: str = "support") -> dict[str, str]:
        """What tells Handrail's commands to use these servers."""
        sockets = quote(str(self.postgres.where.postgres_socket_directory), safe="")
        return {
            "DATABASE_URL": f"postgresql:///{database}?host={sockets}",
            "REDIS_URL": f"redis+socket://{self.redis.where.redis_socket}",
            "DATABASE_ADMIN_URL": f"postgresql://postgres:{quote(self.superuser_password, safe='')}@/postgres",
        }


@contextlib.contextmanager
def other_servers() -> Iterator[Servers]:
    """Second servers from the wheel, in a place of their own, run by this test."""
    home = new_directory("servers")
    places = embedded.places(home)
    # The superuser's password is the tests' own: their process makes the cluster.
    made = Servers(embedded.PostgresServer(places), embedded.RedisServer(places), ensure_secret("db_postgres"))
    made.postgres.start()
    made.redis.start()
    try:
        yield made
    finally:
        made.redis.stop()
        made.postgres.stop()
        remove_site(home)
