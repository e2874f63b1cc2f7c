"""Waivers at the gate: which are in force for a load, and what they let through.

A waiver loosens one rule of one dataset, for one unit or for all, for loads that were registered after its approval and
whose business date is not past its expiry. What cannot be typed or cannot be found again by its key is never let in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from psycopg import sql

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import inbound_name
from egov_kpi.gate.derive import ceiling_rule_id
from egov_kpi.gate.parameters import Connection
from egov_kpi.gate.relation import ROW_KEY, create_for_rows, refused_name, waived_name
from egov_kpi.gate.result import RuleResult
from egov_kpi.gate.suite import Rule

# Structural checks without which a row can't stand in raw, or nothing says which row is meant.
_NEEDED = ("rows", "type", "values", "identity", "unread")


@dataclass(frozen=True)
class Waiver:
    """An approved waiver; without `agency_code` it holds for every unit."""

    waiver_no: int
    rule_id: str
    agency_code: str | None


def is_waivable(contract: Contract, rule: Rule) -> bool:
    """Whether rows may be let in although the rule refuses them."""
    if rule.meta.get("half") != "contract":
        return True
    check, name = rule.meta.get("check"), rule.meta.get("column")
    if check in _NEEDED:
        return False
    column = next((column for column in contract.columns if column.name == name), None)
    return check != "required" or column is None or (column.key_position is None and column.role is None)


def in_force(conn: Connection, contract: Contract, load_seq: int, business_date: date) -> list[Waiver]:
    """Waivers that this load may use, oldest first; none for a load that the ledger doesn't know."""
    rows = conn.execute(
        """
        select w.waiver_no, w.rule_id, w.agency_code
        from quarantine.waiver as w
        inner join ledger.load as l on l.load_seq = %s and l.event_no > w.approved_event_no
        where w.state = 'approved' and w.dataset = %s and w.expires_on >= %s
        order by w.waiver_no
        """,
        (load_seq, contract.id, business_date),
    ).fetchall()
    return [Waiver(*row) for row in rows]


def usable(contract: Contract, rules: Iterable[Rule], waivers: Iterable[Waiver]) -> list[Waiver]:
    """Those of rules that may be waived: whatever was approved, the rest blocks."""
    allowed = {rule.rule_id for rule in rules if is_waivable(contract, rule)} | {ceiling_rule_id(contract)}
    return [waiver for waiver in waivers if waiver.rule_id in allowed]


def waive_loads(rules: Iterable[RuleResult], waivers: Sequence[Waiver]) -> list[RuleResult]:
    """The results, those of rules that hold a load back marked where a waiver for all units lets it go on."""
    return [waive_load(rule, waivers) if rule.action == "block" else rule for rule in rules]


def waive_load(rule: RuleResult, waivers: Iterable[Waiver]) -> RuleResult:
    numbers = tuple(w.waiver_no for w in waivers if w.rule_id == rule.rule_id and w.agency_code is None)
    if rule.success or not numbers:
        return rule
    return replace(rule, waivers=numbers, waived_rows=rule.failed_rows)


def let_through(
    conn: Connection, contract: Contract, load_seq: int, rules: Sequence[RuleResult], waivers: Sequence[Waiver]
) -> list[RuleResult]:
    """Take out of the refused rows those that only waived rules refuse; the results with how many that are per rule.

    Leaves their numbers in `inbound.<table>__<load_seq>__waived`, with the rules, for whoever decides the load.
    """
    refused = sql.Identifier("inbound", refused_name(contract, load_seq))
    table = create_for_rows(conn, waived_name(contract, load_seq))
    setting_aside = [rule.rule_id for rule in rules if rule.action == "quarantine" and not rule.success]
    if waivers and setting_aside:
        scope = {"rules": [w.rule_id for w in waivers], "agencies": [w.agency_code for w in waivers]}
        query = _PASSING.format(
            waived=table,
            refused=refused,
            inbound=sql.Identifier("inbound", inbound_name(contract, load_seq)),
            agency=sql.Identifier(contract.agency_column.name),
            row_key=sql.SQL(ROW_KEY),
        )
        conn.execute(query, {**scope, "setting_aside": setting_aside})
        conn.execute(sql.SQL("delete from {} where _row_id in (select _row_id from {})").format(refused, table))
    counted: dict[str, int] = dict(
        conn.execute(sql.SQL("select rule_id, count(*) from {} group by 1").format(table)).fetchall()
    )
    return [_with_rows(rule, counted.get(rule.rule_id, 0), waivers) for rule in rules]


# The unit of a row is what its source wrote, or what the list of units makes of that.
_PASSING = sql.SQL(
    """
    with judged as (
        select r._row_id, r.rule_id, exists (
            select from unnest(%(rules)s::text[], %(agencies)s::text[]) as w (rule_id, agency_code)
            where w.rule_id = r.rule_id and (
                w.agency_code is null or w.agency_code = i.{agency} or exists (
                    select from ref.agency_alias as a
                    where a.source_code = i.{agency} and a.agency_code = w.agency_code
                )
            )
        ) as is_waived
        from {refused} as r
        inner join {inbound} as i on {row_key} = r._row_id
        where r.rule_id = any(%(setting_aside)s)
    )

    insert into {waived} (_row_id, rule_id)
    select j._row_id, j.rule_id from judged as j
    where j._row_id in (select k._row_id from judged as k group by k._row_id having bool_and(k.is_waived))
    """
)


def _with_rows(rule: RuleResult, rows: int, waivers: Iterable[Waiver]) -> RuleResult:
    if not rows:
        return rule
    return replace(rule, waived_rows=rows, waivers=tuple(w.waiver_no for w in waivers if w.rule_id == rule.rule_id))
