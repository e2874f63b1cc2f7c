"""The gate of one load: pass, quarantine, block, or could not check.

A pass is never the absence of complaints. Great Expectations passes an empty suite and an empty table and swallows its
own exceptions, so the gate counts what was declared, what was evaluated and which rows were there, and binds all of it
to the digest of the landed content. Whatever is missing in that receipt makes the answer "could not check".
"""

import json
import logging
import math
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import inbound_columns, inbound_name
from egov_kpi.db.connect import connect, role_url
from egov_kpi.errors import EgovError
from egov_kpi.gate.derive import ceiling_rule_id, disagreements
from egov_kpi.gate.gx import Outcome, evaluate
from egov_kpi.gate.parameters import Connection, LoadFacts, load_facts, suite_parameters
from egov_kpi.gate.quarantine import quarantine_rows
from egov_kpi.gate.relation import Night, checked_name, checked_query, create, create_for_rows, drop, refused_name
from egov_kpi.gate.result import GateResult, RuleResult, Verdict, require_positive, sealed
from egov_kpi.gate.suite import Suite, load_suite, suite_path
from egov_kpi.gate.together import Known
from egov_kpi.gate.waivers import Waiver, in_force, let_through, usable, waive_load, waive_loads
from egov_kpi.settings import Settings

__all__ = ["GateResult", "RuleResult", "check", "quarantine_rows", "require_positive"]

_log = logging.getLogger(__name__)
_EMPTY_SUITE = "suite_empty"


@dataclass(frozen=True)
class _Order:
    """What the gate was asked: this load, that many rows, that content."""

    contract: Contract
    load_seq: int
    landed_rows: int
    content_digest: str

    @property
    def subject(self) -> str:
        return f"{self.contract.id}#{self.load_seq}"

    def receipt(self, **more: Any) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "content_digest": self.content_digest,
            "rows_expected": self.landed_rows,
            **more,
        }


class _CannotCheck(Exception):
    """Why there is no answer, as a word of the receipt; never a value of a row."""

    def __init__(self, reason: str, **details: Any) -> None:
        self.details = {"reason": reason, **details}
        super().__init__(reason)


def check(
    settings: Settings,
    contract: Contract,
    load_seq: int,
    landed_rows: int,
    content_digest: str,
    *,
    business_date: date | None = None,
    snapshot_date: date | None = None,
    known: Known | None = None,
) -> GateResult:
    """Check one staged load as role loader; `landed_rows` counts structural rows too.

    The dates default to what the ledger registered; rules `known` to hold are not asked again. Leaves the refused row
    numbers in `inbound.<table>__<load_seq>__refused` for `quarantine_rows`, and a page of Data Docs under
    `.local/gate`. Never raises for a check that failed half-way: that is the fourth answer, with the reason in the
    receipt.
    """
    order = _Order(contract, load_seq, landed_rows, content_digest)
    started = time.monotonic()
    try:
        result = _checked(settings, order, business_date, snapshot_date, known)
    except _CannotCheck as doubt:
        result = _no_answer(order, doubt.details)
    except EgovError as error:
        result = _no_answer(order, {"reason": error.code, "detail": error.text("en")})
    except Exception as error:  # noqa: BLE001 -- whatever breaks inside a check is "could not check", never a pass
        # The message may hold a value of a row: only its class leaves the process.
        result = _no_answer(order, {"reason": "crashed", "error": type(error).__name__, "at": _place(error)})
    _log.info("gate %s: %s in %.1f s", order.subject, result.verdict, time.monotonic() - started)
    return result


def _checked(
    settings: Settings, order: _Order, business_date: date | None, snapshot_date: date | None, known: Known | None
) -> GateResult:
    suite = _suite(settings, order.contract)
    with connect("loader", settings, autocommit=True) as conn:
        facts = _facts(conn, order, business_date, snapshot_date)
        found = _rows_found(conn, order)
        parameters = suite_parameters(conn, order.contract, suite, facts)
        data_rows = _create_checked(conn, order, facts)
        try:
            told = known.of(order.load_seq, order.content_digest, data_rows, suite.digest) if known else ()
            outcomes, version = _evaluated(settings, order, suite, parameters, told)
            receipt = order.receipt(
                rows_found=found,
                data_rows=data_rows,
                suite=suite.name,
                suite_digest=suite.digest,
                declared=len(suite.rules),
                asked_together=len(told),
                great_expectations=version,
            )
            waivers = _waivers(conn, order, suite, facts)
            result = _answer(conn, order, suite, outcomes, receipt, data_rows, waivers)
        finally:
            drop(conn, checked_name(order.contract, order.load_seq))
    return _documented(settings, order, suite, outcomes, result)


def _evaluated(
    settings: Settings, order: _Order, suite: Suite, parameters: dict[str, Any], told: Sequence[Outcome]
) -> tuple[list[Outcome], str]:
    """Outcomes of the whole suite in its order; those told already are not asked of the load alone."""
    known = {outcome.rule_id: outcome for outcome in told}
    rules = [rule for rule in suite.rules if rule.rule_id not in known]
    name = checked_name(order.contract, order.load_seq)
    asked, version = evaluate(role_url("loader", settings), "inbound", name, rules, parameters)
    found = known | {outcome.rule_id: outcome for outcome in asked}
    return [found[rule.rule_id] for rule in suite.rules if rule.rule_id in found], version


def _waivers(conn: Connection, order: _Order, suite: Suite, facts: LoadFacts) -> list[Waiver]:
    """Waivers that may speak for this load, by its own business date: night and replay come to the same answer."""
    if facts.business_date is None:
        return []
    known = in_force(conn, order.contract, order.load_seq, facts.business_date)
    return usable(order.contract, suite.rules, known)


def _suite(settings: Settings, contract: Contract) -> Suite:
    """The suite, after proof that it holds the whole structural half of its contract."""
    path = suite_path(settings, contract)
    suite = load_suite(path)
    if not suite.rules:
        raise _CannotCheck(_EMPTY_SUITE, suite=suite.name)
    differing = disagreements(contract, json.loads(path.read_text(encoding="utf-8")))
    if differing:
        raise EgovError("EGOV-GATE-003", dataset=contract.id, rules=", ".join(differing))
    return suite


def _facts(conn: Connection, order: _Order, business_date: date | None, snapshot_date: date | None) -> LoadFacts:
    """What the ledger says of the load, explicit dates first; a doubt about content or dates ends the check."""
    known = load_facts(conn, order.load_seq)
    if known is None and business_date is None:
        raise EgovError("EGOV-GATE-006", load_seq=order.load_seq)
    if known is not None and (known.content_digest, known.dataset) != (order.content_digest, order.contract.id):
        raise _CannotCheck("content_digest_differs", registered=known.content_digest)
    facts = LoadFacts(
        dataset=order.contract.id,
        business_date=business_date or (known.business_date if known else None),
        snapshot_date=snapshot_date or (known.snapshot_date if known else None),
        window_from=known.window_from if known else None,
        window_to=known.window_to if known else None,
        content_digest=order.content_digest,
    )
    if facts.business_date is None:
        raise _CannotCheck("business_date_unknown")
    if order.contract.shape == "snapshot" and facts.snapshot_date is None:
        raise _CannotCheck("snapshot_date_unknown")
    return facts


def _rows_found(conn: Connection, order: _Order) -> int:
    """Rows of the inbound table, which must be those that were landed: a crash of Postgres empties unlogged tables."""
    name = inbound_name(order.contract, order.load_seq)
    columns = _scalar(
        conn,
        "select array_agg(a.attname::text order by a.attnum) from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped",
        (f'inbound."{name}"',),
    )
    if columns is None:
        raise _CannotCheck("inbound_missing", rows_found=0)
    if columns != [column for column, _ in inbound_columns(order.contract)]:
        raise _CannotCheck("inbound_columns_differ")
    found = int(_scalar(conn, sql.SQL("select count(*) from {}").format(sql.Identifier("inbound", name))))
    if found != order.landed_rows:
        raise _CannotCheck("inbound_rows_differ", rows_found=found)
    return found


def _create_checked(conn: Connection, order: _Order, facts: LoadFacts) -> int:
    """Make the relation that the rules look at; the number of its rows. One cast per value, however many rules."""
    if facts.business_date is None:
        raise _CannotCheck("business_date_unknown")
    name = checked_name(order.contract, order.load_seq)
    query = checked_query(order.contract, order.load_seq, Night(facts.business_date, facts.snapshot_date))
    create(conn, name, query)
    return int(_scalar(conn, sql.SQL("select count(*) from {}").format(sql.Identifier("inbound", name))))


def _answer(
    conn: Connection,
    order: _Order,
    suite: Suite,
    outcomes: list[Outcome],
    receipt: dict[str, Any],
    data_rows: int,
    waivers: list[Waiver],
) -> GateResult:
    """The verdict over all outcomes, its receipt complete."""
    crashed = sorted(f"{outcome.rule_id}:{outcome.error}" for outcome in outcomes if outcome.error)
    evaluated = len(outcomes) - len(crashed)
    receipt = {**receipt, "evaluated": evaluated}
    if crashed or evaluated != receipt["declared"]:
        return _sealed("could_not_check", {**receipt, "reason": "rules_not_evaluated", "crashed": crashed}, [])
    rules = [_rule_result(suite, outcome) for outcome in outcomes]
    rules, refused = _keep_refused(conn, order, waive_loads(rules, waivers), waivers)
    rules = sorted([_ceiling(order.contract, data_rows, refused, waivers), *rules], key=lambda rule: rule.rule_id)
    verdict = _verdict(rules, refused)
    receipt = {**receipt, "refused_rows": refused, **_used(rules)}
    if verdict == "pass" and data_rows == 0:
        # The suite has a rule against this; the receipt does not rely on it.
        return _sealed("could_not_check", {**receipt, "reason": "nothing_evaluated"}, rules)
    return _sealed(verdict, receipt, rules, data_rows, refused)


def _used(rules: list[RuleResult]) -> dict[str, Any]:
    """The waivers that changed the answer; a receipt without any says nothing of them."""
    numbers = sorted({number for rule in rules for number in rule.waivers})
    return {"waivers": numbers} if numbers else {}


def _rule_result(suite: Suite, outcome: Outcome) -> RuleResult:
    rule = suite.rule(outcome.rule_id)
    return RuleResult(
        rule.rule_id, rule.severity, rule.action, outcome.success, outcome.failed_rows, outcome.unexpected_sql
    )


def _keep_refused(
    conn: Connection, order: _Order, rules: list[RuleResult], waivers: list[Waiver]
) -> tuple[list[RuleResult], int]:
    """Store the numbers of refused rows with the rules that refuse them; the results, waivers applied, and how many.

    A rule whose query names another number of rows than it counted was not understood: could not check.
    """
    table = create_for_rows(conn, refused_name(order.contract, order.load_seq))
    for rule in rules:
        is_waived_whole = rule.action == "block" and rule.waivers
        if rule.success or rule.action == "notice" or rule.failed_rows == 0 or is_waived_whole:
            continue
        if rule.unexpected_sql is None:
            raise _CannotCheck("rows_unknown", rule_id=rule.rule_id)
        insert = sql.SQL("insert into {} select distinct q._row_id, {} from ({}) as q").format(
            table, sql.Literal(rule.rule_id), sql.SQL(rule.unexpected_sql)
        )
        kept = conn.execute(insert).rowcount
        if kept != rule.failed_rows:
            raise _CannotCheck("rows_differ", rule_id=rule.rule_id, counted=rule.failed_rows, named=kept)
    rules = let_through(conn, order.contract, order.load_seq, rules, waivers)
    quarantining = [rule.rule_id for rule in rules if rule.action == "quarantine"]
    count = sql.SQL("select count(distinct _row_id) from {} where rule_id = any(%s)").format(table)
    return rules, int(_scalar(conn, count, (quarantining,)))


def allowed_rows(contract: Contract, data_rows: int) -> int:
    """Rows that a load may lose to quarantine: the contract's percentage, rounded up to a whole row."""
    return math.ceil(data_rows * contract.quarantine_ceiling_pct / 100)


def _ceiling(contract: Contract, data_rows: int, refused: int, waivers: list[Waiver]) -> RuleResult:
    holds = refused <= allowed_rows(contract, data_rows) and (refused < data_rows or refused == 0)
    result = RuleResult(ceiling_rule_id(contract), "critical", "block", holds, 0 if holds else refused)
    # No waiver makes a load of nothing but refused rows go on.
    return waive_load(result, waivers) if refused < data_rows else result


def _verdict(rules: list[RuleResult], refused: int) -> Verdict:
    if any(rule.holds_back for rule in rules):
        return "block"
    return "quarantine" if refused else "pass"


def _sealed(
    verdict: Verdict, receipt: dict[str, Any], rules: list[RuleResult], data_rows: int = 0, refused: int = 0
) -> GateResult:
    return GateResult(verdict, sealed(receipt, verdict, rules), rules, data_rows, refused)


def _no_answer(order: _Order, details: dict[str, Any]) -> GateResult:
    return _sealed("could_not_check", order.receipt(**details), [])


def _documented(
    settings: Settings, order: _Order, suite: Suite, outcomes: list[Outcome], result: GateResult
) -> GateResult:
    """Write the page of Data Docs. It is a view of the result: when it fails the verdict stands, and says so."""
    from egov_kpi.gate.docs import write_page

    write_page(settings, order.contract.id, order.load_seq, suite, outcomes, result)
    return result


def _place(error: Exception) -> str:
    """Function and line that raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"


def _scalar(conn: Connection, query: "LiteralString | sql.Composed", values: tuple[Any, ...] = ()) -> Any:
    row = conn.execute(query, values).fetchone()
    if row is None:
        raise psycopg.DataError("a query that returns one row returned none")
    return row[0]
