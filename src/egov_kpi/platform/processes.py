"""Background processes of ours: told apart from strangers that got the same pid, and ended without a trace.

A process is named by its pid and the kernel tick at which it started. Everything that a component starts stays in its
session, whatever process groups are made below it, so a session is what we end.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Process:
    """One process of this machine, for as long as it lives."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Process":
        return cls(int(kept["pid"]), int(kept["started"]))

    def alive(self) -> bool:
        """A zombie counts as ended: it does nothing any more."""
        return Process.of(self.pid) == self and state(self.pid) != "Z"


def start_session(
    command: list[str], environment: Mapping[str, str], log: Path, cwd: Path
) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own, its output appended to the log, which only we can read."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def end_session(leader: int, seconds: float) -> None:
    """TERM to the session's leader, then, after so many seconds, KILL to all that is left of the session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if _session_of(leader) == leader:
            os.kill(leader, signal.SIGTERM)
    wait_until(lambda: not members(leader), seconds)
    kill_session(leader)


def kill_session(leader: int, seconds: float = 5.0) -> None:
    """KILL to every process of the session, repeated while some of them start others."""
    until = time.monotonic() + seconds
    while (left := members(leader)) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def members(session: int) -> list[int]:
    """Processes of a session that still run, ours or not."""
    return [pid for pid in _pids() if _session_of(pid) == session and state(pid) != "Z"]


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory it is; other users' can only be looked at by root."""
    found = []
    for pid in _pids():
        with contextlib.suppress(PermissionError, FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/cwd").readlink() == folder:
                found.append(pid)
    return found


def state(pid: int) -> str:
    """The kernel's letter for what the process is doing, such as R, S or Z; empty when it is gone."""
    fields = _stat(pid)
    return fields[0] if fields else ""


def wait_until(condition: Any, seconds: float, pause: float = 0.05) -> bool:
    """Whether the condition came true within that time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True


def _session_of(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[3]) if fields else -1


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the third on: the second, the name, may hold spaces and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
