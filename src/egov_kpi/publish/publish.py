"""Publish: one row changes, in one transaction with its ledger entry and the history of the figures.

It neither waits for a reader nor makes one wait. Before it, the candidate is audited; what fails, or cannot be checked,
is not published, and the last publish stays.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.db.migrate import schema_version
from egov_kpi.errors import EgovError
from egov_kpi.gate.result import GateResult
from egov_kpi.ledger.events import append
from egov_kpi.publish import colours, digest
from egov_kpi.publish.build import FENCE, FENCE_WAIT_SECONDS
from egov_kpi.publish.code import code_version
from egov_kpi.publish.colours import ColourState
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

KEYS = (
    "kpi_code",
    "kpi_version",
    "method",
    "due_basis",
    "agency_code",
    "scope",
    "unit_basis",
    "period_grain",
    "period_start",
)
FIGURES = (
    "numerator",
    "denominator",
    "value",
    "unit",
    "value_reason",
    "target",
    "target_met",
    "data_as_of",
    "agencies_reporting",
    "agencies_expected",
    "quarantined_share",
)


@dataclass(frozen=True)
class PublishResult:
    """The publish that is live now; `published` is False when nothing was new, `changed_values` counts figures."""

    publish_no: int
    colour: str
    business_date: date
    published: bool
    changed_values: int
    mart_digest: str


def publish(
    settings: Settings, business_date: date, wait_seconds: float = FENCE_WAIT_SECONDS, run_id: str = ""
) -> PublishResult:
    """Audit the colour just built and make it live; the current publish when nothing is new.

    `run_id` names the run that asks for it, in the ledger.
    """
    with (
        fence(FENCE, wait_seconds, settings=settings, role="publisher"),
        connect("publisher", settings) as conn,
    ):
        pointer = colours.live(conn)
        colours.require_no_hold(pointer)
        candidate = colours.state(conn, pointer.idle)
        if _is_current(conn, pointer, business_date, settings) and not _is_replaced(conn, pointer, candidate):
            return current(conn)
        _require_ready(conn, pointer, candidate)
        conn.rollback()
        audit_no = _audit(conn, settings, candidate.colour)
        conn.commit()
        conn.rollback()
        return _turn(conn, settings, pointer, candidate, {"audit_event_no": audit_no, "run_id": run_id or None})


def current(conn: Connection) -> PublishResult:
    """The publish that the pointer shows."""
    row = conn.execute(
        "select p.publish_no, p.colour, p.business_date, false, 0, p.mart_digest"
        " from ledger.publish as p inner join ledger.live as v using (publish_no)"
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-PUB-006", colour="", reason="nothing has been published yet")
    return PublishResult(*row)


def _is_current(conn: Connection, pointer: colours.Live, business_date: date, settings: Settings) -> bool:
    """Whether the live colour shows all that counts now."""
    if pointer.publish_no == 0:
        return False
    counted, as_of, models = colours.wanted(conn, pointer, business_date, settings)
    return colours.holds(colours.state(conn, pointer.colour), counted, as_of, models)


def _is_replaced(conn: Connection, pointer: colours.Live, candidate: ColourState) -> bool:
    """Whether the live rows were changed by hand and the other colour was built since, to take their place."""
    row = conn.execute(
        "select event_no, mart_digest from ledger.publish where publish_no = %s", (pointer.publish_no,)
    ).fetchone()
    if row is None or candidate.is_broken_off or candidate.built_event < row[0]:
        return False
    return digest.mart_digest(conn, pointer.colour) != str(row[1])


def _require_ready(conn: Connection, pointer: colours.Live, candidate: ColourState) -> None:
    """EGOV-PUB-006 for a colour that is half built, holds a revoked load, or is older than what is live."""
    revoked = {row[0] for row in conn.execute("select load_seq from ledger.revoked_load").fetchall()}
    shown = colours.state(conn, pointer.colour)
    reason = ""
    if candidate.as_of is None or candidate.is_broken_off:
        reason = "it has not been built, or its last build was broken off"
    elif candidate.applied & revoked:
        reason = f"it holds the revoked loads {sorted(candidate.applied & revoked)}"
    elif pointer.publish_no and not shown.applied - revoked - colours.left_out(conn) <= candidate.applied:
        reason = "it lacks loads that are published"
    elif pointer.business_date and candidate.as_of < pointer.business_date:
        reason = f"it was built for {candidate.as_of}, before the current publish"
    if reason:
        raise EgovError("EGOV-PUB-006", colour=candidate.colour, reason=reason)


def _audit(conn: Connection, settings: Settings, colour: str) -> int:
    """Number of the event of a passed audit; EGOV-PUB-004 or -005 for any other answer."""
    result = _audit_result(settings, colour)
    event_no = append(conn, "audit_checked", {"colour": colour, **result.as_event()})
    conn.commit()
    if result.verdict == "could_not_check":
        raise EgovError("EGOV-PUB-005", colour=colour, reason=str(result.receipt))
    if result.verdict != "pass":
        failed = ", ".join(rule.rule_id for rule in result.failed)
        raise EgovError("EGOV-PUB-004", colour=colour, rules=failed)
    return event_no


def _audit_result(settings: Settings, colour: str) -> GateResult:
    # Great Expectations takes seconds to import: nobody pays for it who only asks whether something is new.
    from egov_kpi.gate.marts import audit

    return audit(settings, colour)


def _turn(
    conn: Connection, settings: Settings, pointer: colours.Live, candidate: ColourState, made_by: dict[str, Any]
) -> PublishResult:
    """The transaction of a publish; `made_by` is what its event says of audit and run."""
    publish_no = pointer.newest_publish_no + 1
    mart_digest = digest.stored_digest(conn, candidate.colour)
    version, schema = code_version(settings), schema_version(conn)
    changed = _log_changes(conn, publish_no, pointer, candidate.colour)
    body = {
        "publish_no": publish_no,
        "colour": candidate.colour,
        "business_date": candidate.as_of,
        "code_version": version,
        "schema_version": schema,
        "mart_digest": mart_digest,
        "changed_values": changed,
        "build_event_no": candidate.built_event,
        **made_by,
    }
    event_no = append(conn, "published", body)
    conn.execute(
        "update ledger.live set colour = %s, publish_no = %s, event_no = %s", (candidate.colour, publish_no, event_no)
    )
    conn.commit()
    assert candidate.as_of is not None, "a candidate without a date is not ready"
    return PublishResult(publish_no, candidate.colour, candidate.as_of, True, changed, mart_digest)


def _log_changes(conn: Connection, publish_no: int, pointer: colours.Live, colour: str) -> int:
    """Append what differs from the newest publish to the history; the number of figures. Months whose leaves the builds
    noted as equal are not read again."""
    keys, figures = _names(KEYS), _names(FIGURES)
    # The live colour is the newest publish, except after a rollback: then the history itself is asked.
    is_newest = pointer.publish_no == pointer.newest_publish_no
    months = None
    before = _logged_rows()
    if is_newest and pointer.publish_no:
        months = digest.unlike_months(conn, "kpi_value", (pointer.colour, colour))
        before = _colour_rows(pointer.colour)
    statement = sql.SQL(
        "with candidate as ({candidate}), before as ({before}),"
        " upserted as (select * from candidate except select * from before),"
        " deleted as (select {keys} from before except select {keys} from candidate)"
        " insert into ledger.kpi_value_log (publish_no, op, {keys}, {figures})"
        " select * from ("
        " select %(no)s::bigint, 'upsert', {keys}, {figures} from upserted"
        " union all select %(no)s, 'delete', {keys}, {nothing} from deleted"
        # in the order of its key, which is kept up in half the time then
        ") as changed order by kpi_code, agency_code, period_start, period_grain, scope"
    ).format(
        candidate=_colour_rows(colour),
        before=before,
        keys=keys,
        figures=figures,
        nothing=sql.SQL(", ").join(sql.SQL("null") for _ in FIGURES),
    )
    changed = conn.execute(statement, {"no": publish_no, "months": months}).rowcount
    conn.execute("select publish.refresh_history_statistics()")
    return changed


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _colour_rows(colour: str) -> sql.Composed:
    """Figures of a colour, of the months alone that are asked for, if any are."""
    return sql.SQL(
        "select {} from {} where %(months)s::date[] is null or period_start = any(%(months)s::date[])"
    ).format(_names(KEYS + FIGURES), sql.Identifier(colour, "kpi_value"))


def _logged_rows() -> sql.Composed:
    return sql.SQL(
        "select {columns} from ("
        "select distinct on ({keys}) * from ledger.kpi_value_log order by {keys}, publish_no desc"
        ") as newest where op = 'upsert'"
    ).format(columns=_names(KEYS + FIGURES), keys=_names(KEYS))
