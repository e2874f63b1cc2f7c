"""Files: what offices do to an export before it arrives. `undisturbed` is the same export as its system writes it."""

import datetime as dt
import io
import json
import resource
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract, FileFormat
from egov_kpi.contracts.sql import identifier
from egov_kpi.errors import EgovError
from egov_kpi.extract import systems
from egov_kpi.night import ingest
from proofs.faults import golden
from proofs.faults.book import EXACT, NEUTRALISED, QUARANTINED, REFUSED, Seen, case, demand
from proofs.faults.golden import HEADERS, MAIL_HEADERS, csv_file, csv_text, dossiers, replaced, table, workbook
from proofs.faults.rig import DAY, DOSSIERS, MAIL, PAPER, Rig

GROUP = "files"
# Before every snapshot of the sources: forty mailboxes would be a loss against their hundreds.
FIRST_SNAPSHOT = "31/12/2022"
ROWS = 40
EXTREME_ROWS = 120_000
# What the loader may take whatever the size of a file (docs/reference/loading.md).
MOST_MEGABYTES = 600
# By how much a file of ten times the rows may need more: batches that were read ahead, which the small one never fills.
MORE_MEGABYTES = 100
# First characters that make a spreadsheet run a cell.
RUNNING = ("=", "+", "-", "@", "\t", "\r")


def undisturbed(rig: Rig) -> str:
    """Content of the export as its system writes it."""

    def work() -> str:
        told = rig.load(csv_file(rig.path("undisturbed.csv"), table(dossiers(ROWS))))
        demand(told.code == 0, f"the undisturbed export: {told}")
        return rig.content(told.load["load_seq"])

    return rig.once("undisturbed", work)


def _exact(rig: Rig, path: Path, code: int = 0) -> Seen:
    expected = undisturbed(rig)
    return rig.exact(rig.load(path), expected, code=code)


def _csv(rig: Rig, name: str, lines: Sequence[golden.Row], **how: Any) -> Path:
    return csv_file(rig.path(f"{name}.csv"), lines, **how)


def _lines(**changes: Any) -> list[golden.Row]:
    """The export with its first row changed."""
    return table(replaced(dossiers(ROWS), 0, **changes))


@case("F2", "tệp 0 byte", "zero bytes", REFUSED, group=GROUP, quick=True)
def zero_bytes(rig: Rig) -> Seen:
    path = rig.path("empty.csv")
    path.touch()
    return rig.refused_file(path, "EGOV-LAND-001")


@case("F3", "chỉ có dòng tiêu đề", "header only", REFUSED, group=GROUP, quick=True)
def header_only(rig: Rig) -> Seen:
    return rig.refused_file(_csv(rig, "header", table([])), "EGOV-LOAD-001")


@case("F4", "bảng mã Windows-1258", "code page 1258", EXACT, group=GROUP)
def code_page(rig: Rig) -> Seen:
    path = rig.path("cp1258.csv")
    path.write_bytes(golden.cp1258(csv_text(table(dossiers(ROWS)))))
    return _exact(rig, path)


@case("F5", "phông chữ cũ TCVN3", "TCVN3 font encoding", EXACT, REFUSED, group=GROUP, quick=True)
def old_fonts(rig: Rig) -> Seen:
    path = rig.path("tcvn3.csv")
    path.write_bytes(golden.tcvn3(csv_text(table(dossiers(ROWS)))))
    return rig.refused_file(path, "EGOV-LOAD-017")


@case("F5b", "phông chữ cũ VNI", "VNI font encoding", EXACT, REFUSED, group=GROUP, quick=True)
def old_vni_fonts(rig: Rig) -> Seen:
    """Its bytes are letters of code page 1258 as well; what they spell is no header that anybody knows."""
    path = rig.path("vni.csv")
    path.write_bytes(golden.vni(csv_text(table(dossiers(ROWS)))))
    return rig.refused_file(path, "EGOV-LOAD-017", "EGOV-LOAD-002")


@case("F5c", "giá trị phông cũ trong sổ tính", "an old font's letters in the cells of a workbook", REFUSED, group=GROUP)
def old_fonts_in_cells(rig: Rig) -> Seen:
    """The headers are Unicode, the values are not: every code is unknown, and the load is refused as a whole."""
    rows = [[golden.tcvn3(str(cell)).decode("latin-1") for cell in row] for row in dossiers(ROWS)]
    path = workbook(rig.path("tcvn3.xlsx"), table(rows))
    before = rig.publish_no(), rig.raw_rows()
    told = rig.load(path)
    demand((told.code, told.load["verdict"]) == (1, "blocked") and "GATE-DOS-000" in told.rules, f"{told}")
    demand(before == (rig.publish_no(), rig.raw_rows()), "something came in")
    return Seen("R", f"exit 1, blocked by {' '.join(told.rules)}, publish {before[0]} stays")


@case("F6a", "UTF-16 có dấu thứ tự byte", "UTF-16 with byte-order mark", EXACT, group=GROUP)
def utf16(rig: Rig) -> Seen:
    return _exact(rig, _csv(rig, "utf16", table(dossiers(ROWS)), encoding="utf-16"))


@case("F6b", "UTF-8 không có dấu thứ tự byte, phân cách bằng tab", "UTF-8 without mark, tabs", EXACT, group=GROUP)
def plain_utf8(rig: Rig) -> Seen:
    return _exact(rig, _csv(rig, "utf8", table(dossiers(ROWS)), encoding="utf-8", delimiter="\t"))


@case("F7", "Unicode tổ hợp rời (NFD)", "decomposed Unicode (NFD)", EXACT, group=GROUP, quick=True)
def decomposed(rig: Rig) -> Seen:
    path = rig.path("nfd.csv")
    path.write_bytes(unicodedata.normalize("NFD", csv_text(table(dossiers(ROWS)))).encode())
    return _exact(rig, path)


@case("F8", "khóa / khoá: hai cách đặt dấu thanh", "two ways to place a tone mark", EXACT, group=GROUP)
def tone_marks(rig: Rig) -> Seen:
    rows = [
        golden.mailbox(number, FIRST_SNAPSHOT, status="Tạm khóa" if number % 2 else "Hoạt động")
        for number in range(ROWS)
    ]
    other = [[cell.replace("Tạm khóa", "Tạm khoá") for cell in row] for row in rows]
    told = rig.load(csv_file(rig.path("khóa.csv"), table(rows, MAIL_HEADERS)), MAIL)
    demand(told.code == 0, f"the undisturbed export: {told}")
    expected = rig.content(told.load["load_seq"], MAIL)
    return rig.exact(rig.load(csv_file(rig.path("khoá.csv"), table(other, MAIL_HEADERS)), MAIL), expected, MAIL)


@case("F10", "dòng tên, tiêu đề gộp ô hai dòng", "titles, merged header of two lines", EXACT, group=GROUP)
def merged_header(rig: Rig) -> Seen:
    received = HEADERS.index("Ngày tiếp nhận")
    top: list[Any] = list(HEADERS)
    bottom: list[Any] = [None] * len(HEADERS)
    top[received : received + 2], bottom[received : received + 2] = ["Ngày", None], ["tiếp nhận", "hẹn trả"]
    numbering = [f"({number + 1})" for number in range(len(HEADERS))]
    body = table(dossiers(ROWS))[1:]
    path = workbook(rig.path("merged.xlsx"), [["SỞ MẪU"], ["Danh sách hồ sơ"], [], top, bottom, numbering, *body])
    book = openpyxl.load_workbook(path)
    sheet = book[golden.SHEET]
    sheet.merge_cells(start_row=4, end_row=4, start_column=received + 1, end_column=received + 2)
    sheet.merge_cells(start_row=4, end_row=5, start_column=1, end_column=1)
    book.save(path)
    return _exact(rig, path)


def _with_formula(rig: Rig, name: str, column: str) -> Path:
    return workbook(rig.path(f"{name}.xlsx"), _lines(**{column: "=A1"}))


@case("F11a", "công thức chưa tính ở cột ngày", "formula without value, in a date", QUARANTINED, group=GROUP)
def formula_in_date(rig: Rig) -> Seen:
    undisturbed(rig)
    return rig.set_aside(rig.load(_with_formula(rig, "formula-date", "finished")), "GATE-DOS-013", 1, ROWS - 1)


@case("F11b", "công thức chưa tính ở cột chữ tự do", "formula without value, in text", QUARANTINED, group=GROUP)
def formula_in_text(rig: Rig) -> Seen:
    told = rig.load(_with_formula(rig, "formula-text", "field"))
    return _one_aside(told)


@case(
    "F11c", "công thức chưa tính ở cột định danh", "formula without value, in an identifier", QUARANTINED, group=GROUP
)
def formula_in_identifier(rig: Rig) -> Seen:
    return _one_aside(rig.load(_with_formula(rig, "formula-citizen", "citizen")))


def _one_aside(told: Any) -> Seen:
    demand(told.load["verdict"] == "quarantined", f"{told}: {told.load.get('account')}")
    demand(told.load["account"]["quarantined"] == 1, f"{told}: {told.load['account']}")
    return Seen("Q", f"1 by {' '.join(told.rules)}, {ROWS - 1} go on")


@case("F13", "trang ẩn, dòng ẩn, bộ lọc", "hidden sheet, hidden rows, filter", EXACT, group=GROUP)
def hidden(rig: Rig) -> Seen:
    path = workbook(rig.path("hidden.xlsx"), table(dossiers(ROWS)))
    book = openpyxl.load_workbook(path)
    sheet = book[golden.SHEET]
    sheet.row_dimensions[5].hidden = True
    sheet.auto_filter.ref = f"A1:R{ROWS + 1}"
    draft = book.create_sheet("Nháp", 0)
    for line in table(dossiers(3, first=900)):
        draft.append(line)
    draft.sheet_state = "hidden"
    book.save(path)
    return _exact(rig, path)


@case("F14", "ngày là số thứ tự của Excel", "dates as serial numbers", EXACT, group=GROUP)
def serials(rig: Rig) -> Seen:
    rows = [golden.changed(row, received=_serial(row[10]), finished=_moment(row[12])) for row in dossiers(ROWS)]
    return _exact(rig, workbook(rig.path("serials.xlsx"), table(rows)))


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%d/%m/%Y %H:%M")


def _serial(text: str) -> float:
    return (_moment(text) - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)


@case("F15", "03/02 và 13/02 trong một cột ngày", "03/02 and 13/02 in one column", EXACT, group=GROUP, quick=True)
def day_first(rig: Rig) -> Seen:
    rows = [golden.dossier(70_000 + day, received=f"{day:02}/02/2023 08:30", finished=None) for day in (3, 13)]
    rows = [golden.changed(row, status="4", returned=None, method=None, due="28/02/2023 17:00") for row in rows]
    told = rig.load(_csv(rig, "days", table(rows)))
    demand(told.code == 0, f"{told}")
    query = "select string_agg(to_char(received_at, 'YYYY-MM-DD HH24:MI'), ' ' order by received_at) from raw."
    found = rig.one(f"{query}one_stop__dossiers where load_seq = %s", told.load["load_seq"])
    demand(found == "2023-02-03 08:30 2023-02-13 08:30", f"read as {found}")
    return Seen("X", f"read as {found}")


@case("F17", "số có dấu chấm hàng nghìn", "thousands separated by a dot", EXACT, QUARANTINED, group=GROUP)
def thousands(rig: Rig) -> Seen:
    rows = [golden.mailbox(number + 500, FIRST_SNAPSHOT) for number in range(ROWS)]
    rows[7] = golden.mailbox(507, FIRST_SNAPSHOT, sent="1.234")
    told = rig.load(csv_file(rig.path("thousands.csv"), table(rows, MAIL_HEADERS)), MAIL)
    stored = rig.one(
        "select sent_30d_count from raw.mail__accounts where load_seq = %s and row_no = 9", told.load["load_seq"]
    )
    if stored is not None:
        demand(stored == 1234, f"1.234 was read as {stored}")
        return Seen("X", "read as 1234")
    demand(told.load["account"]["quarantined"] == 1, f"{told}")
    return Seen("Q", f"1 by {' '.join(told.rules)}, {ROWS - 1} go on")


@case("F18", "cột bị đổi tên", "column renamed", REFUSED, group=GROUP, quick=True)
def renamed(rig: Rig) -> Seen:
    headers = ["Ngày tiếp nhận hs" if header == "Ngày tiếp nhận" else header for header in HEADERS]
    path = _csv(rig, "renamed", table(dossiers(ROWS), headers))
    seen = rig.refused_file(path, "EGOV-LOAD-003")
    again = rig.load(path)
    hint = rig.load(csv_file(rig.path("renamed2.csv"), table(dossiers(ROWS - 1), headers))).load["error"]
    demand("Ngày tiếp nhận hs" in str(hint), "no hint at the likeliest name")
    demand(again.code == 1 and again.error_code == "EGOV-NIGHT-008", f"sent again: {again}")
    return seen


@case("F19", "cột lạ thêm vào", "column added", EXACT, group=GROUP, quick=True)
def added(rig: Rig) -> Seen:
    lines = [[*row, "Ghi chú nội bộ" if number == 0 else "x"] for number, row in enumerate(table(dossiers(ROWS)))]
    expected = undisturbed(rig)
    told = rig.load(_csv(rig, "added", lines))
    seen = rig.exact(told, expected)
    demand("Ghi chú nội bộ" in str(told.load["notices"]), "the column is not named")
    return Seen(seen.outcome, f"{seen.evidence}; named, not stored")


@case("F20", "thiếu cột", "column dropped", REFUSED, group=GROUP, quick=True)
def dropped(rig: Rig) -> Seen:
    place = HEADERS.index("Trạng thái")
    lines = [[cell for at, cell in enumerate(row) if at != place] for row in table(dossiers(ROWS))]
    return rig.refused_file(_csv(rig, "dropped", lines), "EGOV-LOAD-003")


@case("F21", "đổi thứ tự cột", "columns reordered", EXACT, group=GROUP)
def reordered(rig: Rig) -> Seen:
    lines = [[*reversed(row)] for row in table(dossiers(ROWS), total=None)]
    lines.append(["Tổng cộng", ROWS, *[""] * (len(HEADERS) - 2)])
    return _exact(rig, _csv(rig, "reordered", lines))


@case("F23", "hai tiêu đề tiếng Việt dài trùng 63 byte đầu", "two long headers alike for 63 bytes", EXACT, group=GROUP)
def long_headers(rig: Rig) -> Seen:
    stem = "Thời điểm cán bộ tiếp nhận chuyển hồ sơ cho bộ phận chuyên môn xử lý "
    lines = [[*row, f"{stem}lần một", f"{stem}lần hai"] if not at else [*row, "x", "y"] for at, row in _numbered()]
    return _exact(rig, _csv(rig, "long", lines))


def _numbered() -> list[tuple[int, golden.Row]]:
    return list(enumerate(table(dossiers(ROWS))))


@case("F24", "tệp lớn gấp mười", "ten times larger", EXACT, group=GROUP)
def ten_times(rig: Rig) -> Seen:
    """The whole load, each in a process of its own; the first tenth of the large file is the small one."""
    (small, small_peak), (large, large_peak) = (_loaded_apart(rig, rows) for rows in (EXTREME_ROWS // 10, EXTREME_ROWS))
    demand(large_peak < MOST_MEGABYTES, f"{small_peak} MB for a tenth, {large_peak} MB for the whole")
    demand(large_peak - small_peak < MORE_MEGABYTES, f"memory grows with the file: {small_peak} → {large_peak} MB")
    kept = rig.one("select count(distinct dossier_hash) from raw.one_stop__dossiers where load_seq = %s", large)
    demand(kept == EXTREME_ROWS, f"{kept} of {EXTREME_ROWS} rows came in")
    demand(_missing_rows(rig, small, large) == 0, "rows of the small file are not in the large one as they were")
    return Seen("X", f"{EXTREME_ROWS} rows in, {small_peak} → {large_peak} MB")


def _loaded_apart(rig: Rig, rows: int) -> tuple[int, int]:
    """Number of the load of so many rows, and the megabytes of the process at its largest."""
    path = csv_file(rig.path(f"{rows}.csv"), table(dossiers(rows, first=100_000)))
    # Not ru_maxrss: a process inherits that of the one that started it.
    program = (
        "import sys\nfrom egov_kpi.cli.main import run\n"
        f"code = run(['load', '{DOSSIERS}', sys.argv[1], '--date', '2023-03-06', '--json'])\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(code, int(peak.split()[1]) // 1024)"
    )
    *told, last = rig.program(program, str(path), seconds=600).splitlines()
    code, megabytes = last.split()
    (load,) = json.loads("\n".join(told))
    account = load["account"]
    demand((code, account["accepted"] + account["unchanged"]) == ("0", rows), f"{rows} rows: exit {code} {account}")
    return int(load["load_seq"]), int(megabytes)


def _missing_rows(rig: Rig, small: int, large: int) -> int:
    names = ", ".join(identifier(column.name) for column in get_contract(DOSSIERS).kept_columns)
    rows = f"select {names} from raw.one_stop__dossiers where load_seq = %s"  # noqa: S608
    return int(rig.one(f"select count(*) from ({rows} except {rows}) as missing", small, large))  # noqa: S608


@case("F25", "bom nén", "zip bomb", REFUSED, group=GROUP, quick=True)
def zip_bomb(rig: Rig) -> Seen:
    path = workbook(rig.path("bomb.xlsx"), table(dossiers(2)))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media.bin", "w") as stream:
        for _ in range(64):
            stream.write(bytes(1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = rig.refused_file(path, "EGOV-LAND-005")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    demand(grown < 64, f"memory grew by {grown} MB")
    return Seen(seen.outcome, f"{seen.evidence}, {path.stat().st_size // 1024} kB, memory +{grown} MB")


@case("F26", "ô bắt đầu bằng = + - @", "cells that a spreadsheet would run", NEUTRALISED, group=GROUP)
def formula_text(rig: Rig) -> Seen:
    """Of two rows one comes in, stored as sent; the other is refused, and goes out in the workbook for its unit."""
    evil = "=cmd|' /C calc'!A0"
    rows = replaced(replaced(dossiers(ROWS, first=2000), 0, field=evil), 1, field=evil, received="31/02/2023 08:00")
    told = rig.load(_csv(rig, "evil", table(rows)))
    rig.set_aside(told, "GATE-DOS-011", 1, ROWS - 1)
    stored = rig.one(
        "select field_name from raw.one_stop__dossiers where load_seq = %s and row_no = 2", told.load["load_seq"]
    )
    demand(stored == evil, f"stored as {stored}")
    book = rig.path("evil-back.xlsx")
    exported = rig.command("quarantine", "export", str(book), "--agency", str(rows[1][HEADERS.index("Mã đơn vị")]))
    demand(exported.code == 0, f"export: exit {exported.code} {exported.error}")
    cells = [cell for sheet in openpyxl.load_workbook(book) for line in sheet.iter_rows() for cell in line]
    run = [cell.coordinate for cell in cells if cell.data_type == "f" or str(cell.value or "").startswith(RUNNING)]
    demand(not run, f"cells that a spreadsheet would run: {run}")
    demand(any(cell.value == f"'{evil}" for cell in cells), "the cell is not in the workbook")
    return Seen("N", f"stored as sent; in the workbook for its unit '{evil}")


@case("F27", "xuống dòng trong ô", "line break inside a cell", EXACT, group=GROUP, quick=True)
def line_breaks(rig: Rig) -> Seen:
    rows = [golden.changed(row, address='Ấp giả định;\n"nhà số 0"\r\nxã Mẫu') for row in dossiers(ROWS)]
    return _exact(rig, _csv(rig, "breaks", table(rows)))


@case("F28", "dấu ngoặc kép không đóng", "quote never closed", REFUSED, group=GROUP, quick=True)
def open_quote(rig: Rig) -> Seen:
    path = rig.path("quote.csv")
    lines = csv_text(table(dossiers(ROWS))).split("\r\n")
    lines[5] = lines[5].replace(";Hộ tịch;", ';"Hộ tịch;')
    path.write_bytes("\r\n".join(lines).encode())
    return rig.refused_file(path, "EGOV-LOAD-006")


@case("F30", "mã có số 0 ở đầu", "codes with leading zeros", EXACT, group=GROUP, quick=True)
def leading_zeros(rig: Rig) -> Seen:
    undisturbed(rig)
    found = rig.one("select count(*) from raw.one_stop__dossiers where agency_code in ('1846', '1846.0')")
    kept = rig.one("select count(*) from raw.one_stop__dossiers where agency_code = '01846'")
    demand(found == 0 and kept > 0, f"{found} codes have lost their zero")
    return Seen("X", f"{kept} rows of 01846, none of 1846")


@case("F31", "dòng «Tổng cộng»", "total line", EXACT, group=GROUP, quick=True)
def total_line(rig: Rig) -> Seen:
    expected = undisturbed(rig)
    cut = csv_text(table(dossiers(ROWS))).rstrip("\r\n").rstrip(";")
    path = rig.path("total.csv")
    path.write_bytes(f"{cut}\r\n\r\n".encode())
    told = rig.load(path)
    seen = rig.exact(told, expected)
    demand(told.load["account"]["structural"] >= 1, "the total line was taken for data")
    return seen


@case("F31b", "dòng «Tổng cộng» nói khác số dòng", "total line that contradicts the rows", REFUSED, group=GROUP)
def wrong_total(rig: Rig) -> Seen:
    return rig.refused_file(_csv(rig, "total-wrong", table(dossiers(ROWS), total=ROWS + 1)), "EGOV-LOAD-008",
                            "EGOV-LOAD-009")  # fmt: skip


@case("F32", "gửi lại đúng tệp cũ", "the same file again", EXACT, group=GROUP, quick=True)
def same_file(rig: Rig) -> Seen:
    undisturbed(rig)
    before = rig.one("select count(*) from ledger.event"), rig.raw_rows()
    copy = rig.path("under another name.csv")
    copy.write_bytes(rig.path("undisturbed.csv").read_bytes())
    told = rig.load(copy)
    demand((told.code, told.load["verdict"]) == (0, "no_op"), f"{told}")
    demand(before == (rig.one("select count(*) from ledger.event"), rig.raw_rows()), "something changed")
    return Seen("X", f"no-op, load {told.load['load_seq']}")


@case("F34a", "HTML mang tên .xlsx", "HTML named .xlsx", REFUSED, group=GROUP, quick=True)
def html_as_workbook(rig: Rig) -> Seen:
    path = rig.path("page.xlsx")
    path.write_text("<html><table><tr><td>Mã hồ sơ</td></tr></table></html>", encoding="utf-8")
    return rig.refused_file(path, "EGOV-LAND-003")


@case("F34b", "XLS cũ mang tên .xlsx", "old XLS named .xlsx", REFUSED, group=GROUP, quick=True)
def old_workbook(rig: Rig) -> Seen:
    path = rig.path("old.xlsx")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
    return rig.refused_file(path, "EGOV-LAND-003")


@case("F34c", "tệp có mật khẩu", "encrypted workbook", REFUSED, group=GROUP, quick=True)
def encrypted(rig: Rig) -> Seen:
    path = rig.path("locked.xlsx")
    stream = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + stream + bytes(1024))
    return rig.refused_file(path, "EGOV-LAND-004")


@case("F34d", "tệp nén bị cắt cụt", "workbook cut short", REFUSED, group=GROUP, quick=True)
def cut_workbook(rig: Rig) -> Seen:
    whole = io.BytesIO(workbook(rig.path("whole.xlsx"), table(dossiers(2))).read_bytes()).getvalue()
    path = rig.path("cut.xlsx")
    path.write_bytes(whole[:-200])
    return rig.refused_file(path, "EGOV-LAND-007")


@case("F34e", "một sổ giấy hỏng giữa nhiều sổ", "one broken register among several", REFUSED, group=GROUP, quick=True)
def one_broken_register(rig: Rig) -> Seen:
    """That one is refused and told, the others come in, and the dataset's verdict is not "accepted"."""
    whole, names = systems.expect_format, []

    def first_is_broken(contract: Contract, found: FileFormat, name: str) -> FileFormat:
        names.append(name)
        if name == names[0]:
            raise EgovError("EGOV-LAND-005", file=name, detail="planted")
        return whole(contract, found, name)

    before = rig.publish_no()
    rig.world.source.clear()
    with patch.object(systems, "expect_format", first_is_broken):
        told = rig.command("pull", PAPER, "--date", DAY.isoformat())
    pulled = told.result[0]
    demand((told.code, len(pulled["refused"]), len(pulled["loads"])) == (1, 1, len(names) - 1), f"{pulled}")
    rig.command("gate", PAPER, "--date", DAY.isoformat())
    word = ingest.verdict(PAPER, DAY)["verdict"]
    demand((word, rig.publish_no()) == ("blocked", before), f"the verdict is {word}")
    return Seen("R", f"exit 1 {pulled['refused'][0]['code']}, verdict {word}; {len(names) - 1} others come in")


def accepted(rig: Rig, path: Path, dataset: str = DOSSIERS) -> int:
    """Number of the load of a file that must come in whole."""
    told = rig.load(path, dataset)
    demand(told.code == 0, f"{told}")
    return int(told.load["load_seq"])
