"""What the source systems export of the records: text in the sources' own words, with the dirt of real exports.

Every export repeats some rows word for word, carries all versions of a row that fall into the window, rows of other
units, secret documents that should not be there, flawed rows, and (files) a total line. Row order is by version, then
by key: stable.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator.records import Records
from egov_kpi.simulator.workbooks import form_bytes, workbook_bytes

TOTAL = "Tổng cộng"
# One row in so many is exported twice.
DUPLICATE_EVERY = 53

_CHANNEL = {"direct": "1", "online": "2", "post": "3"}
_STATUS = {
    "registered": "1", "received": "2", "refused": "3", "processing": "4", "supplement_requested": "5",
    "payment_requested": "6", "withdrawn": "7", "stopped": "8", "finished": "9", "returned": "10",
}  # fmt: skip
_APPLICANT = {"citizen": "Cá nhân", "organisation": "Tổ chức"}
_PAPER_CHANNEL = {"direct": "Trực tiếp", "post": "Bưu chính công ích"}
_MAIL_STATUS = {"active": "Hoạt động", "locked": "Tạm khóa", "closed": "Đã đóng"}
_BASIS = {"published": "Công bố", "synthetic": "Giả lập"}
_SCOPE = {"external": "BenNgoai", "internal": "NoiBo"}
_MEDIUM = {"electronic": "DienTu", "paper": "Giay"}
_DOCUMENT_STATUS = {"issued": "PhatHanh", "recalled": "ThuHoi"}
_LEVEL = {"province": "Tinh", "district": "Huyen", "commune": "Xa"}
_SERVICE = {"information": "2", "partial": "3", "full": "4"}
_PROCEDURE_STATUS = {"in_force": "HieuLuc", "abolished": "BaiBo"}
_YES = {True: "Có", False: "Không"}


@dataclass(frozen=True)
class Window:
    """Inclusive dates on the row's version; `first` is None for the backlog."""

    first: pd.Timestamp | None
    last: pd.Timestamp

    def holds(self, times: pd.Series) -> pd.Series:
        inside = times < self.last + pd.Timedelta(days=1)
        return inside if self.first is None else inside & (times >= self.first)


# --- text -------------------------------------------------------------------------------------------------------------


def _format(times: pd.Series, pattern: str) -> pd.Series:
    """Times as text, empty where there is none."""
    text: pd.Series = times.dt.strftime(pattern).fillna("")
    return text


def _day(times: pd.Series) -> pd.Series:
    return _format(times, "%d/%m/%Y")


def _minute(times: pd.Series) -> pd.Series:
    return _format(times, "%d/%m/%Y %H:%M")


def _iso_day(times: pd.Series) -> pd.Series:
    return _format(times, "%Y-%m-%d")


def _iso_time(times: pd.Series) -> pd.Series:
    return _format(times, "%Y-%m-%dT%H:%M:%S+07:00")


def _words(values: pd.Series, words: dict[str, str]) -> pd.Series:
    """The source's word for each value, empty where there is none; an unknown value is a mistake of the profile."""
    unknown = set(values.dropna().unique()) - set(words)
    if unknown:
        raise KeyError(f"no word for {unknown}")
    return values.map(words).fillna("")


def _person(numbers: pd.Series) -> pd.Series:
    """Names of people who do not exist."""
    return "Công dân giả định " + numbers.astype(str)


def _repeat(rows: pd.DataFrame, key: str, seed: int) -> pd.DataFrame:
    """The rows, with about one in `DUPLICATE_EVERY` repeated word for word right behind itself."""
    salted = pd.util.hash_pandas_object(rows[key].astype(str) + f"|{seed}", index=False).to_numpy()
    times = np.where(salted % DUPLICATE_EVERY == 0, 2, 1)
    return rows.loc[rows.index.repeat(times)].reset_index(drop=True)


# --- iOffice, portal: JSON --------------------------------------------------------------------------------------------


def outgoing_documents(records: Records, window: Window) -> pd.DataFrame:
    """One row per document version in the window, as iOffice names and writes it; secret ones among them."""
    rows = records.documents[window.holds(records.documents["updated_at"])].sort_values(["updated_at", "document_id"])
    export = pd.DataFrame(
        {
            "MaVanBan": rows["document_id"],
            "MaDonVi": rows["agency_code"],
            "SoVanBan": rows["document_number"],
            "KyHieu": rows["document_symbol"],
            "LoaiVanBan": rows["document_type"],
            "DoMat": rows["secrecy_level"],
            "DoKhan": rows["urgency_level"],
            "TrichYeu": "V/v nội dung giả định của văn bản số " + rows["document_number"],
            "NguoiKy": "Cán bộ giả định " + rows["signer_no"].astype(str),
            "NgayBanHanh": _iso_day(rows["issued_date"]),
            "ThoiDiemKyCaNhan": _iso_time(rows["personal_signed_at"]),
            "ThoiDiemKyCoQuan": _iso_time(rows["organisation_signed_at"]),
            "SoChungThuSo": "GIA-" + rows["signer_no"].astype(str).str.zfill(6),
            "PhamViNhan": _words(rows["recipient_scope"], _SCOPE),
            "GuiTruc": rows["is_sent_via_axis"].map({True: "1", False: "0"}),
            "HinhThuc": _words(rows["medium"], _MEDIUM),
            "TrangThai": _words(rows["document_status"], _DOCUMENT_STATUS),
            "NgayCapNhat": _iso_time(rows["updated_at"]),
        }
    )
    return _repeat(export, "MaVanBan", records.seed)


def procedures(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per unit and procedure as the portal lists it on that date."""
    rows = records.procedures[records.procedures["snapshot_date"] == snapshot_date]
    rows = rows.sort_values(["agency_code", "procedure_code"])
    export = pd.DataFrame(
        {
            "maDonVi": rows["agency_code"],
            "maTTHC": rows["procedure_code"],
            "tenTTHC": rows["procedure_name"],
            "linhVuc": rows["field_name"],
            "capThucHien": _words(rows["competent_level"], _LEVEL),
            "mucDo": _words(rows["service_level"], _SERVICE),
            "trangThai": _words(rows["procedure_status"], _PROCEDURE_STATUS),
            "ngayCongKhai": _iso_day(rows["posted_date"]),
            "ngayChot": _iso_day(rows["snapshot_date"]),
            "thoiDiemXuat": _iso_time(rows["exported_at"]),
        }
    )
    return _repeat(export, "maTTHC", records.seed)


# --- one-stop ---------------------------------------------------------------------------------------------------------


def dossiers(records: Records, window: Window) -> pd.DataFrame:
    """One row per dossier version in the window, flawed rows included, as the one-stop system writes them."""
    good = records.dossiers[window.holds(records.dossiers["updated_at"])]
    flawed = records.flaws
    if len(flawed):
        flawed = flawed[window.holds(pd.to_datetime(flawed["updated_at"]))]
    export = pd.concat([_dossier_text(good), _dossier_text(flawed)], ignore_index=True)
    order = pd.concat([good["updated_at"], pd.to_datetime(flawed["updated_at"])], ignore_index=True)
    export = export.assign(_order=order).sort_values(["_order", "Mã hồ sơ"]).drop(columns="_order")
    return _repeat(export, "Mã hồ sơ", records.seed)


def _dossier_text(rows: pd.DataFrame) -> pd.DataFrame:
    number = rows["applicant_no"].astype(int)
    return pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Mã TTHC": rows["procedure_code"],
            "Lĩnh vực": rows["field_name"],
            "Mã đơn vị": rows["agency_code"],
            "Kênh thực hiện": _words(rows["channel"], _CHANNEL),
            "Đối tượng": _words(rows["applicant_type"], _APPLICANT),
            "Người nộp": _person(number),
            "Số giấy tờ": "000" + number.astype(str).str.zfill(9),
            "Điện thoại": "000" + number.astype(str).str.zfill(7),
            "Địa chỉ": _address(number),
            "Ngày tiếp nhận": _time_or_text(rows["received_at"]),
            "Ngày hẹn trả": _time_or_text(rows["due_at"]),
            "Ngày kết thúc xử lý": _time_or_text(rows["finished_at"]),
            "Ngày trả kết quả": _time_or_text(rows["returned_at"]),
            "Hình thức trả": _words(rows["return_method"], _CHANNEL),
            "Trạng thái": _words(rows["dossier_status"], _STATUS),
            "Số lần yêu cầu bổ sung": rows["supplement_request_count"].astype(str),
            "Ngày cập nhật": _time_or_text(rows["updated_at"]),
        }
    )


def dossier_text(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """These versions as the export writes them, some twice: a part of `dossiers`, for who writes it part by part."""
    return _repeat(_dossier_text(rows), "Mã hồ sơ", seed)


def _address(numbers: pd.Series) -> pd.Series:
    """Made-up addresses; some hold the separator, a quote or a line break, as free text does."""
    plain: pd.Series = "Ấp giả định " + (numbers % 90).astype(str)
    odd = np.where(numbers % 41 == 0, ';\n"nhà số 0"', "")
    address: pd.Series = plain.str.cat(odd.tolist())
    return address


def _time_or_text(values: pd.Series) -> pd.Series:
    """Minutes as text; what is text already (a flawed date) stays as the clerk typed it."""
    if values.dtype != object:
        return _minute(values)
    return values.map(
        lambda value: value if isinstance(value, str) else "" if pd.isna(value) else value.strftime("%d/%m/%Y %H:%M")
    )


# --- mail, directory, ISO ---------------------------------------------------------------------------------------------


def mailboxes(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per mailbox, closed ones included."""
    rows = records.mailboxes[records.mailboxes["snapshot_date"] == snapshot_date].sort_values("mailbox_no")
    export = pd.DataFrame(
        {
            "Địa chỉ thư": "canbo" + rows["mailbox_no"].astype(str).str.zfill(6) + "@thu.example",
            "Mã đơn vị": rows["agency_code"],
            "Họ và tên": "Cán bộ giả định " + rows["mailbox_no"].astype(str),
            "Ngày cấp": _day(rows["issued_date"]),
            "Trạng thái": _words(rows["account_status"], _MAIL_STATUS),
            "Lần cuối đăng nhập": _minute(rows["last_used_at"]),
            "Đã gửi 30 ngày": rows["sent_30d_count"].astype(str),
            "Đã đọc 30 ngày": rows["read_30d_count"].astype(str),
            "Ngày chốt số liệu": _day(rows["snapshot_date"]),
            "Thời điểm kết xuất": _minute(rows["exported_at"]),
        }
    )
    return _repeat(export, "Địa chỉ thư", records.seed)


def headcount(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per unit."""
    rows = records.headcount[records.headcount["snapshot_date"] == snapshot_date].sort_values("agency_code")
    return pd.DataFrame(
        {
            "Mã đơn vị": rows["agency_code"],
            "Số người có mặt": rows["headcount"].astype(str),
            "Nguồn số liệu": _words(rows["headcount_basis"], _BASIS),
            "Ngày chốt số liệu": _day(rows["snapshot_date"]),
            "Thời điểm kết xuất": _minute(rows["exported_at"]),
        }
    ).reset_index(drop=True)


def certificates(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per unit and announcement; dates stay dates, for the workbook."""
    rows = records.certificates[records.certificates["snapshot_date"] == snapshot_date]
    rows = rows.sort_values(["agency_code", "certificate_number"])
    return pd.DataFrame(
        {
            "Mã đơn vị": rows["agency_code"],
            "Số quyết định công bố": rows["certificate_number"],
            "Bắt buộc áp dụng": rows["is_mandated"].map(_YES),
            "Ngày công bố": rows["announced_date"],
            "Ngày đánh giá nội bộ": rows["internal_audit_date"],
            "Ngày xem xét của lãnh đạo": rows["management_review_date"],
            "Hiệu lực đến": rows["valid_until_date"],
            "Số TTHC áp dụng": rows["procedures_covered_count"],
            "Ghi chú": "",
            "Ngày chốt số liệu": rows["snapshot_date"],
            "Thời điểm kết xuất": _minute(rows["exported_at"]),
        }
    ).reset_index(drop=True)


def snapshot_dates(frame: pd.DataFrame, window: Window) -> list[str]:
    """Dates of the snapshots that were exported within the window, oldest first."""
    exported = frame.loc[window.holds(frame["exported_at"]), "snapshot_date"]
    return [f"{day:%Y-%m-%d}" for day in sorted(exported.unique())]


# --- paper register ---------------------------------------------------------------------------------------------------


def paper_files(records: Records, window: Window) -> list[str]:
    """Workbooks that wards sent within the window: one per ward and month, sent on the day of its last entry."""
    names = [name for name, sent in _paper_sent(records).items() if _is_inside(sent, window)]
    return sorted(names)


def _paper_sent(records: Records) -> dict[str, pd.Timestamp]:
    if records.paper.empty:
        return {}
    month = records.paper["updated_at"].dt.strftime("%Y-%m")
    sent = records.paper.groupby(records.paper["agency_code"] + "-" + month + ".xlsx")["updated_at"].max()
    return {str(name): pd.Timestamp(day) for name, day in sent.items()}


def _is_inside(day: pd.Timestamp, window: Window) -> bool:
    return day <= window.last and (window.first is None or day >= window.first)


def paper_file(records: Records, name: str) -> pd.DataFrame | None:
    """Lines of one ward's workbook, entered or changed in that month, some pasted twice. None: no such file."""
    if name not in _paper_sent(records):
        return None
    agency_code, month = name.removesuffix(".xlsx").split("-", 1)
    lines = records.paper[
        (records.paper["agency_code"] == agency_code) & (records.paper["updated_at"].dt.strftime("%Y-%m") == month)
    ]
    lines = lines.sort_values(["updated_at", "received_date", "register_number"])
    export = pd.DataFrame(
        {
            "Mã đơn vị": lines["agency_code"],
            "Năm": lines["register_year"],
            "Số vào sổ": lines["register_number"],
            "Mã TTHC": lines["procedure_code"],
            "Họ và tên người nộp": _person(lines["applicant_no"]),
            "Điện thoại": "000" + lines["applicant_no"].astype(str).str.zfill(7),
            "Hình thức nộp": _words(lines["channel"], _PAPER_CHANNEL),
            "Ngày tiếp nhận": lines["received_date"],
            "Ngày giải quyết xong": lines["finished_date"],
            "Ngày trả kết quả": lines["returned_date"],
            "Hình thức trả": _words(lines["return_method"], _PAPER_CHANNEL),
            "Ghi chú": "",
            "Ngày cập nhật": lines["updated_at"],
        }
    )
    return _repeat(export, "Số vào sổ", records.seed)


# --- scorecards -------------------------------------------------------------------------------------------------------


def _points(values: pd.Series) -> pd.Series:
    """Points as a clerk types them: a decimal comma, no zeros behind it."""
    text: pd.Series = values.map(lambda value: f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ","))
    return text


def _scorecards_sent(records: Records) -> dict[str, pd.Timestamp]:
    """Workbooks by name, with the time at which the unit sent each; a correction is a second workbook."""
    keys = ["agency_code", "index_code", "snapshot_date", "exported_at"]
    books = records.scorecards[keys].drop_duplicates().sort_values(keys)
    turn = books.groupby(keys[:3]).cumcount() + 1
    date = books["snapshot_date"].dt.strftime("%Y-%m-%d")
    names = books["agency_code"] + "_" + books["index_code"] + "_" + date + "_lan-" + turn.astype(str) + ".xlsx"
    return dict(zip(names, books["exported_at"], strict=True))


def scorecard_files(records: Records, window: Window) -> list[str]:
    """Workbooks that units sent within the window."""
    sent = _scorecards_sent(records)
    return sorted(name for name, at in sent.items() if _is_inside(at.normalize(), window))


def _scorecard(records: Records, name: str) -> pd.DataFrame | None:
    """The records of one workbook, one criterion pasted twice. None: no such workbook."""
    sent = _scorecards_sent(records).get(name)
    if sent is None:
        return None
    agency_code, index_code, _ = name.split("_", 2)
    rows = records.scorecards
    is_own = (rows["agency_code"] == agency_code) & (rows["index_code"] == index_code)
    rows = rows[is_own & (rows["exported_at"] == sent)]
    repeated = np.where(np.arange(len(rows)) == 9, 2, 1)
    return rows.loc[rows.index.repeat(repeated)].reset_index(drop=True)


def scorecard_file(records: Records, name: str) -> pd.DataFrame | None:
    """The data rows of one unit's scorecard, as the workbook shows them."""
    rows = _scorecard(records, name)
    if rows is None:
        return None
    return pd.DataFrame(
        {
            "Mã bộ chỉ số": rows["index_code"],
            "Mã đơn vị": rows["agency_code"],
            "Mã lĩnh vực": rows["domain_code"],
            "Tên lĩnh vực": rows["domain_name"],
            "Mã tiêu chí": rows["criterion_code"],
            "Tên tiêu chí": rows["criterion_name"],
            "Điểm tối đa": _points(rows["max_points"]),
            "Điểm tự chấm": _points(rows["self_points"]),
            "Điểm chờ điều tra xã hội học": _points(rows["survey_points_pending"]),
            "Điểm dự kiến cuối năm": _points(rows["projected_points"]),
            "Ghi chú": "",
            "Ngày chốt điểm": rows["snapshot_date"],
            "Thời điểm gửi": _minute(rows["exported_at"]),
        }
    )


SCORECARD_SHEET = "Bảng chấm điểm"
_SCORES = ("max_points", "self_points", "survey_points_pending", "projected_points")
# Where the four scores stand in the form, and what its header says above and below.
_FIRST_SCORE = 6
_SCORECARD_HEADER = [
    ("Mã bộ chỉ số", ""), ("Mã đơn vị", ""), ("Mã lĩnh vực", ""), ("Tên lĩnh vực", ""), ("Mã tiêu chí", ""),
    ("Tên tiêu chí", ""), ("Điểm", "tối đa"), ("Điểm", "tự chấm"), ("Điểm", "chờ điều tra xã hội học"),
    ("Điểm", "dự kiến cuối năm"), ("Ghi chú", ""), ("Ngày chốt điểm", ""), ("Thời điểm gửi", ""),
]  # fmt: skip


def scorecard_workbook(records: Records, name: str) -> bytes | None:
    """The form: a heading and a subtotal per domain, a subtotal per criterion that has parts, a total; of the scores
    the maximum and the survey's part are numbers, the others text with a comma."""
    rows, texts = _scorecard(records, name), scorecard_file(records, name)
    if rows is None or texts is None:
        return None
    lines: list[list[object]] = []
    shown = [_scorecard_line(values) for values in texts.itertuples(index=False)]
    for (code, title), domain in rows.groupby(["domain_code", "domain_name"], sort=False):
        lines.append([f"Lĩnh vực {code}: {title}"])
        criterion = domain["criterion_code"].str.split(".").str[:2].str.join(".")
        for number, parts in domain.groupby(criterion, sort=False):
            lines += [shown[place] for place in parts.index]
            if (parts["criterion_code"] != number).any():
                lines.append(_scorecard_sum(f"Cộng tiêu chí {number}", parts))
        lines.append(_scorecard_sum(f"Cộng lĩnh vực {code}", domain))
    lines.append(_scorecard_sum(TOTAL, rows))
    titles = ["ỦY BAN NHÂN DÂN CẤP HUYỆN", "BẢNG TỰ CHẤM ĐIỂM CHỈ SỐ CẢI CÁCH HÀNH CHÍNH", name.removesuffix(".xlsx")]
    return form_bytes(SCORECARD_SHEET, titles, _SCORECARD_HEADER, lines)


def _scorecard_line(values: tuple[object, ...]) -> list[object]:
    """One row of the form; the maximum and the survey's part become numbers."""
    line = list(values)
    for place in (_FIRST_SCORE, _FIRST_SCORE + 2):
        line[place] = float(str(line[place]).replace(",", "."))
    return line


def _scorecard_sum(label: str, rows: pd.DataFrame) -> list[object]:
    """A line that adds up the scores; what was pasted twice counts once."""
    once = rows.drop_duplicates("criterion_code")
    return [label, *[None] * (_FIRST_SCORE - 1), *(round(float(once[score].sum()), 2) for score in _SCORES)]


# --- forms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """A kind of workbook that units send: those of a window, the data rows of one, and the file. `part` of the name,
    cut at underscores, is the snapshot date of a kind that has one."""

    names: Callable[[Records, Window], list[str]]
    rows: Callable[[Records, str], pd.DataFrame | None]
    workbook: Callable[[Records, str], bytes | None]
    part: int | None = None

    def snapshot(self, name: str) -> str | None:
        return None if self.part is None else name.split("_")[self.part]


# --- files ------------------------------------------------------------------------------------------------------------


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """CSV as the sources write it: UTF-8 with BOM, semicolons, CRLF, and a last line with the count of data rows."""
    body = rows.to_csv(index=False, sep=";", lineterminator="\r\n")
    total = ";".join([TOTAL, str(len(rows)), *[""] * (rows.shape[1] - 2)])
    return ("\ufeff" + body + total + "\r\n").encode("utf-8")


def dossiers_workbook(records: Records, window: Window) -> bytes:
    rows = dossiers(records, window)
    return workbook_bytes(rows, "Hồ sơ", ["TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", "DANH SÁCH HỒ SƠ"], TOTAL)


def certificates_workbook(records: Records, snapshot_date: pd.Timestamp) -> bytes:
    rows = certificates(records, snapshot_date)
    return workbook_bytes(rows, "Danh sách", ["SỞ KHOA HỌC VÀ CÔNG NGHỆ", "CÔNG BỐ TCVN ISO 9001:2015"], TOTAL)


def paper_workbook(records: Records, name: str) -> bytes | None:
    rows = paper_file(records, name)
    if rows is None:
        return None
    month = name.removesuffix(".xlsx").split("-", 1)[1]
    return workbook_bytes(rows, "Sổ hồ sơ", ["ỦY BAN NHÂN DÂN CẤP XÃ", f"SỔ THEO DÕI HỒ SƠ THÁNG {month}"], TOTAL)


# By the last part of their address.
FORMS = {
    "paper-register": Form(paper_files, paper_file, paper_workbook),
    "par-scorecards": Form(scorecard_files, scorecard_file, scorecard_workbook, part=2),
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


Export = Callable[[Records, Window], pd.DataFrame]
