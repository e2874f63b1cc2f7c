"""What iOffice and its neighbours export of the records of `office`: text in the sources' own words."""

from collections.abc import Callable

import pandas as pd

from egov_kpi.simulator.document_work_exports import incoming_documents, work_files
from egov_kpi.simulator.exports import Window, _iso_day, _iso_time, _repeat, _words
from egov_kpi.simulator.records import Records

_TASK_KIND = {"general": "ChungNhiemVu", "specific": "CuThe"}
_TASK_STATUS = {"in_progress": "DangThucHien", "done": "HoanThanh", "cancelled": "ThuHoi"}
_FLAG = {True: "1", False: "0"}


def tasks(records: Records, window: Window) -> pd.DataFrame:
    """One row per task version in the window."""
    rows = records.tasks[window.holds(records.tasks["updated_at"])].sort_values(["updated_at", "task_id"])
    export = pd.DataFrame(
        {
            "MaNhiemVu": rows["task_id"],
            "MaDonVi": rows["agency_code"],
            "LoaiNhiemVu": _words(rows["task_kind"], _TASK_KIND),
            "ThuocKeHoachCCHC": rows["is_in_par_plan"].map(_FLAG),
            "NoiDung": "Nội dung giả định của nhiệm vụ " + rows["task_id"],
            "CanBoThucHien": "Cán bộ giả định của " + rows["agency_code"],
            "NgayGiao": _iso_day(rows["assigned_date"]),
            "HanHoanThanh": _iso_day(rows["due_date"]),
            "NgayGiaHan": _iso_day(rows["extended_date"]),
            "HanSauGiaHan": _iso_day(rows["extended_due_date"]),
            "NgayHoanThanh": _iso_day(rows["done_date"]),
            "TrangThai": _words(rows["task_status"], _TASK_STATUS),
            "NgayCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "MaNhiemVu", records.seed)


# Listings of iOffice beside the outgoing documents, by the last part of their address.
LISTINGS: dict[str, Callable[[Records, Window], pd.DataFrame]] = {
    "tasks": tasks,
    "incoming-documents": incoming_documents,
    "work-files": work_files,
}
