"""Backup and restore as docs/operators.md describes them: another server has everything then, and a whole guard."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from portal import embedded
from portal.environment import data_directory, read_secret
from tests.guard.conftest import RELEASE, Row, Scene, session
from tests.running import Servers, environment, manage, new_directory, other_servers, remove_site

HAND_MADE = (
    "INSERT INTO portal_message (ticket_id, direction, payload_id, released_by_id, visible_from, created_at, automatic)"
    " SELECT ticket_id, direction, payload_id, released_by_id, visible_from, created_at, automatic"
    " FROM portal_message WHERE direction = 'outbound'"
)


@pytest.fixture
def other() -> Iterator[Servers]:
    with other_servers() as made:
        yield made


@pytest.fixture
def new_home() -> Iterator[Path]:
    """Where the restored site keeps its secrets."""
    made = new_directory("restored")
    yield made
    remove_site(made)


def postgres_program(name: str, server: embedded.PostgresServer, *arguments: str) -> None:
    command = [str(server.binaries() / name), "-h", str(server.where.postgres_socket_directory), "-U", "postgres"]
    password = {**os.environ, "PGPASSWORD": read_secret("db_postgres")}
    done = subprocess.run([*command, *arguments], env=password, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def everything(connection: "psycopg.Connection[Row]") -> dict[str, object]:
    """A digest of every table's rows."""
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {} t"
    return {
        str(name): connection.execute(sql.SQL(rows).format(sql.Identifier(str(name)))).fetchone() for (name,) in names
    }


def test_a_dump_restored_on_another_server_has_everything_and_a_whole_guard(
    scene: Scene, other: Servers, new_home: Path, tmp_path: Path
) -> None:
    with session(scene.site, "web") as web:
        web.execute(RELEASE, scene.arguments(scene.payload()))
        web.commit()
    ours = embedded.PostgresServer(embedded.places(data_directory()))
    dump = tmp_path / "handrail.dump"
    postgres_program("pg_dump", ours, "-Fc", "-f", str(dump), scene.site.name)
    told = environment(new_home, 0, **other.environment())
    assert manage("bootstrap", environment=told).returncode == 0
    postgres_program("pg_restore", other.postgres, "--clean", "--if-exists", "-d", "support", str(dump))
    assert manage("bootstrap", environment=told).returncode == 0
    checked = manage("check_guard", environment=told)
    assert checked.returncode == 0, checked.stderr
    with (
        session(scene.site, "owner") as before,
        psycopg.connect(
            host=str(other.postgres.where.postgres_socket_directory),
            user="postgres",
            password=read_secret("db_postgres"),
            dbname="support",
        ) as after,
    ):
        assert everything(after) == everything(before)
        after.execute("SET ROLE handrail_owner")
        with pytest.raises(psycopg.Error) as refusal:
            after.execute(HAND_MADE)
        assert refusal.value.sqlstate == "23H05"
