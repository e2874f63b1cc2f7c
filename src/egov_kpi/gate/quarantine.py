"""Refused rows into quarantine, in the transaction of whoever decides on the load."""

from typing import Any

import psycopg

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import identifier
from egov_kpi.errors import EgovError
from egov_kpi.gate.relation import ROW_KEY, inbound_name, refused_name
from egov_kpi.gate.result import GateResult
from egov_kpi.raw.digest import row_digest_expression

Connection = psycopg.Connection[tuple[Any, ...]]


def quarantine_rows(conn: Connection, contract: Contract, load_seq: int, result: GateResult) -> int:
    """Copy the refused rows of a load; how many. Of a blocked load every data row is refused.

    Rows keep their public columns as text; file digest, sheet and row number lead back to the rest in landing.
    EGOV-GATE-005 when the inbound tables no longer hold what the gate saw: the caller's transaction must not commit.
    """
    if result.verdict not in ("block", "quarantine"):
        return 0
    everything = result.verdict == "block"
    expected = result.data_rows if everything else result.refused_rows
    query = _insert(contract, load_seq, everything)
    ids = result.blocking if everything else _quarantining(result)
    found = conn.execute(query.encode(), {"load_seq": load_seq, "ids": ids}).rowcount
    if found != expected:
        raise EgovError("EGOV-GATE-005", load_seq=load_seq, expected=expected, found=found)
    conn.execute(f"drop table inbound.{identifier(refused_name(contract, load_seq))}".encode())
    return found


def _quarantining(result: GateResult) -> list[str]:
    return sorted(rule.rule_id for rule in result.failed if rule.action == "quarantine")


def _insert(contract: Contract, load_seq: int, everything: bool) -> str:
    """Insert from inbound, by number of row; with `everything` each row also carries the rules that block the load."""
    public = [identifier(column.name) for column in contract.public_columns]
    names = ", ".join(["load_seq", "file_digest", "sheet", "row_no", "row_digest", "rule_ids", *public])
    values = ", ".join(f"i.{name}" for name in public)
    rules = "array(select unnest(r.rule_ids) union select unnest(%(ids)s::text[]) order by 1)"
    return f"""
insert into quarantine.{identifier(contract.table)} ({names})
select
    %(load_seq)s, f.sha256_landed, i._sheet, i._row_no, {row_digest_expression(contract, "i")},
    {rules if everything else "r.rule_ids"}, {values}
from inbound.{identifier(inbound_name(contract, load_seq))} as i
inner join ledger.load_file as f on f.load_seq = %(load_seq)s and f.file_no = i._file + {_FIRST_FILE_NO}
{"left" if everything else "inner"} join (
    select q._row_id, array_agg(q.rule_id order by q.rule_id) as rule_ids
    from inbound.{identifier(refused_name(contract, load_seq))} as q
    where {"true" if everything else "q.rule_id = any(%(ids)s::text[])"}
    group by q._row_id
) as r on r._row_id = {ROW_KEY}
where i._kind = 'data'
"""  # noqa: S608 -- identifiers come from a contract, quoted


# The ledger numbers the files of a load from one, inbound from zero.
_FIRST_FILE_NO = 1
