"""Workbooks that units fill in beside register and scorecard: one sheet with titles, a header, rows and a total line.

A correction is a second workbook, with a name of its own.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import _YES, TOTAL, Form, Window, _is_inside, _minute
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.workbooks import workbook_bytes

ONE_STOP_SHEET = "Bộ phận một cửa"
REPORT_SHEET = "Báo cáo định kỳ"
SURVEY_SHEET = "Kết quả khảo sát"
# Of each workbook one row is pasted twice: the one in this place.
_PASTED = 1


def _books(rows: pd.DataFrame, keys: Sequence[str], sent: str = "exported_at") -> dict[str, pd.DataFrame]:
    """Records by the name of their workbook: what it is about, and which turn it is; `sent` says when it came."""
    known = rows[[*keys, sent]].drop_duplicates().sort_values([*keys, sent])
    turns = known.assign(turn=known.groupby(list(keys)).cumcount() + 1)
    books = rows.merge(turns, on=[*keys, sent], how="left", validate="m:1")
    return {_name(book): rows.loc[of.index] for book, of in books.groupby([*keys, "turn"])}


def _name(book: tuple[object, ...]) -> str:
    *about, turn = (f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part) for part in book)
    return "_".join([*about, f"lan-{turn}.xlsx"])


def _sent_within(books: dict[str, pd.DataFrame], window: Window, sent: str = "exported_at") -> list[str]:
    return sorted(name for name, rows in books.items() if _is_inside(rows[sent].iloc[0].normalize(), window))


def _pasted(rows: pd.DataFrame) -> pd.DataFrame:
    times = np.where(np.arange(len(rows)) == _PASTED, 2, 1)
    return rows.loc[rows.index.repeat(times)].reset_index(drop=True)


# --- one-stop units ---------------------------------------------------------------------------------------------------


def _one_stop_books(records: Records) -> dict[str, pd.DataFrame]:
    return _books(records.one_stop_units, ["reporting_agency_code", "snapshot_date"])


def one_stop_files(records: Records, window: Window) -> list[str]:
    """Workbooks that were sent within the window."""
    return _sent_within(_one_stop_books(records), window)


def one_stop_file(records: Records, name: str) -> pd.DataFrame | None:
    """One row per one-stop unit; dates stay dates. None: no such workbook."""
    book = _one_stop_books(records).get(name)
    if book is None:
        return None
    rows = _pasted(book)
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


def one_stop_workbook(records: Records, name: str) -> bytes | None:
    rows = one_stop_file(records, name)
    if rows is None:
        return None
    titles = ["VĂN PHÒNG HĐND VÀ UBND", "TỔNG HỢP BỘ PHẬN MỘT CỬA", name.removesuffix(".xlsx")]
    return workbook_bytes(rows, ONE_STOP_SHEET, titles, TOTAL)


# --- periodic reports -------------------------------------------------------------------------------------------------


def _report_books(records: Records) -> dict[str, pd.DataFrame]:
    rows = records.periodic_reports
    return _books(rows.assign(day=rows["updated_at"].dt.normalize()), ["receiving_agency_code", "day"], "updated_at")


def periodic_report_files(records: Records, window: Window) -> list[str]:
    """Registers that were sent within the window."""
    return _sent_within(_report_books(records), window, "updated_at")


def periodic_report_file(records: Records, name: str) -> pd.DataFrame | None:
    """One row per report that fell due, or has come, since the register before. None: no such workbook."""
    book = _report_books(records).get(name)
    if book is None:
        return None
    rows = _pasted(book)
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


def periodic_report_workbook(records: Records, name: str) -> bytes | None:
    rows = periodic_report_file(records, name)
    if rows is None:
        return None
    titles = ["VĂN PHÒNG HĐND VÀ UBND", "SỔ THEO DÕI BÁO CÁO ĐỊNH KỲ", name.removesuffix(".xlsx")]
    return workbook_bytes(rows, REPORT_SHEET, titles, TOTAL)


# --- surveys ----------------------------------------------------------------------------------------------------------


def _survey_books(records: Records) -> dict[str, pd.DataFrame]:
    return _books(records.surveys, ["index_code", "snapshot_date"])


def survey_files(records: Records, window: Window) -> list[str]:
    """Books that were sent within the window."""
    return _sent_within(_survey_books(records), window)


def survey_file(records: Records, name: str) -> pd.DataFrame | None:
    """One row per domain and unit, scores with a comma. None: no such workbook."""
    book = _survey_books(records).get(name)
    if book is None:
        return None
    rows = _pasted(book.sort_values(["domain_code", "agency_code"]))
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


def survey_workbook(records: Records, name: str) -> bytes | None:
    rows = survey_file(records, name)
    if rows is None:
        return None
    titles = ["SỞ NỘI VỤ", "KẾT QUẢ KHẢO SÁT, CHỈ SỐ", name.removesuffix(".xlsx")]
    return workbook_bytes(rows, SURVEY_SHEET, titles, TOTAL)


# --- all forms --------------------------------------------------------------------------------------------------------

# By the last part of their address.
FORMS = {
    **exports.FORMS,
    "one-stop-units": Form(one_stop_files, one_stop_file, one_stop_workbook, part=1),
    "periodic-reports": Form(periodic_report_files, periodic_report_file, periodic_report_workbook),
    "survey-results": Form(survey_files, survey_file, survey_workbook, part=1),
}
