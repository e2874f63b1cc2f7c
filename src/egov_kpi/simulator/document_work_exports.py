"""What iOffice exports beside outgoing documents and tasks: text in its own words, people who do not exist."""

import pandas as pd

from egov_kpi.simulator.exports import _MEDIUM, Window, _iso_day, _iso_time, _repeat, _words
from egov_kpi.simulator.records import Records

_SENDER = {"superior": "CapTren", "peer": "NgangCap", "subordinate": "CapDuoi", "other": "Khac"}
_ARRIVAL = {"received": "DaVaoSo", "cancelled": "HuyVaoSo"}
_ACCOUNT = {"person": "CaNhan", "organisation": "ToChuc", "system": "HeThong"}
_ACCOUNT_STATUS = {"active": "HoatDong", "locked": "TamKhoa"}


def incoming_documents(records: Records, window: Window) -> pd.DataFrame:
    """One row per document version in the window; secret ones among them."""
    rows = records.incoming_documents[window.holds(records.incoming_documents["updated_at"])]
    rows = rows.sort_values(["updated_at", "document_id"])
    export = pd.DataFrame(
        {
            "MaVanBanDen": rows["document_id"],
            "MaDonVi": rows["agency_code"],
            "SoDen": rows["arrival_number"],
            "LoaiNoiGui": _words(rows["sender_kind"], _SENDER),
            "NoiGui": "Nơi gửi giả định của văn bản " + rows["arrival_number"],
            "TrichYeu": "V/v nội dung giả định của văn bản đến số " + rows["arrival_number"],
            "CanBoXuLy": "Cán bộ giả định của " + rows["agency_code"],
            "DoMat": rows["secrecy_level"],
            "NgayDen": _iso_day(rows["arrival_date"]),
            "ThoiDiemChuyen": _iso_time(rows["routed_at"]),
            "HanXuLy": _iso_day(rows["due_date"]),
            "ThoiDiemHoanThanh": _iso_time(rows["completed_at"]),
            "TrangThai": _words(rows["document_status"], _ARRIVAL),
            "NgayCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "MaVanBanDen", records.seed)


def work_files(records: Records, window: Window) -> pd.DataFrame:
    """One row per work file and version in the window."""
    rows = records.work_files[window.holds(records.work_files["updated_at"])].sort_values(["updated_at", "file_code"])
    export = pd.DataFrame(
        {
            "MaHoSo": rows["file_code"],
            "MaDonVi": rows["agency_code"],
            "TieuDe": "Tiêu đề giả định của hồ sơ " + rows["file_code"],
            "CanBoLapHoSo": "Cán bộ giả định của " + rows["agency_code"],
            "HinhThuc": _words(rows["medium"], _MEDIUM),
            "NgayMo": _iso_day(rows["opened_date"]),
            "NgayKetThuc": _iso_day(rows["closed_date"]),
            "HanNopLuu": _iso_day(rows["archive_due_date"]),
            "NgayNopLuu": _iso_day(rows["archived_date"]),
            "NgayCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "MaHoSo", records.seed)


def accounts(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per account, those of units and of software included."""
    rows = records.office_accounts[records.office_accounts["snapshot_date"] == snapshot_date]
    rows = rows.sort_values("account_no")
    number = rows["account_no"].astype(str)
    export = pd.DataFrame(
        {
            "TenDangNhap": "taikhoan" + number.str.zfill(6),
            "MaDonVi": rows["agency_code"],
            "HoTen": "Cán bộ giả định " + number,
            "LoaiTaiKhoan": _words(rows["account_kind"], _ACCOUNT),
            "TrangThai": _words(rows["account_status"], _ACCOUNT_STATUS),
            "NgayCap": _iso_day(rows["issued_date"]),
            "NgayThaoTacCuoi": _iso_day(rows["last_action_date"]),
            "NgayChot": _iso_day(rows["snapshot_date"]),
            "ThoiDiemXuat": _iso_time(rows["exported_at"]),
        }
    )
    return _repeat(export, "TenDangNhap", records.seed)
