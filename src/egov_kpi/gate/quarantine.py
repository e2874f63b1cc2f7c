"""Refused rows into quarantine, in the transaction of whoever decides on the load."""

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import identifier, inbound_name, key_digest_expression, source_version_expression
from egov_kpi.errors import EgovError
from egov_kpi.gate.parameters import Connection, load_facts
from egov_kpi.gate.relation import ROW_KEY, refused_name
from egov_kpi.gate.result import GateResult, require_positive
from egov_kpi.raw.digest import row_digest_expression


def quarantine_rows(conn: Connection, contract: Contract, load_seq: int, result: GateResult) -> int:
    """Copy the refused rows of a load; how many. Of a blocked load every data row is refused.

    Called before a load is decided, whatever the verdict: a load may only go on with a receipt that proves that this
    content was checked in full (EGOV-GATE-004). Rows keep their public columns as text; file digest, sheet and row
    number lead back to the rest in landing. EGOV-GATE-005 when the inbound tables no longer hold what the gate saw. On
    either the caller's transaction must not commit.
    """
    if result.verdict != "block":
        require_positive(
            result, f"{contract.id}#{load_seq}", _registered_digest(conn, load_seq), _landed(conn, contract, load_seq)
        )
    found = _copy(conn, contract, load_seq, result) if result.verdict != "pass" else 0
    conn.execute(f"drop table if exists inbound.{identifier(refused_name(contract, load_seq))}".encode())
    return found


def _copy(conn: Connection, contract: Contract, load_seq: int, result: GateResult) -> int:
    everything = result.verdict == "block"
    expected = result.data_rows if everything else result.refused_rows
    query = _insert(contract, load_seq, everything)
    ids = result.blocking if everything else _quarantining(result)
    found = conn.execute(query.encode(), {"load_seq": load_seq, "ids": ids}).rowcount
    if found != expected:
        raise EgovError("EGOV-GATE-005", load_seq=load_seq, expected=expected, found=found)
    return found


def _registered_digest(conn: Connection, load_seq: int) -> str:
    facts = load_facts(conn, load_seq)
    return facts.content_digest if facts else ""


def _landed(conn: Connection, contract: Contract, load_seq: int) -> int:
    """Rows that are inbound now: those that the gate saw, unless Postgres crashed since."""
    table = f"inbound.{identifier(inbound_name(contract, load_seq))}"
    known = conn.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    if known is None or not known[0]:
        return 0
    row = conn.execute(f"select count(*) from {table}".encode()).fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _quarantining(result: GateResult) -> list[str]:
    return sorted(rule.rule_id for rule in result.failed if rule.action == "quarantine")


def _insert(contract: Contract, load_seq: int, everything: bool) -> str:
    """Insert from inbound, by number of row; with `everything` each row also carries the rules that block the load."""
    public = [identifier(column.name) for column in contract.public_columns]
    own = ["load_seq", "file_digest", "sheet", "row_no", "row_digest", "rule_ids", "key_digest", "source_version_at"]
    names = ", ".join([*own, *public])
    values = ", ".join(f"i.{name}" for name in public)
    rules = "array(select unnest(r.rule_ids) union select unnest(%(ids)s::text[]) order by 1)"
    return f"""
insert into quarantine.{identifier(contract.table)} ({names})
select
    %(load_seq)s, f.sha256_landed, i._sheet, i._row_no, {row_digest_expression(contract, "i")},
    {rules if everything else "r.rule_ids"},
    {key_digest_expression(contract, "i")}, {source_version_expression(contract, "i")},
    {values}
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
