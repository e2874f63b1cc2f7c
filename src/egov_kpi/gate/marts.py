"""The audit of a colour before it is published: `expectations/marts/*.json` on the candidate's own tables.

One suite per table, named after it. Queries call the other tables of the same colour `candidate.<table>`.
"""

import logging
from pathlib import Path
from typing import Any

from psycopg import sql

from egov_kpi.db.connect import connect, role_url
from egov_kpi.errors import EgovError
from egov_kpi.gate.gx import Outcome, evaluate
from egov_kpi.gate.parameters import Connection
from egov_kpi.gate.result import GateResult, RuleResult, Verdict, sealed
from egov_kpi.gate.suite import Rule, Suite, load_suite
from egov_kpi.settings import Settings

__all__ = ["GateResult", "audit"]

_log = logging.getLogger(__name__)
_ROLE = "publisher"
_CANDIDATE = "candidate."


def audit(settings: Settings, colour: str) -> GateResult:
    """pass, block, or could_not_check; never raises for an audit that failed half-way. As role publisher.

    The receipt is bound to the build that made the colour (hash of its ledger event).
    """
    receipt: dict[str, Any] = {"subject": f"marts:{colour}"}
    try:
        result = _audited(settings, colour, receipt)
    except EgovError as error:
        result = _result("could_not_check", {**receipt, "reason": error.code, "detail": error.text("en")}, [])
    except Exception as error:  # noqa: BLE001 -- whatever breaks inside an audit is "could not check", never a pass
        result = _result("could_not_check", {**receipt, "reason": "crashed", "error": type(error).__name__}, [])
    _log.info("audit of %s: %s", colour, result.verdict)
    return result


def mart_suites(settings: Settings) -> list[Suite]:
    """The suites of the candidate; EGOV-GATE-001 when there is none, or one without a rule."""
    folder = settings.expectations_dir / "marts"
    suites = [load_suite(path) for path in sorted(folder.glob("*.json"))]
    empty = next((suite.path.name for suite in suites if not suite.rules), None if suites else "*.json")
    if empty:
        raise EgovError("EGOV-GATE-001", file=f"expectations/marts/{empty}", reason="no rule")
    return suites


def _audited(settings: Settings, colour: str, receipt: dict[str, Any]) -> GateResult:
    suites = mart_suites(settings)
    with connect(_ROLE, settings) as conn:
        receipt |= {"content_digest": _build_hash(conn, colour)}
        receipt |= {"rows_found": sum(_rows(conn, colour, suite.name) for suite in suites)}
    outcomes: list[tuple[Suite, list[Outcome]]] = []
    for suite in suites:
        found, version = evaluate(role_url(_ROLE, settings), colour, suite.name, _rules_of(suite, colour), {})
        receipt |= {"great_expectations": version}
        outcomes.append((suite, found))
    result = _answer(outcomes, receipt)
    for suite, found in outcomes:
        _document(settings, colour, suite, found, result)
    return result


def _rules_of(suite: Suite, colour: str) -> list[Rule]:
    return [
        Rule(rule.rule_id, rule.type, _in_colour(rule.kwargs, colour), rule.severity, rule.action, rule.meta)
        for rule in suite.rules
    ]


def _in_colour(kwargs: dict[str, Any], colour: str) -> dict[str, Any]:
    return {
        name: value.replace(_CANDIDATE, f"{colour}.") if isinstance(value, str) else value
        for name, value in kwargs.items()
    }


def _build_hash(conn: Connection, colour: str) -> str:
    row = conn.execute(
        "select event_hash from ledger.event where kind = 'colour_built' and body_json ->> 'colour' = %s"
        " order by event_no desc limit 1",
        (colour,),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-GATE-008", colour=colour)
    return str(row[0])


def _rows(conn: Connection, colour: str, table: str) -> int:
    row = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(colour, table))).fetchone()
    return int(row[0]) if row else 0


def _answer(outcomes: list[tuple[Suite, list[Outcome]]], receipt: dict[str, Any]) -> GateResult:
    crashed = sorted(f"{item.rule_id}:{item.error}" for _, found in outcomes for item in found if item.error)
    receipt = {
        **receipt,
        "suites": {suite.name: suite.digest for suite, _ in outcomes},
        "declared": sum(len(suite.rules) for suite, _ in outcomes),
        "evaluated": sum(len(found) for _, found in outcomes) - len(crashed),
    }
    if crashed or receipt["declared"] != receipt["evaluated"]:
        return _result("could_not_check", {**receipt, "reason": "rules_not_evaluated", "crashed": crashed}, [])
    rules = [_rule_result(suite.rule(item.rule_id), item) for suite, found in outcomes for item in found]
    rules.sort(key=lambda rule: rule.rule_id)
    if any(not rule.success and rule.action == "block" for rule in rules):
        return _result("block", receipt, rules)
    if receipt["rows_found"] == 0:
        return _result("could_not_check", {**receipt, "reason": "nothing_evaluated"}, rules)
    return _result("pass", receipt, rules)


def _rule_result(rule: Rule, outcome: Outcome) -> RuleResult:
    return RuleResult(rule.rule_id, rule.severity, rule.action, outcome.success, outcome.failed_rows)


def _result(verdict: Verdict, receipt: dict[str, Any], rules: list[RuleResult]) -> GateResult:
    return GateResult(verdict, sealed(receipt, verdict, rules), rules, receipt.get("rows_found", 0))


def _document(settings: Settings, colour: str, suite: Suite, outcomes: list[Outcome], result: GateResult) -> Path:
    from egov_kpi.gate.docs import write_page

    return write_page(settings, "marts", f"{colour}-{suite.name}", suite, outcomes, result)
