"""What the one-stop system exports beside its dossiers: every version in the window, some rows word for word twice."""

import pandas as pd

from egov_kpi.simulator import progress_exports
from egov_kpi.simulator.exports import Export, Window, _minute, _person, _repeat, _words
from egov_kpi.simulator.records import Records

_FEE_KIND = {"fee": "Phí", "charge": "Lệ phí", "duty": "Nghĩa vụ tài chính"}
_PAYMENT_METHOD = {"online": "Trực tuyến", "direct": "Trực tiếp"}
_VOTE_CHANNEL = {"tablet": "Máy tính bảng", "portal": "Cổng dịch vụ công"}
_RATING = {"very_satisfied": "Rất hài lòng", "satisfied": "Hài lòng", "dissatisfied": "Không hài lòng"}
_COPY = {"none": "Không", "paper": "Bản giấy", "electronic": "Bản điện tử"}
_YES = {True: "Có", False: "Không"}


def payments(records: Records, window: Window) -> pd.DataFrame:
    """One row per item to be paid and version in the window."""
    rows = _within(records.one_stop.payments, window)
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Số thứ tự khoản thu": rows["fee_no"],
            "Mã đơn vị": rows["agency_code"],
            "Loại khoản thu": _words(rows["fee_kind"], _FEE_KIND),
            "Số tiền phải nộp": rows["amount_due"].astype(str),
            "Số tiền đã nộp": rows["amount_paid"].astype(str),
            "Hình thức thanh toán": _words(rows["payment_method"], _PAYMENT_METHOD),
            "Người nộp tiền": _person(rows["payer_no"]),
            "Ngày phát sinh": _minute(rows["charged_at"]),
            "Ngày thanh toán": _minute(rows["paid_at"]),
            "Đã hoàn tiền": rows["is_refunded"].map(_YES),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


def components(records: Records, window: Window) -> pd.DataFrame:
    """One row per document of a dossier and version in the window."""
    rows = _within(records.one_stop.components, window)
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Số thứ tự thành phần": rows["component_no"],
            "Mã đơn vị": rows["agency_code"],
            "Tên giấy tờ": "Giấy tờ giả định số " + rows["component_no"],
            "Có tệp số hóa": rows["is_digitised"].map(_YES),
            "Khai thác từ kho": rows["is_reused"].map(_YES),
            "Ngày nhận giấy tờ": _minute(rows["submitted_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


def results(records: Records, window: Window) -> pd.DataFrame:
    """One row per result of a dossier and version in the window."""
    rows = _within(records.one_stop.results, window)
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Số thứ tự kết quả": rows["result_no"],
            "Mã đơn vị": rows["agency_code"],
            "Kết quả bằng văn bản": rows["is_written"].map(_YES),
            "Có tệp kết quả": rows["is_attached"].map(_YES),
            "Ngày ký số": _minute(rows["signed_at"]),
            "Ngày cấp kết quả": _minute(rows["issued_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


def apologies(records: Records, window: Window) -> pd.DataFrame:
    """One row per letter of a dossier and version in the window."""
    rows = _within(records.one_stop.apologies, window)
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Lần xin lỗi": rows["letter_no"],
            "Mã đơn vị": rows["agency_code"],
            "Ngày ban hành văn bản": _minute(rows["issued_at"]),
            "Ngày hẹn trả trước": _minute(rows["old_due_at"]),
            "Ngày hẹn trả mới": _minute(rows["new_due_at"]),
            "Lý do": "Lý do giả định",
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


def satisfaction(records: Records, window: Window) -> pd.DataFrame:
    """One row per vote and version in the window."""
    rows = _within(records.one_stop.satisfaction, window)
    export = pd.DataFrame(
        {
            "Mã lượt đánh giá": rows["vote_code"],
            "Mã đơn vị": rows["agency_code"],
            "Kênh đánh giá": _words(rows["vote_channel"], _VOTE_CHANNEL),
            "Mức độ hài lòng": _words(rows["rating"], _RATING),
            "Góp ý": "",
            "Thời điểm đánh giá": _minute(rows["voted_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã lượt đánh giá", records.seed)


def data_uses(records: Records, window: Window) -> pd.DataFrame:
    """One row per dossier, with what it took from shared data, and version in the window."""
    rows = _within(records.one_stop.data_uses, window)
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Mã đơn vị": rows["agency_code"],
            "Khai thác dữ liệu dân cư": rows["is_population_used"].map(_YES),
            "Lấy từ kho cá nhân": rows["is_taken_from_store"].map(_YES),
            "Đưa kết quả vào kho cá nhân": rows["is_result_stored"].map(_YES),
            "Chứng thực bản sao": _words(rows["certified_copy"], _COPY),
            "Ngày ghi nhận": _minute(rows["recorded_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


def _within(versions: pd.DataFrame, window: Window) -> pd.DataFrame:
    return versions[window.holds(versions["updated_at"])]


# By the name of the dataset, which is the name of the file.
EXPORTS: dict[str, Export] = {
    "payments": payments,
    "components": components,
    "results": results,
    "apologies": apologies,
    "satisfaction": satisfaction,
    "data_uses": data_uses,
    **progress_exports.EXPORTS,
}
