"""The datasets as their sources write them: clean exports as text, and which column plays which part.

A defect is told in terms of parts (the key, the unit's code, the dates, the counts), so that one kind of defect can be
planted into every dataset that has the part.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import pandas as pd

from egov_kpi.gate.derive import PREFIXES
from egov_kpi.simulator import (
    activities_exports,
    devices_exports,
    document_work_exports,
    exports,
    forms_exports,
    office_exports,
    one_stop_exports,
    portal_exports,
    progress_exports,
)
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records

Shape = Literal["csv", "json", "xlsx"]
DAY, MINUTE = "%d/%m/%Y", "%d/%m/%Y %H:%M"
ISO_DAY, ISO_TIME = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S+07:00"


@dataclass(frozen=True)
class Dataset:
    """One dataset. Names are the export's headers; `dates` maps them to their form, `event` is the main date."""

    id: str
    shape: Shape
    is_snapshot: bool
    key: str
    agency: str
    event: str
    version: str
    dates: dict[str, str]
    counts: tuple[str, ...]
    codes: dict[str, str]
    texts: tuple[str, ...]
    names: dict[str, str]
    optional: str
    required: str
    other: tuple[str, str, str]
    path: str
    sheet: str = ""

    @property
    def word(self) -> str:
        """The dataset's word in rule identifiers."""
        return PREFIXES[self.id]


DOSSIERS = Dataset(
    id="one_stop.dossiers",
    shape="csv",
    is_snapshot=False,
    key="Mã hồ sơ",
    agency="Mã đơn vị",
    event="Ngày tiếp nhận",
    version="Ngày cập nhật",
    dates=dict.fromkeys(
        ("Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Ngày trả kết quả", "Ngày cập nhật"), MINUTE
    ),
    counts=("Số lần yêu cầu bổ sung",),
    codes={"Kênh thực hiện": "channel", "Trạng thái": "dossier_status", "Đối tượng": "applicant_type"},
    texts=("Lĩnh vực",),
    names={
        "Mã hồ sơ": "dossier_hash", "Mã đơn vị": "agency_code", "Ngày tiếp nhận": "received_at",
        "Ngày cập nhật": "updated_at", "Ngày hẹn trả": "due_at", "Số lần yêu cầu bổ sung": "supplement_request_count",
        "Mã TTHC": "procedure_code", "Ngày kết thúc xử lý": "finished_at", "Ngày trả kết quả": "returned_at",
    },
    optional="Ngày hẹn trả",
    required="Mã TTHC",
    other=("Lĩnh vực", "Đất đai", "Xây dựng"),
    path="/one-stop/exports/dossiers.csv",
)  # fmt: skip
PAYMENTS = Dataset(
    id="one_stop.payments",
    shape="csv",
    is_snapshot=False,
    key="Mã hồ sơ",
    agency="Mã đơn vị",
    event="Ngày phát sinh",
    version="Ngày cập nhật",
    dates=dict.fromkeys(("Ngày phát sinh", "Ngày thanh toán", "Ngày cập nhật"), MINUTE),
    counts=("Số tiền phải nộp", "Số tiền đã nộp"),
    codes={"Loại khoản thu": "fee_kind", "Hình thức thanh toán": "payment_method", "Đã hoàn tiền": "is_refunded"},
    texts=(),
    names={
        "Mã hồ sơ": "dossier_hash", "Mã đơn vị": "agency_code", "Ngày phát sinh": "charged_at",
        "Ngày cập nhật": "updated_at", "Ngày thanh toán": "paid_at", "Số tiền phải nộp": "amount_due",
        "Số tiền đã nộp": "amount_paid", "Loại khoản thu": "fee_kind",
    },
    optional="Ngày thanh toán",
    required="Loại khoản thu",
    other=("Loại khoản thu", "Phí", "Lệ phí"),
    path="/one-stop/exports/payments.csv",
)  # fmt: skip
DOCUMENTS = Dataset(
    id="ioffice.outgoing_documents",
    shape="json",
    is_snapshot=False,
    key="MaVanBan",
    agency="MaDonVi",
    event="NgayBanHanh",
    version="NgayCapNhat",
    dates={"NgayBanHanh": ISO_DAY, "ThoiDiemKyCaNhan": ISO_TIME, "ThoiDiemKyCoQuan": ISO_TIME, "NgayCapNhat": ISO_TIME},
    counts=(),
    codes={"PhamViNhan": "recipient_scope", "TrangThai": "document_status", "HinhThuc": "medium"},
    texts=("LoaiVanBan",),
    names={
        "MaVanBan": "document_id", "MaDonVi": "agency_code", "NgayBanHanh": "issued_date", "NgayCapNhat": "updated_at",
        "ThoiDiemKyCaNhan": "personal_signed_at", "ThoiDiemKyCoQuan": "organisation_signed_at",
        "SoVanBan": "document_number",
    },
    optional="ThoiDiemKyCoQuan",
    required="SoVanBan",
    other=("LoaiVanBan", "Tờ trình", "Giấy mời"),
    path="/ioffice/api/v1/outgoing-documents",
)  # fmt: skip
MAILBOXES = Dataset(
    id="mail.accounts",
    shape="csv",
    is_snapshot=True,
    key="Địa chỉ thư",
    agency="Mã đơn vị",
    event="Ngày cấp",
    version="Thời điểm kết xuất",
    dates={"Ngày cấp": DAY, "Lần cuối đăng nhập": MINUTE, "Ngày chốt số liệu": DAY, "Thời điểm kết xuất": MINUTE},
    counts=("Đã gửi 30 ngày", "Đã đọc 30 ngày"),
    codes={"Trạng thái": "account_status"},
    texts=(),
    names={
        "Địa chỉ thư": "mailbox_hash", "Mã đơn vị": "agency_code", "Ngày cấp": "issued_date",
        "Lần cuối đăng nhập": "last_used_at", "Đã gửi 30 ngày": "sent_30d_count", "Đã đọc 30 ngày": "read_30d_count",
        "Thời điểm kết xuất": "exported_at", "Ngày chốt số liệu": "snapshot_date",
    },
    optional="Đã gửi 30 ngày",
    required="Trạng thái",
    other=("Đã gửi 30 ngày", "7", "8"),
    path="/mail/accounts.csv",
)  # fmt: skip
HEADCOUNT = Dataset(
    id="directory.headcount",
    shape="csv",
    is_snapshot=True,
    key="Mã đơn vị",
    agency="Mã đơn vị",
    event="Ngày chốt số liệu",
    version="Thời điểm kết xuất",
    dates={"Ngày chốt số liệu": DAY, "Thời điểm kết xuất": MINUTE},
    counts=("Số người có mặt",),
    codes={"Nguồn số liệu": "headcount_basis"},
    texts=(),
    names={
        "Mã đơn vị": "agency_code", "Số người có mặt": "headcount", "Thời điểm kết xuất": "exported_at",
        "Ngày chốt số liệu": "snapshot_date",
    },
    optional="",
    required="Số người có mặt",
    other=("Số người có mặt", "33", "34"),
    path="/directory/headcount.csv",
)  # fmt: skip
CERTIFICATES = Dataset(
    id="iso.certificates",
    shape="xlsx",
    is_snapshot=True,
    key="Số quyết định công bố",
    agency="Mã đơn vị",
    event="Ngày công bố",
    version="Thời điểm kết xuất",
    dates={
        "Ngày công bố": DAY, "Ngày đánh giá nội bộ": DAY, "Ngày xem xét của lãnh đạo": DAY, "Hiệu lực đến": DAY,
        "Ngày chốt số liệu": DAY, "Thời điểm kết xuất": MINUTE,
    },
    counts=("Số TTHC áp dụng",),
    codes={"Bắt buộc áp dụng": "is_mandated"},
    texts=(),
    names={
        "Số quyết định công bố": "certificate_number", "Mã đơn vị": "agency_code", "Ngày công bố": "announced_date",
        "Hiệu lực đến": "valid_until_date", "Số TTHC áp dụng": "procedures_covered_count",
        "Ngày đánh giá nội bộ": "internal_audit_date", "Thời điểm kết xuất": "exported_at",
        "Ngày chốt số liệu": "snapshot_date",
    },
    optional="Hiệu lực đến",
    required="Bắt buộc áp dụng",
    other=("Số TTHC áp dụng", "33", "34"),
    path="/iso/certificates.xlsx",
    sheet="Danh sách",
)  # fmt: skip
PROCEDURES = Dataset(
    id="portal.procedures",
    shape="json",
    is_snapshot=True,
    key="maTTHC",
    agency="maDonVi",
    event="ngayCongKhai",
    version="thoiDiemXuat",
    dates={"ngayCongKhai": ISO_DAY, "ngayChot": ISO_DAY, "thoiDiemXuat": ISO_TIME},
    counts=(),
    codes={"mucDo": "service_level", "trangThai": "procedure_status", "capThucHien": "competent_level"},
    texts=("tenTTHC", "linhVuc"),
    names={
        "maTTHC": "procedure_code", "maDonVi": "agency_code", "ngayCongKhai": "posted_date",
        "thoiDiemXuat": "exported_at", "ngayChot": "snapshot_date", "mucDo": "service_level",
        "tenTTHC": "procedure_name",
    },
    optional="ngayCongKhai",
    required="mucDo",
    other=("linhVuc", "Khác A", "Khác B"),
    path="/portal/api/procedures",
)  # fmt: skip
PAPER = Dataset(
    id="forms.paper_register",
    shape="xlsx",
    is_snapshot=False,
    key="Số vào sổ",
    agency="Mã đơn vị",
    event="Ngày tiếp nhận",
    version="Ngày cập nhật",
    dates=dict.fromkeys(("Ngày tiếp nhận", "Ngày giải quyết xong", "Ngày trả kết quả", "Ngày cập nhật"), DAY),
    counts=(),
    codes={"Hình thức nộp": "channel"},
    texts=(),
    names={
        "Số vào sổ": "register_number", "Mã đơn vị": "agency_code", "Ngày tiếp nhận": "received_date",
        "Ngày cập nhật": "updated_at", "Ngày giải quyết xong": "finished_date", "Ngày trả kết quả": "returned_date",
        "Mã TTHC": "procedure_code", "Năm": "register_year",
    },
    optional="Ngày giải quyết xong",
    required="Mã TTHC",
    other=("Hình thức nộp", "Trực tiếp", "Bưu chính công ích"),
    path="/forms/paper-register",
    sheet="Sổ hồ sơ",
)  # fmt: skip
SCORECARDS = Dataset(
    id="forms.par_scorecards",
    shape="xlsx",
    is_snapshot=True,
    key="Mã tiêu chí",
    agency="Mã đơn vị",
    event="Ngày chốt điểm",
    version="Thời điểm gửi",
    dates={"Ngày chốt điểm": DAY, "Thời điểm gửi": MINUTE},
    counts=(),
    codes={},
    texts=(),
    names={
        "Mã tiêu chí": "criterion_code", "Mã đơn vị": "agency_code", "Ngày chốt điểm": "snapshot_date",
        "Thời điểm gửi": "exported_at", "Điểm tối đa": "max_points",
    },
    optional="",
    required="Điểm tối đa",
    other=("Tên tiêu chí", "Tiêu chí khác A", "Tiêu chí khác B"),
    path="/forms/par-scorecards",
    sheet=exports.SCORECARD_SHEET,
)  # fmt: skip
PUBLICATIONS = Dataset(
    id="portal.publications",
    shape="json",
    is_snapshot=False,
    key="maTTHC",
    agency="maDonVi",
    event="ngayQuyetDinh",
    version="thoiDiemCapNhat",
    dates={
        "ngayQuyetDinh": ISO_DAY, "ngayHieuLuc": ISO_DAY, "ngayCongBo": ISO_DAY, "ngayCongKhai": ISO_DAY,
        "thoiDiemCapNhat": ISO_TIME,
    },
    counts=("soTruongTruoc", "soTruongCatGiam"),
    codes={"noiDung": "change_kind"},
    texts=("linhVuc",),
    names={
        "maTTHC": "procedure_code", "maDonVi": "agency_code", "ngayQuyetDinh": "decision_date",
        "thoiDiemCapNhat": "updated_at", "soQuyetDinh": "decision_number",
    },
    optional="soTruongTruoc",
    required="soQuyetDinh",
    other=("linhVuc", "Khác A", "Khác B"),
    path="/portal/api/publications",
)  # fmt: skip
PETITIONS = Dataset(
    id="feedback.petitions",
    shape="json",
    is_snapshot=False,
    key="maPhanAnh",
    agency="maDonVi",
    event="ngayTiepNhan",
    version="thoiDiemCapNhat",
    dates={"ngayTiepNhan": ISO_DAY, "ngayXuLy": ISO_DAY, "thoiDiemCapNhat": ISO_TIME},
    counts=(),
    codes={"kenh": "channel"},
    texts=(),
    names={
        "maPhanAnh": "petition_hash", "maDonVi": "agency_code", "ngayTiepNhan": "received_date",
        "thoiDiemCapNhat": "updated_at", "lanDau": "is_first",
    },
    optional="ngayXuLy",
    required="lanDau",
    other=("khongHaiLong", "0", "1"),
    path="/feedback/api/petitions",
)  # fmt: skip

TASKS = Dataset(
    id="ioffice.tasks",
    shape="json",
    is_snapshot=False,
    key="MaNhiemVu",
    agency="MaDonVi",
    event="NgayGiao",
    version="NgayCapNhat",
    dates={
        "NgayGiao": ISO_DAY, "HanHoanThanh": ISO_DAY, "NgayGiaHan": ISO_DAY, "HanSauGiaHan": ISO_DAY,
        "NgayHoanThanh": ISO_DAY, "NgayCapNhat": ISO_TIME,
    },
    counts=(),
    codes={"LoaiNhiemVu": "task_kind", "TrangThai": "task_status"},
    texts=(),
    names={
        "MaNhiemVu": "task_id", "MaDonVi": "agency_code", "NgayGiao": "assigned_date", "NgayCapNhat": "updated_at",
        "HanHoanThanh": "due_date", "NgayHoanThanh": "done_date", "LoaiNhiemVu": "task_kind",
    },
    optional="NgayGiaHan",
    required="LoaiNhiemVu",
    other=("LoaiNhiemVu", "CuThe", "ChungNhiemVu"),
    path="/ioffice/api/v1/tasks",
)  # fmt: skip

DEVICES = Dataset(
    id="network.devices",
    shape="csv",
    is_snapshot=True,
    key="Mã thiết bị",
    agency="Mã đơn vị",
    event="Ngày đưa vào bảo mật",
    version="Thời điểm kết xuất",
    dates={"Ngày đưa vào bảo mật": DAY, "Ngày thanh lý": DAY, "Ngày chốt số liệu": DAY, "Thời điểm kết xuất": MINUTE},
    counts=(),
    codes={"Loại thiết bị": "device_kind", "Qua thiết bị bảo mật": "is_secured"},
    texts=(),
    names={
        "Mã thiết bị": "device_code", "Mã đơn vị": "agency_code", "Ngày đưa vào bảo mật": "secured_date",
        "Thời điểm kết xuất": "exported_at", "Ngày chốt số liệu": "snapshot_date",
    },
    optional="Ngày thanh lý",
    required="Loại thiết bị",
    other=("Loại thiết bị", "Máy in", "Máy quét"),
    path="/network/devices.csv",
)  # fmt: skip
ACTIVITIES = Dataset(
    id="communication.activities",
    shape="json",
    is_snapshot=False,
    key="maHoatDong",
    agency="maDonVi",
    event="ngayThucHien",
    version="thoiDiemCapNhat",
    dates={"ngayThucHien": ISO_DAY, "thoiDiemCapNhat": ISO_TIME},
    counts=("soNguoiThamDu",),
    codes={"loaiHoatDong": "activity_kind", "trangThai": "activity_status"},
    texts=(),
    names={
        "maHoatDong": "activity_code", "maDonVi": "agency_code", "ngayThucHien": "held_date",
        "thoiDiemCapNhat": "updated_at", "soNguoiThamDu": "attendee_count",
    },
    optional="soNguoiThamDu",
    required="loaiHoatDong",
    other=("coNoiDungCCHC", "0", "1"),
    path="/communication/api/activities",
)  # fmt: skip
INCOMING = Dataset(
    id="ioffice.incoming_documents",
    shape="json",
    is_snapshot=False,
    key="MaVanBanDen",
    agency="MaDonVi",
    event="NgayDen",
    version="NgayCapNhat",
    dates={
        "NgayDen": ISO_DAY, "HanXuLy": ISO_DAY, "ThoiDiemChuyen": ISO_TIME, "ThoiDiemHoanThanh": ISO_TIME,
        "NgayCapNhat": ISO_TIME,
    },
    counts=(),
    codes={"LoaiNoiGui": "sender_kind", "TrangThai": "document_status"},
    texts=(),
    names={
        "MaVanBanDen": "document_id", "MaDonVi": "agency_code", "NgayDen": "arrival_date", "HanXuLy": "due_date",
        "ThoiDiemChuyen": "routed_at", "ThoiDiemHoanThanh": "completed_at", "NgayCapNhat": "updated_at",
    },
    optional="HanXuLy",
    required="LoaiNoiGui",
    other=("LoaiNoiGui", "CapTren", "CapDuoi"),
    path="/ioffice/api/v1/incoming-documents",
)  # fmt: skip
ACCOUNTS = Dataset(
    id="ioffice.accounts",
    shape="json",
    is_snapshot=True,
    key="TenDangNhap",
    agency="MaDonVi",
    event="NgayThaoTacCuoi",
    version="ThoiDiemXuat",
    dates={"NgayCap": ISO_DAY, "NgayThaoTacCuoi": ISO_DAY, "NgayChot": ISO_DAY, "ThoiDiemXuat": ISO_TIME},
    counts=(),
    codes={"LoaiTaiKhoan": "account_kind", "TrangThai": "account_status"},
    texts=(),
    names={
        "TenDangNhap": "account_hash", "MaDonVi": "agency_code", "NgayCap": "issued_date",
        "NgayThaoTacCuoi": "last_action_date", "NgayChot": "snapshot_date", "ThoiDiemXuat": "exported_at",
    },
    optional="NgayThaoTacCuoi",
    required="LoaiTaiKhoan",
    other=("LoaiTaiKhoan", "CaNhan", "ToChuc"),
    path="/ioffice/api/v1/accounts",
)  # fmt: skip
HANDOVERS = Dataset(
    id="one_stop.handovers",
    shape="csv",
    is_snapshot=False,
    key="Mã hồ sơ",
    agency="Mã đơn vị xử lý",
    event="Ngày nhận bước",
    version="Ngày cập nhật",
    dates=dict.fromkeys(("Ngày nhận bước", "Hạn xử lý nội bộ", "Ngày chuyển bước", "Ngày cập nhật"), MINUTE),
    counts=(),
    codes={},
    texts=(),
    names={
        "Mã hồ sơ": "dossier_hash", "Mã đơn vị xử lý": "agency_code", "Ngày nhận bước": "received_at",
        "Ngày cập nhật": "updated_at", "Hạn xử lý nội bộ": "internal_due_at", "Mã đơn vị chuyển": "from_agency_code",
    },
    optional="Ngày chuyển bước",
    required="Hạn xử lý nội bộ",
    other=("Mã đơn vị chuyển", "84", "842"),
    path="/one-stop/exports/handovers.csv",
)  # fmt: skip
ONE_STOP_UNITS = Dataset(
    id="forms.one_stop_units",
    shape="xlsx",
    is_snapshot=True,
    key="Mã đơn vị",
    agency="Mã đơn vị",
    event="Ngày quyết định kiện toàn",
    version="Thời điểm gửi",
    dates={"Ngày quyết định kiện toàn": DAY, "Ngày chốt số liệu": DAY, "Thời điểm gửi": MINUTE},
    counts=("Số cán bộ được phân công", "Số cán bộ có tài khoản"),
    codes={"Đã kiện toàn": "is_consolidated"},
    texts=(),
    names={
        "Mã đơn vị": "agency_code", "Ngày quyết định kiện toàn": "decision_date", "Thời điểm gửi": "exported_at",
        "Ngày chốt số liệu": "snapshot_date", "Số cán bộ được phân công": "official_count",
        "Số cán bộ có tài khoản": "account_count",
    },
    optional="Ngày quyết định kiện toàn",
    required="Số cán bộ được phân công",
    other=("Số quyết định kiện toàn", "1/QĐ-UBND", "2/QĐ-UBND"),
    path="/forms/one-stop-units",
    sheet=forms_exports.ONE_STOP_SHEET,
)  # fmt: skip
SYNCHRONISATION = Dataset(
    id="portal.synchronisation",
    shape="json",
    is_snapshot=False,
    key="maHoSo",
    agency="maDonVi",
    event="thoiDiemGui",
    version="thoiDiemCapNhat",
    dates={"thoiDiemGui": ISO_TIME, "thoiDiemTiepNhan": ISO_TIME, "thoiDiemCapNhat": ISO_TIME},
    counts=(),
    codes={"trangThaiDongBo": "sync_status"},
    texts=(),
    names={
        "maHoSo": "dossier_hash", "maDonVi": "agency_code", "thoiDiemGui": "sent_at", "thoiDiemCapNhat": "updated_at",
    },
    optional="thoiDiemTiepNhan",
    required="trangThaiDongBo",
    other=("thoiDiemTiepNhan", "2023-03-31T15:00:00+07:00", "2023-03-31T15:01:00+07:00"),
    path="/portal/api/synchronisation",
)  # fmt: skip
PAUSES = Dataset(
    id="one_stop.pauses",
    shape="csv",
    is_snapshot=False,
    key="Mã hồ sơ",
    agency="Mã đơn vị",
    event="Tạm dừng từ",
    version="Ngày cập nhật",
    dates=dict.fromkeys(("Tạm dừng từ", "Tạm dừng đến", "Ngày cập nhật"), MINUTE),
    counts=(),
    codes={"Loại tạm dừng": "pause_kind"},
    texts=(),
    names={
        "Mã hồ sơ": "dossier_hash", "Mã đơn vị": "agency_code", "Tạm dừng từ": "paused_at",
        "Ngày cập nhật": "updated_at", "Tạm dừng đến": "resumed_at",
    },
    optional="Tạm dừng đến",
    required="Loại tạm dừng",
    other=("Mã lý do", "BS02", "BS03"),
    path="/one-stop/exports/pauses.csv",
)  # fmt: skip

VERTICAL = Dataset(
    id="forms.vertical_settlement",
    shape="xlsx",
    is_snapshot=False,
    key="Lĩnh vực",
    agency="Mã đơn vị",
    event="Từ ngày",
    version="Thời điểm gửi",
    dates={"Từ ngày": DAY, "Thời điểm gửi": MINUTE},
    counts=("Số hồ sơ tiếp nhận", "Số hồ sơ đã giải quyết"),
    codes={},
    texts=(),
    names={
        "Lĩnh vực": "field_name", "Mã đơn vị": "agency_code", "Từ ngày": "period_start",
        "Thời điểm gửi": "updated_at", "Số hồ sơ tiếp nhận": "received_count",
        "Số hồ sơ đã giải quyết": "settled_count",
    },
    optional="",
    required="Số hồ sơ đã giải quyết",
    other=("Số hồ sơ tiếp nhận", "33", "34"),
    path="/forms/vertical-settlement",
    sheet=forms_exports.VERTICAL_SHEET,
)  # fmt: skip
WORK_FILES = Dataset(
    id="ioffice.work_files",
    shape="json",
    is_snapshot=False,
    key="MaHoSo",
    agency="MaDonVi",
    event="NgayMo",
    version="NgayCapNhat",
    dates={
        "NgayMo": ISO_DAY, "NgayKetThuc": ISO_DAY, "HanNopLuu": ISO_DAY, "NgayNopLuu": ISO_DAY,
        "NgayCapNhat": ISO_TIME,
    },
    counts=(),
    codes={"HinhThuc": "medium"},
    texts=(),
    names={
        "MaHoSo": "file_code", "MaDonVi": "agency_code", "NgayMo": "opened_date", "NgayKetThuc": "closed_date",
        "HanNopLuu": "archive_due_date", "NgayNopLuu": "archived_date", "NgayCapNhat": "updated_at",
    },
    optional="NgayNopLuu",
    required="HinhThuc",
    other=("HinhThuc", "DienTu", "Giay"),
    path="/ioffice/api/v1/work-files",
)  # fmt: skip
PERIODIC_REPORTS = Dataset(
    id="forms.periodic_reports",
    shape="xlsx",
    is_snapshot=False,
    key="Mã báo cáo",
    agency="Mã đơn vị báo cáo",
    event="Hạn gửi",
    version="Thời điểm cập nhật sổ",
    dates={"Hạn gửi": DAY, "Thời điểm gửi báo cáo": MINUTE, "Thời điểm cập nhật sổ": MINUTE},
    counts=(),
    codes={},
    texts=(),
    names={
        "Mã báo cáo": "report_code", "Mã đơn vị báo cáo": "agency_code", "Hạn gửi": "due_date",
        "Thời điểm gửi báo cáo": "sent_at", "Thời điểm cập nhật sổ": "updated_at",
    },
    optional="Thời điểm gửi báo cáo",
    required="Hạn gửi",
    other=("Tên báo cáo", "Báo cáo A", "Báo cáo B"),
    path="/forms/periodic-reports",
    sheet=forms_exports.REPORT_SHEET,
)  # fmt: skip
SURVEYS = Dataset(
    id="forms.survey_results",
    shape="xlsx",
    is_snapshot=True,
    key="Mã lĩnh vực",
    agency="Mã đơn vị",
    event="Ngày chốt số liệu",
    version="Thời điểm gửi",
    dates={"Ngày chốt số liệu": DAY, "Thời điểm gửi": MINUTE},
    counts=(),
    codes={},
    texts=(),
    names={
        "Mã lĩnh vực": "domain_code", "Mã đơn vị": "agency_code", "Ngày chốt số liệu": "snapshot_date",
        "Thời điểm gửi": "exported_at", "Điểm": "score",
    },
    optional="",
    required="Điểm",
    other=("Tên lĩnh vực", "Lĩnh vực A", "Lĩnh vực B"),
    path="/forms/survey-results",
    sheet=forms_exports.SURVEY_SHEET,
)  # fmt: skip

_ALL = (
    DOSSIERS,
    PAYMENTS,
    DOCUMENTS,
    MAILBOXES,
    HEADCOUNT,
    CERTIFICATES,
    PROCEDURES,
    PAPER,
    SCORECARDS,
    PUBLICATIONS,
    PETITIONS,
    TASKS,
    DEVICES,
    ACTIVITIES,
    INCOMING,
    ACCOUNTS,
    HANDOVERS,
    ONE_STOP_UNITS,
    SYNCHRONISATION,
    VERTICAL,
    WORK_FILES,
    PAUSES,
    PERIODIC_REPORTS,
    SURVEYS,
)
DATASETS: dict[str, Dataset] = {item.id: item for item in _ALL}
TITLES = {
    "iso.certificates": ["SỞ KHOA HỌC VÀ CÔNG NGHỆ", "CÔNG BỐ TCVN ISO 9001:2015"],
    "forms.paper_register": ["ỦY BAN NHÂN DÂN CẤP XÃ", "SỔ THEO DÕI HỒ SƠ"],
    "forms.par_scorecards": ["ỦY BAN NHÂN DÂN CẤP HUYỆN", "BẢNG TỰ CHẤM ĐIỂM"],
    "forms.one_stop_units": ["VĂN PHÒNG HĐND VÀ UBND", "TỔNG HỢP BỘ PHẬN MỘT CỬA"],
    "forms.vertical_settlement": ["CƠ QUAN NGÀNH DỌC", "BIỂU TỔNG HỢP KẾT QUẢ GIẢI QUYẾT HỒ SƠ"],
    "forms.survey_results": ["SỞ NỘI VỤ", "KẾT QUẢ KHẢO SÁT, CHỈ SỐ"],
    "forms.periodic_reports": ["VĂN PHÒNG HĐND VÀ UBND", "SỔ THEO DÕI BÁO CÁO ĐỊNH KỲ"],
}


@dataclass(frozen=True)
class Export:
    """What a source hands over for one question. `total` is what its total line says; None: the number of rows.

    `declared` is what the interface declares beside it. `body` replaces the written rows by bytes of its own.
    """

    dataset: Dataset
    rows: pd.DataFrame
    name: str
    snapshot_date: date | None
    window_from: date | None
    window_to: date
    total: int | None = None
    declared: int | None = None
    body: bytes | None = None

    def with_rows(self, rows: pd.DataFrame) -> "Export":
        return replace(self, rows=rows.reset_index(drop=True))


def window_of(first: date | None, last: date) -> Window:
    return Window(pd.Timestamp(first) if first else None, pd.Timestamp(last))


def clean_exports(records: Records, first: date | None, last: date, only: Iterable[str] = DATASETS) -> list[Export]:
    """All exports that the sources have for one window, as text; a source that has nothing is left out."""
    window = window_of(first, last)
    found: list[Export] = []
    for dataset_id in only:
        dataset = DATASETS[dataset_id]
        found += [
            Export(dataset, _text(dataset, rows), name, day, first, last)
            for name, day, rows in _FRAMES[dataset_id](records, window)
            if len(rows)
        ]
    return found


_Frames = list[tuple[str, date | None, pd.DataFrame]]


def _delta(export: Callable[[Records, Window], pd.DataFrame], name: str) -> Callable[[Records, Window], _Frames]:
    return lambda records, window: [(name, None, export(records, window))]


def _snapshots(
    export: Callable[[Records, pd.Timestamp], pd.DataFrame], table: str, name: str
) -> Callable[[Records, Window], _Frames]:
    def frames(records: Records, window: Window) -> _Frames:
        days = exports.snapshot_dates(getattr(records, table), window)
        return [(name, date.fromisoformat(day), export(records, pd.Timestamp(day))) for day in days]

    return frames


def _lists(form: exports.Form) -> Callable[[Records, Window], _Frames]:
    """Workbooks of units, each a list of what has changed."""

    def frames(records: Records, window: Window) -> _Frames:
        named = [(name, form.rows(records, name)) for name in form.names(records, window)]
        return [(name, None, rows) for name, rows in named if rows is not None]

    return frames


def _books(form: exports.Form, day: str) -> Callable[[Records, Window], _Frames]:
    """Workbooks of units, of the date that stands in a column."""

    def frames(records: Records, window: Window) -> _Frames:
        named = [(name, form.rows(records, name)) for name in form.names(records, window)]
        return [(name, rows[day].iloc[0].date(), rows) for name, rows in named if rows is not None]

    return frames


_FRAMES: dict[str, Callable[[Records, Window], _Frames]] = {
    DOSSIERS.id: _delta(exports.dossiers, "dossiers.csv"),
    PAYMENTS.id: _delta(one_stop_exports.payments, "payments.csv"),
    DOCUMENTS.id: _delta(exports.outgoing_documents, "page"),
    MAILBOXES.id: _snapshots(exports.mailboxes, "mailboxes", "accounts.csv"),
    HEADCOUNT.id: _snapshots(exports.headcount, "headcount", "headcount.csv"),
    CERTIFICATES.id: _snapshots(exports.certificates, "certificates", "certificates.xlsx"),
    PROCEDURES.id: _snapshots(exports.procedures, "procedures", "page"),
    PAPER.id: _lists(exports.FORMS["paper-register"]),
    PERIODIC_REPORTS.id: _lists(forms_exports.FORMS["periodic-reports"]),
    SCORECARDS.id: _books(exports.FORMS["par-scorecards"], "Ngày chốt điểm"),
    SURVEYS.id: _books(forms_exports.FORMS["survey-results"], "Ngày chốt số liệu"),
    ONE_STOP_UNITS.id: _books(forms_exports.FORMS["one-stop-units"], "Ngày chốt số liệu"),
    VERTICAL.id: _lists(forms_exports.FORMS["vertical-settlement"]),
    PUBLICATIONS.id: _delta(portal_exports.publications, "page"),
    PETITIONS.id: _delta(portal_exports.petitions, "page"),
    TASKS.id: _delta(office_exports.tasks, "page"),
    ACTIVITIES.id: _delta(activities_exports.activities, "page"),
    ACCOUNTS.id: _snapshots(document_work_exports.accounts, "office_accounts", "page"),
    WORK_FILES.id: _delta(document_work_exports.work_files, "page"),
    INCOMING.id: _delta(document_work_exports.incoming_documents, "page"),
    HANDOVERS.id: _delta(progress_exports.handovers, "handovers.csv"),
    SYNCHRONISATION.id: _delta(progress_exports.synchronisation, "page"),
    PAUSES.id: _delta(progress_exports.pauses, "pauses.csv"),
    DEVICES.id: _snapshots(devices_exports.devices, "devices", "devices.csv"),
}


def _text(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Every value as the text that a reader of the export sees."""
    text = {}
    for name in rows.columns:
        values = rows[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            text[name] = values.dt.strftime(dataset.dates[name]).fillna("")
        else:
            text[name] = values.map(lambda value: "" if value is None or pd.isna(value) else str(value))
    return pd.DataFrame(text, dtype=object).reset_index(drop=True)
