"""What vertical agencies settled: monthly forms with counts by field; their dossiers are in systems of ministries.

Published: in 2023 those in An Giang settled 5,143,000 dossiers, all of them on time. How many of them were which
agency's, in which month and field, is invented, and so is every form of another province. The dice are of this module
alone.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order

VERTICAL = (
    "agency_code", "period_start", "field_name", "received_count", "settled_count", "on_time_count", "late_count",
    "updated_at",
)  # fmt: skip
VERTICAL_KEY = ["agency_code", "period_start", "field_name"]
# By the short code of the agency, with the weight that it has among the others.
FIELDS = {
    "bhxh": ("Thu, cấp sổ, thẻ", "Chế độ bảo hiểm xã hội", "Chính sách bảo hiểm y tế", "Chi trả"),
    "thue": ("Đăng ký thuế", "Khai thuế", "Hoàn thuế"),
    "congan": ("Cư trú", "Căn cước", "Xuất nhập cảnh", "Đăng ký phương tiện"),
}
AN_GIANG = ("89.bhxh", "89.thue", "89.congan")
SETTLED_IN_AN_GIANG = 5_143_000
_SALT = 6801
_TIMES = ("period_start", "updated_at")


def nothing() -> pd.DataFrame:
    """No form at all, in the types of the records."""
    kinds = {name: "int64" for name in VERTICAL if name.endswith("_count")} | dict.fromkeys(_TIMES, "datetime64[s]")
    return pd.DataFrame(columns=list(VERTICAL)).astype(kinds)


def calibrated(seed: int) -> pd.DataFrame:
    """Tiền Giang's social insurance from October 2022 to February 2023; January was sent again, put right."""
    rng = np.random.default_rng([seed, _SALT])
    final = _drawn(rng, "82.bhxh", "2022-10", "2023-02", days_after=3)
    return _ordered([final, *_sent_again(final, pd.Timestamp("2023-01-01"))])


def province(seed: int, agency_code: str, first: str, last: str) -> pd.DataFrame:
    """One agency's forms of the months from `first` to `last`, each sent on the last day of its month."""
    rng = np.random.default_rng([seed, _SALT])
    return _ordered([_drawn(rng, agency_code, first, last, days_after=0)])


def an_giang(seed: int, one_in: int) -> pd.DataFrame:
    """The published number of 2023, or one in so many of it, over the agencies, months and fields; nothing late."""
    rng = np.random.default_rng([seed, _SALT])
    forms = pd.concat([_blank(code, "2023-01", "2023-12", days_after=0) for code in AN_GIANG], ignore_index=True)
    weights = rng.random(len(forms)) + 0.5
    settled = rng.multinomial(round(SETTLED_IN_AN_GIANG / one_in), weights / weights.sum())
    corrected = pd.Timestamp("2023-04-01")
    # Each sends the whole year at its end, and the one month again that it had got wrong.
    sent = np.where(forms["period_start"] == corrected, np.datetime64("2023-12-29T15"), np.datetime64("2023-12-29T10"))
    counted = forms.assign(
        received_count=settled, settled_count=settled, on_time_count=settled, late_count=0, updated_at=sent
    )
    return _ordered([counted, *_sent_again(counted, corrected)])


def _blank(agency_code: str, first: str, last: str, days_after: int) -> pd.DataFrame:
    """One row per month and field of the agency, without figures; sent so many days after the month's last day."""
    fields = FIELDS[agency_code.rsplit(".", 1)[1]]
    months = pd.period_range(first, last, freq="M")
    starts = months.start_time.repeat(len(fields))
    sent = months.end_time.normalize().repeat(len(fields)) + pd.Timedelta(days=days_after, hours=15)
    return pd.DataFrame(
        {
            "agency_code": agency_code,
            "period_start": starts,
            "field_name": list(fields) * len(months),
            "updated_at": sent,
        }
    )


def _drawn(rng: np.random.Generator, agency_code: str, first: str, last: str, days_after: int) -> pd.DataFrame:
    """Some thousand dossiers a field and month, one in fifty of them late."""
    forms = _blank(agency_code, first, last, days_after)
    received = rng.integers(800, 4000, len(forms))
    settled = received - rng.integers(0, 60, len(forms))
    late = rng.binomial(settled, 0.02)
    return forms.assign(received_count=received, settled_count=settled, on_time_count=settled - late, late_count=late)


def _sent_again(final: pd.DataFrame, month: pd.Timestamp) -> Sequence[pd.DataFrame]:
    """The first sending of a month's forms, in which a tenth more were settled than in truth, and late."""
    right = final[final["period_start"] == month]
    more = right["settled_count"] // 10
    return [
        right.assign(
            settled_count=right["settled_count"] + more,
            late_count=right["late_count"] + more,
            updated_at=right["updated_at"] - pd.Timedelta(hours=5),
        )
    ]


def _ordered(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, VERTICAL, _TIMES, ["updated_at", *VERTICAL_KEY])
