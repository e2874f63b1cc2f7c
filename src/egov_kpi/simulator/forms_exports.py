"""Workbooks that units fill in beside register and scorecard: one sheet with titles, a header, rows and a total line.

A correction is a second workbook, with a name of its own. Of each kind `FORMS` has the books of a window, the rows of
one and its file.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import _YES, TOTAL, Form, Window, _is_inside, _minute
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.workbooks import workbook_bytes

ONE_STOP_SHEET = "Bộ phận một cửa"
REPORT_SHEET = "Báo cáo định kỳ"
SURVEY_SHEET = "Kết quả khảo sát"
VERTICAL_SHEET = "Biểu tổng hợp"

Books = dict[str, pd.DataFrame]


def _books(rows: pd.DataFrame, keys: Sequence[str], sent: str = "exported_at") -> Books:
    """Records by the name of their workbook: what it is about, and which turn it is; `sent` says when it came."""
    known = rows[[*keys, sent]].drop_duplicates().sort_values([*keys, sent])
    turns = known.assign(turn=known.groupby(list(keys)).cumcount() + 1)
    books = rows.merge(turns, on=[*keys, sent], how="left", validate="m:1")
    return {_name(book): rows.loc[of.index] for book, of in books.groupby([*keys, "turn"])}


def _name(book: tuple[object, ...]) -> str:
    *about, turn = (f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part) for part in book)
    return "_".join([*about, f"lan-{turn}.xlsx"])


def _form(
    books: Callable[[Records], Books],
    shown: Callable[[pd.DataFrame], pd.DataFrame],
    sheet: str,
    titles: Sequence[str],
    *,
    sent: str = "exported_at",
    part: int | None = None,
    pasted: int = 1,
) -> Form:
    """A kind of workbook, `shown` as its columns say it; the row at the place `pasted` is in it twice. A title that is
    empty is the name of the book."""

    def names(records: Records, window: Window) -> list[str]:
        return sorted(name for name, of in books(records).items() if _is_inside(of[sent].iloc[0].normalize(), window))

    def rows(records: Records, name: str) -> pd.DataFrame | None:
        book = books(records).get(name)
        return None if book is None else shown(_pasted(book, pasted))

    def workbook(records: Records, name: str) -> bytes | None:
        told = rows(records, name)
        lines = [title or name.removesuffix(".xlsx") for title in titles]
        return None if told is None else workbook_bytes(told, sheet, lines, TOTAL)

    return Form(names, rows, workbook, part)


def _pasted(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    times = np.where(np.arange(len(rows)) == place, 2, 1)
    return rows.loc[rows.index.repeat(times)].reset_index(drop=True)


def _one_stop_books(records: Records) -> Books:
    return _books(records.one_stop_units, ["reporting_agency_code", "snapshot_date"])


def _one_stop_unit(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per one-stop unit; dates stay dates."""
    return pd.DataFrame(
        {
            "Mã đơn vị tổng hợp": rows["reporting_agency_code"],
            "Mã đơn vị": rows["agency_code"],
            "Đã kiện toàn": rows["is_consolidated"].map(_YES),
            "Số quyết định kiện toàn": rows["decision_number"].fillna(""),
            "Ngày quyết định kiện toàn": rows["decision_date"],
            "Số cán bộ được phân công": rows["official_count"],
            "Số cán bộ có tài khoản": rows["account_count"],
            "Cán bộ đầu mối": "Cán bộ giả định " + rows["agency_code"],
            "Điện thoại": "0000" + rows["agency_code"],
            "Ghi chú": "",
            "Ngày chốt số liệu": rows["snapshot_date"],
            "Thời điểm gửi": _minute(rows["exported_at"]),
        }
    )


def _report_books(records: Records) -> Books:
    rows = records.periodic_reports
    return _books(rows.assign(day=rows["updated_at"].dt.normalize()), ["receiving_agency_code", "day"], "updated_at")


def _periodic_report(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per report that fell due, or has come, since the register before."""
    return pd.DataFrame(
        {
            "Mã đơn vị nhận báo cáo": rows["receiving_agency_code"],
            "Mã đơn vị báo cáo": rows["agency_code"],
            "Mã báo cáo": rows["report_code"],
            "Tên báo cáo": rows["report_name"],
            "Kỳ báo cáo": rows["reporting_period"],
            "Hạn gửi": rows["due_date"],
            "Thời điểm gửi báo cáo": _minute(rows["sent_at"]),
            "Người gửi": "Cán bộ giả định " + rows["agency_code"],
            "Ghi chú": "",
            "Thời điểm cập nhật sổ": _minute(rows["updated_at"]),
        }
    )


def _survey_books(records: Records) -> Books:
    rows = records.surveys.sort_values(["domain_code", "agency_code"], ignore_index=True)
    return _books(rows, ["index_code", "snapshot_date"])


def _survey_result(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per domain and unit, scores with a comma."""
    return pd.DataFrame(
        {
            "Mã chỉ số": rows["index_code"],
            "Năm": rows["survey_year"],
            "Mã đơn vị": rows["agency_code"],
            "Mã lĩnh vực": rows["domain_code"],
            "Tên lĩnh vực": rows["domain_name"],
            "Điểm": exports._points(rows["score"]),
            "Điểm tối đa": exports._points(rows["max_score"]),
            "Xếp hạng": _whole(rows["unit_rank"]),
            "Số phiếu": _whole(rows["sample_size"]),
            "Ghi chú": "",
            "Ngày chốt số liệu": rows["snapshot_date"],
            "Thời điểm gửi": _minute(rows["exported_at"]),
        }
    )


def _whole(values: pd.Series) -> pd.Series:
    text: pd.Series = values.map(lambda value: "" if pd.isna(value) else str(int(value)))
    return text


def _vertical_books(records: Records) -> Books:
    """What one agency sends at one time is one workbook, of a month or of several."""
    rows = records.vertical.sort_values(["period_start", "field_name"], ignore_index=True)
    return _books(rows.assign(day=rows["updated_at"].dt.normalize()), ["agency_code", "day"], "updated_at")


def _vertical_settlement(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per month and field."""
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


# By the last part of their address.
FORMS = {
    **exports.FORMS,
    "one-stop-units": _form(
        _one_stop_books, _one_stop_unit, ONE_STOP_SHEET,
        ["VĂN PHÒNG HĐND VÀ UBND", "TỔNG HỢP BỘ PHẬN MỘT CỬA", ""], part=1,
    ),
    "periodic-reports": _form(
        _report_books, _periodic_report, REPORT_SHEET,
        ["VĂN PHÒNG HĐND VÀ UBND", "SỔ THEO DÕI BÁO CÁO ĐỊNH KỲ", ""], sent="updated_at",
    ),
    "survey-results": _form(
        _survey_books, _survey_result, SURVEY_SHEET, ["SỞ NỘI VỤ", "KẾT QUẢ KHẢO SÁT, CHỈ SỐ", ""], part=1,
    ),
    "vertical-settlement": _form(
        _vertical_books, _vertical_settlement, VERTICAL_SHEET,
        ["CƠ QUAN NGÀNH DỌC TẠI TỈNH", "BIỂU TỔNG HỢP KẾT QUẢ GIẢI QUYẾT HỒ SƠ"], sent="updated_at", pasted=0,
    ),
}  # fmt: skip
