"""Listening TCP sockets of given processes, read from /proc."""

import contextlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LISTEN = "0A"


@dataclass(frozen=True)
class Listening:
    """One listening socket."""

    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def of_processes(pids: Iterable[int]) -> set[Listening]:
    """Sockets on which any of these processes listens."""
    sockets = dict(_listening())
    return {sockets[inode] for pid in pids for inode in _inodes(pid) if inode in sockets}


def _inodes(pid: int) -> Iterator[str]:
    """Sockets that a process holds open; none when it has ended or isn't ours to look at."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = str(entry.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]


def _listening() -> Iterator[tuple[str, Listening]]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []:
            fields = line.split()
            if fields[3] == LISTEN:
                address, port = fields[1].split(":")
                yield fields[9], Listening(_address(address), int(port, 16))


def _address(words: str) -> str:
    """The kernel writes an address as hexadecimal words of four bytes in the machine's byte order."""
    raw = bytes.fromhex(words)
    swapped = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    return str(ipaddress.ip_address(swapped))
