"""Results of surveys: what citizens say of a unit, domain by domain, and how an index ranks it.

No report of a unit here states a result: all are synthetic. The dice are of this module alone, so that the records of
other systems stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order

SURVEY_RESULT = (
    "index_code", "survey_year", "agency_code", "domain_code", "domain_name", "score", "max_score", "unit_rank",
    "sample_size", "snapshot_date", "exported_at",
)  # fmt: skip
_SALT = 6601


@dataclass(frozen=True)
class Index:
    """An index by its domains; maximum of a domain; whether it asks people, and of whom."""

    code: str
    domains: tuple[str, ...]
    max_score: float
    is_survey: bool = True


SIPAS = Index(
    "SIPAS",
    ("Tiếp cận dịch vụ", "Thủ tục hành chính", "Công chức giải quyết", "Kết quả dịch vụ", "Tiếp nhận góp ý"),
    100,
)
PAPI = Index(
    "PAPI",
    (
        "Tham gia của người dân ở cơ sở", "Công khai, minh bạch", "Trách nhiệm giải trình", "Kiểm soát tham nhũng",
        "Thủ tục hành chính công", "Cung ứng dịch vụ công", "Quản trị môi trường", "Quản trị điện tử",
    ),
    10,
)  # fmt: skip
DGI = Index("DGI", ("Điều hành của cấp huyện", "Chất lượng phục vụ", "Minh bạch", "Hỗ trợ doanh nghiệp"), 25)
DTI = Index("DTI", ("Nhận thức số", "Thể chế số", "Hạ tầng số", "Nhân lực số", "Hoạt động chính quyền số"), 100, False)


def calibrated(seed: int, districts: Sequence[str], provinces: Sequence[str], surveyed: str) -> pd.DataFrame:
    """SIPAS of districts and PAPI of provinces for 2021 and 2022, DGI of one district, DTI; of SIPAS 2022 a first book
    with one score too high, put right on 7 March."""
    rng = np.random.default_rng([seed, _SALT])
    sipas = _result(rng, SIPAS, districts, 2022, "2023-03-02 09:00")
    books = [
        _result(rng, SIPAS, districts, 2021, "2022-04-11 10:20"),
        _result(rng, PAPI, provinces, 2021, "2022-05-10 15:00"),
        _result(rng, DTI, provinces, 2021, "2022-08-09 08:40"),
        _result(rng, DGI, [surveyed], 2022, "2022-12-31 16:20"),
        _mistaken(sipas),
        sipas.assign(exported_at=pd.Timestamp("2023-03-07 14:10")),
    ]
    return _ordered(books)


def province(seed: int, province: str, districts: Sequence[str], ends: Sequence[str]) -> pd.DataFrame:
    """SIPAS and DTI of districts, PAPI of the province, for the years that had ended; sent at the months' ends."""
    rng = np.random.default_rng([seed, _SALT])
    books = [_result(rng, PAPI, [province], int(ends[0][:4]) - 2, f"{ends[0]} 09:00")]
    for place, end in enumerate(ends):
        year = int(end[:4]) - (1 if place > 1 else 2)
        books.append(_result(rng, SIPAS if place % 2 else DTI, districts, year, f"{end} 10:30"))
    return _ordered(books)


def _result(rng: np.random.Generator, index: Index, units: Sequence[str], year: int, sent: str) -> pd.DataFrame:
    """One book: every unit in every domain, the better ones first in rank."""
    rows = pd.DataFrame(
        [(unit, str(number), name) for unit in units for number, name in enumerate(index.domains, start=1)],
        columns=["agency_code", "domain_code", "domain_name"],
    )
    size = len(rows)
    score = np.round(index.max_score * rng.uniform(0.45, 0.96, size), 2)
    asked = rng.integers(120, 400, size) if index.is_survey else np.full(size, np.nan)
    scored = rows.assign(index_code=index.code, survey_year=year, score=score, max_score=float(index.max_score))
    rank = scored.groupby("domain_code")["score"].rank(method="min", ascending=False)
    return scored.assign(
        unit_rank=rank if len(units) > 1 else np.nan,
        sample_size=asked,
        snapshot_date=pd.Timestamp(year, 12, 31),
        exported_at=pd.Timestamp(sent),
    )


def _mistaken(book: pd.DataFrame) -> pd.DataFrame:
    """The book as it was sent first: of the first row half of what was missing is added."""
    gap = (book["max_score"] - book["score"]) / 2
    is_first = book.index == 0
    return book.assign(score=book["score"].where(~is_first, (book["score"] + gap).round(2)))


def _ordered(books: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(
        books,
        SURVEY_RESULT,
        ("snapshot_date", "exported_at"),
        ["exported_at", "index_code", "agency_code", "domain_code"],
    )
