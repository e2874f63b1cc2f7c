"""The landing zone: files as sent, less secret rows, named by their content.

A delivery is written into a folder beside its place, synced, and then renamed: it is there whole or not at all. Folders
are open to the loader's user only (0700, files 0600), because exports hold personal data.
"""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType

from egov_kpi.contracts.model import Contract, FileFormat
from egov_kpi.errors import EgovError
from egov_kpi.landing.identify import HEAD_BYTES, MAX_FILE_BYTES, expect_format, identify, identify_text
from egov_kpi.landing.model import (
    MANIFEST,
    Delivery,
    LandedFile,
    content_digest,
    delivery_from_manifest,
    landing_key,
    manifest_text,
)
from egov_kpi.landing.secrecy import row_filter
from egov_kpi.landing.tally import tally_csv
from egov_kpi.settings import Settings, get_settings

ACCESS_LOG = "access.log"
_INCOMING = ".incoming-"
_DISCARDED = ".discarded-"
# A folder this young may belong to a writer that has not locked it yet.
_YOUNG_SECONDS = 60
_CHUNK = 1024 * 1024


class FileSink:
    """One file on its way into the landing zone; `write` takes bytes as received."""

    def __init__(self, contract: Contract, path: Path, file_format: FileFormat) -> None:
        self.path = path
        self.format = file_format
        self.received_bytes = 0
        self._filter = row_filter(contract, file_format, path.name)
        self._received = hashlib.sha256()
        self._landed = hashlib.sha256()
        self._landed_bytes = 0
        self._stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, chunk: bytes) -> None:
        self.received_bytes += len(chunk)
        if self.received_bytes > MAX_FILE_BYTES:
            raise EgovError("EGOV-LAND-006", file=self.path.name, detail=f"> {MAX_FILE_BYTES} bytes")
        self._received.update(chunk)
        self._keep(self._filter.feed(chunk))

    def finish(self, rows_declared: int | None = None) -> LandedFile:
        """Close the file, synced; what is known of it so far."""
        self._keep(self._filter.finish())
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        return LandedFile(
            path=self.path,
            name=self.path.name,
            format=self.format,
            bytes=self._landed_bytes,
            sha256_received=self._received.hexdigest(),
            sha256_landed=self._landed.hexdigest(),
            rows_declared=rows_declared,
            rows_withheld=self._filter.withheld,
        )

    def discard(self) -> None:
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def _keep(self, chunk: bytes) -> None:
        if chunk:
            self._landed.update(chunk)
            self._landed_bytes += len(chunk)
            self._stream.write(chunk)


class Incoming:
    """A delivery that is being received. Leaving the `with` block without `commit` removes every byte of it."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self.contract = contract
        self._root = settings.landing_dir
        self._home = private_folder(self._root, f"{contract.system}/{contract.dataset}")
        _sweep(self._home)
        self.folder = self._home / f"{_INCOMING}{secrets.token_hex(8)}"

    def __enter__(self) -> "Incoming":
        self.folder.mkdir(mode=0o700)
        self._lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        os.close(self._lock)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EgovError("EGOV-LAND-015", dataset=self.contract.id, place=self._root) from error

    @contextmanager
    def sink(self, name: str, file_format: FileFormat) -> Iterator[FileSink]:
        """A file to write; one that fails leaves nothing, so that it can be tried again under the same name."""
        sink = FileSink(self.contract, self.folder / safe_name(name), file_format)
        try:
            yield sink
        except BaseException:
            sink.discard()
            raise

    def commit(
        self,
        files: list[LandedFile],
        source: str,
        snapshot_date: date | None = None,
        window_from: date | None = None,
        window_to: date | None = None,
    ) -> Delivery:
        """Give the delivery its place. Content that has landed before keeps its first folder and manifest."""
        digest = content_digest(file.sha256_landed for file in files)
        place = self._root / landing_key(self.contract.id, digest)
        delivery = Delivery(
            contract_id=self.contract.id,
            snapshot_date=snapshot_date,
            window_from=window_from,
            window_to=window_to,
            files=tuple(files),
            content_digest=digest,
            landing_path=place,
        )
        self._write_manifest(delivery, source)
        self._move_to(place)
        return at_place(delivery)

    def _write_manifest(self, delivery: Delivery, source: str) -> None:
        path = self.folder / MANIFEST
        received_at = datetime.now(UTC).isoformat(timespec="seconds")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(manifest_text(delivery, source, received_at))
            stream.flush()
            os.fsync(stream.fileno())
        _sync_folder(self.folder)

    def _move_to(self, place: Path) -> None:
        private_folder(self._home, place.parent.name)
        if (place / MANIFEST).exists() and _is_intact(place):
            return
        if place.exists():
            # Damaged since it landed: the fresh copy takes its place, the damaged one goes.
            place.rename(place.with_name(f"{_DISCARDED}{secrets.token_hex(8)}"))
        try:
            self.folder.rename(place)
        except OSError:
            # Another writer of the same content was quicker: then it has landed, which is all that was wanted.
            if not ((place / MANIFEST).exists() and _is_intact(place)):
                raise
        _sync_folder(place.parent)
        for discarded in place.parent.glob(f"{_DISCARDED}*"):
            shutil.rmtree(discarded)


def at_place(delivery: Delivery) -> Delivery:
    """The delivery with its files where they landed; its own window, whatever an older manifest says."""
    landed = delivery_from_manifest(delivery.landing_path)
    names = [file.path for file in landed.files]
    files = tuple(_moved(file, path) for file, path in zip(delivery.files, names, strict=True))
    return Delivery(
        contract_id=delivery.contract_id,
        snapshot_date=delivery.snapshot_date,
        window_from=delivery.window_from,
        window_to=delivery.window_to,
        files=files,
        content_digest=delivery.content_digest,
        landing_path=delivery.landing_path,
    )


def land_file(contract: Contract, path: Path, settings: Settings | None = None) -> Delivery:
    """Land a file in hand on the way that a pulled one takes; EGOV-LAND-... when it must not be loaded."""
    if not path.is_file():
        raise EgovError("EGOV-LAND-011", file=path.name)
    found = expect_format(contract, _format_in_hand(contract, path), path.name)
    with Incoming(settings or get_settings(), contract) as incoming:
        with incoming.sink(path.name, found) as sink, path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                sink.write(chunk)
            landed = sink.finish()
        if found == "csv":
            landed = with_rows(landed, tally_csv(landed.path, contract).total_declared)
        return incoming.commit([landed], source="file in hand", snapshot_date=_snapshot_in_hand(contract, landed))


def read_delivery(settings: Settings, contract_id: str, digest: str) -> Delivery:
    """A delivery that landed earlier; EGOV-LAND-012 when its folder is gone."""
    folder = settings.landing_dir / landing_key(contract_id, digest)
    if not (folder / MANIFEST).exists():
        raise EgovError("EGOV-LAND-012", place=landing_key(contract_id, digest))
    return delivery_from_manifest(folder)


def open_landed(delivery: Delivery, purpose: str = "load", verify_digest: bool = False) -> tuple[LandedFile, ...]:
    """The files of a delivery, ready to be read: the opening is logged, sizes are checked, digests when asked.

    EGOV-LAND-012 when a file is gone, EGOV-LAND-013 when it is not what landed.
    """
    _log_opening(delivery, purpose)
    for file in delivery.files:
        place = f"{delivery.landing_key}/{file.name}"
        if not file.path.exists():
            raise EgovError("EGOV-LAND-012", place=place)
        damaged = file.path.stat().st_size != file.bytes or (
            verify_digest and file_digest(file.path) != file.sha256_landed
        )
        if damaged:
            raise EgovError("EGOV-LAND-013", place=place)
    return delivery.files


def file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def private_folder(root: Path, below: str) -> Path:
    """The folder under `root`, each step of it made 0700."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    folder = root
    for step in below.split("/"):
        folder = folder / step
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def safe_name(name: str) -> str:
    """A file name as sent, provided that it is one: no path, nothing hidden, nothing that is ours."""
    if not name or name != Path(name).name or name.startswith(".") or name == MANIFEST or not name.isprintable():
        raise EgovError("EGOV-LAND-014", file=name[:100])
    return name


def _moved(file: LandedFile, path: Path) -> LandedFile:
    return LandedFile(
        path=path,
        name=path.name,
        format=file.format,
        bytes=file.bytes,
        sha256_received=file.sha256_received,
        sha256_landed=file.sha256_landed,
        rows_declared=file.rows_declared,
        rows_withheld=file.rows_withheld,
    )


def with_rows(file: LandedFile, rows: int | None) -> LandedFile:
    return LandedFile(**{**vars(file), "rows_declared": rows})


def _snapshot_in_hand(contract: Contract, file: LandedFile) -> date | None:
    """A source says which day a snapshot is of; a file in hand says it in its rows (EGOV-LAND-016 when it doesn't)."""
    if contract.shape != "snapshot":
        return None
    # Reading rows is what loading does; it is asked only here, where nobody else names the day.
    from egov_kpi.load.snapshot import snapshot_date

    return snapshot_date(contract, file)


def _format_in_hand(contract: Contract, path: Path) -> FileFormat:
    if contract.secret_column is not None and path.stat().st_size > 0:
        # A workbook of such a dataset is checked in memory, by its filter.
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        if not head.startswith((b"PK", b"\xd0\xcf")):
            return identify_text(head, path.name)
    return identify(path)


def _is_intact(place: Path) -> bool:
    landed = delivery_from_manifest(place)
    return all(file.path.exists() and file_digest(file.path) == file.sha256_landed for file in landed.files)


def sweep(settings: Settings, contract: Contract) -> None:
    """Remove what killed writers of this dataset left behind, also when its source has nothing to send tonight."""
    _sweep(settings.landing_dir / contract.system / contract.dataset)


def _sweep(home: Path) -> None:
    """Remove what a killed writer left behind; a living one holds the lock of its folder."""
    for folder in home.glob(f"{_INCOMING}*"):
        try:
            if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                continue
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue  # its writer has just finished
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        except BlockingIOError:
            continue  # its writer is alive
        finally:
            os.close(handle)


def _log_opening(delivery: Delivery, purpose: str) -> None:
    root = delivery.landing_path.parents[3]
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "uid": os.getuid(),
        "pid": os.getpid(),
        "purpose": purpose,
        "dataset": delivery.contract_id,
        "content_digest": delivery.content_digest,
        "files": [file.name for file in delivery.files],
    }
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    handle = os.open(root / ACCESS_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
