"""What every test stands on: a real PostgreSQL and Redis of the tests' own, and an empty database per worker.

`db` (pytest-django's) rolls back and runs as the web role. `site` is a clone of its own with real commits, for tests of
races, roles and tasks; `site.as_role("worker")` runs code on another role's connection.
"""

import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal import embedded, environment
from tests import scratch

scratch.use_memory()

# Before the settings are read: tests have a data directory of their own, and never the configured servers.
os.environ.setdefault("HANDRAIL_EMBEDDER_DIR", str(environment.data_directory() / "models"))
os.environ["HANDRAIL_DATA"] = os.environ.get("HANDRAIL_TEST_DATA") or str(
    Path(tempfile.gettempdir()) / f"handrail-tests-{os.getuid()}"
)
for name in ("DATABASE_URL", "REDIS_URL", "DATABASE_ADMIN_URL", "HANDRAIL_DB_ROLE", "HANDRAIL_SECRET_KEY"):
    os.environ.pop(name, None)
for name in [name for name in os.environ if name.startswith("HANDRAIL_LLM_")]:
    del os.environ[name]  # no test asks a model but its own
os.environ["HANDRAIL_UNDO_SECONDS"] = "1"
os.environ.setdefault("HANDRAIL_TEST_RUN", str(os.getpid()))  # the run that this worker belongs to
# Set here and not in pyproject.toml, where pytest-django would read the settings before the lines above.
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

embedded.SERVER_OPTIONS["fsync"] = "off"  # the servers of this process alone: their data need not outlive a power cut

for role in (*environment.ROLES, "postgres"):
    environment.ensure_secret(f"db_{role}" if role == "postgres" else f"db_handrail_{role}")

import django

django.setup()

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings
from xdist.remote import Producer

from portal import database
from tests import distribution, running

# Whether a test passes does not depend on how busy the machine is.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

SHARED_DATA = environment.BASE_DIR.parent / "shared" / "data"
SITE_ROLES = ("web", "worker", "mailer", "owner", "eval")


@pytest.fixture(scope="session")
def engines() -> Iterator[embedded.Places]:
    """PostgreSQL and Redis of the tests' own, held up for the session and shared by its workers."""
    with embedded.running() as places:
        yield places


@pytest.fixture(scope="session")
def template(engines: embedded.Places, django_db_blocker: DjangoDbBlocker) -> None:
    """The empty migrated template; built once, by whichever worker comes first."""
    lock = Path(settings.HANDRAIL_DATA) / "template.lock"
    with lock.open("a") as file, django_db_blocker.unblock():
        fcntl.flock(file, fcntl.LOCK_EX)
        database.ensure_template()


@pytest.fixture(scope="session")
def django_db_setup(template: None) -> Iterator[None]:
    """Point Django's connection at this worker's own clone, as the web role."""
    name = f"handrail_test_{os.getpid()}_{secrets.token_hex(3)}"
    database.clone_template(name, roles=SITE_ROLES)
    wrapper = connections["default"]
    wrapper.settings_dict["NAME"] = name
    wrapper.settings_dict["CONN_MAX_AGE"] = None
    yield
    wrapper.close()
    database.drop_database(name)


@pytest.fixture(autouse=True)
def _private_files(tmp_path: Path, settings: Settings) -> None:
    """Attachments and media of a test go to its own directory."""
    storages = {**settings.STORAGES}
    storages["attachments"] = {**storages["attachments"], "OPTIONS": {"location": tmp_path / "files", "base_url": None}}
    storages["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = storages
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class Site:
    """A database of a test's own, where commits are real."""

    name: str

    @contextlib.contextmanager
    def as_role(self, role: str) -> Iterator[None]:
        """Run ORM code as another role, on a connection of its own."""
        with database.using(role=role, database=self.name):
            yield

    def connect(self, role: str) -> "psycopg.Connection[tuple[object, ...]]":
        """A plain psycopg connection as `role`, not autocommitting: one more session in a race."""
        server = database.server_as(role)
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=self.name,
        )


@contextlib.contextmanager
def cloned_site(blocker: DjangoDbBlocker) -> Iterator[Site]:
    """A fresh clone with real commits, as the web role; dropped at the end."""
    name = f"handrail_site_{os.getpid()}_{secrets.token_hex(4)}"
    database.clone_template(name, roles=SITE_ROLES)
    try:
        with blocker.unblock(), database.using(role="web", database=name):
            yield Site(name)
    finally:
        database.drop_database(name)


@pytest.fixture
def site(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """A database of one test's own."""
    with cloned_site(django_db_blocker) as made:
        yield made


@pytest.fixture(scope="module")
def running_site() -> Iterator[running.RunningSite]:
    """A demo site under the real `manage.py start`, one for each module."""
    with running.live_site() as live:
        yield live


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only the process that began the run takes the prepared site away."""
    if os.environ["HANDRAIL_TEST_RUN"] == str(os.getpid()):
        running.forget_prepared_site()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real knowledge bases, tickets and logs that are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data sets are not on this machine")
    return SHARED_DATA


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse tests that would truncate tables: the web role may not, and neither may anything in production."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use the `site` fixture for real commits, not transaction=True")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: distribution.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.Piecewise | None:
    """In place of the choice of `--dist loadfile`, which sends two workers on the journeys and each starts a site."""
    return distribution.Piecewise(config, log) if config.getvalue("dist") == "loadfile" else None
