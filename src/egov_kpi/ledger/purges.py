"""Certificates of purges: which loads have neither rows in raw nor files in landing any more, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from egov_kpi.errors import EgovError

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Purged:
    """A load that was purged, with the event that certifies it."""

    load_seq: int
    event_no: int
    row_count: int
    load_month: date
    purged_at: datetime
    by_name: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "event_no": self.event_no, "rows": self.row_count, "load_month": f"{self.load_month:%Y-%m}",
            "purged_at": self.purged_at, "by": self.by_name, "reason": self.reason,
        }  # fmt: skip


def purged(conn: Connection) -> dict[int, Purged]:
    """Every purged load by its number."""
    rows = conn.execute(
        "select load_seq, event_no, row_count, load_month, purged_at, by_name, reason from ledger.purged_load"
    ).fetchall()
    return {row[0]: Purged(*row) for row in rows}


def require_kept(conn: Connection, loads: Iterable[int]) -> None:
    """EGOV-PURGE-005 for the first of these loads whose files and rows are gone."""
    gone = purged(conn)
    for load_seq in sorted(set(loads) & set(gone)):
        told = gone[load_seq]
        raise EgovError("EGOV-PURGE-005", load_seq=load_seq, event_no=told.event_no, day=told.purged_at.date())
