"""Where each source system keeps its exports: paths, parameters, logins. Everything else is common.

A system is one function that takes a `Pull` and gives deliveries; `SYSTEMS` names it. Windows are inclusive on both
ends: a row changed in the last second of a window comes twice rather than never, and loading drops the double.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from egov_kpi.contracts.model import Contract, FileFormat
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.extract.http import Answer, Params, Passing, SourceClient, Unauthorised, parse_json
from egov_kpi.extract.pages import Keep, read_pages
from egov_kpi.extract.partly import PartlyRefused
from egov_kpi.landing.identify import expect_format, identify
from egov_kpi.landing.model import Delivery, LandedFile
from egov_kpi.landing.store import FileSink, Incoming, with_rows
from egov_kpi.landing.tally import tally_csv
from egov_kpi.settings import Settings

PAGE_SIZE = 500
CLIENT_ID = "egov-kpi"
ROWS_HEADER = "x-total-rows"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass
class Pull:
    """One dataset asked from one source for one window."""

    contract: Contract
    window_from: date | None
    window_to: date
    settings: Settings
    client: SourceClient
    token: str
    bearer: str | None = field(default=None)

    def window(self) -> dict[str, str | int]:
        window: dict[str, str | int] = {"to": self.window_to.isoformat()}
        if self.window_from is not None:
            window["from"] = self.window_from.isoformat()
        return window

    def api_key(self) -> dict[str, str]:
        return {"X-API-Key": self.token}


System = Callable[[Pull], list[Delivery]]
# One request with the login of its system.
Ask = Callable[[Pull, str, Params], Answer]


def ioffice(pull: Pull) -> list[Delivery]:
    """Listings under the names of their datasets: JSON pages behind a bearer token that runs out while reading. Of the
    accounts one delivery per snapshot, of what comes as changes one of the window."""
    path = f"/ioffice/api/v1/{pull.contract.dataset.replace('_', '-')}"
    return _changes_or_snapshots(pull, path, _with_bearer)


def one_stop(pull: Pull) -> list[Delivery]:
    """Dossiers and what is kept of them: one export of the window, named after the dataset, as the contract prefers."""
    file_format, dataset = pull.contract.file_formats[0], pull.contract.dataset
    path = f"/one-stop/exports/{dataset}.{file_format}"
    name = f"{dataset}_{pull.window_to:%Y%m%d}.{file_format}"
    return _export(pull, path, pull.window(), name, file_format, None)


def portal(pull: Pull) -> list[Delivery]:
    """JSON pages: of the procedures one delivery per snapshot, of what comes as changes one of the window."""
    path = f"/portal/api/{pull.contract.dataset.replace('_', '-')}"
    return _changes_or_snapshots(pull, path, _with_key)


def feedback(pull: Pull) -> list[Delivery]:
    """Petitions: JSON pages of the window."""
    path = f"/feedback/api/{pull.contract.dataset}"
    return _paged(pull, path, pull.window(), lambda query: _with_key(pull, path, query))


def communication(pull: Pull) -> list[Delivery]:
    """News items, meetings and training sessions: JSON pages of the window."""
    path = f"/communication/api/{pull.contract.dataset}"
    return _paged(pull, path, pull.window(), lambda query: _with_key(pull, path, query))


def mail(pull: Pull) -> list[Delivery]:
    """Mailboxes: CSV, one delivery per snapshot."""
    return _snapshot_files(pull, "/mail/snapshots", "/mail/accounts.csv")


def directory(pull: Pull) -> list[Delivery]:
    """Headcount: CSV, one delivery per snapshot."""
    return _snapshot_files(pull, "/directory/snapshots", "/directory/headcount.csv")


def iso(pull: Pull) -> list[Delivery]:
    """ISO register: workbook, one delivery per snapshot."""
    return _snapshot_files(pull, "/iso/snapshots", "/iso/certificates.xlsx")


def network(pull: Pull) -> list[Delivery]:
    """Devices: CSV, one delivery per snapshot."""
    return _snapshot_files(pull, "/network/snapshots", "/network/devices.csv")


def forms(pull: Pull) -> list[Delivery]:
    """Workbooks that units fill in, under the name of their dataset: one delivery each, so that a refused book holds up
    no other. A book of a snapshot is listed with its date.

    `PartlyRefused` when some of them were turned away.
    """
    path = f"/forms/{pull.contract.dataset.replace('_', '-')}"
    deliveries: list[Delivery] = []
    refusals: list[EgovError] = []
    for entry in _listing(pull, path, pull.window(), "files"):
        name, rows, digest = _listed(path, entry)
        snapshot = _listed_snapshot(path, entry) if pull.contract.shape == "snapshot" else None
        try:
            with Incoming(pull.settings, pull.contract) as incoming:
                file = _download(pull, incoming, f"{path}/{name}", {}, name, "xlsx", rows, digest)
                deliveries.append(_commit(pull, incoming, [file], path, snapshot))
        except EgovError as error:
            # A book at fault says nothing about the others; a source that can't be read does.
            if error.exit_code != ExitCode.BAD_DATA:
                raise
            refusals.append(error)
    if refusals:
        raise PartlyRefused(deliveries, refusals)
    return deliveries


SYSTEMS: dict[str, System] = {
    "ioffice": ioffice,
    "one_stop": one_stop,
    "portal": portal,
    "feedback": feedback,
    "mail": mail,
    "directory": directory,
    "iso": iso,
    "network": network,
    "communication": communication,
    "forms": forms,
}


def _changes_or_snapshots(pull: Pull, path: str, ask: Ask) -> list[Delivery]:
    """JSON pages: of a snapshot dataset one delivery per snapshot, of another one of the window."""
    if pull.contract.shape == "delta":
        return _paged(pull, path, pull.window(), lambda query: ask(pull, path, query))
    deliveries: list[Delivery] = []
    for day in _snapshots(pull, f"{path}/snapshots", ask):
        params: Params = {"snapshot": day.isoformat()}
        deliveries += _paged(pull, path, params, lambda query: ask(pull, path, query), day)
    return deliveries


def _paged(
    pull: Pull, path: str, params: Params, get: Callable[[Params], Answer], snapshot: date | None = None
) -> list[Delivery]:
    """All pages as one delivery, one file a page; none when the source declares that there is nothing."""
    with Incoming(pull.settings, pull.contract) as incoming:
        files: dict[int, LandedFile] = {}

        def new_pass() -> Keep:
            for file in files.values():
                file.path.unlink()
            files.clear()
            return keep

        def keep(number: int, answer: Answer, items: int) -> None:
            with incoming.sink(f"page-{number:05d}.json", "json") as sink:
                sink.write(answer.body)
                files[number] = sink.finish(rows_declared=items)

        total = read_pages(
            pull.client,
            path,
            pull.contract.declared_total or "total",
            PAGE_SIZE,
            lambda number: get({**params, "page": number, "size": PAGE_SIZE}),
            new_pass,
        )
        if total == 0:
            return _nothing(pull, path, snapshot)
        return [_commit(pull, incoming, [files[number] for number in sorted(files)], path, snapshot)]


def _snapshot_files(pull: Pull, list_path: str, path: str) -> list[Delivery]:
    deliveries: list[Delivery] = []
    stem, file_format = path.rsplit("/", 1)[1].split(".")
    for day in _snapshots(pull, list_path):
        params: Params = {"snapshot": day.isoformat()}
        name = f"{stem}_{day:%Y%m%d}.{file_format}"
        deliveries += _export(pull, path, params, name, "csv" if file_format == "csv" else "xlsx", day)
    return deliveries


def _export(
    pull: Pull, path: str, params: Params, name: str, file_format: FileFormat, snapshot: date | None
) -> list[Delivery]:
    """One downloaded file as one delivery; none when the source declares an export without rows."""
    with Incoming(pull.settings, pull.contract) as incoming:
        file = _download(pull, incoming, path, params, name, file_format, None, None)
        if file.rows_declared == 0:
            return _nothing(pull, path, snapshot)
        return [_commit(pull, incoming, [file], path, snapshot)]


def _download(
    pull: Pull,
    incoming: Incoming,
    path: str,
    params: Params,
    name: str,
    file_format: FileFormat,
    rows: int | None,
    digest: str | None,
) -> LandedFile:
    """A file, proven whole, tried again from its beginning when it came short."""

    def once() -> LandedFile:
        with incoming.sink(name, file_format) as sink:
            with pull.client.stream(path, params, pull.api_key()) as (headers, chunks):
                for chunk in chunks:
                    sink.write(chunk)
                declared = rows if rows is not None else _declared_rows(path, headers.get(ROWS_HEADER))
            return _proven_file(pull, path, sink, declared, digest)

    try:
        return pull.client.patiently(once)
    except Unauthorised as error:
        raise EgovError("EGOV-NET-006", url=path) from error


def _proven_file(pull: Pull, path: str, sink: FileSink, declared: int | None, digest: str | None) -> LandedFile:
    """The file with its declared rows; a fault that a second download may cure is a `Passing` one."""
    file = sink.finish(rows_declared=declared)
    if digest is not None and file.sha256_received != digest:
        raise Passing(EgovError("EGOV-NET-013", url=path, file=file.name))
    if file.format == "csv":
        return _proven_csv(pull, path, file, declared)
    try:
        expect_format(pull.contract, identify(file.path, file.name), file.name)
    except EgovError as error:
        # A damaged archive is what a cut-off download looks like; anything else will not get better.
        raise (Passing(error) if error.code == "EGOV-LAND-007" else error) from error
    return file


def _proven_csv(pull: Pull, path: str, file: LandedFile, declared: int | None) -> LandedFile:
    if file.bytes:
        expect_format(pull.contract, identify(file.path, file.name), file.name)
    elif declared != 0:
        raise EgovError("EGOV-LAND-001", file=file.name)
    tally = tally_csv(file.path, pull.contract)
    if declared is None and tally.total_declared is None:
        raise Passing(EgovError("EGOV-NET-011", url=path, detail=ROWS_HEADER))
    rows = tally.data_rows + file.rows_withheld
    claims = {claim for claim in (declared, tally.total_declared) if claim is not None}
    if tally.problem or claims != {rows}:
        detail = tally.problem or f"{rows} / {' / '.join(str(claim) for claim in sorted(claims))}"
        raise Passing(EgovError("EGOV-NET-005", url=path, detail=detail))
    return with_rows(file, rows)


def _declared_rows(path: str, value: str | None) -> int | None:
    if value is None:
        return None
    if not value.strip().isdecimal():
        raise EgovError("EGOV-NET-011", url=path, detail=f"{ROWS_HEADER}: {value[:40]}")
    return int(value)


def _nothing(pull: Pull, path: str, snapshot: date | None) -> list[Delivery]:
    """No delivery: a window may be empty, a snapshot may not."""
    if snapshot is not None:
        raise EgovError("EGOV-NET-012", url=path, snapshot=snapshot)
    return []


def _snapshots(pull: Pull, path: str, ask: Ask | None = None) -> list[date]:
    """Dates of the snapshots in the window, oldest first."""
    days = _listing(pull, path, pull.window(), "dates", ask)
    try:
        found = sorted({date.fromisoformat(day) for day in days})
    except (TypeError, ValueError) as error:
        raise EgovError("EGOV-NET-010", url=path, detail="dates") from error
    outside = [day for day in found if day > pull.window_to or (pull.window_from and day < pull.window_from)]
    if outside:
        raise EgovError("EGOV-NET-010", url=path, detail=f"{outside[0]} outside the window")
    return found


def _listing(pull: Pull, path: str, params: Params, name: str, ask: Ask | None = None) -> list[Any]:
    document = pull.client.patiently(lambda: parse_json(path, (ask or _with_key)(pull, path, params)))
    entries = document.get(name) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise EgovError("EGOV-NET-010", url=path, detail=f"no list {name}")
    return entries


def _listed(path: str, entry: Any) -> tuple[str, int, str]:
    """Name, rows and digest of a listed file; a listing that leaves one out proves nothing."""
    fields = entry if isinstance(entry, dict) else {}
    name, rows, digest = fields.get("name"), fields.get("rows"), fields.get("sha256")
    if not isinstance(name, str) or not re.fullmatch(r"[\w][\w .-]*\.xlsx", name):
        raise EgovError("EGOV-NET-010", url=path, detail="file name")
    if (
        not isinstance(rows, int)
        or isinstance(rows, bool)
        or not isinstance(digest, str)
        or not _SHA256.fullmatch(digest)
    ):
        raise EgovError("EGOV-NET-011", url=path, detail=f"{name}: rows, sha256")
    return name, rows, digest


def _listed_snapshot(path: str, entry: dict[str, Any]) -> date:
    """The date that a listed book speaks of; it may lie long before the day on which it was sent."""
    try:
        return date.fromisoformat(entry["snapshot"])
    except (KeyError, TypeError, ValueError) as error:
        raise EgovError("EGOV-NET-010", url=path, detail="snapshot") from error


def _commit(
    pull: Pull, incoming: Incoming, files: list[LandedFile], path: str, snapshot: date | None = None
) -> Delivery:
    source = f"{pull.client.host}{path}"
    return incoming.commit(files, source, snapshot, pull.window_from, pull.window_to)


def _with_key(pull: Pull, path: str, params: Params) -> Answer:
    try:
        return pull.client.get(path, params, pull.api_key())
    except Unauthorised as error:
        raise EgovError("EGOV-NET-006", url=path) from error


def _with_bearer(pull: Pull, path: str, params: Params) -> Answer:
    """One request; a token that has run out is renewed once, for the same page."""
    for is_renewed in (False, True):
        if pull.bearer is None:
            pull.bearer = _bearer(pull)
        try:
            return pull.client.get(path, params, {"Authorization": f"Bearer {pull.bearer}"})
        except Unauthorised as error:
            pull.bearer = None
            if is_renewed:
                raise EgovError("EGOV-NET-006", url=path) from error
    raise AssertionError("two tries end in an answer or an error")


def _bearer(pull: Pull) -> str:
    path = "/ioffice/oauth/token"
    try:
        answer = pull.client.post_form(path, {"client_id": CLIENT_ID, "client_secret": pull.token})
    except Unauthorised as error:
        raise EgovError("EGOV-NET-006", url=path) from error
    document = parse_json(path, answer)
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise EgovError("EGOV-NET-010", url=path, detail="no access_token")
    return token
