"""Talk HTTP to a source system, and believe nothing that isn't proven.

No redirects, no proxy from the environment, no host but the configured one, certificates always checked. Compression is
declined; a server that compresses all the same is unpacked here, because libraries accept a cut-off gzip silently.
What may pass by itself (a timeout, a 429, a 5xx, an answer cut short) is tried again; the rest is refused at once.
"""

import email.utils
import ipaddress
import json
import random
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from egov_kpi.errors import EgovError
from egov_kpi.landing.identify import foreign_format

Params = Mapping[str, str | int]
Header = Callable[[], dict[str, str]]
_Result = TypeVar("_Result")

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_PAGE_BYTES = 64 * 1024**2
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Policy:
    """How long to be patient, in seconds. A source may ask for a longer wait, but not for more than the cap."""

    tries: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    answer_timeout: float = 1800.0
    sleep: Callable[[float], None] = field(default=time.sleep)

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds before the try after `attempt`: what the source asked for, else longer each time, with jitter."""
        if asked is not None:
            return min(max(asked, 0.0), self.longest_wait)
        # Jitter keeps seven ingests from coming back in step; nothing secret hangs on it.
        return min(self.first_wait * 2.0**attempt, self.longest_wait) * random.uniform(0.5, 1.0)  # noqa: S311


class Passing(Exception):
    """A fault that another try may cure; it carries the error to raise when none does."""

    def __init__(self, error: EgovError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Unauthorised(Exception):
    """The source answered 401."""


@dataclass(frozen=True)
class Answer:
    """An answer whose body has been read to a proven end."""

    headers: httpx.Headers
    body: bytes


class SourceClient:
    """One source system behind one base URL."""

    def __init__(self, base_url: str, policy: Policy | None = None, verify: ssl.SSLContext | bool = True) -> None:
        self.policy = policy or Policy()
        self._base = checked_base(base_url)
        self._client = httpx.Client(
            base_url=self._base,
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "egov-kpi"},
            timeout=httpx.Timeout(self.policy.read_timeout, connect=self.policy.connect_timeout),
        )

    def __enter__(self) -> "SourceClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def host(self) -> str:
        return self._base.host

    def patiently(self, action: Callable[[], _Result]) -> _Result:
        """Do it until it succeeds, up to the policy's number of tries."""
        for attempt in range(self.policy.tries):
            try:
                return action()
            except Passing as passing:
                if attempt + 1 == self.policy.tries:
                    raise passing.error from passing
                self.policy.sleep(self.policy.wait(attempt, passing.wait))
        raise AssertionError("a policy has at least one try")

    def get(self, path: str, params: Params, headers: Mapping[str, str]) -> Answer:
        """One GET, body in memory, no second try."""
        return self._small("GET", path, params=dict(params), headers=dict(headers))

    def post_form(self, path: str, form: Mapping[str, str]) -> Answer:
        """One POST of a form, body in memory, no second try."""
        return self._small("POST", path, data=dict(form))

    @contextmanager
    def stream(
        self, path: str, params: Params, headers: Mapping[str, str]
    ) -> Iterator[tuple[httpx.Headers, Iterator[bytes]]]:
        """One GET whose body comes in chunks; the iterator fails unless it reaches the proven end."""
        with self._open("GET", path, params=dict(params), headers=dict(headers)) as response:
            yield response.headers, self._proven(path, response)

    def _small(self, method: str, path: str, **request: Any) -> Answer:
        with self._open(method, path, **request) as response:
            body = bytearray()
            for chunk in self._proven(path, response):
                body += chunk
                if len(body) > MAX_PAGE_BYTES:
                    raise EgovError("EGOV-NET-010", url=path, detail=f"> {MAX_PAGE_BYTES} bytes")
            return Answer(response.headers, bytes(body))

    @contextmanager
    def _open(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        check_addresses(self._base)
        try:
            with self._client.stream(method, path, **request) as response:
                self._check_status(path, response)
                yield response
        except httpx.HTTPError as error:
            raise self._translated(path, error) from error

    def _check_status(self, path: str, response: httpx.Response) -> None:
        status = response.status_code
        if status == 401:
            raise Unauthorised(path)
        if 300 <= status < 400:
            raise EgovError("EGOV-NET-003", url=path, status=status)
        if status in RETRIED_STATUS:
            raise Passing(EgovError("EGOV-NET-002", url=path, status=status), retry_after(response.headers))
        if status != 200:
            raise EgovError("EGOV-NET-002", url=path, status=status)

    def _proven(self, path: str, response: httpx.Response) -> Iterator[bytes]:
        """The body as the source meant it: of the declared length, decompressed to its end, no web page."""
        ends_at = time.monotonic() + self.policy.answer_timeout
        unpack = _Unpacker(path, response.headers.get("content-encoding", "identity"))
        received, is_first = 0, True
        for wire in response.iter_raw():
            received += len(wire)
            if time.monotonic() > ends_at:
                raise Passing(EgovError("EGOV-NET-001", url=path, detail="answer timeout"))
            chunk = unpack.feed(wire)
            if chunk and is_first:
                self._check_kind(path, response, chunk)
                is_first = False
            yield chunk
        _check_length(path, response.headers, received)
        yield unpack.finish()

    def _check_kind(self, path: str, response: httpx.Response, first: bytes) -> None:
        kind = response.headers.get("content-type", "").lower()
        if kind.startswith("text/html") or foreign_format(first) in ("HTML", "XML"):
            raise EgovError("EGOV-NET-004", url=path, found=kind or "HTML")

    def _translated(self, path: str, error: httpx.HTTPError) -> Exception:
        detail = type(error).__name__
        if _is_certificate_error(error):
            return EgovError("EGOV-NET-008", host=self.host)
        if isinstance(error, httpx.RemoteProtocolError):
            return Passing(EgovError("EGOV-NET-005", url=path, detail="connection closed early"))
        if isinstance(error, httpx.TransportError):
            return Passing(EgovError("EGOV-NET-001", url=path, detail=detail))
        return EgovError("EGOV-NET-010", url=path, detail=detail)


class _Unpacker:
    """Undo a compression that nobody asked for, and insist on its end."""

    def __init__(self, path: str, encoding: str) -> None:
        self._path = path
        self._zlib: Any = None
        if encoding.strip().lower() in ("gzip", "deflate", "x-gzip"):
            self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)
        elif encoding.strip().lower() not in ("", "identity"):
            raise EgovError("EGOV-NET-010", url=path, detail=f"Content-Encoding {encoding}")

    def feed(self, wire: bytes) -> bytes:
        if self._zlib is None:
            return wire
        try:
            unpacked: bytes = self._zlib.decompress(wire, MAX_PAGE_BYTES)
        except zlib.error as error:
            raise Passing(EgovError("EGOV-NET-005", url=self._path, detail="damaged gzip")) from error
        if self._zlib.unconsumed_tail:
            raise EgovError("EGOV-NET-010", url=self._path, detail="gzip bomb")
        return unpacked

    def finish(self) -> bytes:
        if self._zlib is not None and (not self._zlib.eof or self._zlib.unused_data):
            raise Passing(EgovError("EGOV-NET-005", url=self._path, detail="gzip cut short"))
        return b""


def parse_json(path: str, answer: Answer) -> Any:
    """The JSON of an answer; text that breaks off is tried again, like any answer cut short."""
    try:
        return json.loads(answer.body.decode("utf-8-sig"))
    except ValueError as error:
        raise Passing(EgovError("EGOV-NET-005", url=path, detail="JSON cut short or damaged")) from error


def retry_after(headers: httpx.Headers, now: datetime | None = None) -> float | None:
    """Seconds that the source asks to wait: a number or a date; None when it asks for nothing that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - (now or datetime.now(UTC))).total_seconds()


def trusting(ca_file: str) -> ssl.SSLContext | bool:
    """What a client checks certificates against: the authorities of a PEM file and no others, else the public ones.

    EGOV-NET-017 when the file can't be read or holds no certificate; there is no way to check nothing.
    """
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise EgovError("EGOV-NET-017", file=ca_file, detail=error.strerror or type(error).__name__) from error


def checked_base(base_url: str) -> httpx.URL:
    """The base URL of a source, provided that it is one: http(s), a host, no login inside."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise EgovError("EGOV-NET-014", detail=str(error)) from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise EgovError("EGOV-NET-014", detail="http(s)://host[:port] without a login is needed")
    return url


def check_addresses(url: httpx.URL) -> None:
    """Refuse a name that leads where no source lives: cloud metadata, multicast, or this very machine unasked."""
    try:
        found = socket.getaddrinfo(
            url.host, url.port or (443 if url.scheme == "https" else 80), type=socket.SOCK_STREAM
        )
    except socket.gaierror as error:
        raise Passing(EgovError("EGOV-NET-001", url=url.host, detail="name not resolved")) from error
    asked_for_loopback = url.host == "localhost" or _is_loopback(url.host)
    for entry in found:
        address = ipaddress.ip_address(str(entry[4][0]).split("%")[0])
        unasked = address.is_loopback and not asked_for_loopback
        if unasked or address.is_link_local or address.is_multicast or address.is_unspecified:
            raise EgovError("EGOV-NET-009", host=url.host, address=address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_length(path: str, headers: httpx.Headers, received: int) -> None:
    declared = headers.get("content-length")
    if declared is not None and received != int(declared):
        raise Passing(EgovError("EGOV-NET-005", url=path, detail=f"{received} / {declared} bytes"))


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
