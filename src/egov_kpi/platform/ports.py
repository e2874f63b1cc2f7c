"""Free ports of the loopback interface, remembered so that addresses stay the same from one start to the next."""

import json
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there now; a port in TIME_WAIT counts as free, as servers set SO_REUSEADDR."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def pick() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def remembered(path: Path, name: str) -> int | None:
    """The port kept under that name in the JSON file, or nothing when none was ever kept."""
    if not path.exists():
        return None
    port = json.loads(path.read_text(encoding="utf-8")).get(name)
    return int(port) if port else None


def remember(path: Path, name: str, port: int) -> int:
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps({**known, name: port}, sort_keys=True, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
    return port


def stable_port(path: Path, name: str, wanted: int = 0) -> int:
    """The wanted port, else the remembered one while it is free, else a new one; it is remembered."""
    if wanted:
        return remember(path, name, wanted)
    known = remembered(path, name)
    return known if known and is_free(known) else remember(path, name, pick())
