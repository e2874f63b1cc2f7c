"""Fences: work of one name runs in one process at a time, even when Airflow runs a task twice.

A session advisory lock on a connection of its own: Postgres frees it when the holder dies, however it dies. Not through
a pooler that shares sessions.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

_POLL_SECONDS = 0.2
# The server notices a holder that was killed, or a connection that was closed, only a moment later.
_GRACE_SECONDS = 2.0


@contextmanager
def fence(
    name: str, wait_seconds: float = 0, *, settings: Settings | None = None, role: str = "loader"
) -> Iterator[None]:
    """Hold the fence `name`, waiting for it at most so long; EGOV-DB-001 when another process holds it.

    Even without waiting, a holder that has just ended is given the moment that the server needs to notice.
    """
    with fences([name], wait_seconds, settings=settings, role=role):
        yield


@contextmanager
def fences(
    names: Sequence[str], wait_seconds: float = 0, *, settings: Settings | None = None, role: str = "loader"
) -> Iterator[None]:
    """Hold several fences on one connection; EGOV-DB-001 for the first that another process holds."""
    deadline = time.monotonic() + max(wait_seconds, _GRACE_SECONDS)
    with connect(role, settings, autocommit=True) as connection:
        held: list[str] = []
        try:
            for name in names:
                _obtain(connection, name, deadline)
                held.append(name)
            yield
        finally:
            for name in held:
                _release(connection, name)


def _obtain(connection: "psycopg.Connection[tuple[Any, ...]]", name: str, deadline: float) -> None:
    while not _obtained(connection, name):
        if time.monotonic() >= deadline:
            raise EgovError("EGOV-DB-001", what=name)
        time.sleep(_POLL_SECONDS)


def _release(connection: "psycopg.Connection[tuple[Any, ...]]", name: str) -> None:
    """Free the fence before the connection closes; where the server is gone, it is free already."""
    with suppress(psycopg.OperationalError):
        connection.execute("select pg_advisory_unlock(7305101, hashtext(%s))", (name,))


def _obtained(connection: "psycopg.Connection[tuple[Any, ...]]", name: str) -> bool:
    # Two-key form with a first key of our own, so that no other tool's advisory lock can be met by accident.
    row = connection.execute("select pg_try_advisory_lock(7305101, hashtext(%s))", (name,)).fetchone()
    return row is not None and bool(row[0])
