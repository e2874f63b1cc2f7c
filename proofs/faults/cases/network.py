"""The network: answers that come late, short, damaged, or are no answers. The source is a real server on loopback."""

import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from egov_kpi.errors import EgovError
from egov_kpi.night import ingest
from egov_kpi.night.build import build_and_publish
from egov_kpi.simulator.faults import Fault
from proofs.faults.book import EXACT, NEUTRALISED, REFUSED, Seen, case, demand
from proofs.faults.rig import DAY, DOCUMENTS, DOSSIERS, MAIL, NEXT_DAY, Rig, Told, faulty, hasty, variables

GROUP = "network"
PAGES, EXPORT, BOXES = "/ioffice/api/", "/one-stop/exports/", "/mail/accounts"
# Small pages, so that a night has many.
PAGE_SIZE = 50


def _pull(dataset: str) -> list[int]:
    with patch("egov_kpi.extract.systems.PAGE_SIZE", PAGE_SIZE):
        loads: list[int] = ingest.pull_and_stage(dataset, DAY)["loads"]
    return loads


def undisturbed(rig: Rig, dataset: str) -> list[int]:
    """Numbers of the loads of the first night, which are known by the digest of their content."""

    def work() -> list[int]:
        with faulty(rig):
            return _pull(dataset)

    return rig.once(f"undisturbed {dataset}", work)


def _exact(rig: Rig, dataset: str, *faults: Fault, tries: int = 1, **policy: float) -> Seen:
    """X: under the faults the same content lands, which makes it the same load."""
    expected = undisturbed(rig, dataset)
    with faulty(rig, *faults), hasty(**policy) as waits:
        found = _pull(dataset)
        asked = len(rig.world.source.requests)
    demand(found == expected, f"loads {found}, undisturbed {expected}")
    demand(len(waits) >= tries, f"{len(waits)} tries more, {tries} expected: did the fault strike?")
    return Seen("X", f"load {' '.join(map(str, found))} again, {asked} requests, {len(waits)} of them tried again")


def _refused(rig: Rig, dataset: str, code: str, exit_code: int, *faults: Fault) -> Seen:
    """R: a coded error, nothing of it lands, and the next night is not published."""
    before = rig.publish_no(), rig.one("select count(*) from ledger.load"), _landed(rig)
    with faulty(rig, *faults), hasty():
        told = rig.command("pull", dataset, "--date", NEXT_DAY.isoformat())
        asked = len(rig.world.source.requests)
    error = (told.error or {}).get("code")
    demand((told.code, error) == (exit_code, code), f"exit {told.code} {error}, expected {exit_code} {code}")
    demand(before == (rig.publish_no(), rig.one("select count(*) from ledger.load"), _landed(rig)), "something landed")
    held = _night_is_held(rig, dataset)
    return Seen("R", f"exit {told.code} {error}, {asked} requests; {held}, publish {before[0]} stays")


def _landed(rig: Rig) -> int:
    return len([path for path in rig.world.settings.landing_dir.rglob("*") if path.is_file()])


def _night_is_held(rig: Rig, dataset: str) -> str:
    """The verdict says it, and a night whose critical data is not there is not published."""
    word = str(ingest.verdict(dataset, NEXT_DAY)["verdict"])
    demand(word in ("could_not_check", "blocked"), f"the verdict is {word}")
    try:
        build_and_publish(NEXT_DAY)
    except EgovError as error:
        demand(error.code in ("EGOV-NIGHT-001", "EGOV-NIGHT-002"), error.code)
        return f"verdict {word}, {error.code}"
    demand(False, "the night was published")
    raise AssertionError


@case("N1", "nguồn im lặng giữa trang", "silence in the middle of a page", EXACT, group=GROUP)
def silence(rig: Rig) -> Seen:
    return _exact(rig, DOCUMENTS, Fault("stall", PAGES, times=2, after=4, seconds=3.0), tries=2, read_timeout=1.0)


@case("N2", "kết nối đóng sớm, không khai độ dài", "closed early without a length", EXACT, group=GROUP, quick=True)
def closed_early(rig: Rig) -> Seen:
    return _exact(rig, MAIL, Fault("close_early", BOXES, times=2), tries=2)


@case("N2b", "kết nối luôn đóng sớm", "always closed early", REFUSED, group=GROUP)
def always_closed_early(rig: Rig) -> Seen:
    return _refused(rig, DOSSIERS, "EGOV-NET-005", 3, Fault("close_early", EXPORT, times=99))


@case("N2c", "thân ngắn hơn độ dài đã khai", "body shorter than its length", EXACT, group=GROUP)
def short_body(rig: Rig) -> Seen:
    return _exact(rig, DOCUMENTS, Fault("short_body", PAGES, times=1, after=3))


@case("N2d", "mất dòng cuối, tệp vẫn trọn vẹn", "last rows missing from a whole file", REFUSED, group=GROUP)
def missing_rows(rig: Rig) -> Seen:
    return _refused(rig, DOSSIERS, "EGOV-NET-005", 3, Fault("missing_rows", EXPORT, times=99, rows=3))


@case("N3", "gzip cụt, độ dài vẫn khớp", "truncated gzip of the right length", EXACT, group=GROUP, quick=True)
def truncated_gzip(rig: Rig) -> Seen:
    return _exact(rig, DOCUMENTS, Fault("truncated_gzip", PAGES, times=2, after=2), tries=2)


@case("N4", "gzip sai tổng kiểm", "gzip with a bad checksum", EXACT, group=GROUP)
def bad_gzip(rig: Rig) -> Seen:
    return _exact(rig, MAIL, Fault("bad_gzip_crc", BOXES, times=1))


@case("N5a", "429, chờ theo giây", "429 with seconds to wait", EXACT, group=GROUP, quick=True)
def too_many(rig: Rig) -> Seen:
    return _waited(rig, "7", 7.0)


@case("N5b", "429, chờ đến một giờ sau", "429 with a date an hour away", EXACT, group=GROUP)
def too_many_until(rig: Rig) -> Seen:
    return _waited(rig, format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 30.0)


def _waited(rig: Rig, asked: str, expected: float) -> Seen:
    known = undisturbed(rig, DOCUMENTS)
    with faulty(rig, Fault("rate_limit", PAGES, after=1, retry_after=asked)), hasty() as waits:
        found = _pull(DOCUMENTS)
    demand(found == known and waits == [expected], f"loads {found}, waits {waits}")
    return Seen("X", f"waited {expected:.0f} s as asked, at most 30")


@case("N6a", "lỗi 500/502/503 một lúc", "burst of 500, 502, 503", EXACT, group=GROUP)
def server_errors(rig: Rig) -> Seen:
    faults = [Fault("server_error", PAGES, after=after, status=status) for after, status in enumerate((500, 502, 503))]
    return _exact(rig, DOCUMENTS, *faults, tries=3)


@case("N6b", "nguồn hỏng suốt đêm", "a source down all night", REFUSED, group=GROUP, quick=True)
def down(rig: Rig) -> Seen:
    return _refused(rig, DOSSIERS, "EGOV-NET-002", 3, Fault("server_error", "/one-stop/", times=99))


@case("N7", "trang đăng nhập HTML với mã 200", "login page with status 200", REFUSED, group=GROUP, quick=True)
def login_page(rig: Rig) -> Seen:
    return _refused(rig, DOSSIERS, "EGOV-NET-004", 3, Fault("login_page", EXPORT, times=99))


@case("N9", "mã truy cập hết hạn ở trang 7", "token expires on page 7", EXACT, group=GROUP)
def token_expires(rig: Rig) -> Seen:
    expected = undisturbed(rig, DOCUMENTS)
    with faulty(rig, Fault("expire_tokens", PAGES, after=6)), hasty():
        found = _pull(DOCUMENTS)
        asked = [request.target for request in rig.world.source.requests]
    tokens = len([target for target in asked if "token" in target])
    demand(found == expected and tokens == 2, f"loads {found}, {tokens} tokens")
    demand(len([target for target in asked if "page=7&" in target]) == 2, "page 7 was not asked again")
    return Seen("X", f"load {found[0]} again, {tokens} tokens, page 7 twice")


@case("N11", "danh sách dịch khi đang đọc trang", "rows appear and vanish while paging", EXACT, group=GROUP)
def drift(rig: Rig) -> Seen:
    expected = undisturbed(rig, DOCUMENTS)
    faults = Fault("page_drift", PAGES, after=3, rows=1), Fault("page_drift", PAGES, after=5, rows=-1)
    with faulty(rig, *faults), hasty():
        found = _pull(DOCUMENTS)
        asked = len([request for request in rig.world.source.requests if "page=1&" in request.target])
    demand(found == expected and asked > 2, f"loads {found}, first page {asked} times")
    return Seen("X", f"load {found[0]} again, list read anew ({asked} times page 1)")


@case("N12", "nhiều dòng cùng giây ở mép cửa sổ", "ties on the edge of a window", EXACT, group=GROUP)
def ties(rig: Rig) -> Seen:
    """The next night asks for the last day again: every version is there, and the repeated ones are marked so."""
    with faulty(rig):
        pulled = ingest.pull_and_stage(DOSSIERS, NEXT_DAY)
        load = ingest.gate_and_promote(DOSSIERS, NEXT_DAY)["loads"][0]
    demand(pulled["window_from"] == DAY.isoformat(), f"window from {pulled['window_from']}")
    demand(load["account"]["unchanged"] > 0, f"{load['account']}")
    records = rig.world.records.dossiers
    wanted = len(records[records["updated_at"] < f"{NEXT_DAY + timedelta(days=1):%Y-%m-%d}"])
    found = rig.one("select count(*) from (select distinct dossier_hash, updated_at from raw.one_stop__dossiers) as v")
    demand(found == wanted, f"{found} versions in raw, {wanted} in the source")
    return Seen("X", f"{found} versions, none lost; {load['account']['unchanged']} came twice")


@case("N15", "chứng thư TLS hết hạn", "expired TLS certificate", REFUSED, group=GROUP, quick=True)
def expired_certificate(rig: Rig) -> Seen:
    return _certificate_refused(rig, _in_days(-1))


@case("N15b", "chứng thư không ai bảo chứng", "certificate that nobody vouches for", REFUSED, group=GROUP)
def unknown_certificate(rig: Rig) -> Seen:
    return _certificate_refused(rig, _in_days(30))


@case("N15c", "chứng thư do CA nội bộ cấp, đã khai CA", "certificate of a private authority that was named", EXACT,
      group=GROUP)  # fmt: skip
def private_authority(rig: Rig) -> Seen:
    """Behind TLS the same content lands; whoever else's certificate is shown to that setting is refused."""
    expected = undisturbed(rig, MAIL)
    with _tls_server(rig, _in_days(30)) as (url, authority, asked):
        with variables(SOURCE_BASE_URL=url, SOURCE_CA_FILE=str(authority)), hasty():
            found = _pull(MAIL)
        demand(found == expected and asked, f"loads {found}, undisturbed {expected}, asked {len(asked)} times")
        with _tls_server(rig, _in_days(30)) as (other, _, _):
            refusal = _certificate_refusal(rig, SOURCE_BASE_URL=other, SOURCE_CA_FILE=str(authority))
    return Seen("X", f"load {' '.join(map(str, found))} again over TLS; another authority's: {refusal}")


@case("N15d", "CA nội bộ đã khai, chứng thư hết hạn", "named private authority, expired certificate", REFUSED,
      group=GROUP)  # fmt: skip
def private_authority_expired(rig: Rig) -> Seen:
    before = rig.publish_no()
    with _tls_server(rig, _in_days(-1)) as (url, authority, asked):
        refusal = _certificate_refusal(rig, SOURCE_BASE_URL=url, SOURCE_CA_FILE=str(authority))
    demand(not asked and before == rig.publish_no(), "it was asked all the same")
    return Seen("R", f"{refusal}, publish {before} stays")


def _certificate_refused(rig: Rig, ends: datetime) -> Seen:
    before = rig.publish_no()
    with _tls_server(rig, ends) as (url, _, asked):
        refusal = _certificate_refusal(rig, SOURCE_BASE_URL=url)
    demand(not asked and before == rig.publish_no(), "it was asked all the same")
    return Seen("R", f"{refusal}, publish {before} stays")


def _certificate_refusal(rig: Rig, **settings: str) -> str:
    with variables(**settings), hasty():
        told = rig.command("pull", MAIL, "--date", NEXT_DAY.isoformat())
    code = (told.error or {}).get("code")
    demand((told.code, code) == (4, "EGOV-NET-008"), f"exit {told.code} {code}")
    return f"exit {told.code} {code}"


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@contextmanager
def _tls_server(rig: Rig, ends: datetime) -> Iterator[tuple[str, Path, list[str]]]:
    """The sources behind TLS whose certificate ends then; address, certificate, and what they were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            key = {"X-API-Key": self.headers["X-API-Key"]}
            answer = httpx.get(rig.world.source.url + self.path, headers=key, trust_env=False)
            self.send_response(answer.status_code)
            for name in ("Content-Type", "X-Total-Rows"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return  # a client that hangs up is what this is about

    with tempfile.TemporaryDirectory() as folder:
        certificate = _certificate(Path(folder), ends)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = Server(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}", certificate, asked
        finally:
            server.shutdown()
            server.server_close()


def _certificate(folder: Path, ends: datetime) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(ends - timedelta(days=90)).not_valid_after(ends)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(addresses, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "source.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


# ------------------------------------------------------------------------------------- where a source must not lead us


@case("S3a", "nguồn chuyển hướng tới 169.254.169.254", "redirect to cloud metadata", NEUTRALISED, group=GROUP,
      quick=True)  # fmt: skip
def redirect(rig: Rig) -> Seen:
    with faulty(rig, Fault("redirect", EXPORT, times=99)), hasty():
        told = rig.command("pull", DOSSIERS, "--date", NEXT_DAY.isoformat())
        asked = len([request for request in rig.world.source.requests if request.target.startswith(EXPORT)])
    return _not_followed(told, "EGOV-NET-003", asked)


@case("S3b", "địa chỉ nguồn là 169.254.169.254", "source address is cloud metadata", NEUTRALISED, group=GROUP)
def metadata_address(rig: Rig) -> Seen:
    with variables(SOURCE_BASE_URL="http://169.254.169.254"), hasty():
        told = rig.command("pull", MAIL, "--date", NEXT_DAY.isoformat())
    return _not_followed(told, "EGOV-NET-009", 1)


@case("S3c", "tên tệp dẫn ra ngoài thư mục", "listed file name that leads elsewhere", NEUTRALISED, group=GROUP)
def file_name(rig: Rig) -> Seen:
    evil: dict[str, Any] = {"name": "../../../secrets/hmac_key.xlsx", "rows": 1, "sha256": "0" * 64}
    with patch("egov_kpi.extract.systems._listing", lambda *_: [evil]), hasty():
        told = rig.command("pull", "forms.paper_register", "--date", NEXT_DAY.isoformat())
    return _not_followed(told, "EGOV-NET-010", 1)


def _not_followed(told: Told, code: str, asked: int) -> Seen:
    found = (told.error or {}).get("code")
    demand((found, asked) == (code, 1), f"exit {told.code} {found}, asked {asked} times")
    return Seen("N", f"exit {told.code} {found}, not followed")
