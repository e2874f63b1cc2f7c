"""Refused rows for the people who work on them: by unit, with the remedy; one row with its history; rejection.

Read with the custodian's login, which sees public columns only; the rest is in the workbook.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.gate.derive import ceiling_rule_id
from egov_kpi.gate.suite import load_suite, suite_path
from egov_kpi.ledger.events import Connection
from egov_kpi.ledger.purges import purged
from egov_kpi.quarantine.database import call, require
from egov_kpi.settings import Settings, get_settings

Texts = dict[str, str]
# Enough to begin with; the workbook names every row.
ROWS_NAMED = 5
_TEXTS = ("reason_vi", "reason_en", "remediation_vi", "remediation_en", "owner")


def overview(
    dataset: str | None = None,
    agency: str | None = None,
    state: str | None = None,
    rule: str | None = None,
    settings: Settings | None = None,
) -> list[dict[str, Any]]:
    """Rows per unit, rule and state, by unit and the oldest first, each with reason and remedy.

    A unit is named by its own code where the list of units knows what its source wrote, else as the source wrote it.
    `named` are the first of its rows as `show` and `reject` take them, `loads` those that brought them.
    """
    settings = settings or get_settings()
    query = """
        with unit as (
            select
                q.dataset,
                coalesce((
                    select a.agency_code from ref.agency_alias as a
                    where a.source_code = q.agency_code order by a.valid_from desc limit 1
                ), q.agency_code) as agency_code,
                r.rule_id,
                q.state,
                q.load_seq,
                q.quarantine_id,
                q.refused_at
            from quarantine.row as q
            cross join lateral unnest(q.rule_ids) as r (rule_id)
        )

        select
            dataset,
            agency_code,
            rule_id,
            state,
            count(*) as rows,
            min(refused_at) as oldest,
            array_agg(distinct load_seq order by load_seq) as loads,
            (array_agg(dataset || ':' || quarantine_id order by quarantine_id))[:%(named)s] as named
        from unit
        where (%(dataset)s::text is null or dataset = %(dataset)s)
            and (%(agency)s::text is null or agency_code = %(agency)s)
            and (%(state)s::text is null or state = %(state)s)
            and (%(rule)s::text is null or rule_id = %(rule)s)
        group by dataset, agency_code, rule_id, state
        order by agency_code nulls last, oldest, dataset, rule_id, state
    """
    given = {"dataset": dataset, "agency": agency, "state": state, "rule": rule, "named": ROWS_NAMED}
    with connect("custodian", settings) as conn, conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query, given).fetchall()
    texts = {name: rule_texts(settings, get_contract(name)) for name in {row["dataset"] for row in found}}
    return [{**row, **_texts_of(texts[row["dataset"]], row["rule_id"])} for row in found]


def show(row: str, settings: Settings | None = None) -> dict[str, Any]:
    """One refused row (dataset:number): place, public values, rules with their remedies, its whole history, and the
    certificate of its purge when the original is gone."""
    settings = settings or get_settings()
    contract, number = _named(row)
    with connect("custodian", settings) as conn, conn.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL(
            "select q.load_seq, f.name as file, q.sheet, q.row_no, q.rule_ids, q.state, q.refused_at, {} from {} as q"
            " left join ledger.load_file as f on f.load_seq = q.load_seq and f.sha256_landed = q.file_digest"
            " where q.quarantine_id = %s"
        ).format(
            sql.SQL(", ").join(sql.SQL("q.{}").format(sql.Identifier(c.name)) for c in contract.public_columns),
            sql.Identifier("quarantine", contract.table),
        )
        found = cursor.execute(query, (number,)).fetchone()
        if found is None:
            raise EgovError("EGOV-QUAR-003", row=row)
        gone = purged(conn).get(found["load_seq"])
        history = cursor.execute(
            "select state, since, event_no, actor, by_name, by_load, cause from quarantine.row_life"
            " where dataset = %s and quarantine_id = %s order by event_no",
            (contract.id, number),
        ).fetchall()
    return {**_shown(settings, contract, row, found, history), "purged": gone.as_dict() if gone else None}


def _shown(
    settings: Settings, contract: Contract, row: str, found: dict[str, Any], history: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    texts = rule_texts(settings, contract)
    names = ("load_seq", "file", "sheet", "row_no", "state", "refused_at")
    return {
        "row": row,
        "dataset": contract.id,
        **{name: found[name] for name in names},
        "values": {column.name: found[column.name] for column in contract.public_columns},
        "rules": [{"rule_id": rule_id, **_texts_of(texts, rule_id)} for rule_id in found["rule_ids"]],
        "history": list(history),
    }


def reject_rows(rows: Sequence[str], reason: str, by: str, settings: Settings | None = None) -> dict[str, int]:
    """Reject open rows for good, by their names; how many per dataset. EGOV-QUAR-003 for one that doesn't exist.

    All or none: EGOV-QUAR-005 when one of them is closed already.
    """
    settings = settings or get_settings()
    require(reason=reason, by=by)
    named = [_named(row) for row in dict.fromkeys(rows)]
    result: dict[str, int] = {}
    with connect("custodian", settings) as conn:
        for contract in {contract.id: contract for contract, _ in named}.values():
            numbers = sorted(number for owner, number in named if owner.id == contract.id)
            _require_there(conn, contract, numbers)
            result[contract.id] = _reject(conn, contract, numbers, reason, by)
    return result


def reject_load(
    load_seq: int, rule: str | None, reason: str, by: str, settings: Settings | None = None
) -> dict[str, int]:
    """Reject the open rows of a load, all or those that one rule refused; EGOV-QUAR-004 when there is none."""
    settings = settings or get_settings()
    require(reason=reason, by=by)
    with connect("custodian", settings) as conn:
        rows = conn.execute(
            "select dataset, array_agg(quarantine_id order by quarantine_id) from quarantine.row"
            " where load_seq = %s and state = 'open' and (%s::text is null or %s = any(rule_ids)) group by dataset",
            (load_seq, rule, rule),
        ).fetchall()
        if not rows:
            raise EgovError("EGOV-QUAR-004", row=f"load {load_seq}" + (f", {rule}" if rule else ""))
        return {dataset: _reject(conn, get_contract(dataset), numbers, reason, by) for dataset, numbers in rows}


@cache
def _ceiling_texts() -> Mapping[str, str]:
    error = EgovError("EGOV-GATE-103", load_seq="…", dataset="…", ceiling="…")
    return {
        "reason_vi": error.text("vi"),
        "reason_en": error.text("en"),
        "remediation_vi": error.remedy("vi"),
        "remediation_en": error.remedy("en"),
        "owner": "",
    }


def rule_texts(settings: Settings, contract: Contract) -> dict[str, Texts]:
    """Reason, remedy and owner of each rule of a dataset, in both languages; of the gate's own ceiling too."""
    suite = load_suite(suite_path(settings, contract))
    texts = {rule.rule_id: {name: str(rule.meta[name]) for name in _TEXTS} for rule in suite.rules}
    return {**texts, ceiling_rule_id(contract): {**_ceiling_texts(), "owner": contract.owner}}


def _texts_of(texts: Mapping[str, Texts], rule_id: str) -> Texts:
    """A rule that was retired since it fired has no text any more."""
    return texts.get(rule_id, dict.fromkeys(_TEXTS, ""))


def _named(row: str) -> tuple[Contract, int]:
    dataset, _, number = row.rpartition(":")
    if dataset not in all_contracts() or not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise EgovError("EGOV-QUAR-003", row=row)
    return get_contract(dataset), int(number)


def _require_there(conn: Connection, contract: Contract, numbers: Sequence[int]) -> None:
    query = sql.SQL("select quarantine_id from {} where quarantine_id = any(%s)").format(
        sql.Identifier("quarantine", contract.table)
    )
    found = {row[0] for row in conn.execute(query, (list(numbers),)).fetchall()}
    missing = [f"{contract.id}:{number}" for number in numbers if number not in found]
    if missing:
        raise EgovError("EGOV-QUAR-003", row=", ".join(missing))


def _reject(conn: Connection, contract: Contract, numbers: Sequence[int], reason: str, by: str) -> int:
    ids = "{" + ",".join(f"[{number},{number + 1})" for number in numbers) + "}"
    query = "select quarantine.reject_rows(%s, %s::int8multirange, %s, %s)"
    return call(conn, query, (contract.id, ids, reason.strip(), by.strip()))
