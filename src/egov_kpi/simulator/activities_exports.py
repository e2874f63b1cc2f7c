"""What the register of communication exports of the records of `activities`: text in its own words."""

import pandas as pd

from egov_kpi.simulator.exports import Window, _iso_day, _iso_time, _repeat, _words
from egov_kpi.simulator.portal_exports import whole, yes
from egov_kpi.simulator.records import Records

_KIND = {"news_item": "TinBai", "meeting": "HoiNghi", "training": "TapHuan"}
_STATUS = {"held": "DaThucHien", "cancelled": "HuyBo"}


def activities(records: Records, window: Window) -> pd.DataFrame:
    """One row per activity and version in the window."""
    rows = records.activities[window.holds(records.activities["updated_at"])]
    rows = rows.sort_values(["updated_at", "activity_code"])
    export = pd.DataFrame(
        {
            "maHoatDong": rows["activity_code"],
            "maDonVi": rows["agency_code"],
            "loaiHoatDong": _words(rows["activity_kind"], _KIND),
            "coNoiDungCCHC": yes(rows["has_par_content"]),
            "tenHoatDong": "Tên giả định của hoạt động " + rows["activity_code"],
            "baoCaoVien": "Báo cáo viên giả định của " + rows["agency_code"],
            "ngayThucHien": _iso_day(rows["held_date"]),
            "soNguoiThamDu": whole(rows["attendee_count"]),
            "trangThai": _words(rows["activity_status"], _STATUS),
            "thoiDiemCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "maHoatDong", records.seed)
