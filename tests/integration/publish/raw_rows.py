"""Promoted loads made by hand: rows straight into raw, with the events that the load step would have written."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Export:
    """One delivery of one dataset."""

    dataset: str
    rows: Rows
    business_date: date = date(2023, 3, 6)
    snapshot_date: date | None = None
    shape: str = field(default="delta")

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.dataset, self.rows], default=str, sort_keys=True).encode()).hexdigest()


def register(settings: Settings, export: Export, salt: str = "") -> int:
    """The load with its rows in raw, not promoted yet."""
    with connect("loader", settings) as conn:
        row = conn.execute("select nextval('ledger.load_seq')").fetchone()
        load_seq = int(row[0]) if row else 0
        body = {
            "load_seq": load_seq,
            "dataset": export.dataset,
            "shape": export.shape,
            "load_key": export.digest + salt,
            "content_digest": export.digest,
            "snapshot_date": export.snapshot_date,
            "window_to": export.business_date,
            "business_date": export.business_date,
            "files": [],
        }
        append(conn, "load_registered", body)
        _insert(conn, export, load_seq)
    return load_seq


def promote(settings: Settings, load_seq: int, rows: int) -> None:
    names = ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural")
    account = {**dict.fromkeys(names, 0), "received": rows, "landed": rows, "accepted": rows}
    with connect("loader", settings) as conn:
        append(conn, "load_promoted", {"load_seq": load_seq, "account": account})


def deliver(settings: Settings, export: Export, salt: str = "") -> int:
    """Register and promote at once."""
    load_seq = register(settings, export, salt)
    promote(settings, load_seq, len(export.rows))
    return load_seq


def _insert(conn: psycopg.Connection[tuple[Any, ...]], export: Export, load_seq: int) -> None:
    table = export.dataset.replace(".", "__")
    conn.execute("select raw.ensure_partition(%s, %s)", (table, date(2023, 3, 1)))
    for number, row in enumerate(export.rows, start=1):
        digest = hashlib.sha256(json.dumps(row, default=str, sort_keys=True).encode()).digest()
        full = {
            "load_seq": load_seq,
            "file_digest": export.digest,
            "row_no": number,
            "row_digest": digest,
            "is_unchanged": False,
            "loaded_month": date(2023, 3, 1),
            **row,
        }
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier("raw", table),
            sql.SQL(", ").join(map(sql.Identifier, full)),
            sql.SQL(", ").join(sql.Placeholder() * len(full)),
        )
        conn.execute(statement, list(full.values()))


def dossier(number: int, received: str, updated: str, **changes: Any) -> dict[str, Any]:
    """A dossier of Go Cong Tay, finished and returned by post on the day after its receipt unless told otherwise."""
    day = date.fromisoformat(received)
    return {
        "dossier_hash": hashlib.sha256(f"dossier {number}".encode()).hexdigest(),
        "procedure_code": "1.005129",
        "agency_code": "823",
        "channel": "online",
        "applicant_type": "citizen",
        "received_at": f"{day} 08:00+07",
        "due_at": f"{date.fromordinal(day.toordinal() + 5)} 17:00+07",
        "finished_at": f"{date.fromordinal(day.toordinal() + 1)} 09:00+07",
        "returned_at": f"{date.fromordinal(day.toordinal() + 1)} 10:00+07",
        "return_method": "post",
        "dossier_status": "returned",
        "supplement_request_count": 0,
        "updated_at": f"{updated} 10:00+07",
        **changes,
    }


def mailbox(number: int, snapshot: str, exported: str, **changes: Any) -> dict[str, Any]:
    return {
        "mailbox_hash": hashlib.sha256(f"mailbox {number}".encode()).hexdigest(),
        "agency_code": "823",
        "issued_date": date(2020, 1, 1),
        "account_status": "active",
        "sent_30d_count": 3,
        "read_30d_count": 9,
        "snapshot_date": date.fromisoformat(snapshot),
        "exported_at": f"{exported} 10:00+07",
        **changes,
    }


def paper(number: str, received: str, updated: str, **changes: Any) -> dict[str, Any]:
    return {
        "agency_code": "01846",
        "register_year": 2022,
        "register_number": number,
        "procedure_code": "1.005129",
        "channel": "direct",
        "received_date": date.fromisoformat(received),
        "finished_date": date.fromisoformat(received),
        "returned_date": date.fromisoformat(received),
        "return_method": "direct",
        "updated_at": date.fromisoformat(updated),
        **changes,
    }
