"""The monthly forms of vertical agencies as workbooks, and which were sent when."""

import pandas as pd

from egov_kpi.simulator.exports import TOTAL, Form, Window, _is_inside, _minute
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.workbooks import workbook_bytes

SHEET = "Biểu tổng hợp"
# What one agency sends at one time is one workbook, of a month or of several.
_BOOK = ["agency_code", "updated_at"]


def _sent(records: Records) -> pd.DataFrame:
    """One row per workbook: agency, time of sending, and its name; a correction is a second workbook."""
    books = records.vertical[_BOOK].drop_duplicates().sort_values(_BOOK).reset_index(drop=True)
    day = books["updated_at"].dt.strftime("%Y-%m-%d")
    turn = (books.groupby([books["agency_code"], day]).cumcount() + 1).astype(str)
    return books.assign(name=books["agency_code"] + "_" + day + "_lan-" + turn + ".xlsx")


def form_names(records: Records, window: Window) -> list[str]:
    """Workbooks that agencies sent within the window."""
    books = _sent(records)
    sent = zip(books["name"], books["updated_at"], strict=True)
    return sorted(str(name) for name, at in sent if _is_inside(pd.Timestamp(at).normalize(), window))


def form_rows(records: Records, name: str) -> pd.DataFrame | None:
    """The lines of one form as it shows them, the first pasted twice. None: no such form."""
    books = _sent(records)
    book = books[books["name"] == name]
    if book.empty:
        return None
    rows = records.vertical.merge(book[_BOOK], on=_BOOK, validate="m:1").sort_values(["period_start", "field_name"])
    rows = pd.concat([rows.head(1), rows], ignore_index=True)
    return pd.DataFrame(
        {
            "Mã đơn vị": rows["agency_code"],
            "Từ ngày": rows["period_start"],
            "Lĩnh vực": rows["field_name"],
            "Số hồ sơ tiếp nhận": rows["received_count"],
            "Số hồ sơ đã giải quyết": rows["settled_count"],
            "Trước và đúng hạn": rows["on_time_count"],
            "Quá hạn": rows["late_count"],
            "Ghi chú": "",
            "Thời điểm gửi": _minute(rows["updated_at"]),
        }
    )


def form_workbook(records: Records, name: str) -> bytes | None:
    rows = form_rows(records, name)
    if rows is None:
        return None
    titles = ["CƠ QUAN NGÀNH DỌC TẠI TỈNH", "BIỂU TỔNG HỢP KẾT QUẢ GIẢI QUYẾT HỒ SƠ"]
    return workbook_bytes(rows, SHEET, titles, TOTAL)


FORM = Form(form_names, form_rows, form_workbook)
