"""Roles, databases and grants, all in PostgreSQL's own terms.

Invariant: the site's database and the empty template that tests and evaluations clone are built by the same function.
`portal.guard` checks at every start that what was built here still stands.
"""

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from portal import grants
from portal.environment import (
    ROLES,
    TEMPLATE_DATABASE_NAME,
    ConfigurationError,
    ensure_secret,
    read_secret,
)

Connection = psycopg.Connection[tuple[object, ...]]

ADVISORY_LOCK = 4_242_017
GUARD = "handrail_guard"
ERASER = "handrail_eraser"
# Nobody logs in as these: each owns one function.
FUNCTION_OWNERS = (GUARD, ERASER)
# Limits a runaway statement without limiting migrations.
TIMEOUTS = {"web": "15s", "worker": "120s", "mailer": "30s"}
DROP_SECONDS = 60
MIN_SERVER_VERSION = 160000


@dataclass(frozen=True)
class Server:
    """How to reach the server as one login."""

    host: str
    port: int
    user: str
    password: str

    def connect(self, database: str) -> Connection:
        """Open an autocommitting connection; ConfigurationError in one line when that fails."""
        try:
            return psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=database,
                connect_timeout=5,
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines() or ["no answer"]
            reason = next((line for line in said if "FATAL" in line), said[-1]).strip()
            raise ConfigurationError(f"PostgreSQL at {self.host} cannot be reached as {self.user}: {reason}") from error


def site_database() -> str:
    """The name of the site's own database."""
    return str(settings.HANDRAIL_DATABASE_NAME)


def _address() -> tuple[str, int]:
    """Where the server listens: a host name or a socket directory, and a port."""
    database = settings.DATABASES["default"]
    return str(database["HOST"]), int(str(database["PORT"]))


def server_as(role: str) -> Server:
    """The server as one of Handrail's roles, with the password of its file."""
    host, port = _address()
    return Server(host, port, f"handrail_{role}", read_secret(f"db_handrail_{role}"))


def admin_server() -> tuple[Server, str]:
    """The server as its superuser, and a database to connect to: from DATABASE_ADMIN_URL, or our own server.

    An address without a password takes it from the file `db_postgres`.
    """
    host, port = _address()
    url = os.environ.get("DATABASE_ADMIN_URL", "")
    if url:
        parts = urlsplit(url)
        password = unquote(parts.password or "") or read_secret("db_postgres")
        admin = Server(parts.hostname or host, parts.port or port, unquote(parts.username or ""), password)
        return admin, parts.path.lstrip("/") or "postgres"
    if os.environ.get("DATABASE_URL"):
        raise ConfigurationError("Set DATABASE_ADMIN_URL (a superuser) for `bootstrap`; other commands do not need it.")
    return Server(host, port, "postgres", read_secret("db_postgres")), "postgres"


@contextlib.contextmanager
def using(*, role: str, database: str) -> Iterator[None]:
    """Let Django's connection be another role and database for the duration."""
    wrapper = connections["default"]
    previous = dict(wrapper.settings_dict)
    wrapper.close()
    wrapper.settings_dict.update(USER=f"handrail_{role}", PASSWORD=read_secret(f"db_handrail_{role}"), NAME=database)
    try:
        yield
    finally:
        wrapper.close()
        wrapper.settings_dict.update(previous)


def ensure_roles(admin: Connection) -> None:
    """Create the roles that are missing and set each login's password from its file. Idempotent."""
    known = {str(name) for (name,) in admin.execute("SELECT rolname FROM pg_roles").fetchall()}
    for missing in set(FUNCTION_OWNERS) - known:
        admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(missing)))
    for role in ROLES:
        name = sql.Identifier(f"handrail_{role}")
        if f"handrail_{role}" not in known:
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        options = "CREATEDB" if role == "eval" else "NOCREATEDB"
        admin.execute(
            sql.SQL(
                "ALTER ROLE {} NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS " + options + " PASSWORD {}"
            ).format(name, sql.Literal(ensure_secret(f"db_handrail_{role}")))
        )
        if role in TIMEOUTS:
            timeout = sql.Literal(TIMEOUTS[role])
            admin.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = {}").format(name, timeout))
            admin.execute(sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = '60s'").format(name))


def connect_privileges(admin: Connection, database: str, roles: tuple[str, ...]) -> None:
    """Let exactly these roles connect; a clone loses its database's privileges, so this is said again for each."""
    name = sql.Identifier(database)
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for role in roles:
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(f"handrail_{role}")))


def build_database(server: Server, maintenance: str, database: str, *, evaluation: bool) -> None:
    """Create `database` if need be, migrate it as its owner and set its grants. Safe to repeat."""
    with server.connect(maintenance) as admin:
        version = admin.info.server_version
        if version < MIN_SERVER_VERSION:
            raise ConfigurationError(f"PostgreSQL 16 or newer is needed; this server is {version // 10000}.")
        exists = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not exists:
            owner = sql.Identifier("handrail_owner")
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(database), owner
                )
            )
        roles = ("owner", "eval") if evaluation else ("owner", *grants.SERVING_ROLES)
        connect_privileges(admin, database, roles)
    with server.connect(database) as admin, guard_may_be_built(admin):
        admin.execute("CREATE EXTENSION IF NOT EXISTS vector")
        with using(role="owner", database=database):
            call_command("migrate", interactive=False, verbosity=0)
    with server.connect(database) as admin:
        apply_grants(admin, evaluation=evaluation)


@contextlib.contextmanager
def guard_may_be_built(admin: Connection) -> Iterator[None]:
    """Only while migrating may the owner hand release() over to the guard, and erase_person() to the eraser."""
    admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    admin.execute("GRANT USAGE, CREATE ON SCHEMA public TO handrail_owner")
    roles = sql.SQL(", ").join(map(sql.Identifier, FUNCTION_OWNERS))
    admin.execute(sql.SQL("GRANT {} TO handrail_owner WITH INHERIT TRUE, SET TRUE").format(roles))
    admin.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(roles))
    try:
        yield
    finally:
        admin.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(roles))
        admin.execute(sql.SQL("REVOKE {} FROM handrail_owner").format(roles))


def apply_grants(admin: Connection, *, evaluation: bool) -> None:
    """Make the live grants those of portal.grants, taking away what is not listed."""
    wanted = grants.expected(evaluation=evaluation)
    with admin.transaction():
        for extra in sorted(live_grants(admin) - wanted):
            admin.execute(_grant_statement("REVOKE", extra))
        for missing in sorted(wanted - live_grants(admin)):
            admin.execute(_grant_statement("GRANT", missing))
        for role in ("web", "worker", "mailer", "eval"):
            admin.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(f"handrail_{role}")))


def _grant_statement(verb: str, grant: grants.Grant) -> sql.Composed:
    column = sql.SQL(" ({})").format(sql.Identifier(grant.column)) if grant.column else sql.SQL("")
    return sql.SQL("{} {}{} ON {} {} {}").format(
        sql.SQL(verb),
        sql.SQL(grant.privilege),
        column,
        sql.Identifier("public", grant.table),
        sql.SQL("TO" if verb == "GRANT" else "FROM"),
        sql.SQL("PUBLIC") if grant.role == "PUBLIC" else sql.Identifier(grant.role),
    )


LIVE_GRANTS = """
    SELECT coalesce(r.rolname, 'PUBLIC'), c.relname, a.privilege_type, ''
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    CROSS JOIN LATERAL aclexplode(c.relacl) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND a.grantee <> c.relowner
    UNION ALL
    SELECT coalesce(r.rolname, 'PUBLIC'), c.relname, a.privilege_type, t.attname
    FROM pg_attribute t
    JOIN pg_class c ON c.oid = t.attrelid AND NOT t.attisdropped
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    CROSS JOIN LATERAL aclexplode(t.attacl) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE a.grantee <> c.relowner
"""


def live_grants(admin: Connection) -> set[grants.Grant]:
    """What the catalogue says that anybody but the owner may do to our tables."""
    return {grants.Grant(*map(str, row)) for row in admin.execute(LIVE_GRANTS).fetchall()}


def schema_fingerprint() -> str:
    """A digest of every migration and of the grants: what a template must have been built from."""
    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda c: c.label):
        for file in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"{config.label}/{file.name}".encode() + file.read_bytes())
    digest.update(Path(grants.__file__).read_bytes() + Path(__file__).read_bytes())
    return digest.hexdigest()


def ensure_template() -> None:
    """Build the empty template that tests and evaluations clone, unless it is already of this very schema."""
    fingerprint = schema_fingerprint()
    server, maintenance = admin_server()
    with server.connect(maintenance) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        known = _fingerprint_of(admin, TEMPLATE_DATABASE_NAME)
        if known == fingerprint:
            return
        ensure_roles(admin)
        name = sql.Identifier(TEMPLATE_DATABASE_NAME)
        if known is not None:
            admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(name))
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        build_database(server, maintenance, TEMPLATE_DATABASE_NAME, evaluation=True)
        admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(name))
        admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(fingerprint)))


def bootstrap() -> None:
    """Roles, the site's database and its grants, under one lock. Idempotent; the only reader of the superuser."""
    server, maintenance = admin_server()
    with server.connect(maintenance) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        ensure_roles(admin)
        build_database(server, maintenance, site_database(), evaluation=False)
        admin.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(site_database()), sql.Literal(schema_fingerprint())
            )
        )


def is_current() -> bool:
    """Whether the site's database was bootstrapped with exactly this schema and these grants."""
    server, maintenance = admin_server()
    with server.connect(maintenance) as admin:
        return _fingerprint_of(admin, site_database()) == schema_fingerprint()


def _fingerprint_of(admin: Connection, database: str) -> str | None:
    row = admin.execute(
        "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    return None if row is None else str(row[0])


def clone_template(name: str, *, roles: tuple[str, ...], template: str = TEMPLATE_DATABASE_NAME) -> None:
    """Create the throw-away database `name` from the template, as handrail_eval, open to `roles`.

    Another `template` is a database of handrail_eval's own to which nobody is connected.
    """
    with server_as("eval").connect("postgres") as owner:
        owner.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        connect_privileges(owner, name, roles)


def drop_database(name: str) -> None:
    """Remove a throw-away database, ending whoever is still connected.

    PostgreSQL's own maintenance may be at work there, which handrail_eval may not end: it is waited for.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + DROP_SECONDS
    with server_as("eval").connect("postgres") as owner:
        while True:
            try:
                owner.execute(statement)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


def databases_like(prefix: str) -> list[str]:
    """The databases whose names begin so, the newest first."""
    statement = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC"
    with server_as("eval").connect("postgres") as owner:
        return [str(name) for (name,) in owner.execute(statement, [prefix]).fetchall()]


@contextlib.contextmanager
def throwaway_database(*, also: tuple[str, ...] = (), template: str = TEMPLATE_DATABASE_NAME) -> Iterator[str]:
    """Work on a clone as handrail_eval, of the empty template if no other; yields its name and drops it at the end.

    `also` names other roles that may connect: those of the processes under measurement.
    """
    ensure_template()
    name = f"handrail_eval_{secrets.token_hex(6)}"
    clone_template(name, roles=("eval", *also), template=template)
    try:
        with using(role="eval", database=name):
            yield name
    finally:
        drop_database(name)
