"""Why rows of a load were refused, told so that the unit can mend them: file, row, column, value, rule, remedy."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.settings import Settings

MASK = "***"
# Enough to see what is wrong with a load; the quarantine has every row.
ROWS_PER_RULE = 5

Connection = psycopg.Connection[tuple[Any, ...]]


def refusals(settings: Settings, conn: Connection, contract: Contract, load_seq: int) -> list[EgovError]:
    """One error per rule and row, at most `ROWS_PER_RULE` a rule, in the order of rules and rows.

    EGOV-GATE-101 for a row, EGOV-GATE-102 for a rule about the load as a whole. Values of columns that are not public
    are masked: the quarantine doesn't have them either.
    """
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(settings, contract)).rules}
    told = [
        _row_refusal(contract, rules[row["rule_id"]], row) for row in _refused_rows(conn, contract, load_seq, rules)
    ]
    return [*told, *_load_refusals(conn, contract, load_seq, rules)]


def _refused_rows(
    conn: Connection, contract: Contract, load_seq: int, rules: Mapping[str, Rule]
) -> list[dict[str, Any]]:
    """The first refused rows of each rule about rows, with the name of their file."""
    query = sql.SQL(
        """
        select * from (
            select q.*, r.rule_id, f.name as file_name,
                row_number() over (partition by r.rule_id order by f.file_no, q.row_no) as place
            from {table} as q
            cross join unnest(q.rule_ids) as r (rule_id)
            left join ledger.load_file as f on f.load_seq = q.load_seq and f.sha256_landed = q.file_digest
            where q.load_seq = %(load_seq)s and r.rule_id = any(%(rules)s)
        ) as refused
        where place <= %(most)s
        order by rule_id, place
        """
    ).format(table=sql.Identifier("quarantine", contract.table))
    row_rules = [rule.rule_id for rule in rules.values() if rule.is_row_level]
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, {"load_seq": load_seq, "rules": row_rules, "most": ROWS_PER_RULE}).fetchall()


def _row_refusal(contract: Contract, rule: Rule, row: Mapping[str, Any]) -> EgovError:
    name = str(rule.meta.get("column") or "")
    column = next((column for column in contract.columns if column.name == name), None)
    public = column is not None and column in contract.public_columns
    value = row.get(name) if public else MASK
    return EgovError(
        "EGOV-GATE-101",
        **_texts(rule),
        dataset=contract.id,
        file=row["file_name"] or row["file_digest"][:12],
        sheet=row["sheet"] or "",
        row=row["row_no"],
        column=column.title_vi if column else "",
        value="" if column is None else "∅" if value is None else value,
        rule=rule.rule_id,
    )


def _load_refusals(
    conn: Connection, contract: Contract, load_seq: int, rules: Mapping[str, Rule]
) -> Iterator[EgovError]:
    failed = conn.execute(
        "select distinct rule_id from ledger.gate_result where load_seq = %s and not success order by rule_id",
        (load_seq,),
    ).fetchall()
    for (rule_id,) in failed:
        rule = rules.get(rule_id)
        if rule is not None and not rule.is_row_level:
            yield EgovError("EGOV-GATE-102", **_texts(rule), dataset=contract.id, load_seq=load_seq, rule=rule_id)
        elif rule is None:
            ceiling = contract.quarantine_ceiling_pct
            yield EgovError("EGOV-GATE-103", dataset=contract.id, load_seq=load_seq, rule=rule_id, ceiling=ceiling)


def _texts(rule: Rule) -> dict[str, Any]:
    return {name: rule.meta[name] for name in ("reason_vi", "reason_en", "remediation_vi", "remediation_en")}
