"""What the one-stop system exports beside its dossiers: every version in the window, some rows word for word twice."""

import pandas as pd

from egov_kpi.simulator.exports import Export, Window, _minute, _person, _repeat, _words
from egov_kpi.simulator.records import Records

_FEE_KIND = {"fee": "Phí", "charge": "Lệ phí", "duty": "Nghĩa vụ tài chính"}
_PAYMENT_METHOD = {"online": "Trực tuyến", "direct": "Trực tiếp"}
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


def _within(versions: pd.DataFrame, window: Window) -> pd.DataFrame:
    return versions[window.holds(versions["updated_at"])]


# By the name of the dataset, which is the name of the file.
EXPORTS: dict[str, Export] = {"payments": payments}
