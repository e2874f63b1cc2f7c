"""A file of dossiers that leaves rows in quarantine, and the hands of a unit that corrects them."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

DAY = date(2023, 3, 6)
DOSSIERS = "one_stop.dossiers"
HEADERS = [
    "Mã hồ sơ", "Mã TTHC", "Lĩnh vực", "Mã đơn vị", "Kênh thực hiện", "Đối tượng", "Người nộp", "Số giấy tờ",
    "Điện thoại", "Địa chỉ", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Ngày trả kết quả",
    "Hình thức trả", "Trạng thái", "Số lần yêu cầu bổ sung", "Ngày cập nhật", "Ghi chú nội bộ",
]  # fmt: skip


def dossier(number: int, **changes: str) -> list[str]:
    """A sound row of the one-stop system's export, with a column that no contract knows."""
    values = [
        f"000.00.15.H58-230115-{number:04}", "1.005129", "Hộ tịch", "01846", "Trực tiếp", "Cá nhân", "Người Mẫu",
        f"0790{number:08}", "0900000000", "Ấp Thử, xã Mẫu", "15/01/2023 08:30", "20/01/2023 17:00",
        "19/01/2023 10:00", "19/01/2023 15:00", "Trực tiếp", "10", "0", "19/01/2023 15:00", "n/a",
    ]  # fmt: skip
    return list({**dict(zip(HEADERS, values, strict=True)), **changes}.values())


# Row numbers of the file, from 1 with the header: what was wrong there.
BAD_DATE, NO_KEY, OTHER_UNIT, NO_UNIT = 11, 12, 13, 14
REFUSED = {
    BAD_DATE: {"Ngày tiếp nhận": "31/02/2023 08:30", "Người nộp": "=cmd|'/c calc'!A1", "Địa chỉ": "-5 Ấp Thử\nxã Mẫu"},
    NO_KEY: {"Mã hồ sơ": "", "Điện thoại": "+84900000000"},
    OTHER_UNIT: {"Mã đơn vị": "058", "Mã TTHC": "không có"},
    NO_UNIT: {"Mã đơn vị": "99999"},
}


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerows([HEADERS, *rows, ["Tổng cộng", len(rows), *[""] * (len(HEADERS) - 2)]])
    return path


Edit = Callable[[Any, dict[str, int]], None]


def edit(path: Path, change: Edit, sheet: str = DOSSIERS) -> Path:
    """Save a sheet as a person would after `change(worksheet, column by header)`."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    columns = {str(cell.value): cell.column for cell in page[1]}
    change(page, columns)
    book.save(path)
    return path


def row_of(page: Any, columns: dict[str, int], header: str, value: str) -> int:
    """Number of the row that holds the value."""
    return next(cell.row for cell in page.iter_cols(columns[header], columns[header]).__next__() if cell.value == value)
