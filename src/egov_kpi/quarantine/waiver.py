"""Waivers: proposed by a custodian, approved by another hand with another login, for ninety days at most.

What they let through at the gate is in `egov_kpi.gate.waivers`. The ledger holds them; nothing else does.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.gate.derive import ceiling_rule_id
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.gate.waivers import is_waivable
from egov_kpi.ledger.events import Connection
from egov_kpi.quarantine.database import Refusals, call, require
from egov_kpi.settings import Settings, get_settings


def propose(
    dataset: str,
    rule_id: str,
    reason: str,
    expires_on: date,
    by: str,
    *,
    agency_code: str | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Propose to let in what one rule refuses, for one unit or all; the waiver as `waivers` tells it.

    EGOV-QUAR-101 for an unknown rule, -102 for one that can't be waived, -103 for a unit where the rule knows none,
    -104 for an expiry that is too far.
    """
    settings = settings or get_settings()
    with connect("custodian", settings) as conn:
        number = propose_in(conn, settings, dataset, rule_id, reason, expires_on, by, agency_code)
        return _one(conn, number)


def propose_in(
    conn: Connection,
    settings: Settings,
    dataset: str,
    rule_id: str,
    reason: str,
    expires_on: date,
    by: str,
    agency_code: str | None = None,
) -> int:
    """The same in the caller's transaction; the number of the waiver."""
    require(reason=reason, by=by)
    _check_rule(settings, get_contract(dataset), rule_id, agency_code)
    too_late = EgovError("EGOV-QUAR-104", expires_on=expires_on.isoformat())
    return call(
        conn,
        "select quarantine.propose_waiver(%s, %s, %s, %s, %s, %s)",
        (rule_id, dataset, agency_code, reason.strip(), expires_on, by.strip()),
        {psycopg.errors.CheckViolation: too_late},
    )


def approve(waiver_no: int, by: str, settings: Settings | None = None) -> dict[str, Any]:
    """Approve, with the approver's login; EGOV-QUAR-105 for the proposer's own hand, -106 when it doesn't wait."""
    settings = settings or get_settings()
    require(by=by)
    known: Refusals = {
        psycopg.errors.InsufficientPrivilege: EgovError("EGOV-QUAR-105", waiver_no=waiver_no),
        psycopg.errors.NoDataFound: EgovError("EGOV-QUAR-106", waiver_no=waiver_no),
    }
    with connect("approver", settings) as conn:
        call(conn, "select quarantine.approve_waiver(%s, %s)", (waiver_no, by.strip()), known)
        return _one(conn, waiver_no)


def withdraw(waiver_no: int, reason: str, by: str, settings: Settings | None = None) -> dict[str, Any]:
    """End a waiver or a proposal before its time; loads from then on are judged without it. EGOV-QUAR-106."""
    settings = settings or get_settings()
    require(reason=reason, by=by)
    known: Refusals = {psycopg.errors.NoDataFound: EgovError("EGOV-QUAR-106", waiver_no=waiver_no)}
    with connect("custodian", settings) as conn:
        values = (waiver_no, reason.strip(), by.strip())
        call(conn, "select quarantine.withdraw_waiver(%s, %s, %s)", values, known)
        return _one(conn, waiver_no)


def waivers(on: date | None = None, settings: Settings | None = None) -> list[dict[str, Any]]:
    """All waivers, oldest first. `state`: proposed, approved, withdrawn, or lapsed on the day `on` (default: today)."""
    settings = settings or get_settings()
    day = on or datetime.now(ZoneInfo(settings.timezone)).date()
    with connect("custodian", settings) as conn:
        return [_with_lapse(waiver, day) for waiver in _read(conn, None)]


def _with_lapse(waiver: dict[str, Any], day: date) -> dict[str, Any]:
    has_lapsed = waiver["state"] != "withdrawn" and waiver["expires_on"] < day
    return {**waiver, "state": "lapsed"} if has_lapsed else waiver


def _one(conn: Connection, waiver_no: int) -> dict[str, Any]:
    return _read(conn, waiver_no)[0]


def _read(conn: Connection, waiver_no: int | None) -> list[dict[str, Any]]:
    query = (
        "select waiver_no, dataset, rule_id, agency_code, reason, expires_on, state, proposed_by, proposed_by_name,"
        " proposed_at, approved_by, approved_by_name, approved_at, withdrawn_by_name, withdrawn_at"
        " from quarantine.waiver where %(no)s::bigint is null or waiver_no = %(no)s order by waiver_no"
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, {"no": waiver_no}).fetchall()


def _check_rule(settings: Settings, contract: Contract, rule_id: str, agency_code: str | None) -> None:
    rule = _rule(settings, contract, rule_id)
    if rule is not None and not is_waivable(contract, rule):
        raise EgovError("EGOV-QUAR-102", rule=rule_id, dataset=contract.id)
    if agency_code and (rule is None or rule.action == "block"):
        raise EgovError("EGOV-QUAR-103", rule=rule_id)


def _rule(settings: Settings, contract: Contract, rule_id: str) -> Rule | None:
    """The rule; None for the ceiling, which the gate itself keeps. EGOV-QUAR-101 for one that nobody knows."""
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(settings, contract)).rules}
    if rule_id not in rules and rule_id != ceiling_rule_id(contract):
        raise EgovError("EGOV-QUAR-101", rule=rule_id, dataset=contract.id)
    return rules.get(rule_id)
