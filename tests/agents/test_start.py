"""`manage.py start` when something is wrong: one clear line. And on servers that others run: the same commands."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.processes import free_port
from tests.faults.conftest import file_request
from tests.running import (
    RunningSite,
    Servers,
    environment,
    manage,
    new_directory,
    other_servers,
    processes_of,
    remove_site,
)

pytestmark = pytest.mark.faults

NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/handrail", "REDIS_URL": "redis://127.0.0.1:1/0"}
ADMIN_NOWHERE = {"DATABASE_ADMIN_URL": "postgresql://postgres:guess@127.0.0.1:1/postgres"}


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory for a site that is not there yet."""
    made = new_directory("start")
    yield made
    assert processes_of(made) == {}
    remove_site(made)


def last_words(data: Path, port: int, **more: str) -> str:
    """What a start that cannot succeed says on its way out."""
    done = manage("start", environment=environment(data, port, **more))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def test_a_port_in_use_is_one_line(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = last_words(data, port)
    assert said == f"handrail: port {port} on 127.0.0.1 is in use: stop what listens there, or set PORT to another.\n"
    assert not (data / "postgres").exists()


@pytest.mark.parametrize("admin", [{}, ADMIN_NOWHERE], ids=["as it is", "to be prepared"])
def test_an_unreachable_database_is_one_line(data: Path, admin: dict[str, str]) -> None:
    said = last_words(data, free_port(), **NOWHERE, **admin)
    assert said.startswith("handrail: PostgreSQL at 127.0.0.1 cannot be reached as ")
    assert said.count("\n") == 1


def test_an_address_that_is_none_is_one_line(data: Path) -> None:
    assert last_words(data, free_port(), DATABASE_URL="mysql://db.example/x") == (
        "handrail: DATABASE_URL must look like postgresql://host:5432/handrail.\n"
    )


@pytest.fixture
def servers() -> Iterator[Servers]:
    with other_servers() as made:
        yield made


def test_the_same_commands_serve_on_configured_servers(data: Path, servers: Servers) -> None:
    site = RunningSite(data, free_port(), **servers.environment())
    try:
        site.manage("bootstrap")
        site.start("--no-demo")
        site.wait_for_workers()
        number = file_request(site, "On a server of our own")
        site.stop()
    finally:
        site.kill_everything()
    assert not (data / "postgres").exists()
    assert not (data / "redis").exists()
    assert servers.postgres.is_running()
    assert servers.redis.is_running()
    assert number == 1
