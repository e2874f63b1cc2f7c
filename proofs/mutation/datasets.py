"""The datasets as their sources write them: clean exports as text, and which column plays which part.

A defect is told in terms of parts (the key, the unit's code, the dates, the counts), so that one kind of defect can be
planted into every dataset that has the part.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

import pandas as pd

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.rules import STRFTIME
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


@dataclass(frozen=True)
class Dataset:
    """One dataset. Names are the headers of its export; `dates` maps them to their form, `event` is the main date,
    `snapshot` the day of a snapshot (none of a delta)."""

    id: str
    shape: Shape
    is_snapshot: bool
    key: str
    agency: str
    event: str
    snapshot: str
    version: str
    dates: dict[str, str]
    counts: tuple[str, ...]
    codes: tuple[str, ...]
    texts: tuple[str, ...]
    names: dict[str, str]
    optional: str
    required: str
    other: tuple[str, str, str]
    path: str
    sheet: str

    @property
    def word(self) -> str:
        """The dataset's word in rule identifiers."""
        return PREFIXES[self.id]


def _dataset(
    dataset_id: str,
    *,
    path: str,
    required: str,
    other: tuple[str, str, str],
    key: str = "",
    event: str = "",
    optional: str = "",
    counts: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Dataset:
    """What its contract says of a dataset, and what a defect has to know besides.

    Sources write a column's first header, unless `headers` has another for it. Key and event are the contract's first
    key column and its business date unless they are said; `codes` are those of its lists of values that are swapped.
    """
    contract = get_contract(dataset_id)
    header = {column.name: headers.get(column.name, column.headers[0]) for column in contract.columns}
    return Dataset(
        id=dataset_id,
        shape="csv" if "csv" in contract.file_formats else contract.file_formats[0],
        is_snapshot=contract.shape == "snapshot",
        key=key or header[contract.key_columns[0].name],
        agency=header[contract.agency_column.name],
        event=event or header[contract.business_date_column.name],
        snapshot=header[contract.business_date_column.name] if contract.shape == "snapshot" else "",
        version=header[contract.version_column.name],
        dates={
            header[column.name]: STRFTIME[column.format] for column in contract.columns if column.format in STRFTIME
        },
        counts=counts,
        codes=codes,
        texts=texts,
        names={written: name for name, written in header.items()},
        optional=optional,
        required=required,
        other=other,
        path=path,
        sheet=contract.sheet or "",
    )


DOSSIERS = _dataset(
    "one_stop.dossiers",
    counts=("Số lần yêu cầu bổ sung",),
    codes=("Kênh thực hiện", "Trạng thái", "Đối tượng"),
    texts=("Lĩnh vực",),
    optional="Ngày hẹn trả",
    required="Mã TTHC",
    other=("Lĩnh vực", "Đất đai", "Xây dựng"),
    path="/one-stop/exports/dossiers.csv",
)
PAYMENTS = _dataset(
    "one_stop.payments",
    counts=("Số tiền phải nộp", "Số tiền đã nộp"),
    codes=("Loại khoản thu", "Hình thức thanh toán", "Đã hoàn tiền"),
    optional="Ngày thanh toán",
    required="Loại khoản thu",
    other=("Loại khoản thu", "Phí", "Lệ phí"),
    path="/one-stop/exports/payments.csv",
)
COMPONENTS = _dataset(
    "one_stop.components",
    codes=("Có tệp số hóa", "Khai thác từ kho"),
    required="Có tệp số hóa",
    other=("Khai thác từ kho", "Có", "Không"),
    path="/one-stop/exports/components.csv",
)
DATA_USES = _dataset(
    "one_stop.data_uses",
    codes=("Khai thác dữ liệu dân cư", "Lấy từ kho cá nhân", "Đưa kết quả vào kho cá nhân", "Chứng thực bản sao"),
    required="Chứng thực bản sao",
    other=("Lấy từ kho cá nhân", "Có", "Không"),
    path="/one-stop/exports/data_uses.csv",
)
RESULTS = _dataset(
    "one_stop.results",
    codes=("Kết quả bằng văn bản", "Có tệp kết quả"),
    optional="Ngày ký số",
    required="Kết quả bằng văn bản",
    other=("Có tệp kết quả", "Có", "Không"),
    path="/one-stop/exports/results.csv",
)
APOLOGIES = _dataset(
    "one_stop.apologies",
    required="Ngày hẹn trả mới",
    other=("Ngày hẹn trả mới", "30/06/2023 17:00", "29/06/2023 17:00"),
    path="/one-stop/exports/apologies.csv",
)
SATISFACTION = _dataset(
    "one_stop.satisfaction",
    codes=("Kênh đánh giá", "Mức độ hài lòng"),
    required="Mức độ hài lòng",
    other=("Mức độ hài lòng", "Hài lòng", "Không hài lòng"),
    path="/one-stop/exports/satisfaction.csv",
)
DOCUMENTS = _dataset(
    "ioffice.outgoing_documents",
    codes=("PhamViNhan", "TrangThai", "HinhThuc"),
    texts=("LoaiVanBan",),
    optional="ThoiDiemKyCoQuan",
    required="SoVanBan",
    other=("LoaiVanBan", "Tờ trình", "Giấy mời"),
    path="/ioffice/api/v1/outgoing-documents",
)
MAILBOXES = _dataset(
    "mail.accounts",
    headers={"mailbox_hash": "Địa chỉ thư"},
    event="Ngày cấp",
    counts=("Đã gửi 30 ngày", "Đã đọc 30 ngày"),
    codes=("Trạng thái",),
    optional="Đã gửi 30 ngày",
    required="Trạng thái",
    other=("Đã gửi 30 ngày", "7", "8"),
    path="/mail/accounts.csv",
)
HEADCOUNT = _dataset(
    "directory.headcount",
    counts=("Số người có mặt",),
    codes=("Nguồn số liệu",),
    required="Số người có mặt",
    other=("Số người có mặt", "33", "34"),
    path="/directory/headcount.csv",
)
CERTIFICATES = _dataset(
    "iso.certificates",
    key="Số quyết định công bố",
    event="Ngày công bố",
    counts=("Số TTHC áp dụng",),
    codes=("Bắt buộc áp dụng",),
    optional="Hiệu lực đến",
    required="Bắt buộc áp dụng",
    other=("Số TTHC áp dụng", "33", "34"),
    path="/iso/certificates.xlsx",
)
PROCEDURES = _dataset(
    "portal.procedures",
    key="maTTHC",
    event="ngayCongKhai",
    codes=("mucDo", "trangThai", "capThucHien"),
    texts=("tenTTHC", "linhVuc"),
    optional="ngayCongKhai",
    required="mucDo",
    other=("linhVuc", "Khác A", "Khác B"),
    path="/portal/api/procedures",
)
FEES = _dataset(
    "portal.fees",
    key="maTTHC",
    event="ngayDongBoPhi",
    codes=("coPhiLePhi", "capThucHien"),
    optional="ngayDongBoPhi",
    required="capThucHien",
    other=("capThucHien", "Huyen", "Xa"),
    path="/portal/api/fees",
)
PAPER = _dataset(
    "forms.paper_register",
    key="Số vào sổ",
    codes=("Hình thức nộp",),
    optional="Ngày giải quyết xong",
    required="Mã TTHC",
    other=("Hình thức nộp", "Trực tiếp", "Bưu chính công ích"),
    path="/forms/paper-register",
)
SCORECARDS = _dataset(
    "forms.par_scorecards",
    key="Mã tiêu chí",
    required="Điểm tối đa",
    other=("Tên tiêu chí", "Tiêu chí khác A", "Tiêu chí khác B"),
    path="/forms/par-scorecards",
)
PUBLICATIONS = _dataset(
    "portal.publications",
    key="maTTHC",
    counts=("soTruongTruoc", "soTruongCatGiam"),
    codes=("noiDung",),
    texts=("linhVuc",),
    optional="soTruongTruoc",
    required="soQuyetDinh",
    other=("linhVuc", "Khác A", "Khác B"),
    path="/portal/api/publications",
)
PETITIONS = _dataset(
    "feedback.petitions",
    codes=("kenh",),
    optional="ngayXuLy",
    required="lanDau",
    other=("khongHaiLong", "0", "1"),
    path="/feedback/api/petitions",
)
TASKS = _dataset(
    "ioffice.tasks",
    codes=("LoaiNhiemVu", "TrangThai"),
    optional="NgayGiaHan",
    required="LoaiNhiemVu",
    other=("LoaiNhiemVu", "CuThe", "ChungNhiemVu"),
    path="/ioffice/api/v1/tasks",
)
DEVICES = _dataset(
    "network.devices",
    event="Ngày đưa vào bảo mật",
    codes=("Loại thiết bị", "Qua thiết bị bảo mật"),
    optional="Ngày thanh lý",
    required="Loại thiết bị",
    other=("Loại thiết bị", "Máy in", "Máy quét"),
    path="/network/devices.csv",
)
ACTIVITIES = _dataset(
    "communication.activities",
    counts=("soNguoiThamDu",),
    codes=("loaiHoatDong", "trangThai"),
    optional="soNguoiThamDu",
    required="loaiHoatDong",
    other=("coNoiDungCCHC", "0", "1"),
    path="/communication/api/activities",
)
INCOMING = _dataset(
    "ioffice.incoming_documents",
    codes=("LoaiNoiGui", "TrangThai"),
    optional="HanXuLy",
    required="LoaiNoiGui",
    other=("LoaiNoiGui", "CapTren", "CapDuoi"),
    path="/ioffice/api/v1/incoming-documents",
)
ACCOUNTS = _dataset(
    "ioffice.accounts",
    event="NgayThaoTacCuoi",
    codes=("LoaiTaiKhoan", "TrangThai"),
    optional="NgayThaoTacCuoi",
    required="LoaiTaiKhoan",
    other=("LoaiTaiKhoan", "CaNhan", "ToChuc"),
    path="/ioffice/api/v1/accounts",
)
HANDOVERS = _dataset(
    "one_stop.handovers",
    optional="Ngày chuyển bước",
    required="Hạn xử lý nội bộ",
    other=("Mã đơn vị chuyển", "84", "842"),
    path="/one-stop/exports/handovers.csv",
)
ONE_STOP_UNITS = _dataset(
    "forms.one_stop_units",
    key="Mã đơn vị",
    event="Ngày quyết định kiện toàn",
    counts=("Số cán bộ được phân công", "Số cán bộ có tài khoản"),
    codes=("Đã kiện toàn",),
    optional="Ngày quyết định kiện toàn",
    required="Số cán bộ được phân công",
    other=("Số quyết định kiện toàn", "1/QĐ-UBND", "2/QĐ-UBND"),
    path="/forms/one-stop-units",
)
SYNCHRONISATION = _dataset(
    "portal.synchronisation",
    codes=("trangThaiDongBo",),
    optional="thoiDiemTiepNhan",
    required="trangThaiDongBo",
    other=("thoiDiemTiepNhan", "2023-03-31T15:00:00+07:00", "2023-03-31T15:01:00+07:00"),
    path="/portal/api/synchronisation",
)
VERTICAL = _dataset(
    "forms.vertical_settlement",
    key="Lĩnh vực",
    counts=("Số hồ sơ tiếp nhận", "Số hồ sơ đã giải quyết"),
    required="Số hồ sơ đã giải quyết",
    other=("Số hồ sơ tiếp nhận", "33", "34"),
    path="/forms/vertical-settlement",
)
WORK_FILES = _dataset(
    "ioffice.work_files",
    codes=("HinhThuc",),
    optional="NgayNopLuu",
    required="HinhThuc",
    other=("HinhThuc", "DienTu", "Giay"),
    path="/ioffice/api/v1/work-files",
)
PAUSES = _dataset(
    "one_stop.pauses",
    codes=("Loại tạm dừng",),
    optional="Tạm dừng đến",
    required="Loại tạm dừng",
    other=("Mã lý do", "BS02", "BS03"),
    path="/one-stop/exports/pauses.csv",
)
PERIODIC_REPORTS = _dataset(
    "forms.periodic_reports",
    key="Mã báo cáo",
    optional="Thời điểm gửi báo cáo",
    required="Hạn gửi",
    other=("Tên báo cáo", "Báo cáo A", "Báo cáo B"),
    path="/forms/periodic-reports",
)
SURVEYS = _dataset(
    "forms.survey_results",
    key="Mã lĩnh vực",
    required="Điểm",
    other=("Tên lĩnh vực", "Lĩnh vực A", "Lĩnh vực B"),
    path="/forms/survey-results",
)

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
    COMPONENTS,
    DATA_USES,
    FEES,
    RESULTS,
    APOLOGIES,
    SATISFACTION,
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
    COMPONENTS.id: _delta(one_stop_exports.components, "components.csv"),
    DATA_USES.id: _delta(one_stop_exports.data_uses, "data_uses.csv"),
    RESULTS.id: _delta(one_stop_exports.results, "results.csv"),
    APOLOGIES.id: _delta(one_stop_exports.apologies, "apologies.csv"),
    SATISFACTION.id: _delta(one_stop_exports.satisfaction, "satisfaction.csv"),
    DOCUMENTS.id: _delta(exports.outgoing_documents, "page"),
    MAILBOXES.id: _snapshots(exports.mailboxes, "mailboxes", "accounts.csv"),
    HEADCOUNT.id: _snapshots(exports.headcount, "headcount", "headcount.csv"),
    CERTIFICATES.id: _snapshots(exports.certificates, "certificates", "certificates.xlsx"),
    PROCEDURES.id: _snapshots(exports.procedures, "procedures", "page"),
    FEES.id: _snapshots(portal_exports.fees, "procedures", "page"),
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
