"""A bad network for tests: the simulator behind a hand-written HTTP server that misbehaves when it is asked to.

uvicorn is too well-bred to cut a response without a length or to send half a gzip member with a matching length,
which is just what careless clients take for a complete answer. `egov-kpi simulate serve` never starts this; a test
does:

    with FaultServer(create_app(records, key)) as source:
        source.add(Fault("close_early", path="/one-stop/", times=1))

or, as a process of its own with the control address POST/DELETE /__control__/faults: `python -m
egov_kpi.simulator.faults`.
"""

import argparse
import asyncio
import gzip
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from types import TracebackType

import httpx
from starlette.applications import Starlette

from egov_kpi.simulator.records import generate
from egov_kpi.simulator.server import HOST, create_app, listen, shared_key_from_environment

CONTROL = "/__control__/faults"
LOGIN_PAGE = "<!DOCTYPE html><html><body><form>Đăng nhập hệ thống</form></body></html>".encode()
_log = logging.getLogger(__name__)


@dataclass
class Fault:
    """One misbehaviour: on requests under `path`, after `after` of them went well, `times` times.

    kind: timeout (sleeps `seconds` before answering), stall (sleeps in the middle of the body), close_early (no
    length, half a body), short_body (full length announced, half a body), truncated_gzip (half a gzip member, length
    matches), bad_gzip_crc, rate_limit (429 with `retry_after`), server_error (`status`), login_page (200 with HTML),
    expire_tokens, page_drift (a row appears at the front, or goes again when `rows` is negative), redirect (to
    `location`), empty_body, missing_rows (the last `rows` lines before the total line are gone).
    """

    kind: str
    path: str = "/"
    times: int = 1
    after: int = 0
    seconds: float = 30.0
    status: int = 503
    retry_after: str = "1"
    location: str = "http://169.254.169.254/latest/meta-data/"
    rows: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(sorted(KINDS))}")


@dataclass
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What goes back, byte for byte; `pause` sleeps in the middle of the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    announced_length: int | None = field(default=None)
    has_length: bool = True
    pause: float = 0.0

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} x", "Connection: close"]
        if self.has_length:
            length = len(self.body) if self.announced_length is None else self.announced_length
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _zipped(answer: Answer) -> bytes:
    answer.headers["Content-Encoding"] = "gzip"
    return gzip.compress(answer.body, mtime=0)


def _stall(answer: Answer, fault: Fault) -> None:
    answer.pause = fault.seconds


def _close_early(answer: Answer, fault: Fault) -> None:
    answer.has_length, answer.body = False, _half(answer.body)


def _short_body(answer: Answer, fault: Fault) -> None:
    answer.announced_length, answer.body = len(answer.body), _half(answer.body)


def _truncated_gzip(answer: Answer, fault: Fault) -> None:
    answer.body = _half(_zipped(answer))


def _bad_gzip_crc(answer: Answer, fault: Fault) -> None:
    packed = bytearray(_zipped(answer))
    packed[-8] ^= 0xFF
    answer.body = bytes(packed)


def _rate_limit(answer: Answer, fault: Fault) -> None:
    answer.status, answer.headers, answer.body = 429, {"Retry-After": fault.retry_after}, b""


def _server_error(answer: Answer, fault: Fault) -> None:
    answer.status, answer.headers, answer.body = fault.status, {}, b""


def _login_page(answer: Answer, fault: Fault) -> None:
    answer.status, answer.headers, answer.body = 200, {"Content-Type": "text/html; charset=utf-8"}, LOGIN_PAGE


def _redirect(answer: Answer, fault: Fault) -> None:
    answer.status, answer.headers, answer.body = 302, {"Location": fault.location}, b""


def _empty_body(answer: Answer, fault: Fault) -> None:
    answer.body = b""


def _missing_rows(answer: Answer, fault: Fault) -> None:
    lines = answer.body.split(b"\r\n")
    total = len(lines) - 2
    answer.body = b"\r\n".join(lines[: total - fault.rows] + lines[total:])


# What a fault does to an answer that the application gave; None: it acts before the application is asked.
KINDS: dict[str, Callable[[Answer, Fault], None] | None] = {
    "timeout": None,
    "expire_tokens": None,
    "page_drift": None,
    "stall": _stall,
    "close_early": _close_early,
    "short_body": _short_body,
    "truncated_gzip": _truncated_gzip,
    "bad_gzip_crc": _bad_gzip_crc,
    "rate_limit": _rate_limit,
    "server_error": _server_error,
    "login_page": _login_page,
    "redirect": _redirect,
    "empty_body": _empty_body,
    "missing_rows": _missing_rows,
}


class FaultServer:
    """The application on a loopback port, with faults. Use it as a context manager, or `run` it in the foreground."""

    def __init__(self, app: Starlette, port: int = 0) -> None:
        self._app = app
        self._socket = listen(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._faults: list[Fault] = []
        self.requests: list[Request] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._end: asyncio.Event | None = None
        self._ready = threading.Event()

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()
        self.requests.clear()

    def __enter__(self) -> "FaultServer":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    def run(self) -> None:
        """Serves in the foreground until the process ends."""
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._handle, sock=self._socket)
        self._ready.set()
        await self._end.wait()
        server.close()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            answer = await self._answer(request)
            await _write(writer, answer)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            _log.debug("client went away: %s", error)
        finally:
            writer.close()

    async def _answer(self, request: Request) -> Answer:
        if request.target == CONTROL:
            return self._control(request)
        self.requests.append(request)
        faults = self._due(request)
        for fault in faults:
            await self._before(fault)
        answer = await self._ask(request)
        for fault in faults:
            change = KINDS[fault.kind]
            if change is not None:
                change(answer, fault)
        return answer

    def _due(self, request: Request) -> list[Fault]:
        """The faults that strike this request; each counts down."""
        struck = []
        for fault in self._faults:
            if not request.target.startswith(fault.path):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif fault.times > 0:
                fault.times -= 1
                struck.append(fault)
        return struck

    async def _before(self, fault: Fault) -> None:
        if fault.kind == "timeout":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "expire_tokens":
            self._app.state.sources.tokens.expire_all()
        elif fault.kind == "page_drift":
            self._app.state.sources.drift += fault.rows

    async def _ask(self, request: Request) -> Answer:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url=self.url) as client:
            response = await client.request(
                request.method, request.target, headers=request.headers, content=request.body
            )
        kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "connection")}
        return Answer(response.status_code, kept, response.content)

    def _control(self, request: Request) -> Answer:
        if request.method == "DELETE":
            self.clear()
        elif request.method == "POST":
            self.add(Fault(**json.loads(request.body)))
        body = json.dumps([asdict(fault) for fault in self._faults]).encode()
        return Answer(200, {"Content-Type": "application/json"}, body)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    middle = len(answer.body) // 2
    writer.write(answer.head() + answer.body[:middle])
    await writer.drain()
    if answer.pause:
        await asyncio.sleep(answer.pause)
    writer.write(answer.body[middle:])
    await writer.drain()


def main() -> None:
    """A faulty source as a process of its own, for tests that need one; prints its address as one JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--profile", default="calibrated")
    parser.add_argument("--seed", type=int, default=20230306)
    arguments = parser.parse_args()
    records = generate(arguments.profile, arguments.seed)
    server = FaultServer(create_app(records, shared_key_from_environment()), arguments.port)
    print(json.dumps({"url": server.url, "profile": records.profile, "seed": records.seed}), flush=True)
    server.run()


if __name__ == "__main__":
    main()
