"""What the portals send beside the list of procedures: fees, publications, petitions, in the portals' own words."""

import numpy as np
import pandas as pd

from egov_kpi.simulator import catalogue, exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records

_CHANGE = {"new": "BanHanhMoi", "amended": "SuaDoi", "replaced": "ThayThe", "abolished": "BaiBo", "kept": "GiuNguyen"}


def yes(values: pd.Series) -> pd.Series:
    """1 or 0."""
    said: pd.Series = values.astype(bool).map({True: "1", False: "0"})
    return said


def whole(values: pd.Series) -> pd.Series:
    """Whole numbers as text, empty where there is none."""
    text: pd.Series = values.map(lambda value: "" if pd.isna(value) else str(int(value)))
    return text


def publications(records: Records, window: Window) -> pd.DataFrame:
    """One row per decision, procedure and version in the window."""
    rows = records.publications[window.holds(records.publications["updated_at"])]
    export = pd.DataFrame(
        {
            "maDonVi": rows["agency_code"],
            "maTTHC": rows["procedure_code"],
            "soQuyetDinh": rows["decision_number"],
            "linhVuc": rows["field_name"],
            "capThucHien": exports._words(rows["competent_level"], exports._LEVEL),
            "noiDung": exports._words(rows["change_kind"], _CHANGE),
            "raSoat": yes(rows["is_reviewed"]),
            "ngayQuyetDinh": exports._iso_day(rows["decision_date"]),
            "ngayHieuLuc": exports._iso_day(rows["legal_effective_date"]),
            "ngayCongBo": exports._iso_day(rows["published_date"]),
            "ngayCongKhai": exports._iso_day(rows["posted_date"]),
            "soBoPhan": whole(rows["mandatory_part_count"]),
            "dungThamQuyen": yes(rows["is_within_authority"]),
            "soTruongTruoc": whole(rows["form_field_count"]),
            "soTruongCatGiam": whole(rows["form_field_cut_count"]),
            "thoiDiemCapNhat": exports._iso_time(rows["updated_at"]),
        }
    )
    return exports._repeat(export, "maTTHC", records.seed)


_CHANNEL = {"portal": "Cong", "hotline": "1022", "other": "Khac"}
_OUTCOME = {"refused": "TuChoi", "asked": "YeuCauBoSung", "answered": "TraLoi"}


def petitions(records: Records, window: Window) -> pd.DataFrame:
    """One row per petition and version in the window, with the texts that nobody may keep."""
    rows = records.petitions[window.holds(records.petitions["updated_at"])]
    number = rows["petition_no"].astype(str)
    answered = np.where(rows["outcome"].notna(), "Trả lời giả định", "")
    export = pd.DataFrame(
        {
            "maPhanAnh": "PAKN." + number.str.zfill(7),
            "maDonVi": rows["agency_code"],
            "kenh": exports._words(rows["channel"], _CHANNEL),
            "hoTen": "Công dân giả định " + number,
            "dienThoai": "000" + number.str.zfill(7),
            "noiDung": "Nội dung phản ánh giả định " + number,
            "traLoi": answered,
            "ngayTiepNhan": exports._iso_day(rows["received_date"]),
            "ketQua": exports._words(rows["outcome"], _OUTCOME),
            "ngayXuLy": exports._iso_day(rows["handled_date"]),
            "khongHaiLong": yes(rows["is_disliked"]),
            "phanAnhLai": yes(rows["is_petitioned_again"]),
            "lanDau": yes(rows["is_first"]),
            "thoiDiemCapNhat": exports._iso_time(rows["updated_at"]),
        }
    )
    return exports._repeat(export, "maPhanAnh", records.seed)


def fees(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per unit and procedure in force, as the portal lists it on that date."""
    rows = catalogue.fees(records.procedures[records.procedures["snapshot_date"] == snapshot_date])
    rows = rows.sort_values(["agency_code", "procedure_code"])
    export = pd.DataFrame(
        {
            "maDonVi": rows["agency_code"],
            "maTTHC": rows["procedure_code"],
            "capThucHien": exports._words(rows["competent_level"], exports._LEVEL),
            "coPhiLePhi": yes(rows["has_fee"]),
            "ngayDongBoPhi": exports._iso_day(rows["synced_date"]),
            "ngayChot": exports._iso_day(rows["snapshot_date"]),
            "thoiDiemXuat": exports._iso_time(rows["exported_at"]),
        }
    )
    return exports._repeat(export, "maTTHC", records.seed)


# By the last part of their address.
CHANGES = {"publications": publications, "petitions": petitions}
