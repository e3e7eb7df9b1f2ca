"""The commands of docker-compose.yml run by hand, each told exactly what its container would be told.

Docker itself cannot run everywhere. What stands in for it: servers that nobody supervises, a directory of secrets for
each service that holds its own files only, and a data directory that the workers may only read.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agents.processes import free_port, mailbox_program
from portal import database, embedded
from portal.environment import BASE_DIR, read_secret
from tests.agents.containers import compose_file, image_command, image_environment
from tests.faults.conftest import Caller, number_of
from tests.running import new_directory, remove_site, wait_until

pytestmark = pytest.mark.faults

PUBLIC = "https://support.example.org"
ROOM = 420  # on a machine that runs all of `make test` beside it


class FromOutside(Caller):
    """Somebody whose browser speaks https with the proxy in front."""

    def __init__(self, host: "Host") -> None:
        super().__init__(host.address, secure_protocols=("http", "https"))
        self.headers = {
            "Host": "support.example.org",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.7",
            "Origin": PUBLIC,
        }


@dataclass
class Host:
    """What one machine with Docker would hold."""

    home: Path
    port: int
    mail_port: int
    places: embedded.Places
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.address = f"http://127.0.0.1:{self.port}"
        variables = {
            "HANDRAIL_PUBLIC_URL": PUBLIC,
            "HANDRAIL_SMTP_HOST": "127.0.0.1",
            "HANDRAIL_SMTP_PORT": str(self.mail_port),
            "HANDRAIL_SMTP_STARTTLS": "0",
        }
        self.services: dict[str, dict[str, Any]] = compose_file(variables)["services"]
        make = ["make", "-f", str(BASE_DIR / "Makefile"), "secrets"]
        subprocess.run(make, cwd=self.home, check=True, capture_output=True)
        superuser = self.home / "secrets" / "db_postgres"
        superuser.chmod(0o644)
        superuser.write_text(read_secret("db_postgres"))  # of the tests, whose process made that server
        for name in ("data/files", "data/media", "tmp"):
            (self.home / name).mkdir(parents=True)

    def command(self, words: list[str]) -> list[str]:
        """With this machine's paths and ports in place of the container's."""
        return [
            word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}").replace("/tmp", str(self.home / "tmp"))
            for word in words
        ]

    def environment(self, name: str) -> dict[str, str]:
        """The image's variables and the service's, and nothing of this process's own."""
        sockets = quote(str(self.places.postgres_socket_directory), safe="")
        told = {**image_environment(), **self.services[name]["environment"]}
        told["DATABASE_URL"] = told["DATABASE_URL"].replace("//db:5432/handrail", f"///handrail?host={sockets}")
        told["REDIS_URL"] = f"redis+socket://{self.places.redis_socket}"
        if "DATABASE_ADMIN_URL" in told:
            told["DATABASE_ADMIN_URL"] = told["DATABASE_ADMIN_URL"].replace("@db:5432", "@")
        told["HANDRAIL_SECRETS"] = str(self._secrets(name))
        told["HANDRAIL_DATA"] = str(self._data(name))
        told["HANDRAIL_EMBEDDER_DIR"] = os.environ["HANDRAIL_EMBEDDER_DIR"]
        paths = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TMPDIR": str(self.home / "tmp")}
        return {**told, **paths, "PORT": str(self.port)}

    def _secrets(self, name: str) -> Path:
        own = self.home / "run" / name
        own.mkdir(parents=True, exist_ok=True)
        for secret in self.services[name]["secrets"]:
            shutil.copyfile(self.home / "secrets" / secret, own / secret)
        return own

    def _data(self, name: str) -> Path:
        """The shared directory; a service that may only read it sees it through links, and leaves nothing there."""
        if not self.services[name]["volumes"][0].endswith(":ro"):
            return self.home / "data"
        own = self.home / f"data-{name}"
        if not own.exists():
            own.mkdir()
            for entry in ("files", "media", "static"):
                (own / entry).symlink_to(self.home / "data" / entry)
        return own

    def run(self, name: str, words: list[str]) -> subprocess.CompletedProcess[str]:
        """A command of a service, to its end."""
        return subprocess.run(
            self.command(words),
            env=self.environment(name),
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            timeout=ROOM,
            check=False,
        )

    def up(self, name: str) -> None:
        """Start a service; what it says is kept."""
        log = (self.home / f"{name}.log").open("wb")
        command = self.command(self.services[name].get("command") or image_command())
        self.running[name] = subprocess.Popen(
            command, env=self.environment(name), cwd=BASE_DIR, stdout=log, stderr=subprocess.STDOUT
        )

    def said(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def is_up(self, name: str) -> bool:
        """Whether it has said so."""
        assert self.running[name].poll() is None, self.said(name)[-3000:]
        return any(words in self.said(name) for words in ("Booting worker", " ready.", "beat: Starting"))

    def check(self, name: str) -> str:
        """Ask as Docker would; what is wrong, or nothing."""
        done = self.run(name, self.services[name]["healthcheck"]["test"][1:])
        return done.stderr or done.stdout if done.returncode else ""

    def down(self) -> dict[str, int]:
        """SIGTERM to all, then how each ended within its time."""
        for process in self.running.values():
            process.terminate()
        grace = {name: int(self.services[name].get("stop_grace_period", "10s")[:-1]) for name in self.running}
        return {name: process.wait(grace[name]) for name, process in self.running.items()}

    def value(self, query: str) -> object:
        """What the database answers to the web's role."""
        server = database.Server(
            str(self.places.postgres_socket_directory),
            5432,
            "handrail_web",
            (self.home / "secrets" / "db_handrail_web").read_text().strip(),
        )
        with server.connect("handrail") as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


@pytest.fixture
def host() -> Iterator[Host]:
    """Servers that are nobody's to supervise, a mail server, and an empty machine."""
    with ExitStack() as stack:
        home = new_directory("containers")
        stack.callback(remove_site, home)
        places = embedded.places(home / "servers")
        for server in (embedded.PostgresServer(places), embedded.RedisServer(places)):
            server.start()
            stack.callback(server.stop)
        made = Host(home, free_port(), free_port(), places)
        mailbox = subprocess.Popen(mailbox_program(made.mail_port, home / "mailbox").command, cwd=BASE_DIR)
        stack.callback(mailbox.wait, 10)
        stack.callback(mailbox.terminate)
        yield made
        for process in made.running.values():
            process.kill()
            process.wait()


def test_every_command_of_the_compose_file_does_its_work(host: Host) -> None:
    prepared = host.run("bootstrap", host.services["bootstrap"]["command"])
    assert prepared.returncode == 0, prepared.stderr[-3000:]
    serving = [name for name, service in host.services.items() if "build" in service and name != "bootstrap"]
    for name in serving:
        host.up(name)
    for name in serving:
        wait_until(partial(host.is_up, name), seconds=ROOM, describe=f"{name} is up")
        assert host.check(name) == ""

    visitor = FromOutside(host)
    number = number_of(visitor.ask(visitor.form(), "From outside", "The nightly backup stops with HF-2104."))
    done = f"SELECT r.state FROM triage_run r WHERE r.ticket_id = {number}"
    wait_until(lambda: host.value(done) == "done", seconds=ROOM, describe="the request was read")
    wait_until(lambda: list((host.home / "mailbox" / "new").glob("*")), seconds=ROOM, describe="the receipt came")

    assert host.down() == dict.fromkeys(serving, 0)
    readers = [path for path in host.home.glob("data-*") if path.is_dir()]
    assert {path.name for path in readers} == {"data-worker", "data-indexer", "data-mailer", "data-beat"}
    assert all({entry.name for entry in path.iterdir()} == {"files", "media", "static"} for path in readers)
