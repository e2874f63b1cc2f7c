"""Workbooks: dates in three disguises, codes that look like numbers, formulas that nobody computed."""

import datetime as dt
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from load_exports import DOSSIER_HEADERS, dossier, workbook

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.load.workbook import UNREAD_CELL, cell_text
from egov_kpi.simulator.exports import scorecard_workbook
from egov_kpi.simulator.records import generate

DATASET, SHEET = "one_stop.dossiers", "Hồ sơ"
RECEIVED = DOSSIER_HEADERS.index("Ngày tiếp nhận")
FIELD = DOSSIER_HEADERS.index("Lĩnh vực")
COUNT = DOSSIER_HEADERS.index("Số lần yêu cầu bổ sung")


def _book(tmp_path: Path, *rows, titles: int = 2, total: int | None = None, sheet: str = SHEET) -> Path:
    above = [["SỞ MẪU"], ["Danh sách hồ sơ"]][:titles]
    below = [] if total is None else [["Tổng cộng", total]]
    return workbook(tmp_path / "export.xlsx", sheet, [*above, DOSSIER_HEADERS, *rows, *below])


def _with(row: list, place: int, value: object) -> list:
    return [value if at == place else cell for at, cell in enumerate(row)]


def _data(rows):
    return [row for row in rows if row["_kind"] == "data"]


def test_rows_are_those_of_the_sheet(read, tmp_path) -> None:
    rows, count = read(DATASET, _book(tmp_path, dossier(1), dossier(2), total=2))
    assert [(row["_row_no"], row["_sheet"]) for row in _data(rows)] == [(4, SHEET), (5, SHEET)]
    assert sorted(row["_row_no"] for row in rows if row["_kind"] == "structural") == [1, 2, 6]
    assert count.total.number == 2
    assert _data(rows)[0]["agency_code"] == "01846"


@pytest.mark.parametrize(
    "value",
    [
        "05/01/2023 08:30",
        dt.datetime(2023, 1, 5, 8, 30),
        44931.354166666664,
        44931.35416666,
    ],
)
def test_a_moment_has_one_text_whatever_its_cell(read, tmp_path, value) -> None:
    rows, _ = read(DATASET, _book(tmp_path, _with(dossier(1), RECEIVED, value)))
    assert _data(rows)[0]["received_at"] == "05/01/2023 08:30"


def test_a_date_before_the_thirteenth_stays_day_first() -> None:
    column = get_contract("forms.paper_register").column("received_date")
    for value in ("03/04/2023", dt.date(2023, 4, 3), dt.datetime(2023, 4, 3), 45019.0, 45019):
        assert cell_text(value, column) == "03/04/2023"


def test_the_epoch_of_1904(read, tmp_path) -> None:
    book = openpyxl.Workbook()
    book.epoch = dt.datetime(1904, 1, 1)
    sheet = book.active
    sheet.title = SHEET
    sheet.append(DOSSIER_HEADERS)
    sheet.append(_with(dossier(1), RECEIVED, 43469.354166666664))
    book.save(tmp_path / "mac.xlsx")
    assert _data(read(DATASET, tmp_path / "mac.xlsx")[0])[0]["received_at"] == "05/01/2023 08:30"


def test_a_number_where_no_date_can_be_is_left_for_the_gate(read, tmp_path) -> None:
    rows, _ = read(DATASET, _book(tmp_path, _with(dossier(1), RECEIVED, 7)))
    assert _data(rows)[0]["received_at"] == "7"


def test_numbers_lose_the_point_that_excel_gave_them(read, tmp_path) -> None:
    rows, _ = read(DATASET, _book(tmp_path, _with(dossier(1), COUNT, 2.0)))
    assert _data(rows)[0]["supplement_request_count"] == "2"
    assert cell_text(1e21, None) == "1000000000000000000000"
    assert cell_text(0.1, None) == "0.1"


def test_formulas_without_a_result_are_marked(read, tmp_path) -> None:
    row = _with(_with(dossier(1), FIELD, "=A1"), RECEIVED, "=NOW()")
    rows, _ = read(DATASET, _book(tmp_path, row, dossier(2)))
    assert (_data(rows)[0]["field_name"], _data(rows)[0]["received_at"]) == (UNREAD_CELL, UNREAD_CELL)
    assert _data(rows)[1]["field_name"] == "Hộ tịch"


def test_a_formula_in_an_identifier_is_no_identifier(read, tmp_path) -> None:
    rows, _ = read(DATASET, _book(tmp_path, _with(dossier(1), 0, "=A1"), dossier(2)))
    assert _data(rows)[0]["dossier_hash"] == UNREAD_CELL
    assert len(str(_data(rows)[1]["dossier_hash"])) == 64


def test_an_error_in_a_cell_is_marked(read, tmp_path) -> None:
    path = _book(tmp_path, dossier(1))
    book = openpyxl.load_workbook(path)
    cell = book[SHEET].cell(4, RECEIVED + 1)
    cell.value, cell.data_type = "#N/A", "e"
    book.save(path)
    assert _data(read(DATASET, path)[0])[0]["received_at"] == UNREAD_CELL


def test_a_formula_with_its_result_is_read(read, tmp_path) -> None:
    path = _book(tmp_path, _with(dossier(1), COUNT, "=1+1"))
    content = _edited(path, rb"<f>1\+1</f><v ?(/>|></v>)", b"<f>1+1</f><v>2</v>")
    assert _data(read(DATASET, content)[0])[0]["supplement_request_count"] == "2"


def test_a_header_under_merged_cells(read, tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    top, bottom = list(DOSSIER_HEADERS), [None] * len(DOSSIER_HEADERS)
    top[RECEIVED], bottom[RECEIVED] = "Ngày", "tiếp nhận"
    top[RECEIVED + 1], bottom[RECEIVED + 1] = None, "hẹn trả"
    for row in (["Danh sách"], top, bottom, dossier(1), dossier(2)):
        sheet.append(row)
    sheet.merge_cells(start_row=2, end_row=2, start_column=RECEIVED + 1, end_column=RECEIVED + 2)
    for place in range(len(DOSSIER_HEADERS)):
        if place not in (RECEIVED, RECEIVED + 1):
            sheet.merge_cells(start_row=2, end_row=3, start_column=place + 1, end_column=place + 1)
    book.save(tmp_path / "merged.xlsx")
    rows, _ = read(DATASET, tmp_path / "merged.xlsx")
    assert [row["_row_no"] for row in _data(rows)] == [4, 5]
    assert _data(rows)[0]["due_at"] == "20/01/2023 17:00"


def test_hidden_and_other_sheets_are_not_read(read, tmp_path) -> None:
    path = _book(tmp_path, dossier(1))
    book = openpyxl.load_workbook(path)
    other = book.create_sheet("Nháp", 0)
    other.append(DOSSIER_HEADERS)
    other.append(dossier(9))
    other.sheet_state = "hidden"
    book.save(path)
    assert read(DATASET, path)[1].data == 1


def test_a_sheet_of_another_name_is_refused_with_those_there_are(read, tmp_path) -> None:
    with pytest.raises(EgovError) as refusal:
        read(DATASET, _book(tmp_path, dossier(1), sheet="Sheet1"))
    assert refusal.value.code == "EGOV-LOAD-010"
    assert "Sheet1" in refusal.value.text("en")


def test_blank_rows_are_no_rows(read, tmp_path) -> None:
    rows, count = read(DATASET, _book(tmp_path, dossier(1), [], dossier(2), total=2))
    assert (count.data, [row["_row_no"] for row in _data(rows)]) == (2, [4, 6])


def test_an_entity_bomb_is_refused(read, tmp_path) -> None:
    path = _book(tmp_path, dossier(1))
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'
    with pytest.raises(EgovError) as refusal:
        read(DATASET, _edited(path, b"<worksheet", bomb))
    assert refusal.value.code == "EGOV-LOAD-013"


def test_a_broken_archive_is_refused(read, tmp_path) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 and nothing")
    with pytest.raises(EgovError) as refusal:
        read(DATASET, path)
    assert refusal.value.code == "EGOV-LOAD-013"


def _edited(path: Path, before: bytes, after: bytes) -> Path:
    """A copy of the workbook whose first sheet's XML was changed where the pattern `before` first matches."""
    target = path.with_name("edited.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                content, found = re.subn(before, lambda _: after, content, count=1)
                assert found
            new.writestr(item, content)
    return target


def test_a_form_with_merged_headers_headings_and_subtotals(read, tmp_path) -> None:
    """A header of two lines, a row that numbers its columns, headings and sums: 89 rows of data, one of them twice."""
    records = generate("calibrated")
    path = tmp_path / "203_PAR.H.22.2022_2022-09-30_lan-2.xlsx"
    content = scorecard_workbook(records, path.name)
    assert content is not None
    path.write_bytes(content)
    rows, count = read("forms.par_scorecards", path)
    data = _data(rows)
    assert (len(data), len({row["criterion_code"] for row in data})) == (89, 88)
    assert {row["snapshot_date"] for row in data} == {"30/09/2022"}
    assert {row["max_points"] for row in data if row["criterion_code"] == "1.1.1"} == {"0,75"}
    # Three titles, the numbering, nine headings and as many subtotals, 27 subtotals of criteria, the total.
    assert count.structural == 3 + 1 + 9 + 9 + 27 + 1
    assert (count.total.number, count.total_column) == (70, "max_points")
