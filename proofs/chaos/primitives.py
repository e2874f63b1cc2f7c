"""Wraps the write primitives of this process, for a `Watch` to be told of every boundary."""

import io
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from proofs.chaos.watch import XID_SECONDS, Watch, bare, is_writing, name_of

DURING, DONE, SENT = "sent, unanswered", "done, uncommitted", "commit sent, unanswered"
SLICE_BYTES = 1 << 16
LINGER_SECONDS = 0.3


def install(watch: Watch, landing: Path) -> Callable[[], None]:
    """Wrap everything; what is returned takes it off again (a process that is to be killed never needs it)."""
    patches = _Patches()
    _files(watch, str(landing), patches)
    _psycopg(watch, patches)
    _dbt(watch, patches)
    return patches.undo


class _Patches:
    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def put(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._before.append((owner, name, original))
        setattr(owner, name, make(original))

    def undo(self) -> None:
        for owner, name, original in reversed(self._before):
            setattr(owner, name, original)


# --- files of the landing zone ----------------------------------------------------------------------------------------


def _files(watch: Watch, landing: str, patches: _Patches) -> None:
    def is_landing(path: Any) -> bool:
        return str(path).startswith(landing)

    def path_of(handle: int) -> str:
        return str(Path(f"/proc/self/fd/{handle}").readlink())

    def evidence(path: str) -> Callable[[], dict[str, Any]]:
        place = Path(path)
        return lambda: {"path": _place(place, landing), "bytes_written": _size(place)}

    class HalfWritten(io.FileIO):
        """Raw file that dies after the first half of a write."""

        def write(self, data: Any) -> int:
            half = memoryview(data).cast("B")[: len(data) // 2]
            path = path_of(self.fileno())
            watch.meet(f"file {_kind(path)}: half of a write", evidence(path), lambda: _just(super_write(self, half)))
            return super_write(self, data)

    def super_write(file: io.FileIO, data: Any) -> int:
        return io.FileIO.write(file, data)

    def fdopen(original: Any) -> Any:
        @wraps(original)
        def opened(handle: int, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if mode not in ("wb", "w") or not is_landing(path_of(handle)):
                return original(handle, mode, *rest, **named)
            stream = io.BufferedWriter(HalfWritten(handle, "wb"))
            return stream if mode == "wb" else io.TextIOWrapper(stream, encoding=named.get("encoding"))

        return opened

    def fsync(original: Any) -> Any:
        @wraps(original)
        def synced(handle: int) -> None:
            path = path_of(handle)
            if is_landing(path):
                watch.meet(f"file {_kind(path)}: written, not synced", evidence(path))
            original(handle)

        return synced

    def rename(original: Any) -> Any:
        @wraps(original)
        def renamed(source: Any, target: Any, **named: Any) -> None:
            if not is_landing(target):
                original(source, target, **named)
                return
            watch.meet("delivery: complete, not in its place", evidence(str(source)))
            original(source, target, **named)
            watch.meet("delivery: in its place, folder not synced", evidence(str(target)))

        return renamed

    def mkdir(original: Any) -> Any:
        @wraps(original)
        def made(path: Any, *rest: Any, **named: Any) -> None:
            original(path, *rest, **named)
            if is_landing(path):
                watch.meet(f"folder {_kind(str(path))}: just made", evidence(str(path)))

        return made

    patches.put(os, "fdopen", fdopen)
    patches.put(os, "fsync", fsync)
    patches.put(os, "rename", rename)
    patches.put(os, "mkdir", mkdir)


def _just(_: Any) -> None:
    return None


def _kind(path: str) -> str:
    """What kind of thing lies there: names of content and of temporary folders differ from run to run."""
    name = Path(path).name
    if name == "manifest.json":
        return "manifest"
    if Path(path).is_dir():
        return "incoming" if name.startswith(".incoming-") else "place"
    return "data"


def _place(path: Path, landing: str) -> str:
    return str(path).removeprefix(landing).strip("/")


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


# --- psycopg ----------------------------------------------------------------------------------------------------------


def _psycopg(watch: Watch, patches: _Patches) -> None:
    last_of: dict[int, str] = {}

    def state(conn: Any, wait: float = 0.0) -> Callable[[], dict[str, Any]]:
        pid = conn.info.backend_pid
        return lambda: watch.transaction(pid, wait)

    def execute(original: Any) -> Any:
        @wraps(original)
        def executed(self: Any, query: Any, params: Any = None, **named: Any) -> Any:
            text = _text(query, self)
            if not is_writing(text):
                return original(self, query, params, **named)
            name = name_of(text, params)
            during = f"{name}: {DURING}"
            if watch.is_next(during):
                watch.meet(during, state(self.connection, XID_SECONDS), lambda: _send(self, query, params))
            if self.connection.autocommit:
                return alone(original, self, query, params, during, named)
            result = original(self, query, params, **named)
            # Counted afterwards: whether the statement gives its transaction an id is known only then.
            watch.meet(during, state(self.connection))
            watch.meet(f"{name}: {DONE}", state(self.connection))
            last_of[id(self.connection)] = name
            return result

        return executed

    def alone(original: Any, cursor: Any, query: Any, params: Any, during: str, named: dict[str, Any]) -> Any:
        """A statement that is its own transaction; asked, before that is over, whether it has written anything."""
        conn = cursor.connection
        if watch.target is not None or conn.info.transaction_status != TransactionStatus.IDLE:
            result = original(cursor, query, params, **named)
            watch.meet(during, state(conn))
            return result
        conn.pgconn.exec_(b"begin")
        try:
            result = original(cursor, query, params, **named)
            # A table that is dropped if it exists, and doesn't: no write, and no place for a kill.
            watch.meet(during, state(conn))
        finally:
            conn.pgconn.exec_(b"commit")
        return result

    def executemany(original: Any) -> Any:
        @wraps(original)
        def executed(self: Any, query: Any, params: Any, **named: Any) -> Any:
            result = original(self, query, params, **named)
            name = name_of(_text(query, self))
            watch.meet(f"{name}: {DONE}", state(self.connection))
            last_of[id(self.connection)] = name
            return result

        return executed

    def write(original: Any) -> Any:
        @wraps(original)
        def written(self: Any, data: Any) -> None:
            conn = self.cursor.connection
            query = getattr(self.cursor, "_query", None)
            name = name_of(query.query.decode()) if query is not None else "copy"
            # Small slices, so that even a small file is copied in several parts.
            for start in range(0, len(data), SLICE_BYTES):
                original(self, data[start : start + SLICE_BYTES])
                watch.meet(f"{name}: block sent", state(conn))
            last_of[id(conn)] = name

        return written

    def commit(original: Any) -> Any:
        @wraps(original)
        def committed(self: Any) -> Any:
            name = last_of.pop(id(self), "")
            if name and self.info.transaction_status == TransactionStatus.INTRANS:
                # The id is asked for before, as afterwards the transaction may be over.
                label = f"{name}: {SENT}"
                found = watch.transaction(self.info.backend_pid) if watch.target is None or watch.is_next(label) else {}
                watch.meet(label, lambda: found, lambda: _send_commit(self))
            return original(self)

        return committed

    patches.put(psycopg.Cursor, "execute", execute)
    patches.put(psycopg.Cursor, "executemany", executemany)
    patches.put(psycopg.Copy, "write", write)
    patches.put(psycopg.Connection, "commit", commit)


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, bytes):
        return query.decode()
    return query if isinstance(query, str) else str(query.as_string(cursor))


def _send(cursor: Any, query: Any, params: Any) -> None:
    """Send the statement and don't wait for the answer.

    One that is its own transaction is made to take a moment, so that it can be seen open; it commits behind our back.
    """
    conn = cursor.connection
    statement = psycopg.ClientCursor(conn).mogrify(query, params)
    if conn.autocommit:
        statement += f"; select pg_sleep({LINGER_SECONDS})"
    elif conn.info.transaction_status == TransactionStatus.IDLE:
        conn.pgconn.exec_(b"begin")
    conn.pgconn.send_query(statement.encode())
    conn.pgconn.flush()


def _send_commit(conn: Any) -> None:
    conn.pgconn.send_query(b"commit")
    conn.pgconn.flush()


# --- dbt --------------------------------------------------------------------------------------------------------------


def _dbt(watch: Watch, patches: _Patches) -> None:
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    def add_query(original: Any) -> Any:
        @wraps(original)
        def added(self: Any, sql: str, *rest: Any, **named: Any) -> Any:
            if not is_writing(sql):
                return original(self, sql, *rest, **named)
            before = self.get_thread_connection()
            pid = before.handle.info.backend_pid if before.handle is not None else 0
            node = before.name.rsplit(".", 1)[-1]
            if bare(sql).lower().startswith("commit"):
                watch.meet(f"dbt {node}: before its commit", lambda: watch.transaction(pid))
                return original(self, sql, *rest, **named)
            during = f"dbt {node}: {name_of(sql)}: running"
            if watch.is_next(during):
                _die_during(watch, pid, during)
            result = original(self, sql, *rest, **named)
            # A statement too short to be met while it runs is met right after it, its transaction still open.
            watch.meet(during, lambda: watch.transaction(pid))
            watch.meet(f"dbt {node}: {name_of(sql)}: {DONE}", lambda: watch.transaction(pid))
            return result

        return added

    patches.put(PostgresConnectionManager, "add_query", add_query)


def _die_during(watch: Watch, pid: int, label: str) -> None:
    """A thread that dies as soon as the backend's statement is running in a transaction with an id."""

    def look() -> None:
        with suppress(psycopg.Error), psycopg.connect(watch.database_url, autocommit=True) as own:
            query = "select backend_xid::text from pg_stat_activity where pid = %s and state = 'active'"
            while True:
                row = own.execute(query, (pid,)).fetchone()
                if row is not None and row[0]:
                    found = {"xid": row[0], "state": "active"}
                    watch.meet(label, partial(dict, found))

    threading.Thread(target=look, daemon=True).start()
