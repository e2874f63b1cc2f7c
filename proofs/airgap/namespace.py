"""What a network namespace has and who is in it, read from the kernel."""

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# The namespace that the proof was started in, told to those inside.
HOST_NAMESPACE = "EGOV_AIRGAP_HOST_NAMESPACE"
LOOPBACK = "lo"
# Reserved for documentation: nobody is there, anywhere.
ELSEWHERE = (socket.AF_INET, ("192.0.2.1", 443)), (socket.AF_INET6, ("2001:db8::1", 443))
PAUSE_SECONDS = 0.2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_PR_SET_CHILD_SUBREAPER = 36


def own_namespace(pid: int | str = "self") -> str:
    """The kernel's name of a process's network namespace, such as net:[4026531840]."""
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def interfaces(pid: int | str = "self") -> frozenset[str]:
    lines = Path(f"/proc/{pid}/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return frozenset(line.split(":")[0].strip() for line in lines)


def bring_loopback_up() -> None:
    """What `ip link set lo up` does, without the program."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        name = LOOPBACK.encode().ljust(16, b"\0")
        (flags,) = struct.unpack_from("H", fcntl.ioctl(handle, _SIOCGIFFLAGS, name + b"\0" * 16), 16)
        fcntl.ioctl(handle, _SIOCSIFFLAGS, name + struct.pack("H", flags | _IFF_UP) + b"\0" * 14)


def ways_out() -> list[str]:
    """Addresses that answered otherwise than with 'no route'; there must be none."""
    found = []
    for family, address in ELSEWHERE:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.settimeout(5)
            code = tried.connect_ex(address)
        if code not in (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            found.append(f"{address[0]}: {errno.errorcode.get(code, code)}")
    return found


def attempts() -> int:
    """Packets of this namespace that found no route since it was made, of whatever process."""
    values: dict[str, int] = {}
    lines = Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    for names, numbers in zip(lines[::2], lines[1::2], strict=True):
        prefix = names.split(":")[0]
        values |= {f"{prefix}{name}": int(n) for name, n in zip(names.split()[1:], numbers.split()[1:], strict=True)}
    six: dict[str, str] = dict(
        line.split() for line in Path("/proc/net/snmp6").read_text(encoding="ascii").splitlines()
    )
    return values["IpOutNoRoutes"] + int(six["Ip6OutNoRoutes"])


@dataclass
class Watch:
    """Every process that descends from this one, by name; `strangers` are those that could see another interface."""

    seen: dict[int, str] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)

    def look(self) -> None:
        here = own_namespace()
        for pid in descendants(os.getpid()):
            # one that ends while it is looked at has no network either
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                self._note(pid, here)

    def _note(self, pid: int, here: str) -> None:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return
        if own_namespace(pid) != here or interfaces(pid) != {LOOPBACK}:
            self.strangers.add(f"{name} {pid}")
        self.seen[pid] = name

    @property
    def names(self) -> list[str]:
        return sorted(set(self.seen.values()))


@contextmanager
def watching() -> Iterator[Watch]:
    """Look at all processes again and again while the block runs. Those that leave their parents come to us."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    watch, done = Watch(), threading.Event()

    def look() -> None:
        while not done.wait(PAUSE_SECONDS):
            watch.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    """Children of all threads, and theirs."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
                found += children
                waiting += children
    return found
