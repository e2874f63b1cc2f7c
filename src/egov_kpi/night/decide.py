"""The decision on one load: gate it, then promote or block it with its account, in one transaction.

received = landed + withheld, and landed = accepted + unchanged + quarantined + duplicate + structural, or
nothing happens.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.ledger import events
from egov_kpi.night import books
from egov_kpi.night.staging import ensure_staged
from egov_kpi.settings import Settings

if TYPE_CHECKING:
    from egov_kpi.gate.check import GateResult
    from egov_kpi.gate.together import Known

Account = dict[str, int]


def ask_together(settings: Settings, contract: Contract, load_seqs: list[int]) -> "Known | None":
    """What can be asked once of all the loads that wait, as far as they are staged; None when nothing is gained."""
    if len(load_seqs) < 2:
        return None
    # Imported late: Great Expectations comes with it.
    from egov_kpi.gate.together import Waiting, ask_together

    with connect("loader", settings) as conn:
        loads = books.loads(conn, load_seqs)
        landed = {number: counts["landed"] for number in load_seqs if (counts := books.staged(conn, number))}
        whole = {number for number, rows in landed.items() if books.inbound_rows(conn, contract, number) == rows}
    names = ("load_seq", "content_digest", "business_date", "snapshot_date")
    return ask_together(
        settings,
        contract,
        [
            Waiting(landed=landed[load["load_seq"]], **{name: load[name] for name in names})
            for load in loads
            if load["load_seq"] in whole
        ],
    )


def decide(settings: Settings, contract: Contract, load_seq: int, known: "Known | None" = None) -> dict[str, Any]:
    """Decide one waiting load: its rules, and the error of a file that could not be read.

    EGOV-NIGHT-003 when the gate could not check it: recorded, and the load keeps waiting.
    """
    try:
        counts = ensure_staged(settings, contract, load_seq)
    except EgovError as error:
        if error.exit_code == ExitCode.BAD_DATA:
            return {"rules": [], "error": error.as_dict()}
        raise
    result = _check(settings, contract, load_seq, counts, known)
    if result.verdict == "could_not_check":
        _record_failure(settings, load_seq, result)
        raise EgovError("EGOV-NIGHT-003", dataset=contract.id, load_seq=load_seq, detail=_why(result))
    _conclude(settings, contract, load_seq, counts, result)
    _drop_inbound(settings, contract, load_seq)
    return {"rules": result.as_event()["rules"]}


def _why(result: "GateResult") -> str:
    """The receipt's own words for it; the whole receipt is in the ledger."""
    told = [result.receipt.get(name) for name in ("reason", "detail", "error", "crashed")]
    return " ".join(str(word) for word in told if word)


def check_account(load_seq: int, account: Account, staged: Account, quarantined: int) -> Account:
    """The account itself, or EGOV-NIGHT-005 when a row is missing from it, counted twice or counted differently."""
    parts = sum(account[name] for name in ("accepted", "unchanged", "quarantined", "duplicate", "structural"))
    adds_up = account["received"] == account["landed"] + account["withheld"] and account["landed"] == parts
    agrees = all(account[name] == count for name, count in {**staged, "quarantined": quarantined}.items())
    if not (adds_up and agrees):
        raise EgovError("EGOV-NIGHT-005", load_seq=load_seq, account=account)
    return account


def _check(
    settings: Settings, contract: Contract, load_seq: int, counts: Account, known: "Known | None"
) -> "GateResult":
    from egov_kpi.gate.check import check

    return check(settings, contract, load_seq, counts["landed"], _content_digest(settings, load_seq), known=known)


def _content_digest(settings: Settings, load_seq: int) -> str:
    with connect("loader", settings) as conn:
        return str(books.loads(conn, [load_seq])[0]["content_digest"])


def _conclude(settings: Settings, contract: Contract, load_seq: int, counts: Account, result: "GateResult") -> None:
    """Rows, account and events together: a kill leaves all of them or none."""
    from egov_kpi.gate.check import quarantine_rows, require_positive
    from egov_kpi.quarantine import life

    if result.verdict != "block":
        digest = _content_digest(settings, load_seq)
        require_positive(result, f"{contract.id}#{load_seq}", digest, counts["landed"])
    with connect("loader", settings) as conn:
        quarantined = quarantine_rows(conn, contract, load_seq, result)
        promoted = _promote(conn, contract, load_seq) if result.verdict != "block" else _NOTHING_KEPT
        account = check_account(load_seq, {**counts, "quarantined": quarantined, **promoted}, counts, quarantined)
        # Found before the first event: from then on every other writer of the ledger waits for this transaction.
        closings = life.closings(conn, contract, load_seq, result)
        events.append(conn, "gate_checked", {"load_seq": load_seq, **result.as_event()})
        body: dict[str, Any] = {"load_seq": load_seq, "account": account, **life.born(conn, contract, load_seq)}
        if result.verdict == "block":
            body["rules"] = result.blocking
        events.append(conn, "load_blocked" if result.verdict == "block" else "load_promoted", body)
        life.close(conn, contract, closings)


_NOTHING_KEPT: Account = {"accepted": 0, "unchanged": 0, "duplicate": 0}


def _promote(conn: books.Connection, contract: Contract, load_seq: int) -> Account:
    from egov_kpi.raw.promote import promote

    result = promote(conn, contract, load_seq)
    # Counted anew from the tables; check_account holds it against what staging and gate counted.
    return asdict(result)


def _record_failure(settings: Settings, load_seq: int, result: "GateResult") -> None:
    with connect("loader", settings) as conn:
        events.append(conn, "gate_checked", {"load_seq": load_seq, **result.as_event()})


def _drop_inbound(settings: Settings, contract: Contract, load_seq: int) -> None:
    """Only after the decision has been committed; what a kill leaves goes with the next loading of the dataset."""
    from egov_kpi.raw.promote import drop_inbound

    with connect("loader", settings) as conn:
        drop_inbound(conn, contract, load_seq)
