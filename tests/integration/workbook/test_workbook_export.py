"""The workbook that a custodian makes for a unit."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from workbook_world import BAD_DATE, DOSSIERS, HEADERS

from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.quarantine.workbook import NO_AGENCY, export_workbook
from egov_kpi.settings import Settings


def _rows(path: Path, sheet: str = DOSSIERS) -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_unit_gets_its_rows_in_full_and_why(refused: Settings, tmp_path: Path) -> None:
    path = tmp_path / "01846.xlsx"
    told = export_workbook(refused, "01846", None, path)
    assert (told["rows"], told["datasets"]) == (2, {DOSSIERS: 2})
    wrong_date, no_key = _rows(path)
    titles = {"Trạng thái": "Trạng thái hồ sơ"}
    sent = {titles.get(header, header) for header in HEADERS}
    assert sent <= set(wrong_date), "dropped and unknown columns are the unit's own data"
    assert wrong_date["Mã hồ sơ"] == f"000.00.15.H58-230115-{BAD_DATE:04}"
    assert wrong_date["Giá trị sai"] == "Ngày tiếp nhận = 31/02/2023 08:30"
    assert no_key["Giá trị sai"] == "Mã hồ sơ = (trống)"
    assert wrong_date["Mã dòng cách ly"].startswith(f"{DOSSIERS}:")
    assert all(row[name] for row in (wrong_date, no_key) for name in ("Quy tắc", "Lý do", "Cách khắc phục"))
    _assert_nothing_can_act(path)


def _assert_nothing_can_act(path: Path) -> None:
    wrong_date, no_key = _rows(path)
    assert wrong_date["Người nộp"] == "'=cmd|'/c calc'!A1"
    assert wrong_date["Địa chỉ"] == "'-5 Ấp Thử\nxã Mẫu"
    assert no_key["Điện thoại"] == "'+84900000000"
    cells = [cell for page in openpyxl.load_workbook(path) for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


def test_it_belongs_to_its_owner_and_the_opening_of_landing_is_logged(
    refused: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with monkeypatch.context() as patch:
        roles = _note_roles(patch)
        export_workbook(refused, "058", None, folder / "a.xlsx")
    assert roles == {"custodian"}
    assert [item.name for item in folder.iterdir()] == ["a.xlsx"]
    assert (folder / "a.xlsx").stat().st_mode & 0o777 == 0o600
    entries = [json.loads(line) for line in (refused.landing_dir / "access.log").read_text().splitlines()]
    assert [entry["purpose"] for entry in entries if entry["purpose"] != "load"] == ["quarantine workbook of 058"]


def test_rows_go_to_their_own_unit_and_rows_of_nobody_are_found(refused: Settings, tmp_path: Path) -> None:
    other, nobody = tmp_path / "058.xlsx", tmp_path / "nobody.xlsx"
    assert export_workbook(refused, "058", None, other)["rows"] == 1
    assert export_workbook(refused, NO_AGENCY, None, nobody)["rows"] == 1
    assert [row["Mã đơn vị"] for row in _rows(other) + _rows(nobody)] == ["058", "99999"]
    told = export_workbook(refused, "06", None, tmp_path / "06.xlsx")
    assert (told["rows"], told["file"]) == (0, None)
    assert not (tmp_path / "06.xlsx").exists(), "no row, no file"


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "01846.xlsx"
    path.write_text("somebody's work")
    with pytest.raises(EgovError, match="EGOV-BOOK-001"):
        export_workbook(Settings(), "01846", None, path)
    assert path.read_text() == "somebody's work"


def _note_roles(patch: pytest.MonkeyPatch) -> set[str]:
    """Logins that ask Postgres for anything from now on."""
    roles: set[str] = set()

    def noted(url: str, **options: Any) -> Any:
        roles.add(str(psycopg.conninfo.conninfo_to_dict(url)["user"]).removeprefix("egov_"))
        return psycopg.Connection.connect(url, **options)

    patch.setattr(psycopg, "connect", noted)
    return roles


def test_landing_that_was_tampered_with_is_noticed(refused: Settings, tmp_path: Path) -> None:
    (file,) = refused.landing_dir.glob("one_stop/dossiers/*/*/*.csv")
    file.write_bytes(file.read_bytes().replace("Hộ tịch".encode(), "Đất đai".encode(), 1))
    with pytest.raises(EgovError) as caught:
        export_workbook(refused, "01846", None, tmp_path / "01846.xlsx")
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-LAND-013", ExitCode.COULD_NOT_CHECK)
    assert not (tmp_path / "01846.xlsx").exists()
