"""What is exported of the way of dossiers through the offices: every version in the window, some rows twice."""

import pandas as pd

from egov_kpi.simulator.exports import Export, Window, _iso_time, _minute, _repeat, _words
from egov_kpi.simulator.records import Records


def handovers(records: Records, window: Window) -> pd.DataFrame:
    """One row per step of a dossier and version in the window."""
    versions = records.one_stop.handovers
    rows = versions[window.holds(versions["updated_at"])]
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Bước xử lý": rows["step_no"],
            "Mã đơn vị xử lý": rows["agency_code"],
            "Mã đơn vị chuyển": rows["from_agency_code"],
            "Cán bộ xử lý": "Cán bộ giả định " + rows["step_no"],
            "Ngày nhận bước": _minute(rows["received_at"]),
            "Hạn xử lý nội bộ": _minute(rows["internal_due_at"]),
            "Ngày chuyển bước": _minute(rows["handed_on_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


_PAUSE_KIND = {
    "supplement": "Yêu cầu bổ sung", "financial_duty": "Yêu cầu thực hiện nghĩa vụ tài chính", "stopped": "Dừng xử lý",
}  # fmt: skip


def pauses(records: Records, window: Window) -> pd.DataFrame:
    """One row per pause of a dossier's clock and version in the window."""
    versions = records.one_stop.pauses
    rows = versions[window.holds(versions["updated_at"])]
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Lần tạm dừng": rows["pause_no"],
            "Mã đơn vị": rows["agency_code"],
            "Loại tạm dừng": _words(rows["pause_kind"], _PAUSE_KIND),
            "Mã lý do": rows["reason_code"],
            "Lý do": "Lý do giả định",
            "Tạm dừng từ": _minute(rows["paused_at"]),
            "Tạm dừng đến": _minute(rows["resumed_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


_SYNC_STATUS = {"waiting": "DangCho", "accepted": "DaTiepNhan", "rejected": "TraLai"}
_ERROR_KIND = {
    "format": "SaiDinhDang", "unknown_procedure": "SaiMaTTHC", "unknown_agency": "SaiMaDonVi", "duplicate": "TrungMa",
    "system": "HeThong",
}  # fmt: skip


def synchronisation(records: Records, window: Window) -> pd.DataFrame:
    """One row per dossier sent to the national portal and version in the window, as the portal writes it."""
    rows = records.synchronisation[window.holds(records.synchronisation["updated_at"])]
    export = pd.DataFrame(
        {
            "maHoSo": rows["dossier_code"],
            "maDonVi": rows["agency_code"],
            "trangThaiDongBo": _words(rows["sync_status"], _SYNC_STATUS),
            "loaiLoi": _words(rows["error_kind"], _ERROR_KIND),
            "noiDungLoi": rows["error_kind"].map(lambda kind: "" if kind is None else "Lỗi giả định"),
            "thoiDiemGui": _iso_time(rows["sent_at"]),
            "thoiDiemTiepNhan": _iso_time(rows["accepted_at"]),
            "thoiDiemCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "maHoSo", records.seed)


# By the name of the dataset, which is the name of the file.
EXPORTS: dict[str, Export] = {"handovers": handovers, "pauses": pauses}
