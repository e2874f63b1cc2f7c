"""From a source to `raw`: the functions that the ingest tasks, the command line and the tests call alike.

Each can be killed anywhere and run again: what was done is in the ledger, and the ledger is all that is asked. Nothing
of a load is visible before the one transaction that decides it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.ledger import events
from egov_kpi.ledger.loads import register_load
from egov_kpi.night import books
from egov_kpi.night.decide import ask_together, decide
from egov_kpi.settings import Settings, get_settings

if TYPE_CHECKING:
    from egov_kpi.gate.together import Known
    from egov_kpi.landing import Delivery

# A task whose twin still lives waits for it rather than failing: the twin does the work, then nothing is left to do.
TASK_WAIT_SECONDS = 600.0
# A workbook with a secret document in it.
CONFIDENTIAL_WORKBOOK = "EGOV-LAND-008"


def pull_and_stage(
    dataset: str, business_date: date, *, wait_seconds: float = 0, run_id: str = "", settings: Settings | None = None
) -> dict[str, Any]:
    """Land and stage what the source has for the night of `business_date`: the window, and the numbers of its loads.

    EGOV-... with exit 3 when the source could not be read, exit 1 when what it sent is refused as a whole. Of several
    deliveries, those that were turned away are named under `refused`, and the others go on.
    """
    settings, contract = settings or get_settings(), get_contract(dataset)
    with loading(settings, contract, wait_seconds):
        window = _window(settings, contract, business_date)
        with _failure_recorded(settings, dataset, business_date):
            deliveries, refusals = _pull(settings, contract, business_date, window)
        loads = [_register(settings, contract, item, business_date, run_id)[0] for item in deliveries]
        if refusals:
            # Not a pull that succeeded: the verdict is "blocked", and the next night asks for this window again.
            for refusal in refusals:
                _note_failure(settings, dataset, business_date, refusal)
        else:
            _record_pull(settings, dataset, business_date, window, loads)
        _stage_pending(settings, contract)
    return {
        "dataset": dataset,
        "business_date": business_date.isoformat(),
        "window_from": window.isoformat() if window else None,
        "window_to": business_date.isoformat(),
        "loads": loads,
        "refused": [refusal.as_dict() for refusal in refusals],
    }


def gate_and_promote(
    dataset: str, business_date: date, *, wait_seconds: float = 0, settings: Settings | None = None
) -> dict[str, Any]:
    """Decide every load of the dataset that waits, of this night or of one that broke off; nothing to do is no error.

    EGOV-NIGHT-003 (exit 3) when a load could not be checked; it keeps waiting.
    """
    settings, contract = settings or get_settings(), get_contract(dataset)
    with loading(settings, contract, wait_seconds):
        with connect("loader", settings) as conn:
            waiting = [load["load_seq"] for load in books.pending(conn, dataset)]
        decided = _decide_all(settings, contract, waiting)
    return {"dataset": dataset, "business_date": business_date.isoformat(), "loads": decided}


def verdict(dataset: str, business_date: date, *, settings: Settings | None = None) -> dict[str, Any]:
    """What the night can say of the dataset, in one word, from the ledger alone.

    accepted, quarantined (in part), empty (nothing new), blocked, could_not_check, pending or missing (never asked).
    """
    settings, contract = settings or get_settings(), get_contract(dataset)
    with connect("loader", settings) as conn:
        pulled = books.last_pull(conn, dataset, business_date)
        # A blocked load that was heard again and let in holds nothing back any more.
        loads = books.loads(conn, books.heard_last(conn, pulled.get("loads", []))) if pulled else []
    return {
        "dataset": dataset,
        "business_date": business_date.isoformat(),
        "critical": contract.critical,
        "verdict": _word(pulled, [load["verdict"] for load in loads]),
        "loads": [load["load_seq"] for load in loads],
    }


def load_files(
    dataset: str,
    paths: Sequence[Path],
    *,
    business_date: date | None = None,
    settings: Settings | None = None,
) -> list[dict[str, Any]]:
    """Load files in hand by their contract, on the way that a pulled export takes; one load per file.

    A file whose content is known is a no-op: its load is named, nothing happens. A file that is refused, or could not
    be checked, is a result too and stops no other. EGOV-DB-001 (exit 4) while another run loads this dataset.
    """
    settings, contract = settings or get_settings(), get_contract(dataset)
    day = business_date or datetime.now(ZoneInfo(settings.timezone)).date()
    with loading(settings, contract):
        return [_load_or_tell(settings, contract, path, day) for path in paths]


def _load_or_tell(settings: Settings, contract: Contract, path: Path, business_date: date) -> dict[str, Any]:
    try:
        return _load_file(settings, contract, path, business_date)
    except EgovError as error:
        if error.exit_code == ExitCode.REFUSED:
            raise
        word = "blocked" if error.exit_code == ExitCode.BAD_DATA else "could_not_check"
        return {"load_seq": None, "dataset": contract.id, "verdict": word, "account": None, "error": error.as_dict()}


def _load_file(settings: Settings, contract: Contract, path: Path, business_date: date) -> dict[str, Any]:
    from egov_kpi.landing import land_file

    try:
        delivery = land_file(contract, path, settings)
    except EgovError as error:
        # Refused at the door: nothing of it is kept, but that it came is.
        if error.exit_code == ExitCode.BAD_DATA:
            _note_refusal(settings, contract.id, error)
        raise
    return take_in(settings, contract, delivery, business_date)


def take_in(settings: Settings, contract: Contract, delivery: "Delivery", business_date: date) -> dict[str, Any]:
    """Register and decide a delivery that has landed; the caller holds the dataset's fence. Known content: a no-op."""
    load_seq, is_new = _register(settings, contract, delivery, business_date, "")
    with connect("loader", settings) as conn:
        known = books.loads(conn, [load_seq])[0]
    if is_new or known["account"] is None:
        return decide_waiting(settings, contract, load_seq)
    if known["verdict"] == "blocked":
        # Sending a refused file twice does not make it accepted.
        name = ", ".join(file.name for file in delivery.files)
        refusal = EgovError("EGOV-NIGHT-008", file=name, load_seq=load_seq, dataset=contract.id)
        return _report(known, error=refusal.as_dict())
    return _report(known, verdict="no_op", notices=_no_op_notices(known))


def _window(settings: Settings, contract: Contract, business_date: date) -> date | None:
    with connect("loader", settings) as conn:
        return books.watermark(conn, contract.id, business_date)


def _pull(
    settings: Settings, contract: Contract, business_date: date, window: date | None
) -> "tuple[list[Delivery], list[EgovError]]":
    """What landed, and why anything else that came was turned away."""
    from egov_kpi.extract import pull
    from egov_kpi.extract.partly import PartlyRefused

    try:
        return pull(contract, business_date, window, settings), []
    except PartlyRefused as partly:
        return partly.deliveries, partly.refusals


def _register(
    settings: Settings, contract: Contract, delivery: "Delivery", business_date: date, run_id: str
) -> tuple[int, bool]:
    """Number of the load of this delivery, and whether it is new. Secret rows that had to be cut are an incident."""
    from egov_kpi.load.pseudonym import key_id
    from egov_kpi.publish.code import code_version

    with connect("loader", settings) as conn:
        load_seq, is_new = register_load(
            conn,
            contract.id,
            # The ledger outlives this machine: it keeps the place inside the landing zone.
            replace(delivery, landing_path=Path(delivery.landing_key)),
            shape=contract.shape,
            business_date=business_date,
            key_id=key_id(settings),
            code_version=code_version(settings),
            run_id=run_id,
        )
        withheld = sum(item.rows_withheld for item in delivery.files)
        if is_new and withheld:
            body = {"kind": "secret_rows", "dataset": contract.id, "count": withheld, "detail": f"load {load_seq}"}
            events.append(conn, "incident", body)
    return load_seq, is_new


def _record_pull(settings: Settings, dataset: str, business_date: date, window: date | None, loads: list[int]) -> None:
    """Note what the source answered, once: the same answer to the same question is not news."""
    kind = "delivery_pulled" if loads else "delivery_empty"
    body: dict[str, Any] = {
        "dataset": dataset,
        "business_date": business_date.isoformat(),
        "window_from": window.isoformat() if window else None,
        "window_to": business_date.isoformat(),
    }
    if loads:
        body["loads"] = sorted(set(loads))
    with connect("loader", settings) as conn:
        if books.last_pull(conn, dataset, business_date) != {"kind": kind, **body}:
            events.append(conn, kind, body)


def _stage_pending(settings: Settings, contract: Contract) -> None:
    """Bring every waiting load into inbound; a file that cannot be read as its contract says is blocked on the spot."""
    from egov_kpi.night.staging import ensure_staged

    with connect("loader", settings) as conn:
        waiting = [load["load_seq"] for load in books.pending(conn, contract.id)]
    for load_seq in waiting:
        try:
            ensure_staged(settings, contract, load_seq)
        except EgovError as error:
            if error.exit_code != ExitCode.BAD_DATA:
                raise
            # Not raised here: the other loads go on, and the gate step reports this one.


def _decide_all(settings: Settings, contract: Contract, waiting: list[int]) -> list[dict[str, Any]]:
    """Every load gets its turn; the first error is raised once all had theirs."""
    decided: list[dict[str, Any]] = []
    errors: list[EgovError] = []
    known = ask_together(settings, contract, waiting)
    for load_seq in waiting:
        try:
            decided.append(decide_waiting(settings, contract, load_seq, known))
        except EgovError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return decided


def decide_waiting(
    settings: Settings, contract: Contract, load_seq: int, known: "Known | None" = None
) -> dict[str, Any]:
    """Decide a registered load, by the caller who holds the dataset's fence; its report."""
    outcome = decide(settings, contract, load_seq, known)
    with connect("loader", settings) as conn:
        load = books.loads(conn, [load_seq])[0]
        added = books.columns_added(conn, load_seq)
        refused = _refused(settings, conn, contract, load)
    return {**_report(load, notices=_notices(added), refused=refused), **outcome}


def _refused(
    settings: Settings, conn: books.Connection, contract: Contract, load: dict[str, Any]
) -> list[dict[str, Any]]:
    """The first refused rows of every rule that fired, each with its remedy."""
    from egov_kpi.gate.refusals import refusals

    if load["verdict"] not in ("quarantined", "blocked"):
        return []
    return [error.as_dict() for error in refusals(settings, conn, contract, load["load_seq"])]


def _notices(added: list[str]) -> list[str]:
    """What a person should hear of a load that goes on all the same."""
    if not added:
        return []
    names = ", ".join(f"«{name}»" for name in added)
    return [f"Cột lạ, không lưu ({len(added)}) · unknown columns, not stored: {names}"]


def _no_op_notices(known: dict[str, Any]) -> list[str]:
    number = known["load_seq"]
    if known["is_revoked"]:
        return [f"Lần nạp {number} đã bị thu hồi và vẫn bị thu hồi · load {number} was revoked and stays revoked"]
    return [f"Tệp này đã nạp ở lần nạp {number} · this file is load {number} already"]


def _report(load: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = ("load_seq", "dataset", "business_date", "snapshot_date", "verdict", "account")
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in load.items()}
    return {**{name: plain[name] for name in names}, "rules": [], **changes}


def _word(pulled: dict[str, Any] | None, verdicts: list[str]) -> str:
    """One word for a night's loads of a dataset: the worst of theirs."""
    if pulled is None:
        return "missing"
    if pulled["kind"] == "pull_failed":
        return "blocked" if pulled["exit_code"] == int(ExitCode.BAD_DATA) else "could_not_check"
    for word in ("could_not_check", "pending", "blocked", "quarantined", "accepted"):
        if word in verdicts:
            return word
    return "empty"


@contextmanager
def loading(settings: Settings, contract: Contract, wait_seconds: float = 0) -> Iterator[None]:
    """The dataset's fence, under which its loads are made and decided; what a killed run left behind goes first.

    EGOV-DB-001 while another run holds it for longer than `wait_seconds`.
    """
    from egov_kpi.night.staging import sweep

    with fence(f"load:{contract.id}", wait_seconds, settings=settings):
        sweep(settings, contract)
        yield


@contextmanager
def _failure_recorded(settings: Settings, dataset: str, business_date: date) -> Iterator[None]:
    """Leave a trace of a source that could not be read or was refused, then let the error go on."""
    try:
        yield
    except EgovError as error:
        _note_failure(settings, dataset, business_date, error)
        raise


def _note_failure(settings: Settings, dataset: str, business_date: date, error: EgovError) -> None:
    body = {
        "dataset": dataset,
        "business_date": business_date.isoformat(),
        "code": error.code,
        "exit_code": int(error.exit_code),
        "detail": error.text("en"),
    }
    with connect("loader", settings) as conn:
        events.append(conn, "pull_failed", body)
    if error.exit_code == ExitCode.BAD_DATA:
        _note_refusal(settings, dataset, error)


def _note_refusal(settings: Settings, dataset: str, error: EgovError) -> None:
    """An incident for a file that was turned away whole: broken, of a foreign format, or with a secret in it."""
    kind = "secret_file" if error.code == CONFIDENTIAL_WORKBOOK else "file_refused"
    detail = f"{error.code} {error.context.get('file', '')}".strip()
    with connect("loader", settings) as conn:
        events.append(conn, "incident", {"kind": kind, "dataset": dataset, "count": 1, "detail": detail})
