"""Small exports, made in the test that needs them, and the deliveries that landing would make of them."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from egov_kpi.landing.model import Delivery, LandedFile, content_digest

DOSSIER_HEADERS = [
    "Mã hồ sơ", "Mã TTHC", "Lĩnh vực", "Mã đơn vị", "Kênh thực hiện", "Đối tượng", "Người nộp", "Số giấy tờ",
    "Điện thoại", "Địa chỉ", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Ngày trả kết quả",
    "Hình thức trả", "Trạng thái", "Số lần yêu cầu bổ sung", "Ngày cập nhật",
]  # fmt: skip


def dossier(number: int, **changes: str) -> list[str]:
    """One row of the one-stop system's export, in the order of DOSSIER_HEADERS."""
    values = dict(
        zip(
            DOSSIER_HEADERS,
            [
                f"000.00.15.H58-230115-{number:04}", "1.005129", "Hộ tịch", "01846", "Trực tiếp", "Cá nhân",
                "Nguyễn Văn Thử", f"0790{number:08}", "0900000000", "Ấp Thử, xã Mẫu", "15/01/2023 08:30",
                "20/01/2023 17:00", "19/01/2023 10:00", "19/01/2023 15:00", "Trực tiếp", "10", "0",
                "19/01/2023 15:00",
            ],
            strict=True,
        )
    )  # fmt: skip
    values.update(changes)
    return list(values.values())


def csv_text(rows: Sequence[Sequence[str]], total: int | None = None, delimiter: str = ";") -> str:
    """A CSV export; with a total line when a count is given."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows(rows)
    if total is not None:
        writer.writerow(["Tổng cộng", total, *[""] * (len(rows[0]) - 2)])
    return text.getvalue()


def workbook(path: Path, sheet: str, rows: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def deliver(contract_id: str, *paths: Path, rows_declared: int | None = None, rows_withheld: int = 0) -> Delivery:
    """What landing would have made of these files."""
    files = tuple(_landed(path, rows_declared, rows_withheld) for path in paths)
    digest = content_digest(file.sha256_landed for file in files)
    return Delivery(contract_id, None, None, None, files, digest, paths[0].parent)


def _landed(path: Path, rows_declared: int | None, rows_withheld: int) -> LandedFile:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file_format: Any = path.suffix.removeprefix(".")
    return LandedFile(path, path.name, file_format, path.stat().st_size, digest, digest, rows_declared, rows_withheld)
