"""Say what a file really is, from its bytes, and refuse what must not be opened.

A name proves nothing: provinces send web pages and old spreadsheets called `.xlsx`. Nothing here trusts an archive's
own table of sizes: it is unpacked once, into nowhere, under caps.
"""

import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from egov_kpi.contracts.model import Contract, FileFormat
from egov_kpi.errors import EgovError

HEAD_BYTES = 4096
MAX_FILE_BYTES = 4 * 1024**3
# A register of 1,048,576 rows (the most a sheet can hold) unpacks to about 400 MB.
MAX_UNPACKED_BYTES = 768 * 1024**2
MAX_ENTRIES = 2000
# Real exports of repetitive rows reach 30; the ratio counts only once the content is large enough to hurt.
MAX_RATIO = 100
RATIO_MATTERS_FROM_BYTES = 16 * 1024**2

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
# A document type is where entity bombs and outside entities live; no writer of workbooks needs one.
_DOCTYPE = b"<!DOCTYPE"
_CHUNK = 1024 * 1024


def identify(path: Path, name: str | None = None) -> FileFormat:
    """The format of a file by its content; EGOV-LAND-001 to -007 for a file that must not be loaded."""
    name = name or path.name
    size = path.stat().st_size
    if size == 0:
        raise EgovError("EGOV-LAND-001", file=name)
    if size > MAX_FILE_BYTES:
        raise EgovError("EGOV-LAND-006", file=name, detail=f"{size} bytes")
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(_ZIP):
        check_workbook(path, size, name)
        return "xlsx"
    if head.startswith(_OLE):
        raise EgovError("EGOV-LAND-004" if _is_encrypted(path) else "EGOV-LAND-003", file=name, found="XLS")
    return identify_text(head, name)


def identify_text(head: bytes, name: str) -> FileFormat:
    """The format of a file that is no archive, by its first bytes."""
    if foreign := foreign_format(head):
        raise EgovError("EGOV-LAND-003", file=name, found=foreign)
    return "json" if _visible_start(head)[:1] in (b"{", b"[") else "csv"


def foreign_format(head: bytes) -> str | None:
    """The name of a format that no contract knows; None for text that may be data."""
    start = _visible_start(head)
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<table", b"<meta")):
        return "HTML"
    if start.startswith(b"<"):
        return "XML"
    if head.startswith(b"%PDF"):
        return "PDF"
    if head.startswith((b"\x1f\x8b", b"PK", b"Rar!", b"7z\xbc\xaf", b"BZh")):
        return "archive"
    if b"\x00" in head and not head.startswith(_BOMS[:2]):
        return "binary"
    return None


def expect_format(contract: Contract, found: FileFormat, name: str) -> FileFormat:
    """Refuse a format that the dataset's contract doesn't name (EGOV-LAND-002)."""
    if found not in contract.file_formats:
        raise EgovError(
            "EGOV-LAND-002", file=name, dataset=contract.id, found=found, expected=", ".join(contract.file_formats)
        )
    return found


def check_workbook(workbook: Path | BinaryIO, size: int, name: str) -> None:
    """Unpack every entry into nowhere: sizes under the caps, checksums right, a workbook inside, no password."""
    try:
        with zipfile.ZipFile(workbook) as archive:
            entries = archive.infolist()
            _check_entries(entries, name)
            unpacked = 0
            for entry in entries:
                unpacked = _unpack(archive, entry, unpacked, size, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise EgovError("EGOV-LAND-007", file=name, detail=str(error)) from error


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MAX_ENTRIES:
        raise EgovError("EGOV-LAND-005", file=name, detail=f"{len(entries)} entries")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise EgovError("EGOV-LAND-004", file=name)
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise EgovError("EGOV-LAND-003", file=name, found="ZIP")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, unpacked: int, packed: int, name: str) -> int:
    tail = b""
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            unpacked += len(chunk)
            if _DOCTYPE in tail + chunk and entry.filename.endswith((".xml", ".rels")):
                raise EgovError("EGOV-LAND-017", file=name, detail=entry.filename)
            tail = chunk[-len(_DOCTYPE) :]
            too_dense = unpacked > RATIO_MATTERS_FROM_BYTES and unpacked > MAX_RATIO * packed
            if too_dense or unpacked > MAX_UNPACKED_BYTES:
                raise EgovError("EGOV-LAND-005", file=name, detail=f"> {unpacked // 1024**2} MB / {packed} bytes")
    return unpacked


def _is_encrypted(path: Path) -> bool:
    """Whether an OLE container wraps an encrypted workbook; its directory lies anywhere, so look everywhere."""
    tail = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if _ENCRYPTED_STREAM in tail + chunk:
                return True
            tail = chunk[-len(_ENCRYPTED_STREAM) :]
    return False


def _visible_start(head: bytes) -> bytes:
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\x00", b"").lstrip()[:64].lower()
