"""The oracle of the index of QD 766: points of each indicator from the oracle's own KPIs, in exact fractions.

Grain: one row per unit (with all units below it), month that ends on or after 23 June 2022, and indicator. Below its
threshold an indicator scores rate times maximum over threshold; one whose figure nobody has scores nothing, not zero.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import pandas as pd

from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth import expected_kpis

IN_FORCE = pd.Timestamp("2022-06-23")


@dataclass(frozen=True)
class Indicator:
    """`kpi` is code, method and due basis as the KPIs of the oracle have them; empty where nobody measures it."""

    code: str
    five: str
    six: str
    points: int
    threshold: int = 100
    kpi: tuple[str, str, str] | None = None


def _plain(code: str) -> tuple[str, str, str]:
    return (code, "-", "-")


INDICATORS = (
    Indicator("1.1", "publicity", "CKMB", 6, kpi=_plain("procedure_published_on_time")),
    Indicator("1.2", "publicity", "CKMB", 4, kpi=_plain("procedure_posted_on_time")),
    Indicator("1.3", "publicity", "CKMB", 2, kpi=_plain("procedure_complete")),
    Indicator("1.4", "publicity", "CKMB", 6, kpi=_plain("tthc_sync")),
    Indicator("2.1", "settlement", "TDGQ", 20, kpi=("ontime_settled", "B", "date")),
    Indicator("3.1", "online", "CLGQ", 4, 80, _plain("dvc_online")),
    Indicator("3.2", "online", "CLGQ", 4, kpi=_plain("dvc_online_active")),
    Indicator("3.3", "online", "CLGQ", 4, 50, _plain("online_dossier_whole")),
    Indicator("3.5", "online", "TTTT", 2, 80, _plain("fee_payable")),
    Indicator("3.5b", "online", "TTTT", 2, kpi=_plain("payment_procedure")),
    Indicator("3.6", "online", "TTTT", 6, kpi=_plain("payment_online")),
    Indicator("4.1", "digitisation", "MDSH", 6, kpi=_plain("e_result")),
    Indicator("4.2", "digitisation", "MDSH", 4, 80, _plain("dossier_digitised")),
    Indicator("4.3", "digitisation", "MDSH", 2, 80, _plain("component_reused")),
    Indicator("4.4", "digitisation", "MDSH", 4, kpi=_plain("personal_store")),
    Indicator("4.5a", "digitisation", "MDSH", 2, kpi=_plain("population_procedure")),
    Indicator("4.5b", "digitisation", "MDSH", 2, kpi=_plain("population_dossier")),
    Indicator("4.6", "digitisation", "MDSH", 2, kpi=_plain("certified_copy")),
    Indicator("5.2", "satisfaction", "MDHL", 6, kpi=_plain("petition_on_time")),
    Indicator("5.3", "satisfaction", "MDHL", 6, kpi=_plain("petition_satisfied")),
    Indicator("5.4", "satisfaction", "MDHL", 6, 90, _plain("satisfaction")),
)
KEY = ["agency_code", "period_start", "indicator_code"]
TOTAL_KEY = ["agency_code", "period_start", "roll_up", "group_code"]
SCORES = ["points", "missing_to_full", "missing_to_next"]
BANDS = ((90, "excellent"), (80, "good"), (70, "fair"), (50, "average"), (0, "weak"))


def expected_index(records: Records, as_of: str | pd.Timestamp) -> pd.DataFrame:
    """Every indicator of every unit and month: maximum, points, and how many more would have to count."""
    kpis = expected_kpis(records, as_of)
    months = kpis[(kpis["scope"] == "tree") & (kpis["period_grain"] == "month")]
    last_days, day = months["period_start"] + pd.offsets.MonthEnd(0), pd.Timestamp(as_of)
    months = months[last_days.where(last_days <= day, day) >= IN_FORCE]
    cells = months[["agency_code", "period_start"]].drop_duplicates()
    return pd.concat([_indicator(indicator, months, cells) for indicator in INDICATORS], ignore_index=True)


def _indicator(indicator: Indicator, months: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    named = pd.Series(True, index=months.index)
    for column, value in zip(("kpi_code", "method", "due_basis"), indicator.kpi or ("", "", ""), strict=True):
        named &= months[column] == value
    columns = ["agency_code", "period_start", "numerator", "denominator"]
    rows = cells.merge(months.loc[named, columns], on=columns[:2], how="left", validate="1:1")
    scores = [_scores(indicator, *pair) for pair in zip(rows["numerator"], rows["denominator"], strict=True)]
    told = pd.DataFrame(scores, columns=SCORES, index=rows.index)
    return rows.assign(
        indicator_code=indicator.code,
        five=indicator.five,
        six=indicator.six,
        max_points=indicator.points,
        **{name: told[name] for name in SCORES},
    )


def _scores(indicator: Indicator, numerator: float, denominator: float) -> tuple[float, float, float]:
    """Points, what full marks would take, and what the next half point would."""
    if pd.isna(denominator) or denominator == 0:
        return (float("nan"),) * 3
    part, whole = Fraction(int(numerator)), Fraction(int(denominator))
    needed = Fraction(indicator.threshold, 100)
    reached = part / whole / needed
    points = indicator.points * (reached if reached < 1 else Fraction(1))
    half_more = Fraction(floor(points * 2) + 1, 2)
    aim = half_more if half_more < indicator.points else Fraction(indicator.points)
    full, following = (ceil(share * needed * whole) for share in (Fraction(1), aim / indicator.points))
    return float(points), max(full - float(part), 0.0), max(following - float(part), 0.0)


def expected_index_totals(records: Records, as_of: str | pd.Timestamp) -> pd.DataFrame:
    """Sums by the five groups, by the six, and over the index, whose share of what could be scored is rated."""
    rows = expected_index(records, as_of)
    rows = rows.assign(scored_max_points=rows["max_points"].where(rows["points"].notna(), 0))
    frames = [
        rows.assign(roll_up=roll_up, group_code=rows[column] if column else "all")
        for roll_up, column in (("five", "five"), ("six", "six"), ("all", ""))
    ]
    sums = pd.concat(frames, ignore_index=True).groupby(TOTAL_KEY)[["max_points", "scored_max_points", "points"]]
    total = sums.sum().reset_index()
    total["points"] = total["points"].where(total["scored_max_points"] > 0)
    share = 100 * total["points"] / total["scored_max_points"]
    rated = [_band(value) if group == "all" else "" for value, group in zip(share, total["group_code"], strict=True)]
    return total.assign(band_code=pd.Series(rated, index=total.index, dtype=object))


def _band(share: float) -> str:
    """The band of a share, empty where nothing could be scored."""
    return next((name for least, name in BANDS if share >= least - 1e-12), "")
