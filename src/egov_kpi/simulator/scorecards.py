"""Scorecards of administrative reform: sets of criteria, and what a unit gives itself for each of them.

The district set of Quảng Ninh has the published shape (9 domains, 53 criteria, 62 sub-criteria, 70 points) and the
published sums of Vân Đồn for nine months of 2022, domain by domain; what a single criterion asks for and is worth is
invented. No draw of chance: the same set every time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from egov_kpi.simulator.records import SCORECARD

# Amounts are drawn up in hundredths of a point, so that sums are exact.
QUARTER = 25
DISTRICT_INDEX = "PAR.H.22.2022"
VAN_DON = "203"


@dataclass(frozen=True)
class Domain:
    """One domain: points in hundredths. `subs` says of each criterion how many sub-criteria it has, 0 for none.

    `surveyed` lowest criteria at the end wait for the survey. `lost` and `open` name what will not be reached by the
    end of the year, and what will be by then but is not yet; `worth` maxima that are not an even share.
    """

    code: str
    name: str
    subs: tuple[int, ...]
    scorable: int
    surveyed: int = 0
    pending: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)
    worth: Mapping[str, int] = field(default_factory=dict)

    def criteria(self) -> list[tuple[str, str]]:
        """Code and name of the lowest criteria, in order."""
        return [
            (code, f"Nội dung giả định {code} về {self.name.lower()}")
            for place, subs in enumerate(self.subs, start=1)
            for code in ([f"{self.code}.{place}.{sub}" for sub in range(1, subs + 1)] or [f"{self.code}.{place}"])
        ]

    def rows(self) -> Iterator[dict[str, object]]:
        """One row per lowest criterion: what can be scored is shared out evenly, and so is what a survey decides."""
        criteria = self.criteria()
        # The first of the surveyed ones is scored in part: both parts under one maximum.
        scored = len(criteria) - max(self.surveyed - 1, 0)
        free = [code for code, _ in criteria[:scored] if code not in self.worth]
        shares = dict(zip(free, _shared(self.scorable - sum(self.worth.values()), len(free)), strict=True))
        asked = [code for code, _ in criteria[len(criteria) - self.surveyed :]]
        pending = dict(zip(asked, _shared(self.pending, len(asked)), strict=True))
        for code, name in criteria:
            own = self.worth.get(code, shares.get(code, 0))
            projected = own - self.lost.get(code, 0)
            yield {
                "domain_code": self.code,
                "domain_name": self.name,
                "criterion_code": code,
                "criterion_name": name,
                "max_points": own + pending.get(code, 0),
                "self_points": projected - self.open.get(code, 0),
                "survey_points_pending": pending.get(code, 0),
                "projected_points": projected,
            }


def _shared(amount: int, parts: int) -> list[int]:
    """An amount in whole quarters of a point, as even as quarters allow, the larger shares first."""
    if not parts:
        return []
    quarters, more = divmod(amount // QUARTER, parts)
    return [(quarters + (place < more)) * QUARTER for place in range(parts)]


# Published by Vân Đồn on 2 November 2022: per domain the maximum, the points of nine months, the points expected by the
# end of the year and those that a survey will decide. Criterion 1.10 loses half for late tasks; 7.1, 7.2.2 and 7.3 are
# named as lost as well.
VAN_DON_SET = (
    Domain("1", "Chỉ đạo điều hành", (3, 2, 0, 3, 0, 2, 0, 2, 0, 0), 1250, lost={"1.10": 100}, worth={"1.10": 200}),
    Domain("2", "Cải cách thể chế", (2, 0, 3, 0, 2), 500, 2, 250, open={"2.2": 50, "2.4": 50}),
    Domain("3", "Cải cách thủ tục hành chính", (3, 2, 0, 2), 400),
    Domain("4", "Cải cách tổ chức bộ máy", (2, 0, 3, 0, 2), 525, 2, 250),
    Domain("5", "Cải cách chế độ công vụ", (3, 0, 2, 0, 3, 0, 2, 0), 875, 3, 400, lost={"5.2": 50, "5.4": 25}),
    Domain("6", "Cải cách tài chính công", (2, 0, 2, 0, 2), 550, 2, 200, lost={"6.2": 50}),
    Domain(
        "7", "Xây dựng chính quyền số", (0, 3, 0, 2, 0, 2, 0), 800, 2, 150,
        lost={"7.1": 50, "7.2.2": 40, "7.3": 25}, open={"7.4.1": 21},
    ),
    Domain("8", "Thực hiện cơ chế một cửa", (2, 0, 2, 0, 0), 500, 1, 100),
    Domain("9", "Điểm thưởng", (2, 0, 0, 0), 250, lost={"9.4": 50}),
)  # fmt: skip

# A set that nobody published, for units that send a scorecard without a report to compare it with.
PLAIN_SET = (
    Domain("1", "Chỉ đạo điều hành", (0, 2, 0), 500, lost={"1.3": 50}),
    Domain("2", "Cải cách thủ tục hành chính", (2, 0, 2), 600, 1, 100, open={"2.2": 50}),
    Domain("3", "Xây dựng chính quyền số", (0, 0, 3), 700, 2, 200, lost={"3.1": 25}, open={"3.2": 75}),
)


def scorecard(
    domains: tuple[Domain, ...], index_code: str, agency_code: str, snapshot_date: str, exported_at: str
) -> pd.DataFrame:
    """One scorecard as its unit sent it: one row per lowest criterion, points as numbers with two decimals."""
    rows = pd.DataFrame([row for domain in domains for row in domain.rows()])
    points = [name for name in rows.columns if name.endswith("_points") or name == "survey_points_pending"]
    rows[points] = rows[points] / 100
    return rows.assign(
        index_code=index_code,
        agency_code=agency_code,
        snapshot_date=pd.Timestamp(snapshot_date),
        exported_at=pd.Timestamp(exported_at),
    ).astype({"snapshot_date": "datetime64[s]", "exported_at": "datetime64[s]"})[list(SCORECARD)]


def van_don() -> pd.DataFrame:
    """What Vân Đồn sent for nine months of 2022: first with full marks for criteria 1.10 and 6.2, then as published."""
    published = scorecard(VAN_DON_SET, DISTRICT_INDEX, VAN_DON, "2022-09-30", "2022-11-02 08:30")
    first = published.assign(exported_at=pd.Timestamp("2022-10-14 15:10"))
    generous = first["criterion_code"].isin(["1.10", "6.2"])
    own = first["max_points"] - first["survey_points_pending"]
    first = first.assign(
        self_points=first["self_points"].where(~generous, own),
        projected_points=first["projected_points"].where(~generous, own),
    )
    return pd.concat([first, published], ignore_index=True).astype(
        {"snapshot_date": "datetime64[s]", "exported_at": "datetime64[s]"}
    )
