"""Where the head of the chain is noted: a file on another mount, a git remote, a mailbox.

Each takes one line of text per anchor and never changes one. Every failure becomes EGOV-EVIDENCE-002, which names the
place without its password.
"""

import fcntl
import hashlib
import os
import shutil
import smtplib
import subprocess
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

ANCHOR_FILE = "anchor.jsonl"
_TIMEOUT_SECONDS = 60
_BRANCH = "main"


class Target(Protocol):
    """A place for anchors. `folder` is where it lies on this machine, None when it is elsewhere."""

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> Path | None: ...
    def lines(self) -> list[str]: ...
    def append(self, line: str) -> None: ...


def targets(settings: Settings) -> list[Target]:
    """The configured places, in order; the file under `.local/anchor` when none is."""
    places = [place.strip() for place in settings.anchor.split(",") if place.strip()]
    return [_target(settings, place) for place in places] or [record(settings)]


def record(settings: Settings) -> "FileTarget":
    """What this installation itself remembers of its anchors, wherever they went."""
    return FileTarget(settings.local_dir / "anchor" / ANCHOR_FILE)


def _target(settings: Settings, place: str) -> Target:
    if place.startswith("smtp://"):
        return MailTarget(place, settings.local_dir / "anchor")
    if place.startswith("git:"):
        return GitTarget(place.removeprefix("git:"), settings.local_dir / "anchor")
    return FileTarget(Path(place.removeprefix("file:")))


@dataclass(frozen=True)
class FileTarget:
    """A file that is only ever appended to; its folder is made if need be, its mount is not."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def folder(self) -> Path | None:
        return next(folder for folder in self.path.absolute().parents if folder.exists())

    def lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason=str(error)) from error

    def append(self, line: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.write(_line_break_after(stream.fileno()) + line.encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason=str(error)) from error


def _line_break_after(descriptor: int) -> bytes:
    """A write that was cut off leaves half a line: the next one must not continue it."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


@dataclass(frozen=True)
class GitTarget:
    """A remote repository, one commit per anchor; the clone here is only the way there."""

    remote: str
    home: Path

    @property
    def name(self) -> str:
        parts = urlsplit(self.remote)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def folder(self) -> Path | None:
        path = Path(self.remote.removeprefix("file://"))
        return path if path.exists() else None

    @property
    def clone(self) -> Path:
        return self.home / f"git-{hashlib.sha256(self.remote.encode()).hexdigest()[:12]}"

    def lines(self) -> list[str]:
        self._fetch()
        return FileTarget(self.clone / ANCHOR_FILE).lines()

    def append(self, line: str) -> None:
        self._fetch()
        FileTarget(self.clone / ANCHOR_FILE).append(line)
        self._git("add", ANCHOR_FILE)
        self._git("commit", "--quiet", "--message", line)
        self._push()

    def _fetch(self) -> None:
        if not (self.clone / ".git").exists():
            self.clone.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--initial-branch", _BRANCH)
            self._git("remote", "add", "origin", self.remote)
        self._git("fetch", "--quiet", "origin")
        if self._git("ls-remote", "--heads", "origin", _BRANCH):
            # a remote that was written anew does not follow: that is an error, and a find
            self._git("merge", "--quiet", "--ff-only", f"origin/{_BRANCH}")

    def _push(self) -> None:
        self._git("push", "--quiet", "origin", f"HEAD:refs/heads/{_BRANCH}")

    def _git(self, *arguments: str) -> str:
        git = shutil.which("git")
        if git is None:
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason="git is not installed")
        who = ("-c", "user.name=egov-kpi", "-c", "user.email=egov-kpi@localhost", "-c", "commit.gpgsign=false")
        try:
            done = subprocess.run(
                [git, *who, "-C", str(self.clone), *arguments],
                capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason=type(error).__name__) from error
        if done.returncode:
            reason = done.stderr.strip().replace(self.remote, self.name)
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason=f"git {arguments[0]}: {reason}")
        return done.stdout.strip()


@dataclass(frozen=True)
class MailTarget:
    """A mailbox: `smtp://[user:password@]host[:port]/to@address[?from=address]`. What was sent is remembered here."""

    url: str
    home: Path

    @property
    def name(self) -> str:
        parts = urlsplit(self.url)
        return f"smtp://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def folder(self) -> Path | None:
        return None

    @property
    def sent(self) -> FileTarget:
        return FileTarget(self.home / f"sent-{hashlib.sha256(self.name.encode()).hexdigest()[:12]}.jsonl")

    def lines(self) -> list[str]:
        return self.sent.lines()

    def append(self, line: str) -> None:
        parts = urlsplit(self.url)
        message = EmailMessage()
        message["To"] = unquote(parts.path.strip("/"))
        message["From"] = parse_qs(parts.query).get("from", [message["To"]])[0]
        message["Subject"] = "egov-kpi: neo chuỗi nhật ký · anchor of the ledger"
        message.set_content(line + "\n")
        try:
            with smtplib.SMTP(parts.hostname or "", parts.port or 25, timeout=_TIMEOUT_SECONDS) as server:
                if server.ehlo()[0] == 250 and server.has_extn("starttls"):
                    server.starttls()
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise EgovError("EGOV-EVIDENCE-002", place=self.name, reason=str(error)) from error
        self.sent.append(line)
