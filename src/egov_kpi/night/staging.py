"""From landing to inbound, as often as it takes: inbound tables are unlogged, and a crash of Postgres empties them."""

from typing import TYPE_CHECKING, Any

from psycopg import sql

from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.ledger import events
from egov_kpi.night import books
from egov_kpi.settings import Settings

if TYPE_CHECKING:
    from egov_kpi.load.stage import StageResult

# The counts of a file that nobody could read: none of its rows was ever received as a row.
NOTHING_READ = dict.fromkeys(
    ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural"), 0
)


def ensure_staged(settings: Settings, contract: Contract, load_seq: int) -> dict[str, int]:
    """Rows of the load (received, withheld, landed, structural), its inbound table complete.

    A file that contradicts its contract ends its load: blocked, the error kept, and raised (exit 1). Anything else that
    goes wrong leaves the load waiting.
    """
    with connect("loader", settings) as conn:
        counts = books.staged(conn, load_seq)
        if counts is not None and books.inbound_rows(conn, contract, load_seq) == counts["landed"]:
            return counts
        digest = books.loads(conn, [load_seq])[0]["content_digest"]
    try:
        return _stage(settings, contract, load_seq, digest, counts)
    except EgovError as error:
        if error.exit_code == ExitCode.BAD_DATA:
            block_unread(settings, load_seq, error)
        raise


def sweep(settings: Settings, contract: Contract) -> None:
    """Drop what a killed run left: in inbound of loads decided by now, in landing of deliveries half received."""
    from egov_kpi.landing import store

    store.sweep(settings, contract)
    with connect("loader", settings) as conn:
        waiting = {load["load_seq"] for load in books.pending(conn, contract.id)}
        rows = conn.execute(
            "select c.relname from pg_class as c where c.relnamespace = 'inbound'::regnamespace and c.relkind = 'r' "
            "and c.relname ~ %s",
            (f"^{contract.table}__[0-9]+(__|$)",),
        ).fetchall()
        for (name,) in rows:
            if int(name.removeprefix(f"{contract.table}__").split("__")[0]) not in waiting:
                conn.execute(sql.SQL("drop table {}").format(sql.Identifier("inbound", name)))


def block_unread(settings: Settings, load_seq: int, error: EgovError) -> None:
    """End a load whose file could not be read as rows. The file stays in landing."""
    rule = {"rule_id": error.code, "severity": "critical", "action": "block", "success": False, "failed_rows": 0}
    body = {"load_seq": load_seq, "account": NOTHING_READ, "rules": [rule], "error": error.text("en")}
    with connect("loader", settings) as conn:
        events.append(conn, "load_blocked", body)


def _stage(
    settings: Settings, contract: Contract, load_seq: int, digest: str, known: dict[str, int] | None
) -> dict[str, int]:
    from egov_kpi.landing import open_landed, read_delivery
    from egov_kpi.load.stage import stage

    delivery = read_delivery(settings, contract.id, digest)
    # A file that somebody changed since it landed must not be read as if it had been sent.
    open_landed(delivery, verify_digest=True)
    result = stage(settings, contract, delivery, load_seq)
    counts = _counts(result)
    if known is not None and known != counts:
        raise EgovError("EGOV-NIGHT-004", load_seq=load_seq, before=known, now=counts)
    if known is None:
        _record(settings, load_seq, counts, result)
    return counts


def _counts(result: "StageResult") -> dict[str, int]:
    return {
        "received": result.landed + result.withheld,
        "withheld": result.withheld,
        "landed": result.landed,
        "structural": result.structural,
    }


def _record(settings: Settings, load_seq: int, counts: dict[str, int], result: "StageResult") -> None:
    body: dict[str, Any] = {"load_seq": load_seq, **counts, "columns_added": list(result.columns_added)}
    with connect("loader", settings) as conn:
        events.append(conn, "load_staged", body)
