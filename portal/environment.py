"""Reads Handrail's environment variables and the secret files of its data directory.

Pure of Django, so that the settings, the engines' supervisor and the tests agree on one reading.
Invariant: no secret has a default in code; a missing one is an error that names the command that makes it.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_NAME = "handrail"
TEMPLATE_DATABASE_NAME = "handrail_template"
ROLES = ("owner", "web", "worker", "mailer", "eval")


class ConfigurationError(Exception):
    """A setting that people must mend; the message is the one line they are shown."""


@dataclass(frozen=True)
class DatabaseServer:
    """Where PostgreSQL listens. `host` is a socket directory for the embedded server."""

    host: str
    port: int
    name: str
    embedded: bool


def flag(name: str, *, default: bool) -> bool:
    """Read a yes/no variable: 1, true, yes and on (any case) mean yes."""
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """Read a whole number, or raise ConfigurationError in words."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}.") from None


def percentage(name: str, default: int) -> int:
    """Read a whole number of per cent from 50 to 99, or raise ConfigurationError in words."""
    value = number(name, default)
    if not 50 <= value <= 99:
        raise ConfigurationError(f"{name} must be a number of per cent from 50 to 99, not {value}.")
    return value


def words(name: str) -> list[str]:
    """Read a comma-separated list."""
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]


def data_directory() -> Path:
    """Where everything that Handrail keeps on disk lives (HANDRAIL_DATA, default `var/`)."""
    return Path(os.environ.get("HANDRAIL_DATA") or BASE_DIR / "var").expanduser().resolve()


def secrets_directory() -> Path:
    """Where the password files stand (HANDRAIL_SECRETS, default `secrets/` in the data directory)."""
    return Path(os.environ.get("HANDRAIL_SECRETS") or data_directory() / "secrets")


def current_role() -> str:
    """The database role of this process, `web` unless HANDRAIL_DB_ROLE says otherwise."""
    role = os.environ.get("HANDRAIL_DB_ROLE", "web")
    if role not in ROLES:
        raise ConfigurationError(f"HANDRAIL_DB_ROLE is {role!r}; it must be one of {', '.join(ROLES)}.")
    return role


def read_secret(name: str) -> str:
    """Return the secret kept under `name`; empty when it has not been made yet."""
    path = secrets_directory() / name
    return path.read_text().strip() if path.is_file() else ""


def secret(variable: str) -> str:
    """Return a secret of the operator's: the variable's value, or what is in the file that `<variable>_FILE` names."""
    value, file = os.environ.get(variable, "").strip(), os.environ.get(f"{variable}_FILE", "").strip()
    if value or not file:
        return value
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"{variable}_FILE names a file that cannot be read: {error.strerror}.") from None


def ensure_secret(name: str) -> str:
    """Return the secret kept under `name`, making it (0600, atomically) on first use."""
    if known := read_secret(name):
        return known
    directory = secrets_directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / name
    temporary = directory / f".{name}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(36))
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process made it first; both then read the same one
    finally:
        temporary.unlink()
    return read_secret(name)


def database_server(socket_directory: Path) -> DatabaseServer:
    """Read DATABASE_URL (host and database only), or name the embedded server at `socket_directory`."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        return DatabaseServer(str(socket_directory), 5432, DATABASE_NAME, embedded=True)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ConfigurationError("DATABASE_URL must look like postgresql://host:5432/handrail.")
    query = dict(re.findall(r"([^&=]+)=([^&]*)", parts.query))
    host = unquote(query.get("host", "")) or parts.hostname or "localhost"
    return DatabaseServer(host, parts.port or 5432, parts.path.lstrip("/") or DATABASE_NAME, embedded=False)
