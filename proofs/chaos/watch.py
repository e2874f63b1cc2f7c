"""Watches the writes of a process from inside, and kills it in the middle of the one that was picked.

The primitives are wrapped in a forked process, never in production code: files below the landing zone, statements and
copies of psycopg, dbt's statements. A *boundary* is a moment within a write, with a label that is the
same in every run; the same label may be met several times. What an in-flight transaction has done is asked of Postgres
through a connection of the watch's own, so that a kill can be shown to have hit a transaction with an id, or a file
with so many bytes.
"""

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

_ACTIVITY = (
    "select a.backend_xid::text, a.state, p.bytes_processed, p.tuples_processed from pg_stat_activity as a "
    "left join pg_stat_progress_copy as p using (pid) where a.pid = %s"
)
# How long a statement that was sent may take until Postgres has given its transaction an id.
XID_SECONDS = 2.0


@dataclass(frozen=True)
class Target:
    """The boundary at which to die: its label, and which time it is met, from 1."""

    label: str
    occurrence: int


@dataclass(frozen=True)
class Evidence:
    """Inside which write the process was: a transaction of Postgres by its id, or a file in the landing zone."""

    label: str
    occurrence: int
    xid: str = ""
    state: str = ""
    bytes_written: int = -1
    rows_written: int = -1
    path: str = ""

    @property
    def is_inside(self) -> bool:
        return bool(self.xid or self.path) or self.bytes_written > 0

    def text(self) -> str:
        """Where, in a few words."""
        if self.path:
            return f"{self.bytes_written} bytes in {self.path}"
        copied = f", copy of {self.bytes_written} bytes" if self.bytes_written >= 0 else ""
        return f"transaction {self.xid or '(copying)'} {self.state}{copied}"


@dataclass
class Watch:
    """Counts boundaries by label. Without a target it only notes those that lie inside a write (`trace`), in order."""

    database_url: str
    target: Target | None
    pipe: int = -1
    trace: list[Target] = field(default_factory=list)
    _met: Counter[str] = field(default_factory=Counter)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _own: "psycopg.Connection[tuple[Any, ...]] | None" = None

    def meet(self, label: str, evidence: Callable[[], dict[str, Any]], act: Callable[[], None] | None = None) -> None:
        """Pass a boundary: record it, or do the half of the write that `act` is and die."""
        with self._lock:
            self._met[label] += 1
            if self.target is None:
                self._record(label, evidence)
            elif self.target == Target(label, self._met[label]):
                if act is not None:
                    act()
                self.die(Evidence(label, self._met[label], **evidence()))

    def is_next(self, label: str) -> bool:
        """Whether the next time that the label is met is the last."""
        return self.target == Target(label, self._met[label] + 1)

    def die(self, evidence: Evidence) -> None:
        """Tell where, then SIGKILL to this very process."""
        os.write(self.pipe, (json.dumps(asdict(evidence)) + "\n").encode())
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # the signal is on its way; nothing may go on beside it

    def transaction(self, backend_pid: int, wait: float = 0.0) -> dict[str, Any]:
        """What Postgres says of a backend's transaction; waits for its id for at most so long."""
        until = time.monotonic() + wait
        while True:
            row = self._ask(backend_pid)
            if (row is not None and row[0]) or time.monotonic() >= until:
                break
        if row is None:
            return {}
        sizes = {"bytes_written": row[2], "rows_written": row[3]}
        return {
            "xid": row[0] or "",
            "state": row[1],
            **{name: size for name, size in sizes.items() if size is not None},
        }

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def _record(self, label: str, evidence: Callable[[], dict[str, Any]]) -> None:
        if Evidence(label, 0, **evidence()).is_inside:
            self.trace.append(Target(label, self._met[label]))

    def _ask(self, backend_pid: int) -> tuple[Any, ...] | None:
        with self._lock:
            if self._own is None:
                self._own = psycopg.connect(self.database_url, autocommit=True)
            return self._own.execute(_ACTIVITY, (backend_pid,)).fetchone()


_COMMENT = re.compile(r"^\s*(/\*.*?\*/|--[^\n]*\n)\s*", re.DOTALL)
_WRITING = re.compile(
    r"^(insert|update|delete|merge|create|drop|alter|comment|truncate|copy\s.*\sfrom\s+stdin|commit"
    r"|select\s+(ledger\.append|nextval|[a-z_]+\.ensure_partitions?|publish\.|quarantine\.)"
    r"|with\s.*\b(insert\s+into|update|delete\s+from)\b)",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(
    r"\b(insert\s+into|delete\s+from|update|merge\s+into|truncate|comment\s+on\s+table|copy"
    r"|(?:create|drop|alter)\s+(?:unlogged\s+|temporary\s+|temp\s+|or\s+replace\s+)*(?:table|view|index|schema)"
    r"(?:\s+if\s+(?:not\s+)?exists)?)\s+([\w.\"]+)",
    re.IGNORECASE,
)
# dbt names the database, and that of a killed run has a name of its own.
_DATABASE = re.compile(r"\b\w+\.(?=\w+\.\w+$)")
_LOAD_NUMBER = re.compile(r"__\d+")
# dbt ends the name of a temporary table with the time.
_TIME = re.compile(r"__dbt_tmp\d+")


def bare(statement: str) -> str:
    """The statement on one line, without the comments in front of it."""
    while (shorter := _COMMENT.sub("", statement, count=1)) != statement:
        statement = shorter
    return " ".join(statement.split())


def is_writing(statement: str) -> bool:
    return _WRITING.match(bare(statement)) is not None


def name_of(statement: str, values: Any = None) -> str:
    """A name for a writing statement that is the same in every run: what it does to what."""
    text = bare(statement)
    if text.lower().startswith("select ledger.append"):
        return f"event {values[0]}" if values else "event"
    found = _OBJECT.search(text)
    name = f"{found[1]} {found[2]}" if found else text.split("(")[0][:60]
    name = _DATABASE.sub("", " ".join(name.replace('"', "").lower().split()))
    return _TIME.sub("__dbt_tmp", _LOAD_NUMBER.sub("__N", name))
