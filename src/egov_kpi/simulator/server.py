"""The source systems over HTTP on 127.0.0.1: iOffice, one-stop, portal, feedback, mail, directory, registers, forms.

Every answer is a function of the records and the request; only the life of an access token looks at a (monotonic)
clock. Tests put the application behind a server that misbehaves on demand (see `faults`).
"""

import hmac
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import pandas as pd
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from egov_kpi.errors import EgovError
from egov_kpi.simulator import (
    activities_exports,
    devices_exports,
    document_work_exports,
    exports,
    forms_exports,
    one_stop_exports,
    portal_exports,
    progress_exports,
)
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.office_exports import LISTINGS
from egov_kpi.simulator.records import Records, generate

HOST = "127.0.0.1"
TOKEN_VARIABLE = "EGOV_KPI_SOURCE_TOKEN"  # noqa: S105 -- the name of a variable
CLIENT_ID = "egov-kpi"
TOKEN_SECONDS = 3600
PAGE_SIZE_MAX = 500
# Exports of each kind that are kept: a night that is run again asks for the same ones.
KEPT = 32
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHANGES = {
    **portal_exports.CHANGES,
    "activities": activities_exports.activities,
    "synchronisation": progress_exports.synchronisation,
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Handler = Callable[[Request], Awaitable[Response]]
# What a register lists on one day.
Listing = Callable[[Records, pd.Timestamp], pd.DataFrame]


class Tokens:
    """Bearer tokens that iOffice has given out, with the moment at which each ends."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        token = secrets.token_urlsafe(24)
        self._ends[token] = time.monotonic() + TOKEN_SECONDS
        return token

    def is_valid(self, token: str) -> bool:
        return self._ends.get(token, 0.0) > time.monotonic()

    def expire_all(self) -> None:
        self._ends.clear()


class Sources:
    """The answers of all systems from one set of records; exports of a window are kept for the next page."""

    def __init__(self, records: Records, shared_key: str) -> None:
        self.records = records
        self.tokens = Tokens()
        self._key = shared_key
        # Rows that turn up at the front while a client is paging: always 0 unless a test asks for it.
        self.drift = 0
        self._documents = lru_cache(maxsize=KEPT)(self._all_documents)
        self._listings = lru_cache(maxsize=KEPT)(self._all_of_listing)
        self._listed = lru_cache(maxsize=KEPT)(self._all_listed)
        self._changes = lru_cache(maxsize=KEPT)(self._all_changes)
        self._tables = lru_cache(maxsize=KEPT)(self._table)
        # A workbook is described in a list before it is fetched, and takes long to make.
        self._workbooks = lru_cache(maxsize=2 * KEPT)(self._workbook)

    # --- iOffice
    async def token(self, request: Request) -> Response:
        form = await request.form()
        known = form.get("client_id") == CLIENT_ID and self._is_key(str(form.get("client_secret", "")))
        if not known:
            raise HTTPException(401, "unknown client")
        return JSONResponse({"access_token": self.tokens.issue(), "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    async def outgoing_documents(self, request: Request) -> Response:
        self._demand_bearer(request)
        return self._page(request, self._documents(_window(request)))

    async def office_listing(self, request: Request) -> Response:
        self._demand_bearer(request)
        name = request.path_params["listing"]
        if name not in LISTINGS:
            raise HTTPException(404, "no such listing")
        return self._page(request, self._listings(name, _window(request)))

    async def account_snapshots(self, request: Request) -> Response:
        self._demand_bearer(request)
        return JSONResponse({"dates": exports.snapshot_dates(self.records.office_accounts, _window(request))})

    async def accounts(self, request: Request) -> Response:
        self._demand_bearer(request)
        day = _snapshot(request, self.records.office_accounts)
        return self._page(request, self._listed(document_work_exports.accounts, day))

    def _all_of_listing(self, name: str, window: Window) -> list[dict[str, str]]:
        return _rows(LISTINGS[name](self.records, window))

    def _all_documents(self, window: Window) -> list[dict[str, str]]:
        return _rows(exports.outgoing_documents(self.records, window))

    # --- portal
    def pages_of(self, export: Listing, register: pd.DataFrame) -> Handler:
        """A handler that pages through what one export of the register lists on a day."""

        async def listed(request: Request) -> Response:
            self._demand_key(request)
            return self._page(request, self._listed(export, _snapshot(request, register)))

        return listed

    def _all_listed(self, export: Listing, day: pd.Timestamp) -> list[dict[str, str]]:
        return _rows(export(self.records, day))

    def dates_of(self, register: pd.DataFrame) -> Handler:
        """A handler that lists the days on which the register was sent whole."""

        async def listed(request: Request) -> Response:
            self._demand_key(request)
            return JSONResponse({"dates": exports.snapshot_dates(register, _window(request))})

        return listed

    async def changes(self, request: Request) -> Response:
        """What a system sends as changes, by the last part of the address."""
        self._demand_key(request)
        return self._page(request, self._changes(request.url.path.rsplit("/", 1)[1], _window(request)))

    def _all_changes(self, name: str, window: Window) -> list[dict[str, str]]:
        return _rows(_CHANGES[name](self.records, window))

    # --- one-stop
    async def dossiers_csv(self, request: Request) -> Response:
        self._demand_key(request)
        return self._csv(exports.dossiers, _window(request))

    async def dossiers_xlsx(self, request: Request) -> Response:
        self._demand_key(request)
        window = _window(request)
        rows = len(exports.dossiers(self.records, window))
        return _xlsx(exports.dossiers_workbook(self.records, window), rows)

    async def beside_dossiers_csv(self, request: Request) -> Response:
        self._demand_key(request)
        export = one_stop_exports.EXPORTS.get(request.path_params["name"])
        if export is None:
            raise HTTPException(404, "no such export")
        return self._csv(export, _window(request))

    # --- mail, directory, ISO
    async def mail_accounts(self, request: Request) -> Response:
        self._demand_key(request)
        return self._csv(exports.mailboxes, _snapshot(request, self.records.mailboxes))

    async def headcount(self, request: Request) -> Response:
        self._demand_key(request)
        return self._csv(exports.headcount, _snapshot(request, self.records.headcount))

    async def certificates(self, request: Request) -> Response:
        self._demand_key(request)
        day = _snapshot(request, self.records.certificates)
        return _xlsx(exports.certificates_workbook(self.records, day), len(exports.certificates(self.records, day)))

    # --- network
    async def devices(self, request: Request) -> Response:
        self._demand_key(request)
        return self._csv(devices_exports.devices, _snapshot(request, self.records.devices))

    # --- forms
    async def form_files(self, request: Request) -> Response:
        self._demand_key(request)
        form = _form(request)
        names = form.names(self.records, _window(request))
        return JSONResponse({"files": [self._describe(form, name) for name in names]})

    def _describe(self, form: exports.Form, name: str) -> dict[str, str | int]:
        content, rows = self._workbooks(form, name)
        told: dict[str, str | int] = {"name": name, "sha256": exports.sha256(content), "rows": rows}
        snapshot = form.snapshot(name)
        return told if snapshot is None else {**told, "snapshot": snapshot}

    def _workbook(self, form: exports.Form, name: str) -> tuple[bytes, int]:
        rows, content = form.rows(self.records, name), form.workbook(self.records, name)
        if rows is None or content is None:
            raise HTTPException(404, "no such file")
        return content, len(rows)

    async def form_file(self, request: Request) -> Response:
        self._demand_key(request)
        content, rows = self._workbooks(_form(request), request.path_params["name"])
        return _xlsx(content, rows)

    # --- all
    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "profile": self.records.profile, "seed": self.records.seed})

    def _csv(self, export: Callable[[Records, Any], pd.DataFrame], of: Window | pd.Timestamp) -> Response:
        content, rows = self._tables(export, of)
        return Response(content, media_type=CSV_TYPE, headers={"X-Total-Rows": str(rows)})

    def _table(self, export: Callable[[Records, Any], pd.DataFrame], of: Window | pd.Timestamp) -> tuple[bytes, int]:
        rows = export(self.records, of)
        return exports.csv_bytes(rows), len(rows)

    def _page(self, request: Request, rows: list[dict[str, str]]) -> Response:
        """One page of the rows; page 1 is the first, a page behind the last is empty."""
        number, size = _whole(request, "page", 1), _whole(request, "size", PAGE_SIZE_MAX)
        if size > PAGE_SIZE_MAX:
            raise HTTPException(400, f"size is above {PAGE_SIZE_MAX}")
        drifted = [*rows[: self.drift], *rows]
        items = drifted[(number - 1) * size : number * size]
        return JSONResponse({"total": len(drifted), "page": number, "size": size, "items": items})

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._key.encode())

    def _demand_bearer(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.tokens.is_valid(token):
            raise HTTPException(401, "token missing or expired")

    def _demand_key(self, request: Request) -> None:
        if not self._is_key(request.headers.get("x-api-key", "")):
            raise HTTPException(401, "X-API-Key missing or wrong")


def _form(request: Request) -> exports.Form:
    form = forms_exports.FORMS.get(request.path_params["form"])
    if form is None:
        raise HTTPException(404, "no such form")
    return form


def _date(text: str, name: str) -> pd.Timestamp:
    if not _DATE.fullmatch(text):
        raise HTTPException(400, f"{name} is not a date like 2023-03-06")
    try:
        return pd.Timestamp(text)
    except ValueError as error:
        raise HTTPException(400, f"{name} is not a date: {text}") from error


def _window(request: Request) -> Window:
    """`to` must be given; `from` may be absent: the backlog."""
    first = request.query_params.get("from")
    last = _date(request.query_params.get("to", ""), "to")
    return Window(_date(first, "from") if first else None, last)


def _snapshot(request: Request, frame: pd.DataFrame) -> pd.Timestamp:
    day = _date(request.query_params.get("snapshot", ""), "snapshot")
    if not (frame["snapshot_date"] == day).any():
        raise HTTPException(404, f"no snapshot of {day:%Y-%m-%d}")
    return day


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise HTTPException(400, f"{name} is not a whole number above zero")
    return int(text)


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _xlsx(content: bytes, rows: int) -> Response:
    return Response(content, media_type=XLSX_TYPE, headers={"X-Total-Rows": str(rows)})


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code)


def create_app(records: Records, shared_key: str) -> Starlette:
    """The application; `app.state.sources` holds its tokens for the fault rig."""
    sources = Sources(records, shared_key)
    get = [
        ("/health", sources.health),
        ("/ioffice/api/v1/outgoing-documents", sources.outgoing_documents),
        ("/ioffice/api/v1/accounts/snapshots", sources.account_snapshots),
        ("/ioffice/api/v1/accounts", sources.accounts),
        ("/ioffice/api/v1/{listing}", sources.office_listing),
        ("/one-stop/exports/dossiers.csv", sources.dossiers_csv),
        ("/one-stop/exports/dossiers.xlsx", sources.dossiers_xlsx),
        ("/one-stop/exports/{name}.csv", sources.beside_dossiers_csv),
        ("/portal/api/procedures/snapshots", sources.dates_of(records.procedures)),
        ("/portal/api/procedures", sources.pages_of(exports.procedures, records.procedures)),
        ("/portal/api/fees/snapshots", sources.dates_of(records.procedures)),
        ("/portal/api/fees", sources.pages_of(portal_exports.fees, records.procedures)),
        ("/portal/api/publications", sources.changes),
        ("/portal/api/synchronisation", sources.changes),
        ("/feedback/api/petitions", sources.changes),
        ("/communication/api/activities", sources.changes),
        ("/mail/snapshots", sources.dates_of(records.mailboxes)),
        ("/mail/accounts.csv", sources.mail_accounts),
        ("/directory/snapshots", sources.dates_of(records.headcount)),
        ("/directory/headcount.csv", sources.headcount),
        ("/iso/snapshots", sources.dates_of(records.certificates)),
        ("/iso/certificates.xlsx", sources.certificates),
        ("/network/snapshots", sources.dates_of(records.devices)),
        ("/network/devices.csv", sources.devices),
        ("/forms/{form}", sources.form_files),
        ("/forms/{form}/{name}", sources.form_file),
    ]
    routes = [Route(path, handler, methods=["GET"]) for path, handler in get]
    routes.append(Route("/ioffice/oauth/token", sources.token, methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    app.state.sources = sources
    return app


def shared_key_from_environment() -> str:
    key = os.environ.get(TOKEN_VARIABLE, "")
    if not key:
        raise EgovError("EGOV-SIM-002")
    return key


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((HOST, port))
    except OSError as error:
        server.close()
        raise EgovError("EGOV-SIM-003", port=port, reason=error.strerror or str(error)) from error
    server.listen()
    return server


def serve(
    profile: str = "calibrated",
    seed: int = 20230306,
    port: int = 0,
    *,
    dossiers_per_night: int = 400,
    history_months: int = 3,
) -> None:
    """Serves until it is told to stop; prints one JSON line with its address once it can be asked."""
    key = shared_key_from_environment()
    app = create_app(generate(profile, seed, dossiers_per_night, history_months), key)
    server = listen(port)
    address = f"http://{HOST}:{server.getsockname()[1]}"
    print(json.dumps({"url": address, "profile": profile, "seed": seed}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[server])
