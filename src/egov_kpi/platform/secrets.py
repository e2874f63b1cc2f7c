"""Secrets of one installation: generated once, one file each, readable by the installation's user only."""

import os
import secrets as random_source
import stat
from pathlib import Path

from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

PRIVATE_FILE = 0o600
PRIVATE_DIR = 0o700


def secret(settings: Settings, name: str, nbytes: int = 32) -> str:
    """The secret of that name in hex, made at its first use; two processes that ask at once get the same one."""
    path = settings.secrets_dir / name
    if not path.exists():
        _create(path, random_source.token_hex(nbytes))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise EgovError("EGOV-PLATFORM-001", file=str(path), mode=oct(stat.S_IMODE(path.stat().st_mode)))
    value = path.read_text(encoding="ascii").strip()
    if not value:
        raise EgovError("EGOV-PLATFORM-002", file=str(path))
    return value


def private_dir(path: Path) -> Path:
    """The folder, made if need be, open to its owner only."""
    path.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != PRIVATE_DIR:
        path.chmod(PRIVATE_DIR)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a private file as a whole: no reader sees half of it, and it is never open to others."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{random_source.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _create(path: Path, value: str) -> None:
    """Write the secret completely, then link it into place: of two writers the first one wins."""
    private_dir(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{random_source.token_hex(4)}")
    write_private(temporary, value)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process was first, and its value counts
    finally:
        temporary.unlink()
