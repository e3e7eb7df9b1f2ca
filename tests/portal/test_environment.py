"""What the environment says, read once and in words when it is wrong; and secrets that no two processes make twice."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal import environment
from portal.environment import ConfigurationError, DatabaseServer

SOCKETS = Path("/run/handrail/pg")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", DatabaseServer(str(SOCKETS), 5432, "handrail", embedded=True)),
        ("postgresql://db.example:6432/support", DatabaseServer("db.example", 6432, "support", embedded=False)),
        ("postgres://db.example", DatabaseServer("db.example", 5432, "handrail", embedded=False)),
        ("postgresql:///handrail?host=/srv/a%20b/pg", DatabaseServer("/srv/a b/pg", 5432, "handrail", embedded=False)),
        (
            "postgresql:///s?connect_timeout=3&host=/run/pg",
            DatabaseServer("/run/pg", 5432, "s", embedded=False),
        ),
    ],
)
def test_the_database_is_where_its_address_says(
    monkeypatch: pytest.MonkeyPatch, url: str, expected: DatabaseServer
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert environment.database_server(SOCKETS) == expected


def test_an_address_of_another_kind_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://db.example/handrail")
    with pytest.raises(ConfigurationError, match="DATABASE_URL must look like"):
        environment.database_server(SOCKETS)


@pytest.mark.parametrize(("said", "meant"), [("1", True), ("Yes", True), (" on ", True), ("0", False), ("no", False)])
def test_flags(monkeypatch: pytest.MonkeyPatch, said: str, meant: bool) -> None:
    monkeypatch.setenv("HANDRAIL_THING", said)
    assert environment.flag("HANDRAIL_THING", default=not meant) is meant


def test_what_is_not_said_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_THING", " ")
    assert environment.flag("HANDRAIL_THING", default=True) is True
    assert environment.number("HANDRAIL_THING", 7) == 7
    assert environment.words("HANDRAIL_THING") == []


def test_a_number_that_is_none_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(ConfigurationError, match="PORT must be a whole number, not 'eighty'"):
        environment.number("PORT", 8000)


def test_an_unknown_role_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_DB_ROLE", "postgres")
    with pytest.raises(ConfigurationError, match="it must be one of owner, web"):
        environment.current_role()


def test_a_secret_is_made_once_and_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANDRAIL_SECRETS", str(tmp_path / "secrets"))
    assert environment.read_secret("thing") == ""
    code = "from portal.environment import ensure_secret; print(ensure_secret('thing'))"
    makers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=environment.BASE_DIR)
        for _ in range(4)
    ]
    made = {maker.communicate(timeout=30)[0].strip() for maker in makers}
    assert made == {environment.ensure_secret("thing")} == {environment.read_secret("thing")}
    assert len(made.pop()) >= 32
    assert stat.S_IMODE((tmp_path / "secrets" / "thing").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["thing"]
