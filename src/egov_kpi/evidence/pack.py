"""The archive of an evidence pack: the same members give the same bytes, and its last 64 bytes seal the others."""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

from egov_kpi.errors import EgovError
from egov_kpi.evidence.verify import FORMAT, canonical

# The oldest moment that a zip file can name: a pack says when its events were, not when it was made.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _FILE_MODE = 3, 0o100644


def pack(members: dict[str, bytes], publish_no: int, first_event: int, last_event: int) -> bytes:
    """The bytes of a pack; `pack.json`, its list of files, is added here."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    contents = {
        "format": FORMAT,
        "publish_no": publish_no,
        "first_event": first_event,
        "last_event": last_event,
        "files": listed,
    }
    return archive({**members, "pack.json": line(contents)})


def archive(members: dict[str, bytes]) -> bytes:
    """A sealed archive of just these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _NO_TIME)
            info.create_system, info.external_attr = _UNIX, _FILE_MODE << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, members[name])
        target.comment = b"0" * 64
    unsealed = buffer.getvalue()[:-64]
    return unsealed + hashlib.sha256(unsealed).hexdigest().encode()


def line(value: dict[str, Any]) -> bytes:
    """One line of canonical JSON."""
    return canonical(value).encode() + b"\n"


def write_new(path: Path, content: bytes) -> None:
    """The file, whole or not at all; EGOV-EVIDENCE-005 when there is one of that name."""
    if path.exists():
        raise EgovError("EGOV-EVIDENCE-005", file=path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise EgovError("EGOV-EVIDENCE-006", file=path, reason=error.strerror) from error
    finally:
        temporary.unlink(missing_ok=True)
