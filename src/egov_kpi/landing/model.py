"""What one source handed over at one time, as the landing zone keeps it.

A delivery is one or more files that form one load. Its `content_digest` covers the landed bytes in order and nothing
else: the same content under another name, on another night, is the same delivery.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from egov_kpi.contracts.model import FileFormat

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1


@dataclass(frozen=True)
class LandedFile:
    """One file. `rows_declared` counts the data rows that the source said it sent, withheld ones included; None when
    it said nothing. `rows_withheld` counts the secret rows cut before landing."""

    path: Path
    name: str
    format: FileFormat
    bytes: int
    sha256_received: str
    sha256_landed: str
    rows_declared: int | None
    rows_withheld: int


@dataclass(frozen=True)
class Delivery:
    """One load's worth of files. Windows are inclusive business dates, None where a file came by hand."""

    contract_id: str
    snapshot_date: date | None
    window_from: date | None
    window_to: date | None
    files: tuple[LandedFile, ...]
    content_digest: str
    landing_path: Path

    @property
    def landing_key(self) -> str:
        """Place inside the landing zone, the same wherever the zone is mounted."""
        return landing_key(self.contract_id, self.content_digest)

    @property
    def rows_withheld(self) -> int:
        return sum(file.rows_withheld for file in self.files)

    @property
    def rows_declared(self) -> int | None:
        """Data rows that the source declared over all files; None as soon as one file declares nothing."""
        counts = [file.rows_declared for file in self.files if file.rows_declared is not None]
        return sum(counts) if len(counts) == len(self.files) else None


def landing_key(contract_id: str, digest: str) -> str:
    system, dataset = contract_id.split(".")
    return f"{system}/{dataset}/{digest[:2]}/{digest}"


def content_digest(landed_digests: Iterable[str]) -> str:
    """SHA-256 over the files' own digests, in order."""
    return hashlib.sha256("\n".join(landed_digests).encode()).hexdigest()


def manifest_text(delivery: Delivery, source: str, received_at: str) -> str:
    """The manifest beside the files. Rows are null where nobody has counted them yet."""
    declared = delivery.rows_declared
    document = {
        "manifest_version": MANIFEST_VERSION,
        "contract_id": delivery.contract_id,
        "source": source,
        "received_at": received_at,
        "snapshot_date": _iso(delivery.snapshot_date),
        "window_from": _iso(delivery.window_from),
        "window_to": _iso(delivery.window_to),
        "content_digest": delivery.content_digest,
        "rows": {
            "received": declared,
            "landed": None if declared is None else declared - delivery.rows_withheld,
            "withheld": delivery.rows_withheld,
        },
        "files": [_file_entry(file) for file in delivery.files],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def delivery_from_manifest(folder: Path) -> Delivery:
    """Read a delivery back from its folder."""
    document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Delivery(
        contract_id=document["contract_id"],
        snapshot_date=_date(document["snapshot_date"]),
        window_from=_date(document["window_from"]),
        window_to=_date(document["window_to"]),
        files=tuple(LandedFile(path=folder / entry["name"], **entry) for entry in document["files"]),
        content_digest=document["content_digest"],
        landing_path=folder,
    )


def _file_entry(file: LandedFile) -> dict[str, Any]:
    entry = asdict(file)
    del entry["path"]
    return entry


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
