"""Network faults against a real server on loopback: either every row lands, or none does and a coded error says why."""

import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from source_rig import TOKEN, Asked, Handler, Patience, Rig, Script

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.extract import pull
from egov_kpi.extract.http import Policy, SourceClient, check_addresses, checked_base, retry_after, trusting
from egov_kpi.landing import Delivery
from egov_kpi.settings import Settings

DAY = date(2023, 3, 6)
SIZE = 500
CSV_TYPE = "text/csv; charset=utf-8"
Serve = Callable[[Script], Rig]
SettingsOf = Callable[[str], Settings]
Reply = Callable[[Handler], None]


def _documents(count: int, start: int = 0) -> list[dict[str, str]]:
    return [{"MaVanBan": f"VB{start + n:05d}", "DoMat": "Thường"} for n in range(count)]


def _page(rows: list[dict[str, str]], asked: Asked, total: int | None = None) -> bytes:
    number, size = int(asked.query["page"]), int(asked.query["size"])
    items = rows[(number - 1) * size : number * size]
    return json.dumps({"total": len(rows) if total is None else total, "items": items}, ensure_ascii=False).encode()


def _csv(rows: int) -> bytes:
    lines = ["\ufeffMã hồ sơ;Mã TTHC;Người nộp"] + [f"H{n};1.005129;x" for n in range(rows)]
    return ("\r\n".join([*lines, f"Tổng cộng;{rows};"]) + "\r\n").encode()


class Office:
    """iOffice with a token; `faults` answer in the place of the next pages, in turn."""

    def __init__(self, rows: list[dict[str, str]], faults: dict[int, list[Reply]] | None = None) -> None:
        self.rows = rows
        self.faults = faults or {}
        self.tokens = 0

    def __call__(self, handler: Handler, asked: Asked) -> None:
        if asked.path.endswith("/token"):
            assert TOKEN.encode() in asked.body
            self.tokens += 1
            return handler.answer(json.dumps({"access_token": f"t{self.tokens}", "expires_in": 60}).encode())
        if asked.headers.get("authorization") != f"Bearer t{self.tokens}":
            return handler.answer(b"{}", status=401)
        waiting = self.faults.get(int(asked.query["page"]), [])
        return waiting.pop(0)(handler) if waiting else handler.answer(_page(self.rows, asked))


def _pull(
    dataset: str, rig: Rig, settings_of: SettingsOf, patience: Patience, start: date | None = None
) -> list[Delivery]:
    return pull(get_contract(dataset), DAY, start, settings_of(rig.url), patience.policy)


def _ids(deliveries: list[Delivery]) -> list[str]:
    files = [file for delivery in deliveries for file in delivery.files]
    return [item["MaVanBan"] for file in files for item in json.loads(file.path.read_bytes())["items"]]


def _pages(rig: Rig) -> list[int]:
    return [int(asked.query["page"]) for asked in rig.asked if "page" in asked.query]


def _nothing_landed(settings: Settings) -> bool:
    return not [path for path in settings.landing_dir.rglob("*") if path.is_file()]


def test_pages_are_read_in_order_and_proven(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rows = _documents(1203)
    rig = serve(Office(rows))
    deliveries = _pull("ioffice.outgoing_documents", rig, settings_of, patience, date(2023, 3, 1))
    assert _ids(deliveries) == [row["MaVanBan"] for row in rows]
    assert deliveries[0].rows_declared == 1203
    assert (deliveries[0].window_from, deliveries[0].window_to) == (date(2023, 3, 1), DAY)
    assert _pages(rig) == [1, 2, 3, 1]
    page = rig.asked[1]
    assert page.query["from"] == "2023-03-01" and page.query["to"] == "2023-03-06"
    assert page.headers["accept-encoding"] == "identity"


def test_first_night_asks_for_everything(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(Office(_documents(1)))
    _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert "from" not in rig.asked[1].query


def test_secret_rows_never_touch_the_disk(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rows = [*_documents(600), {"MaVanBan": "CANARY", "DoMat": "Tối mật"}]
    rig = serve(Office(rows))
    deliveries = _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert (deliveries[0].rows_declared, deliveries[0].rows_withheld) == (601, 1)
    files = [path for path in settings_of(rig.url).local_dir.rglob("*") if path.is_file()]
    assert files and not any(b"CANARY" in path.read_bytes() for path in files)


# --- N1, N5, N6: what passes by itself


def test_timeout_in_the_middle_of_a_page(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"total": 700, "items": [')
        handler.wfile.flush()
        time.sleep(3.0)

    rig = serve(Office(_documents(700), {2: [drip]}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 700
    assert _pages(rig) == [1, 2, 2, 1]
    assert len(patience.waits) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7.0), ("3600", 30.0), (None, 30.0)],
    ids=["seconds", "too long", "date"],
)
def test_too_many_requests(
    serve: Serve, settings_of: SettingsOf, patience: Patience, value: str | None, expected: float
) -> None:
    asked_for = value or format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    rig = serve(Office(_documents(3), {1: [lambda h: h.answer(b"", status=429, Retry_After=asked_for)]}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 3
    assert patience.waits == [expected]


def test_retry_after_in_every_form() -> None:
    now = datetime(2023, 3, 6, 2, 0, tzinfo=UTC)
    assert retry_after(httpx.Headers({"Retry-After": "12"})) == 12.0
    assert retry_after(httpx.Headers({"Retry-After": "Mon, 06 Mar 2023 02:00:20 GMT"}), now) == 20.0
    assert retry_after(httpx.Headers({"Retry-After": "soon"})) is None
    assert retry_after(httpx.Headers()) is None
    assert Policy().wait(0, -5.0) == 0.0


def test_waits_grow_with_jitter_up_to_the_cap() -> None:
    policy = Policy(first_wait=1.0, longest_wait=6.0)
    for attempt, longest in enumerate([1.0, 2.0, 4.0, 6.0, 6.0]):
        waits = {policy.wait(attempt, None) for _ in range(50)}
        assert len(waits) > 1
        assert all(longest / 2 <= wait <= longest for wait in waits)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_burst_of_server_errors(serve: Serve, settings_of: SettingsOf, patience: Patience, status: int) -> None:
    rig = serve(Office(_documents(3), {1: [lambda h: h.answer(b"<html>", status=status)] * 4}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 3
    assert len(patience.waits) == 4


def test_server_that_stays_down(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer(b"", status=503))
    with pytest.raises(EgovError) as caught:
        _pull("one_stop.dossiers", rig, settings_of, patience)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NET-002", 3)
    assert len(rig.asked) == 5
    assert _nothing_landed(settings_of(rig.url))


def test_nobody_there(settings_of: SettingsOf, patience: Patience) -> None:
    settings = settings_of("http://127.0.0.1:9")
    with pytest.raises(EgovError, match="EGOV-NET-001"):
        pull(get_contract("one_stop.dossiers"), DAY, None, settings, patience.policy)
    assert len(patience.waits) == 4


# --- N2, N3, N4: answers cut short


def test_page_closed_early_without_length(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    whole = json.dumps({"total": 3, "items": _documents(3)}).encode()
    rig = serve(Office(_documents(3), {1: [lambda h: h.answer_until_close(whole[:-20], "application/json")]}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 3
    assert len(patience.waits) == 1


def test_page_with_fewer_rows_than_its_total(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    short = json.dumps({"total": 3, "items": _documents(2)}).encode()
    rig = serve(Office(_documents(3), {1: [lambda h: h.answer(short)] * 5}))
    with pytest.raises(EgovError, match="EGOV-NET-005"):
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert _nothing_landed(settings_of(rig.url))


@pytest.mark.parametrize("cut", [1, 40, 2000, 5000])
@pytest.mark.parametrize("declares", [True, False])
def test_download_closed_early_without_length(
    serve: Serve, settings_of: SettingsOf, patience: Patience, cut: int, declares: bool
) -> None:
    """Cut anywhere, even at the end of a line, with and without a declared number of rows."""
    content = _csv(400)
    headers = {"X_Total_Rows": "400"} if declares else {}
    answers = [content[:-cut], content]
    rig = serve(lambda handler, asked: handler.answer_until_close(answers.pop(0), CSV_TYPE, **headers))
    deliveries = _pull("one_stop.dossiers", rig, settings_of, patience)
    landed = deliveries[0].files[0]
    if len(rig.asked) == 1:
        # Only the line feed behind the total line may be missing.
        assert cut == 1
    assert landed.rows_declared == 400
    assert landed.path.read_bytes() in (content, content[:-1])


def test_download_that_always_breaks_off(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer_until_close(_csv(400)[:-300], CSV_TYPE, X_Total_Rows="400"))
    with pytest.raises(EgovError) as caught:
        _pull("one_stop.dossiers", rig, settings_of, patience)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NET-005", 3)
    assert _nothing_landed(settings_of(rig.url))


def test_download_shorter_than_its_length(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    def short(handler: Handler, asked: Asked) -> None:
        handler.answer(_csv(40)[:-9], CSV_TYPE, Content_Length=str(len(_csv(40))))
        handler.close_connection = True

    rig = serve(short)
    with pytest.raises(EgovError, match="EGOV-NET-005"):
        _pull("one_stop.dossiers", rig, settings_of, patience)


def test_rows_missing_in_the_middle(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    content = _csv(400).replace(b"H200;1.005129;x\r\n", b"")
    rig = serve(lambda handler, asked: handler.answer(content, CSV_TYPE))
    with pytest.raises(EgovError, match="EGOV-NET-005"):
        _pull("one_stop.dossiers", rig, settings_of, patience)


def test_total_line_and_header_that_disagree(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer(_csv(4), CSV_TYPE, X_Total_Rows="5"))
    with pytest.raises(EgovError, match="EGOV-NET-005"):
        _pull("one_stop.dossiers", rig, settings_of, patience)


def test_export_that_declares_nothing(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer(_csv(4).rsplit("Tổng".encode())[0], CSV_TYPE))
    with pytest.raises(EgovError, match="EGOV-NET-011"):
        _pull("one_stop.dossiers", rig, settings_of, patience)


def _gzipped(damage: Callable[[bytes], bytes]) -> Reply:
    content = damage(gzip.compress(json.dumps({"total": 3, "items": _documents(3)}).encode()))
    return lambda handler: handler.answer(content, Content_Encoding="gzip")


GZIP_FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda packed: packed[:-12],
    "wrong checksum": lambda packed: packed[:-8] + b"\x00" * 4 + packed[-4:],
    "no gzip": lambda packed: b"not gzip at all",
    "more behind it": lambda packed: packed + b"tail",
}


@pytest.mark.parametrize("damage", GZIP_FAULTS.values(), ids=GZIP_FAULTS.keys())
def test_damaged_gzip(
    serve: Serve, settings_of: SettingsOf, patience: Patience, damage: Callable[[bytes], bytes]
) -> None:
    rig = serve(Office(_documents(3), {1: [_gzipped(damage)]}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 3
    assert len(patience.waits) == 1
    rig = serve(Office(_documents(3), {1: [_gzipped(damage)] * 5}))
    with pytest.raises(EgovError, match="EGOV-NET-005"):
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)


def test_gzip_cut_short_in_a_download(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    packed = gzip.compress(_csv(5000))
    answers = [packed[: len(packed) // 2], packed]
    rig = serve(lambda handler, asked: handler.answer(answers.pop(0), CSV_TYPE, Content_Encoding="gzip"))
    assert _pull("one_stop.dossiers", rig, settings_of, patience)[0].files[0].path.read_bytes() == _csv(5000)
    assert len(rig.asked) == 2


def test_whole_gzip_that_nobody_asked_for(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(Office(_documents(3), {1: [_gzipped(lambda packed: packed)]}))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == 3


def test_gzip_bomb(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    packed = gzip.compress(b" " * (80 * 1024**2), compresslevel=9)
    rig = serve(Office([], {1: [lambda h: h.answer(packed, Content_Encoding="gzip")]}))
    with pytest.raises(EgovError, match="EGOV-NET-010"):
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)


# --- N7, S3: answers that are no data


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", CSV_TYPE])
def test_login_page_instead_of_data(serve: Serve, settings_of: SettingsOf, patience: Patience, kind: str) -> None:
    rig = serve(lambda handler, asked: handler.answer(b"\r\n<!DOCTYPE html><html>Login</html>", kind))
    for dataset in ("one_stop.dossiers", "portal.procedures", "iso.certificates"):
        with pytest.raises(EgovError, match="EGOV-NET-004"):
            _pull(dataset, rig, settings_of, patience)
    assert len(rig.asked) == 3
    assert _nothing_landed(settings_of(rig.url))


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "http://10.0.0.1/x", "/elsewhere"])
def test_redirects_are_not_followed(serve: Serve, settings_of: SettingsOf, patience: Patience, target: str) -> None:
    rig = serve(lambda handler, asked: handler.answer(b"", status=302, Location=target))
    with pytest.raises(EgovError) as caught:
        _pull("one_stop.dossiers", rig, settings_of, patience)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NET-003", 4)
    assert len(rig.asked) == 1


@pytest.mark.parametrize("url", ["http://169.254.169.254", "http://0.0.0.0:80", "http://224.0.0.1", "http://[fe80::1]"])
def test_addresses_where_no_source_lives(url: str) -> None:
    with pytest.raises(EgovError, match="EGOV-NET-009"):
        check_addresses(httpx.URL(url))


def test_name_that_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 80))])
    with pytest.raises(EgovError, match="EGOV-NET-009"):
        check_addresses(httpx.URL("http://ioffice.example"))
    check_addresses(httpx.URL("http://localhost"))


@pytest.mark.parametrize("url", ["", "ftp://nguon", "nguon.gov.vn", "http://user:pw@nguon", "http://", "http://a:b"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(EgovError, match="EGOV-NET-014"):
        checked_base(url)


def test_proxy_of_the_environment_is_ignored(
    serve: Serve, settings_of: SettingsOf, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    rig = serve(lambda handler, asked: handler.answer(_csv(1), CSV_TYPE))
    assert _pull("one_stop.dossiers", rig, settings_of, patience)


# --- N9: tokens


def test_token_that_ends_on_page_seven(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    def expire(handler: Handler) -> None:
        handler.answer(b"{}", status=401)

    office = Office(_documents(9 * SIZE), {7: [expire]})
    rig = serve(office)
    assert len(set(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience)))) == 9 * SIZE
    assert office.tokens == 2
    assert _pages(rig) == [1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 1]


def test_login_that_is_refused(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer(b"{}", status=401))
    for dataset in ("ioffice.outgoing_documents", "one_stop.dossiers", "portal.procedures"):
        with pytest.raises(EgovError) as caught:
            _pull(dataset, rig, settings_of, patience)
        assert caught.value.code == "EGOV-NET-006"
        assert TOKEN not in str(caught.value.as_dict())


def test_token_that_is_never_accepted(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(Office(_documents(1), {1: [lambda h: h.answer(b"{}", status=401)] * 2}))
    with pytest.raises(EgovError, match="EGOV-NET-006"):
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert len(_pages(rig)) == 2


# --- N11, N12: lists that move


class Moving(Office):
    """Changes its rows just before the request with a given number is answered."""

    def __init__(self, rows: list[dict[str, str]], changes: dict[int, list[dict[str, str]]]) -> None:
        super().__init__(rows)
        self.changes = changes
        self.seen = 0

    def __call__(self, handler: Handler, asked: Asked) -> None:
        if "page" in asked.query:
            self.seen += 1
            self.rows = self.changes.get(self.seen, self.rows)
        super().__call__(handler, asked)


def _drifts() -> dict[str, tuple[list[dict[str, str]], dict[int, list[dict[str, str]]]]]:
    rows = _documents(3 * SIZE + 10)
    new = _documents(1, start=90000)
    return {
        "row added": (rows, {3: new + rows}),
        "row removed": (rows, {3: rows[1:]}),
        "added and removed": (rows, {3: new + rows[:-1]}),
        "added early, removed late": (rows, {2: new + rows, 4: new + rows[:-1]}),
        "first page changes at the end": (rows, {5: new + rows[1:]}),
    }


@pytest.mark.parametrize(("rows", "changes"), _drifts().values(), ids=_drifts().keys())
def test_page_drift(
    serve: Serve,
    settings_of: SettingsOf,
    patience: Patience,
    rows: list[dict[str, str]],
    changes: dict[int, list[dict[str, str]]],
) -> None:
    office = Moving(rows, changes)
    rig = serve(office)
    deliveries = _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert _ids(deliveries) == [row["MaVanBan"] for row in office.rows]
    assert len(deliveries[0].files) == -(-len(office.rows) // SIZE)


def test_equal_rows_across_a_page_end_are_no_drift(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    """The export does hold exact duplicates; two equal reads prove that nothing moved."""
    rows = _documents(SIZE)
    rows.append(rows[-1])
    rig = serve(Office(rows))
    assert len(_ids(_pull("ioffice.outgoing_documents", rig, settings_of, patience))) == SIZE + 1
    assert _pages(rig) == [1, 2, 1, 1, 2, 1]


def test_list_that_never_stands_still(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    changes = {number: _documents(SIZE + number) for number in range(1, 40)}
    rig = serve(Moving(_documents(SIZE + 1), changes))
    with pytest.raises(EgovError, match="EGOV-NET-007"):
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert _nothing_landed(settings_of(rig.url))


# --- answers that break the agreement, and answers that hold nothing


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "EGOV-NET-010"),
        (b'{"items": []}', "EGOV-NET-011"),
        (b'{"total": "3", "items": []}', "EGOV-NET-011"),
        (b'{"total": -1, "items": []}', "EGOV-NET-011"),
        (b'{"total": 1, "items": {}}', "EGOV-NET-010"),
        (b'{"total": 1, "items": [1]}', "EGOV-NET-010"),
    ],
)
def test_page_that_is_none(serve: Serve, settings_of: SettingsOf, patience: Patience, body: bytes, code: str) -> None:
    rig = serve(Office([], {1: [lambda h: h.answer(body)] * 5}))
    with pytest.raises(EgovError) as caught:
        _pull("ioffice.outgoing_documents", rig, settings_of, patience)
    assert caught.value.code == code


def test_empty_window_is_no_delivery(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(Office([]))
    assert _pull("ioffice.outgoing_documents", rig, settings_of, patience) == []
    rig = serve(lambda handler, asked: handler.answer(_csv(0), CSV_TYPE, X_Total_Rows="0"))
    assert _pull("one_stop.dossiers", rig, settings_of, patience) == []
    rig = serve(lambda handler, asked: handler.answer(b'{"dates": [], "files": []}'))
    assert _pull("mail.accounts", rig, settings_of, patience) == []
    assert _pull("forms.paper_register", rig, settings_of, patience) == []
    assert _nothing_landed(settings_of(rig.url))


def test_zero_bytes_that_should_hold_rows(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(lambda handler, asked: handler.answer(b"", CSV_TYPE, X_Total_Rows="12"))
    with pytest.raises(EgovError, match="EGOV-LAND-001"):
        _pull("one_stop.dossiers", rig, settings_of, patience)


def test_empty_snapshot_is_refused(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    def script(handler: Handler, asked: Asked) -> None:
        if asked.path.endswith("/snapshots"):
            return handler.answer(b'{"dates": ["2023-03-06"]}')
        if asked.path.endswith(".csv"):
            return handler.answer("Hộp thư\nTổng cộng;0\n".encode(), CSV_TYPE)
        return handler.answer(b'{"total": 0, "items": []}')

    rig = serve(script)
    for dataset in ("mail.accounts", "portal.procedures"):
        with pytest.raises(EgovError, match="EGOV-NET-012"):
            _pull(dataset, rig, settings_of, patience)


@pytest.mark.parametrize("dates", ['["2023-03-07"]', '["06/03/2023"]', "[3]", '"2023-03-06"'])
def test_snapshot_list_that_breaks_the_agreement(
    serve: Serve, settings_of: SettingsOf, patience: Patience, dates: str
) -> None:
    rig = serve(lambda handler, asked: handler.answer(f'{{"dates": {dates}}}'.encode()))
    with pytest.raises(EgovError, match="EGOV-NET-010"):
        _pull("mail.accounts", rig, settings_of, patience)


def _register(name: str, content: bytes, sent: bytes) -> Script:
    entry = {"name": name, "sha256": sha256(content).hexdigest(), "rows": 1}

    def script(handler: Handler, asked: Asked) -> None:
        is_list = asked.path == "/forms/paper-register"
        handler.answer(json.dumps({"files": [entry]}).encode() if is_list else sent, "application/octet-stream")

    return script


def test_register_that_differs_from_its_digest(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    rig = serve(_register("01846-2022-10.xlsx", b"PK\x03\x04 whole", b"PK\x03\x04 other"))
    with pytest.raises(EgovError, match="EGOV-NET-013"):
        _pull("forms.paper_register", rig, settings_of, patience)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.xlsx", "x.exe", ".xlsx", "a?b.xlsx"])
def test_register_with_a_name_that_leads_elsewhere(
    serve: Serve, settings_of: SettingsOf, patience: Patience, name: str
) -> None:
    rig = serve(_register(name, b"x", b"x"))
    with pytest.raises(EgovError, match="EGOV-NET-010"):
        _pull("forms.paper_register", rig, settings_of, patience)
    assert len(rig.asked) == 1


def test_workbook_cut_short_is_asked_again(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    import io

    import openpyxl

    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    whole = stream.getvalue()
    answers = [whole[:-200], whole]

    def script(handler: Handler, asked: Asked) -> None:
        if asked.path.endswith("/snapshots"):
            return handler.answer(b'{"dates": ["2023-03-06"]}')
        return handler.answer_until_close(answers.pop(0), "application/octet-stream", X_Total_Rows="3")

    rig = serve(script)
    deliveries = _pull("iso.certificates", rig, settings_of, patience)
    assert deliveries[0].files[0].path.read_bytes() == whole
    assert (deliveries[0].rows_declared, deliveries[0].snapshot_date) == (3, DAY)


def test_window_the_wrong_way_round(settings_of: SettingsOf) -> None:
    with pytest.raises(EgovError, match="EGOV-NET-016"):
        pull(get_contract("mail.accounts"), DAY, date(2023, 3, 7), settings_of("http://127.0.0.1:9"))


def test_no_address_is_configured(tmp_path: Path) -> None:
    with pytest.raises(EgovError, match="EGOV-PLATFORM-031"):
        pull(get_contract("mail.accounts"), DAY, None, Settings(local_dir=tmp_path))


# --- N15: certificates


def _certificate(folder: Path, ends: datetime) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "nguon.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _tls(rig: Rig, certificate: Path) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.script, server.asked, server.lock = rig.script, rig.asked, rig.lock  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize("days", [-1, 30], ids=["expired", "nobody vouches for it"])
def test_certificate_that_proves_nothing(
    serve: Serve, settings_of: SettingsOf, patience: Patience, tmp_path: Path, days: int
) -> None:
    rig = serve(lambda handler, asked: handler.answer(_csv(1), CSV_TYPE))
    url = _tls(rig, _certificate(tmp_path, datetime.now(UTC) + timedelta(days=days)))
    with pytest.raises(EgovError) as caught:
        pull(get_contract("one_stop.dossiers"), DAY, None, settings_of(url), patience.policy)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NET-008", 4)
    assert not rig.asked and not patience.waits


@pytest.mark.parametrize("days", [-1, 30])
def test_certificate_of_a_private_authority_that_was_named(
    serve: Serve, settings_of: SettingsOf, patience: Patience, tmp_path: Path, days: int
) -> None:
    certificate = _certificate(tmp_path, datetime.now(UTC) + timedelta(days=days))
    rig = serve(lambda handler, asked: handler.answer(_csv(2), CSV_TYPE))
    settings = settings_of(_tls(rig, certificate)).model_copy(update={"source_ca_file": str(certificate)})
    if days > 0:
        (delivery,) = pull(get_contract("one_stop.dossiers"), DAY, None, settings, patience.policy)
        assert delivery.rows_declared == 2
    else:
        with pytest.raises(EgovError, match="EGOV-NET-008"):
            pull(get_contract("one_stop.dossiers"), DAY, None, settings, patience.policy)
        assert not rig.asked


def test_a_named_authority_vouches_for_its_own_certificates_alone(serve: Serve, tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(days=30)
    (tmp_path / "other").mkdir()
    url = _tls(serve(lambda handler, asked: handler.answer(b"{}")), _certificate(tmp_path / "other", soon))
    authority = trusting(str(_certificate(tmp_path, soon)))
    with SourceClient(url, Policy(), authority) as client, pytest.raises(EgovError, match="EGOV-NET-008"):
        client.get("/x", {}, {})


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["absent", "empty", "rubbish"])
def test_a_file_of_authorities_that_holds_none_is_refused(
    settings_of: SettingsOf, patience: Patience, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    settings = settings_of("https://127.0.0.1:1").model_copy(update={"source_ca_file": str(file)})
    with pytest.raises(EgovError) as caught:
        pull(get_contract("mail.accounts"), DAY, None, settings, patience.policy)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NET-017", 2)
    assert str(file) in str(caught.value)


def test_one_refused_register_stops_no_other(serve: Serve, settings_of: SettingsOf, patience: Patience) -> None:
    """A page of the web among two workbooks: it is named, and the two land."""
    from egov_kpi.extract.partly import PartlyRefused

    books = {"01846-2022-10.xlsx": _book("a"), "01846-2022-11.xlsx": b"%PDF-1.7", "01846-2022-12.xlsx": _book("b")}
    listed = [{"name": name, "sha256": sha256(book).hexdigest(), "rows": 1} for name, book in books.items()]

    def script(handler: Handler, asked: Asked) -> None:
        name = asked.path.rsplit("/", 1)[1]
        handler.answer(books.get(name, json.dumps({"files": listed}).encode()), "application/octet-stream")

    rig = serve(script)
    with pytest.raises(PartlyRefused) as caught:
        _pull("forms.paper_register", rig, settings_of, patience)
    assert [delivery.files[0].name for delivery in caught.value.deliveries] == [*books][::2]
    assert [refusal.code for refusal in caught.value.refusals] == ["EGOV-LAND-003"]
    assert "01846-2022-11.xlsx" in str(caught.value)


def _book(text: str) -> bytes:
    import io

    import openpyxl

    stream, book = io.BytesIO(), openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = text
    book.save(stream)
    return stream.getvalue()
