"""Starts everything on one machine and keeps it up, and loads the demo if the site is empty."""

import hashlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from agents import demo
from agents.demo_script import SCRIPTS
from agents.processes import PYTHON, Supervisor, free_port, mailbox_program, port_is_free, programs
from kb import demo as articles
from portal import database, embedded
from portal import demo as people
from portal.environment import BASE_DIR, ConfigurationError
from triage.generators import describe_generator

READY_SECONDS = 120


class Command(BaseCommand):
    """`manage.py start`: PORT and HANDRAIL_DATA say where; Ctrl-C stops all of it."""

    help = "Start PostgreSQL, Redis, web, workers, mailer and beat; load the demo if the site is empty."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty site empty")
        parser.add_argument("--bind", default=os.environ.get("HANDRAIL_BIND", "127.0.0.1"), help="address to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the supervisor listens: end in order
        port, bind = settings.HANDRAIL_PORT, options["bind"]
        if not port_is_free(bind, port):
            raise ConfigurationError(
                f"port {port} on {bind} is in use: stop what listens there, or set PORT to another."
            )
        generator = describe_generator()  # refuses here, not in a worker's log, settings that contradict themselves
        with embedded.running() as places:
            self._prepare(places)
            logins = "" if options["no_demo"] else self._demo(places)
            self._serve(port, bind, places, logins, generator)

    def _prepare(self, places: embedded.Places) -> None:
        """Bring the database and the static files up to date; seconds when they are."""
        if os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_ADMIN_URL"):
            self._say("DATABASE_ADMIN_URL is not set, so the database is taken as it is.")
            database.server_as("web").connect(database.site_database()).close()  # or one line that says why not
        elif not database.is_current():
            self._say("Preparing the database …")
            database.bootstrap()
        marker = places.data / "run" / "static.digest"
        digest = digest_of(static_files())
        if not marker.is_file() or marker.read_text() != digest:
            self._say("Collecting the static files …")
            self._manage("collectstatic", "--noinput", "--clear", "-v0", role="web")
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.write_text(digest)

    def _demo(self, places: embedded.Places) -> str:
        """Load the demo if the site is empty, and return its logins; nothing on a site of somebody's own."""
        marker, digest = places.data / "run" / "demo.digest", digest_of(demo_files())
        with database.using(role="web", database=settings.HANDRAIL_DATABASE_NAME):
            is_demo = demo.is_demo()
            if not is_demo and not demo.is_empty():
                return ""
            if is_demo and marker.is_file() and marker.read_text() == digest:
                return demo.logins(people.load())
        self._say("Loading the demo …")
        logins = self._manage("demo", role="web")
        marker.write_text(digest)
        return logins

    def _serve(self, port: int, bind: str, places: embedded.Places, logins: str, generator: str) -> None:
        run = places.data / "run"
        run.mkdir(parents=True, exist_ok=True)
        wanted = []
        if not settings.EMAIL_HOST:
            mail_port = free_port()
            wanted.append(mailbox_program(mail_port, places.data / "mailbox"))
            os.environ.update(HANDRAIL_SMTP_HOST="127.0.0.1", HANDRAIL_SMTP_PORT=str(mail_port), HANDRAIL_DEMO="1")
        workers = int(os.environ.get("HANDRAIL_WEB_WORKERS", "2"))
        wanted += programs(port=port, bind=bind, run_directory=run, web_workers=workers)
        supervisor = Supervisor(wanted, places.data / "logs")
        supervisor.stop_on_signals()
        try:
            supervisor.start("mailbox", "web")  # the page first: the workers start while it is being read
            if self._wait_until_ready(port, bind, supervisor):
                self._say(f"\nHandrail answers at {settings.HANDRAIL_PUBLIC_URL}\n\n{logins}\n{generator}\n")
                self._say("Ctrl-C stops everything.")
            if not supervisor.stopping:
                supervisor.start()
                supervisor.watch(also=lambda: embedded.restart_ended(places))
        finally:
            self._say("Stopping …")
            supervisor.stop()

    def _wait_until_ready(self, port: int, bind: str, supervisor: Supervisor) -> bool:
        host = "127.0.0.1" if bind in {"0.0.0.0", "::"} else bind  # noqa: S104 - compared with, not bound to
        request = urllib.request.Request(f"http://{host}:{port}/healthz", headers={"Host": settings.ALLOWED_HOSTS[0]})
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not supervisor.stopping and supervisor.all_up():
            try:
                with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - our own loopback address
                    return True
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return True  # it answers; a redirect to https, say
            except OSError:
                pass
            time.sleep(0.1)
        if not supervisor.stopping:
            self._say(f"The web server does not answer yet; its log is {settings.HANDRAIL_DATA}/logs/web.log.")
        return False

    def _manage(self, *arguments: str, role: str) -> str:
        """Run another command as its own role; its errors are shown, its output returned."""
        environment = {**os.environ, "HANDRAIL_DB_ROLE": role, "HANDRAIL_LOG_LEVEL": "WARNING"}
        done = subprocess.run(
            [PYTHON, str(BASE_DIR / "manage.py"), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ConfigurationError(f"`manage.py {arguments[0]}` failed; its own words stand above.")
        return done.stdout

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def static_files() -> list[Path]:
    """What collected files are made from: the pinned packages, and our own static files."""
    own = [path for app in ("kb", "portal", "triage", "agents") for path in _files(BASE_DIR / app / "static")]
    return [BASE_DIR / "requirements.lock", *own]


def demo_files() -> list[Path]:
    """What the demo is made from."""
    return [BASE_DIR / "portal" / "demo.py", *_files(SCRIPTS), *_files(articles.ARTICLES)]


def digest_of(files: list[Path]) -> str:
    """A digest that changes whenever one of the files does."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(BASE_DIR)).encode() + file.read_bytes())
    return digest.hexdigest()


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
