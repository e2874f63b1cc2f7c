"""Numbered migrations of `sql/`, each applied once in a transaction of its own.

Structure changes here and nowhere else. A published table may be read for an hour, so a migration waits for its locks
only for a moment, gives way and tries again, instead of making every new reader queue behind it.
"""

import hashlib
import re
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import LOGINS, connect, login, password, role_url
from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError
from egov_kpi.platform.postgres import ensure_running
from egov_kpi.settings import Settings, get_settings

Connection = psycopg.Connection[tuple[Any, ...]]

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_AS_SUPERUSER = "-- run-as: superuser"
_ATTEMPTS = 30
_LOCK_TIMEOUT = "2s"
_PAUSE_SECONDS = 1.0


def migrate(settings: Settings | None = None) -> list[str]:
    """Apply what is missing; names of the files applied. EGOV-DB-003 when an applied file has been changed since."""
    settings = settings or get_settings()
    ensure_running(settings)
    # A migration may have to wait for a reader, and another `db migrate` for it.
    with (
        fence("migrate", wait_seconds=120, settings=settings, role="superuser"),
        connect("superuser", settings) as connection,
    ):
        _create_journal(connection)
        applied = _applied(connection)
        pending = [path for number, path in _files(settings.sql_dir) if not _is_applied(number, path, applied)]
        for path in pending:
            _apply(connection, path)
        _secure_database(connection)
        connection.commit()
        _set_passwords(connection, settings)
    return [path.name for path in pending]


def pending_migrations(connection: Connection, sql_dir: Path) -> list[str]:
    """Files that the database has not seen; for `doctor`."""
    applied = _applied(connection)
    return [path.name for number, path in _files(sql_dir) if not _is_applied(number, path, applied)]


def schema_version(connection: Connection) -> int:
    """Highest migration applied."""
    row = connection.execute("select coalesce(max(number), 0) from public.schema_migration").fetchone()
    return int(row[0]) if row else 0


def _files(folder: Path) -> list[tuple[int, Path]]:
    numbered: dict[int, Path] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None or int(match[1]) in numbered:
            raise EgovError("EGOV-DB-007", file=path.name)
        numbered[int(match[1])] = path
    return sorted(numbered.items())


def _create_journal(connection: Connection) -> None:
    connection.execute(
        "create table if not exists public.schema_migration ("
        " number int primary key, name text not null, checksum text not null,"
        " applied_at timestamptz not null default clock_timestamp())"
    )
    connection.commit()


def _applied(connection: Connection) -> dict[int, str]:
    rows = connection.execute("select number, checksum from public.schema_migration").fetchall()
    return {int(number): str(checksum) for number, checksum in rows}


def _is_applied(number: int, path: Path, applied: dict[int, str]) -> bool:
    if number not in applied:
        return False
    found = _checksum(path)
    if applied[number] != found:
        raise EgovError("EGOV-DB-003", file=path.name, recorded=applied[number][:12], found=found[:12])
    return True


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _apply(connection: Connection, path: Path) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _apply_once(connection, path)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            connection.rollback()
            if attempt == _ATTEMPTS:
                raise EgovError("EGOV-DB-004", file=path.name, attempts=attempt, reason=str(error)) from error
            time.sleep(_PAUSE_SECONDS)
        except psycopg.Error as error:
            connection.rollback()
            raise EgovError("EGOV-DB-005", file=path.name, reason=str(error)) from error
        else:
            return


def _apply_once(connection: Connection, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT)))
    if not text.startswith(_AS_SUPERUSER):
        connection.execute("set local role egov_owner")
    connection.execute(text.encode())
    connection.execute("reset role")
    connection.execute(
        "insert into public.schema_migration (number, name, checksum) values (%s, %s, %s)",
        (int(path.name[:4]), path.name, _checksum(path)),
    )
    connection.commit()


def _secure_database(connection: Connection) -> None:
    """Rights on the database itself, which a copy made with CREATE DATABASE ... TEMPLATE does not inherit."""
    database = sql.Identifier(connection.info.dbname)
    logins = sql.SQL(", ").join(sql.Identifier(login(role)) for role in LOGINS)
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, logins))
    # dbt and the bulk loader work through temporary tables.
    connection.execute(sql.SQL("grant temporary on database {} to egov_loader, egov_builder").format(database))
    connection.execute("grant select on public.schema_migration to egov_builder, egov_publisher, egov_auditor")


def _set_passwords(connection: Connection, settings: Settings) -> None:
    """Give each login the password of its file where it has another. The server sees the verifier only."""
    for role in LOGINS:
        if _can_log_in(role, settings):
            continue
        verifier = connection.pgconn.encrypt_password(
            password(settings, role).encode(), login(role).encode(), b"scram-sha-256"
        )
        statement = sql.SQL("alter role {} password {}").format(
            sql.Identifier(login(role)), sql.Literal(verifier.decode())
        )
        connection.execute(statement)
        connection.commit()


def _can_log_in(role: str, settings: Settings) -> bool:
    try:
        psycopg.connect(role_url(role, settings), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "password" not in str(error) and "no password" not in str(error):
            raise EgovError("EGOV-DB-002", role=role, reason=str(error).strip()) from error
        return False
    return True
