"""A source system that misbehaves on purpose: a real HTTP server on loopback that follows a script."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from egov_kpi.extract.http import Policy

TOKEN = "bi-mat-cua-nguon"


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the script; helpers write answers, whole or broken."""

    protocol_version = "HTTP/1.1"
    server: "Rig"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = Asked(url.path, query, {key.lower(): value for key, value in self.headers.items()}, body)
        with self.server.lock:
            self.server.asked.append(asked)
        self.server.script(self, asked)

    def answer(self, body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_until_close(self, body: bytes, kind: str, **headers: str) -> None:
        """A body without a declared length, which ends when the connection does."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        return


Script = Callable[[Handler, Asked], None]


class Rig(ThreadingHTTPServer):
    """The server; `asked` holds every request in the order of arrival."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.asked: list[Asked] = []
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        return  # a client that gave up is part of the play

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@dataclass
class Patience:
    """A policy that notes its waits instead of waiting."""

    waits: list[float] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return Policy(first_wait=0.5, longest_wait=30.0, connect_timeout=5.0, read_timeout=2.0, sleep=self.waits.append)
