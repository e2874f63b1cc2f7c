"""Remove what is past its retention: a month of raw and the landed files of its loads, against a certificate.

Rows go and the certificate comes in one transaction of the database. Files go after it, so a purge that was killed in
between leaves files of which the ledger says that they are gone: the next purge removes them too. Facts stay.
"""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fences
from egov_kpi.errors import EgovError
from egov_kpi.ledger.purges import purged
from egov_kpi.publish import colours
from egov_kpi.publish.build import FENCE
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

ROLE = "custodian"


@dataclass(frozen=True)
class PurgeResult:
    """What went: the certificate is event `event_no`; `folders` counts landed deliveries, those of an earlier purge
    that was broken off included."""

    month: date
    event_no: int
    loads: tuple[int, ...]
    rows: int
    folders: int


def purge(settings: Settings, month: date, reason: str, by: str) -> PurgeResult:
    """Purge a load month, as the custodian.

    EGOV-PURGE-001 when it is within the retention, -002 when a build still needs it, -003 when nothing of it is left,
    -004 when somebody reads raw at this moment; EGOV-DB-001 while a build or a load runs.
    """
    if not reason.strip():
        raise EgovError("EGOV-PUB-009")
    loads = (f"load:{dataset}" for dataset in sorted(all_contracts(settings)))
    with fences([FENCE, *loads], settings=settings, role=ROLE):
        _require_current_models(settings, month)
        with connect(ROLE, settings) as conn:
            left_behind = _remove_files(conn, settings)
            event_no = _drop(conn, settings, month, reason, by)
            conn.commit()
            return _told(conn, month, event_no, left_behind + _remove_files(conn, settings))


def past_retention(settings: Settings) -> list[dict[str, Any]]:
    """Load months that may be purged by their age, oldest first: loads and rows, by the time of their decision."""
    with connect(ROLE, settings) as conn:
        rows = conn.execute(
            """
            select date_trunc('month', a.decided_at)::date as month, count(*), sum(a.accepted + a.unchanged)::bigint
            from ledger.account as a
            where date_trunc('month', a.decided_at) + make_interval(months => %s + 1) <= current_date
                and a.load_seq not in (select p.load_seq from ledger.purged_load as p)
            group by 1 order by 1
            """,
            (settings.retention_months,),
        ).fetchall()
    return [dict(zip(("month", "loads", "rows"), row, strict=True)) for row in rows]


def _require_current_models(settings: Settings, month: date) -> None:
    """A colour of other models is rebuilt from nothing by the next night, and that needs every load."""
    with connect("publisher", settings) as conn:
        pointer = colours.live(conn)
        _, _, models = colours.wanted(conn, pointer, date.min, settings)
        old = [name for name in ("blue", "green") if colours.state(conn, name).models not in ("", models)]
    if old:
        reason = f"models or structure have changed, so {', '.join(old)} will be rebuilt from raw first"
        raise EgovError("EGOV-PURGE-002", month=f"{month:%Y-%m}", reason=reason)


def _drop(conn: Connection, settings: Settings, month: date, reason: str, by: str) -> int:
    values = (month, settings.retention_months, reason, by)
    told = {"month": f"{month:%Y-%m}", "months": settings.retention_months}
    try:
        row = conn.execute("select ledger.purge_raw(%s, %s, %s, %s)", values).fetchone()
    except psycopg.errors.InvalidParameterValue as error:
        raise EgovError("EGOV-PURGE-001", **told) from error
    except psycopg.errors.ObjectInUse as error:
        raise EgovError("EGOV-PURGE-002", reason=str(error).splitlines()[0], **told) from error
    except psycopg.errors.NoDataFound as error:
        raise EgovError("EGOV-PURGE-003", **told) from error
    except psycopg.errors.LockNotAvailable as error:
        raise EgovError("EGOV-PURGE-004", **told) from error
    return int(row[0]) if row else 0


def _remove_files(conn: Connection, settings: Settings) -> int:
    """Folders of purged loads that no other load was read from."""
    rows = conn.execute(
        "select l.landing_path from ledger.load as l left join ledger.purged_load as p using (load_seq)"
        " where l.landing_path <> '' group by l.landing_path having bool_and(p.load_seq is not null)"
    ).fetchall()
    folders = [folder for (path,) in rows if (folder := settings.landing_dir / Path(path)).is_dir()]
    for folder in folders:
        shutil.rmtree(folder)
    return len(folders)


def _told(conn: Connection, month: date, event_no: int, folders: int) -> PurgeResult:
    mine = [entry for entry in purged(conn).values() if entry.event_no == event_no]
    loads = tuple(sorted(entry.load_seq for entry in mine))
    return PurgeResult(month, event_no, loads, sum(entry.row_count for entry in mine), folders)
