"""Files that are not what their names say (F2, F25, F34)."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.landing import identify as module
from egov_kpi.landing import land_file
from egov_kpi.landing.identify import identify
from egov_kpi.settings import Settings

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _zip(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


REFUSED = {
    "zero bytes": (b"", "EGOV-LAND-001"),
    "login page": (b"\xef\xbb\xbf \r\n<!DOCTYPE html><html><body>Login</body></html>", "EGOV-LAND-003"),
    "html table": ("<table><tr><td>Mã hồ sơ".encode(), "EGOV-LAND-003"),
    "html in UTF-16": ("\ufeff<html><body>".encode("utf-16-le"), "EGOV-LAND-003"),
    "XML spreadsheet": (b"<?xml version='1.0'?><Workbook>", "EGOV-LAND-003"),
    "PDF": (b"%PDF-1.7 ...", "EGOV-LAND-003"),
    "gzip": (b"\x1f\x8b\x08\x00rest", "EGOV-LAND-003"),
    "old XLS": (OLE + b"\x00" * 600, "EGOV-LAND-003"),
    "encrypted workbook": (OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "EGOV-LAND-004"),
    "some other zip": (_zip({"word/document.xml": b"<w/>"}), "EGOV-LAND-003"),
    "zip cut short": (_zip({"xl/workbook.xml": b"<w/>" * 50})[:-30], "EGOV-LAND-007"),
    "binary": (b"Ma;\x00\x01\x02", "EGOV-LAND-003"),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_by_content_and_nothing_lands(tmp_path: Path, settings: Settings, content: bytes, code: str) -> None:
    path = tmp_path / "HoSo.xlsx"
    path.write_bytes(content)
    with pytest.raises(EgovError) as caught:
        land_file(get_contract("one_stop.dossiers"), path, settings)
    assert caught.value.code == code
    assert "HoSo.xlsx" in caught.value.text("vi")
    assert not list(settings.landing_dir.rglob("*.xlsx"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeffMã hồ sơ;Mã TTHC\n".encode(), "csv"),
        ("\ufeffMã hồ sơ;Mã TTHC\n".encode("utf-16-le"), "csv"),
        ("Mã hồ sơ;Ngày".encode("cp1258", errors="replace"), "csv"),
        (b'\n {"total": 0, "items": []}', "json"),
        (_zip({"xl/workbook.xml": b"<workbook/>"}), "xlsx"),
    ],
)
def test_known_by_content(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "export.bin"
    path.write_bytes(content)
    assert identify(path) == expected


def test_real_workbook_is_known(tmp_path: Path, workbook: Callable[..., bytes]) -> None:
    path = tmp_path / "HoSo.xls"
    path.write_bytes(workbook([["Mã hồ sơ"], ["1"]]))
    assert identify(path) == "xlsx"


def test_zip_bomb_is_refused_by_ratio(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(_zip({"xl/workbook.xml": b"<w/>", "xl/worksheets/sheet1.xml": b"0" * (40 * 1024**2)}))
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-005"


def test_zip_bomb_is_refused_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 1024)
    path = tmp_path / "big.xlsx"
    path.write_bytes(_zip({"xl/workbook.xml": bytes(range(256)) * 8}))
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-005"


def test_zip_with_too_many_entries(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    path.write_bytes(_zip({f"xl/{number}.xml": b"" for number in range(module.MAX_ENTRIES + 1)}))
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-005"


def test_zip_that_lies_about_its_size(tmp_path: Path) -> None:
    """An archive whose directory says 4 bytes for an entry that unpacks to more is damaged, not small."""
    content = _zip({"xl/workbook.xml": b"0" * 100_000})
    directory = content.index(b"PK\x01\x02")
    path = tmp_path / "liar.xlsx"
    path.write_bytes(content[: directory + 24] + struct.pack("<I", 4) + content[directory + 28 :])
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-007"


def test_zip_with_a_password(tmp_path: Path) -> None:
    content = bytearray(_zip({"xl/workbook.xml": b"<w/>"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "locked.xlsx"
    path.write_bytes(bytes(content))
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-004"


def test_size_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    path = tmp_path / "HoSo.csv"
    path.write_bytes(b"Ma;So\n" * 10)
    with pytest.raises(EgovError) as caught:
        identify(path)
    assert caught.value.code == "EGOV-LAND-006"


def test_format_that_the_contract_does_not_take(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "thu.csv"
    path.write_bytes(b'{"items": []}')
    with pytest.raises(EgovError) as caught:
        land_file(get_contract("mail.accounts"), path, settings)
    assert caught.value.code == "EGOV-LAND-002"
    assert "csv" in caught.value.text("vi")


@pytest.mark.parametrize("member", ["xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", "docProps/app.xml"])
def test_a_document_type_anywhere_in_a_workbook_is_refused(tmp_path: Path, member: str) -> None:
    path = tmp_path / "laughs.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(member, '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>')
    with pytest.raises(EgovError, match="EGOV-LAND-017"):
        identify(path)
