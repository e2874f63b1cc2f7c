"""One workbook over datasets that arrive in three formats, a snapshot among them, and its return."""

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from workbook_world import DAY, edit

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.landing.store import Incoming, with_rows
from egov_kpi.landing.tally import tally_csv
from egov_kpi.night import ingest
from egov_kpi.quarantine.workbook import export_workbook, load_return
from egov_kpi.settings import Settings

MAIL, DOCUMENTS, PAPER = "mail.accounts", "ioffice.outgoing_documents", "forms.paper_register"
UNIT = "01846"


def _mailboxes(path: Path, wrong_rows: int = 1, day: str = "28/02/2023") -> Path:
    header = [
        "Hộp thư", "Mã đơn vị", "Họ và tên", "Ngày cấp", "Trạng thái", "Lần cuối đăng nhập", "Đã gửi 30 ngày",
        "Đã đọc 30 ngày", "Ngày chốt số liệu", "Thời điểm kết xuất",
    ]  # fmt: skip
    rows = [
        [f"mau{n}@example.vn", UNIT, f"Người Mẫu {n}", "05/01/2022", "Hoạt động", "27/01/2023 08:00", str(n), "7",
         day, f"{day} 20:00"]
        for n in range(60)
    ]  # fmt: skip
    for row in rows[5 : 5 + wrong_rows]:
        row[6] = "-3"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([header, *rows, ["Tổng cộng", len(rows), *[""] * 8]])
    return path


def _documents(path: Path) -> Path:
    items = [
        {
            "MaVanBan": f"VB-{n}", "MaDonVi": UNIT, "SoVanBan": str(n), "KyHieu": "UBND-VP", "LoaiVanBan": "Công văn",
            "DoMat": "Thường", "DoKhan": "Thường", "TrichYeu": "=HYPERLINK(\"x\")", "NguoiKy": "Người Mẫu",
            "NgayBanHanh": "2023-03-01", "ThoiDiemKyCaNhan": None, "ThoiDiemKyCoQuan": "2023-03-01T10:00:00+07:00",
            "SoChungThuSo": "01", "PhamViNhan": "BenNgoai", "GuiTruc": True, "HinhThuc": "DienTu",
            "TrangThai": "PhatHanh", "NgayCapNhat": "2023-03-01T10:00:00+07:00",
        }
        for n in range(60)
    ]  # fmt: skip
    items[7]["PhamViNhan"] = "Ra ngoài"
    path.write_text(json.dumps({"total": len(items), "items": items}, ensure_ascii=False), encoding="utf-8")
    return path


def _register(path: Path) -> Path:
    header = [
        "Mã đơn vị", "Năm", "Số vào sổ", "Mã TTHC", "Họ và tên người nộp", "Điện thoại", "Hình thức nộp",
        "Ngày tiếp nhận", "Ngày giải quyết xong", "Ngày trả kết quả", "Hình thức trả", "Ghi chú", "Ngày cập nhật",
    ]  # fmt: skip
    received, done = datetime(2022, 5, 4), datetime(2022, 5, 6)
    rows: list[list[Any]] = [
        [UNIT, 2022, n, "1.005129", "Người Mẫu", "0900", "Trực tiếp", received, done, done, "Trực tiếp", "", done]
        for n in range(1, 41)
    ]
    rows[9][1] = 2012
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Sổ hồ sơ"
    for row in [["SỔ THEO DÕI HỒ SƠ"], header, *rows, ["Tổng cộng", len(rows)]]:
        book.active.append(row)
    book.save(path)
    return path


def _one(settings: Settings, query: str) -> Any:
    with connect("auditor", settings) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _set(header: str, value: Any) -> Any:
    def change(page: Any, columns: dict[str, int]) -> None:
        page.cell(2, columns[header]).value = value

    return change


def _load(settings: Settings, dataset: str, file: Path, snapshot_date: date | None) -> dict[str, Any]:
    """Load a file as a pull would: a snapshot says of which day it is."""
    contract, file_format = get_contract(dataset), file.suffix.removeprefix(".")
    with Incoming(settings, contract) as incoming:
        with incoming.sink(file.name, file_format) as sink:  # type: ignore[arg-type]
            sink.write(file.read_bytes())
            landed = sink.finish()
        if file_format == "csv":
            landed = with_rows(landed, tally_csv(landed.path, contract).total_declared)
        delivery = incoming.commit([landed], source="test", snapshot_date=snapshot_date)
    return ingest.take_in(settings, contract, delivery, DAY)


def test_three_formats_go_out_in_one_workbook_and_come_back(warehouse: Settings, tmp_path: Path) -> None:
    files = {
        MAIL: _mailboxes(tmp_path / "mail.csv"),
        DOCUMENTS: _documents(tmp_path / "page.json"),
        PAPER: _register(tmp_path / "sổ.xlsx"),
    }
    for dataset, file in files.items():
        load = _load(warehouse, dataset, file, date(2023, 2, 28) if dataset == MAIL else None)
        assert load["account"]["quarantined"] == 1, load
    path = tmp_path / "trả về.xlsx"
    assert export_workbook(warehouse, UNIT, None, path)["datasets"] == {DOCUMENTS: 1, PAPER: 1, MAIL: 1}

    _assert_secret_is_refused(warehouse, path)
    edit(path, _set("Số thư gửi 30 ngày", 3), MAIL)
    edit(path, _set("Phạm vi nơi nhận", "Bên ngoài"), DOCUMENTS)
    edit(path, _set("Năm", 2022), PAPER)
    results = {result["dataset"]: result for result in load_return(warehouse, path, DAY)}
    assert {name: (item["verdict"], item["corrected"]) for name, item in results.items()} == dict.fromkeys(
        (DOCUMENTS, PAPER, MAIL), ("accepted", 1)
    )
    assert _one(warehouse, "select count(*) from quarantine.row where state = 'open'") == 0
    assert {results[name]["account"]["landed"] for name in (DOCUMENTS, PAPER)} == {1}
    _assert_snapshot_is_whole(warehouse, results[MAIL])
    _assert_blocked_snapshot_is_not_mended_row_by_row(warehouse, tmp_path)


def _assert_secret_is_refused(settings: Settings, path: Path) -> None:
    sent_out = path.read_bytes()
    edit(path, _set("Độ mật", "Mật"), DOCUMENTS)
    with pytest.raises(EgovError, match="EGOV-LAND-008"):
        load_return(settings, path, DAY)
    assert not list(settings.landing_dir.glob(f"**/{path.name}")), "what may be secret is not kept"
    assert _one(settings, "select count(*) from ledger.incident where kind = 'secret_file'") == 1
    path.write_bytes(sent_out)


def _assert_snapshot_is_whole(settings: Settings, result: dict[str, Any]) -> None:
    """It holds every row and is newer than the one that it corrects, or figures would lose units."""
    account = result["account"]
    assert (account["accepted"], account["unchanged"], account["quarantined"]) == (1, 59, 0)
    versions = (
        "select count(distinct exported_at) || ' ' || max(exported_at) from raw.mail__accounts where load_seq = {}"
    )
    assert _one(settings, versions.format(result["load_seq"])).startswith("1 2023-02-28 20:01:00")


def _assert_blocked_snapshot_is_not_mended_row_by_row(settings: Settings, folder: Path) -> None:
    file = _mailboxes(folder / "january.csv", wrong_rows=9, day="31/01/2023")
    assert _load(settings, MAIL, file, date(2023, 1, 31))["verdict"] == "blocked"
    path = folder / "january.xlsx"
    assert export_workbook(settings, UNIT, [MAIL], path)["rows"] == 60
    edit(path, _set("Số thư gửi 30 ngày", 5), MAIL)
    with pytest.raises(EgovError, match="EGOV-BOOK-019"):
        load_return(settings, path, DAY)
