"""What a person decides about a blocked load: Airflow's page and the command line both come here."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import Connection
from egov_kpi.quarantine.database import call, require
from egov_kpi.quarantine.waiver import propose_in
from egov_kpi.settings import Settings, get_settings

Choice = Literal["reject", "wait", "propose-waiver"]
CHOICES: tuple[Choice, ...] = ("reject", "wait", "propose-waiver")


def record(
    load_seq: int,
    choice: str,
    by: str,
    params: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Write a decision down and carry it out; the same one again changes nothing.

    "reject" closes what is still open of the load as rejected, "wait" only says so, "propose-waiver" proposes one from
    `params`: rule, reason, expires_on (or expiry), and agency where it is for one unit. EGOV-QUAR-201 when the load is
    not blocked, -202 for another choice, -006 for what is missing, and whatever `waiver.propose` refuses.
    """
    settings, given = settings or get_settings(), dict(params or {})
    if choice not in CHOICES:
        raise EgovError("EGOV-QUAR-202", choice=choice)
    require(by=by)
    reason = str(given.get("reason") or "")
    with connect("custodian", settings) as conn:
        dataset = _blocked_dataset(conn, load_seq)
        waiver_no = _proposal(conn, settings, dataset, load_seq, by, given) if choice == "propose-waiver" else None
        event_no = call(
            conn,
            "select quarantine.decide_load(%s, %s, %s, %s, %s)",
            (load_seq, choice, by.strip(), reason, waiver_no),
            {psycopg.errors.NoDataFound: _not_blocked(load_seq)},
        )
        return _told(conn, event_no)


def decisions(load_seq: int, settings: Settings | None = None) -> list[dict[str, Any]]:
    """What was decided about a load, oldest first."""
    with connect("custodian", settings) as conn:
        rows = conn.execute(
            "select event_no from quarantine.load_decision where load_seq = %s order by event_no", (load_seq,)
        ).fetchall()
        return [_told(conn, int(row[0])) for row in rows]


def _blocked_dataset(conn: Connection, load_seq: int) -> str:
    row = conn.execute(
        "select l.dataset from ledger.load as l inner join ledger.account as a on a.load_seq = l.load_seq"
        " where l.load_seq = %s and not a.is_promoted",
        (load_seq,),
    ).fetchone()
    if row is None:
        raise _not_blocked(load_seq)
    return str(row[0])


def _not_blocked(load_seq: int) -> EgovError:
    return EgovError("EGOV-QUAR-201", load_seq=load_seq)


def _proposal(
    conn: Connection, settings: Settings, dataset: str, load_seq: int, by: str, given: Mapping[str, Any]
) -> int:
    """Number of the waiver that this decision proposes; of the one that it proposed already, when it comes twice."""
    rule, reason = str(given.get("rule") or ""), str(given.get("reason") or "")
    expiry = given.get("expires_on") or given.get("expiry")
    agency = str(given.get("agency") or given.get("agency_code") or "") or None
    require(rule=rule, reason=reason, expires_on=str(expiry or ""))
    expires_on = _date(expiry)
    row = conn.execute(
        """
        select w.waiver_no from quarantine.load_decision as d
        inner join quarantine.waiver as w on w.waiver_no = d.waiver_no
        where d.load_seq = %s and (w.rule_id, w.reason, w.expires_on, w.proposed_by_name) = (%s, %s, %s, %s)
            and w.agency_code is not distinct from %s and w.state <> 'withdrawn'
        """,
        (load_seq, rule, reason.strip(), expires_on, by.strip(), agency),
    ).fetchone()
    return int(row[0]) if row else propose_in(conn, settings, dataset, rule, reason, expires_on, by, agency)


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise EgovError("EGOV-QUAR-006", missing=f"expires_on (yyyy-mm-dd): {value!r}") from error


def _told(conn: Connection, event_no: int) -> dict[str, Any]:
    row = conn.execute(
        "select load_seq, dataset, choice, by_name, reason, waiver_no, row_count, event_no"
        " from quarantine.load_decision where event_no = %s",
        (event_no,),
    ).fetchone()
    names = ("load_seq", "dataset", "choice", "by", "reason", "waiver_no", "rejected_rows", "event_no")
    return dict(zip(names, row or (), strict=True))
