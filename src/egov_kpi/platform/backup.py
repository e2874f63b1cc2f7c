"""A backup of one installation, and a new installation from it.

A backup is a folder with one consistent dump of the warehouse, the landing zone and a manifest that names every file by
its digest. The keys lie in a second folder, to be kept elsewhere: whoever finds a dump should not find the key of its
pseudonyms beside it. The dump is taken in one snapshot by the Postgres tools, while nights, builds and readers go on;
the landing zone is copied after it, and since files only ever come to it, it holds every file that the dump speaks of.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from egov_kpi.errors import EgovError
from egov_kpi.platform import postgres
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.platform.secrets import private_dir, write_private
from egov_kpi.settings import Settings

MANIFEST = "manifest.json"
FORMAT = 1
DUMP = "warehouse.dump"
LANDING = "landing"
# Where Debian puts the programs of each Postgres version.
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
# The one key that data depend on, and the logins that came with the dump; other keys belong to a machine's services.
DATA_KEYS = ("hmac_key", "role_")

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class BackupState:
    """What a warehouse says of itself: length and head of its ledger, digest of the published marts as their rows give
    it and as the ledger has it. `publish_no` is 0 and both digests are empty before the first publish."""

    events: int
    head: str
    publish_no: int
    business_date: str
    mart_digest: str
    ledger_digest: str


@dataclass(frozen=True)
class BackupResult:
    """A backup that was taken or restored."""

    folder: Path
    keys: Path
    state: BackupState
    landed_files: int
    bytes: int


def keys_folder(folder: Path) -> Path:
    """Where the keys of a backup go unless another place is named: beside it, never in it."""
    return folder.with_name(f"{folder.name}.keys")


def backup(settings: Settings, folder: Path, keys: Path | None = None) -> BackupResult:
    """Take a backup; nothing waits for it. The folders are complete or not there.

    EGOV-BACKUP-001 when one of them exists, -002 and -006 when the tools fail, -008 when there is no warehouse.
    """
    keys = keys or keys_folder(folder)
    for place in (folder, keys):
        if place.exists():
            raise EgovError("EGOV-BACKUP-001", folder=place)
    server = postgres.ensure_running(settings)
    with _making(folder) as made, _making(keys) as made_keys:
        state = _dump(server, made / DUMP)
        _copy_landing(settings.landing_dir, made / LANDING)
        fingerprints = _copy_keys(settings.secrets_dir, made_keys)
        document: dict[str, Any] = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "postgres": _major(server),
            "state": asdict(state),
            "files": {name: _described(made / name) for name in _files(made)},
            "keys": fingerprints,
        }
        write_private(made / MANIFEST, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return _result(folder, keys, state, document["files"])


def restore(settings: Settings, folder: Path, keys: Path | None = None) -> BackupResult:
    """Make a warehouse of a backup, in an installation that holds none; what was restored is compared with it.

    EGOV-BACKUP-003 when the backup is damaged, -004 when a warehouse with data is in the way, -005 when the outcome is
    not what was backed up, -007 when the keys are missing. The warehouse gets its name last, so a restore that was
    broken off is simply run again.
    """
    keys = keys or keys_folder(folder)
    document = _read_manifest(folder)
    server = postgres.ensure_running(settings)
    _require_room(settings, server, document)
    _require_keys(keys, document)
    _bring_keys(settings, keys, document)
    _copy_landing(folder / LANDING, settings.landing_dir)
    state = BackupState(**document["state"])
    _restore_database(settings, server, folder / DUMP, state)
    return _result(folder, keys, state, document["files"])


def state_of(connection: Connection) -> BackupState:
    """What the warehouse behind a connection that may read everything says of itself, every hash computed anew."""
    from egov_kpi.ledger.events import verify
    from egov_kpi.publish.digest import mart_digest

    chain = verify(connection).require()
    row = connection.execute(
        "select p.publish_no, p.business_date, p.colour, p.mart_digest"
        " from ledger.live as l inner join ledger.publish as p on p.publish_no = l.publish_no"
    ).fetchone()
    if row is None:
        return BackupState(chain.events, chain.head, 0, "", "", "")
    publish_no, business_date, colour, ledger_digest = row
    computed = mart_digest(connection, colour)
    return BackupState(chain.events, chain.head, publish_no, business_date.isoformat(), computed, ledger_digest)


def _result(folder: Path, keys: Path, state: BackupState, files: dict[str, Any]) -> BackupResult:
    landed = sum(name.startswith(f"{LANDING}/") for name in files)
    return BackupResult(folder, keys, state, landed, sum(entry["bytes"] for entry in files.values()))


# ---------------------------------------------------------------------------------------------------------------- take


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A private folder under a name for the time being; it gets its own when the block has succeeded."""
    made = folder.with_name(f".{folder.name}.{os.getpid()}")
    made.mkdir(parents=True, mode=0o700)
    try:
        yield made
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _dump(server: ServerInfo, target: Path) -> BackupState:
    """Dump the warehouse, and say what it is, from one and the same snapshot."""
    with psycopg.connect(server.url_superuser) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        if _has_events(connection) is None:
            raise EgovError("EGOV-BACKUP-008")
        row = connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None  # a function call always has one row
        # what waits in inbound is filled again from landing
        _run_tool(
            server,
            "pg_dump",
            ["--format=custom", "--no-unlogged-table-data", f"--snapshot={row[0]}", f"--file={target}"],
            server.url_superuser,
        )
        state = state_of(connection)
    target.chmod(0o600)
    return state


def _copy_landing(source: Path, target: Path) -> None:
    """Only what is complete: a delivery that is being landed has no place of its own yet."""
    private_dir(target)
    for path in sorted(source.rglob("*")) if source.exists() else []:
        copy = target / path.relative_to(source)
        if any(part.startswith(".") for part in path.relative_to(source).parts):
            continue
        if path.is_dir():
            private_dir(copy)
        else:
            _copy_private(path, copy)


def _copy_keys(source: Path, target: Path) -> dict[str, str]:
    """Copy the keys; the fingerprint of each. They are random and long, so that a digest gives nothing away."""
    fingerprints = {}
    for path in sorted(source.iterdir()):
        if not path.name.startswith("."):
            _copy_private(path, target / path.name)
            fingerprints[path.name] = _fingerprint(path)
    return fingerprints


def _copy_private(path: Path, copy: Path) -> None:
    shutil.copyfile(path, copy)
    copy.chmod(0o600)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(b"egov-kpi backup\x1f" + path.read_bytes().strip()).hexdigest()


# ------------------------------------------------------------------------------------------------------------- restore


def _read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, after a look at every file that it names."""
    try:
        document: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise EgovError("EGOV-BACKUP-003", folder=folder, file=MANIFEST, detail=type(error).__name__) from error
    if document.get("format") != FORMAT:
        raise EgovError("EGOV-BACKUP-003", folder=folder, file=MANIFEST, detail=f"format {document.get('format')}")
    for name, entry in document["files"].items():
        path = folder / name
        if not path.is_file() or _described(path) != entry:
            raise EgovError("EGOV-BACKUP-003", folder=folder, file=name, detail="SHA-256")
    return document


def _require_room(settings: Settings, server: ServerInfo, document: dict[str, Any]) -> None:
    """EGOV-BACKUP-004 unless the warehouse is absent or without any event, and nothing has been landed but this."""
    with psycopg.connect(server.url_superuser) as connection:
        events = _has_events(connection)
    if events:
        raise EgovError("EGOV-BACKUP-004", detail=f"{server.host}:{server.port}/{server.database}")
    landing = settings.landing_dir
    landed = {f"{LANDING}/{name}" for name in _files(landing)} if landing.exists() else set()
    if foreign := landed - set(document["files"]):
        raise EgovError("EGOV-BACKUP-004", detail=f"{landing}: {len(foreign)}")


def _has_events(connection: Connection) -> bool | None:
    """Whether anything ever happened in this warehouse; None when it isn't one."""
    row = connection.execute("select to_regclass('ledger.event') is not null").fetchone()
    if row is None or not row[0]:
        return None
    found = connection.execute("select exists (select from ledger.event)").fetchone()
    return bool(found and found[0])


def _require_keys(keys: Path, document: dict[str, Any]) -> None:
    for name, fingerprint in document["keys"].items():
        path = keys / name
        if name.startswith(DATA_KEYS) and (not path.is_file() or _fingerprint(path) != fingerprint):
            raise EgovError("EGOV-BACKUP-007", name=name, folder=keys)


def _bring_keys(settings: Settings, keys: Path, document: dict[str, Any]) -> None:
    """Keys of the data replace those of an empty warehouse; those of this machine's services stay as they are."""
    private_dir(settings.secrets_dir)
    for name in document["keys"]:
        place = settings.secrets_dir / name
        if (keys / name).is_file() and (name.startswith(DATA_KEYS) or not place.exists()):
            write_private(place, (keys / name).read_text(encoding="ascii"))


def _restore_database(settings: Settings, server: ServerInfo, dump: Path, expected: BackupState) -> None:
    """Restore under a name for the time being, compare, then take the place of the empty warehouse."""
    from egov_kpi.db.migrate import migrate

    making = f"{server.database}_restoring"
    there = settings.model_copy(update={"database_url": server.superuser_url(making)})
    _create_empty(server, making)
    # The roles that own and read what is in the dump belong to the server, not to the dump: the migrations make them.
    migrate(there)
    _create_empty(server, making)
    _run_tool(server, "pg_restore", ["--exit-on-error", "--jobs=2", str(dump)], there.database_url)
    with psycopg.connect(there.database_url) as connection:
        found = state_of(connection)
    if found != expected:
        raise EgovError("EGOV-BACKUP-005", detail=_difference(expected, found))
    # Rights on the database itself and the passwords of the logins; also what the code has more than the backup.
    migrate(there)
    _take_place(server, making)


def _difference(expected: BackupState, found: BackupState) -> str:
    pairs = [(name, value, getattr(found, name)) for name, value in asdict(expected).items()]
    return "; ".join(f"{name} {now} ≠ {before}" for name, before, now in pairs if now != before)


def _create_empty(server: ServerInfo, name: str) -> None:
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        _execute(connection, "drop database if exists {} with (force)", name)
        _execute(connection, "create database {} template template0 encoding 'UTF8'", name)


def _take_place(server: ServerInfo, name: str) -> None:
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        _execute(connection, "drop database if exists {} with (force)", server.database)
        _execute(connection, "alter database {} rename to {}", name, server.database)


def _execute(connection: Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


# --------------------------------------------------------------------------------------------------------------- tools


def _run_tool(server: ServerInfo, tool: str, arguments: list[str], url: str) -> None:
    """Run a Postgres program against that database; the password goes by the environment, which ps doesn't show."""
    parameters = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    password = parameters.pop("password", "")
    command = [str(_tool(server, tool)), "--no-password", f"--dbname={make_conninfo('', **parameters)}", *arguments]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGPASSWORD": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        detail = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise EgovError("EGOV-BACKUP-002", tool=tool, detail=detail)


def _tool(server: ServerInfo, tool: str) -> Path:
    """The program of the server's own version: an older one can't read it, a newer one writes what it can't read."""
    major = _major(server)
    on_path = shutil.which(tool)
    places = [postgres.wheel_root() / "pginstall" / "bin" / tool, DEBIAN_PROGRAMS / str(major) / "bin" / tool]
    for place in [*places, *([Path(on_path)] if on_path else [])]:
        if place.exists() and _version(place) == major:
            return place
    raise EgovError("EGOV-BACKUP-006", tool=tool, version=major)


def _major(server: ServerInfo) -> int:
    return int(server.version.split(".")[0])


def _version(program: Path) -> int:
    """18 of `pg_dump (PostgreSQL) 18.6`; a distribution may put words of its own behind it. 0 when it doesn't say."""
    asked = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\(PostgreSQL\) (\d+)", asked.stdout)
    return int(found[1]) if found else 0
