"""Periodic reports: what units owe for each month and quarter, by when, and when they sent it.

No report of a unit here states a number of them: all are synthetic. The dice are of this module alone, so that the
records of other systems stay as they are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order

PERIODIC_REPORT = (
    "receiving_agency_code", "agency_code", "report_code", "report_name", "reporting_period", "due_date", "sent_at",
    "updated_at",
)  # fmt: skip
PERIODIC_KEY = ["agency_code", "report_code", "reporting_period"]
_SALT = 6501
_TIMES = ("due_date", "sent_at", "updated_at")
# Code, name, whether it is about the month before (else about the running one), and the day on which it is due.
_MONTHLY = (
    ("BC-VTLT", "Báo cáo công tác văn thư, lưu trữ", True, 3),
    ("BC-CCHC", "Báo cáo công tác cải cách hành chính", False, 20),
    ("BC-KTXH", "Báo cáo tình hình kinh tế - xã hội", False, 24),
)
_QUARTERLY = ("BC-KSTT", "Báo cáo kiểm soát thủ tục hành chính", 10)
# Days between the due date and the day of sending; one report in fifteen never comes.
_DELAYS, _ODDS = (-3, -2, -1, 0, 1, 6, 16), (0.15, 0.25, 0.25, 0.2, 0.06, 0.05, 0.04)

Receivers = Mapping[str, Sequence[str]]


def calibrated(seed: int, ward: Receivers, all_units: Receivers, ward_day: str, days: Sequence[str]) -> pd.DataFrame:
    """Registers of the ward's town for October 2022, then of everybody; on 7 March one that puts two reports right."""
    october = _owed(np.random.default_rng([seed, _SALT]), ward, [ward_day[:7]])
    months = sorted({day[:7] for day in days})
    later = _owed(np.random.default_rng([seed, _SALT, 1]), all_units, months)
    registers = [_registers(october, [ward_day]), _registers(later, days)]
    return _ordered([_corrected(pd.concat(registers, ignore_index=True), days[0], "2023-03-07 11:05")])


def province(seed: int, receivers: Receivers, ends: Sequence[str]) -> pd.DataFrame:
    """A register at the end of each month."""
    owed = _owed(np.random.default_rng([seed, _SALT]), receivers, [end[:7] for end in ends])
    return _ordered([_registers(owed, ends)])


def _owed(rng: np.random.Generator, receivers: Receivers, months: Sequence[str]) -> pd.DataFrame:
    """Every report that falls due in the months, once, with the time at which it will have been sent."""
    units = pd.DataFrame(
        [(receiver, unit) for receiver, members in receivers.items() for unit in members],
        columns=["receiving_agency_code", "agency_code"],
    )
    kinds = pd.DataFrame(
        [kind for month in months for kind in _due_in(pd.Period(month, "M"))],
        columns=["report_code", "report_name", "reporting_period", "due_date"],
    )
    owed = units.merge(kinds, how="cross")
    size = len(owed)
    delay = pd.to_timedelta(rng.choice(_DELAYS, size, p=_ODDS), unit="D")
    minute = pd.to_timedelta(rng.integers(7 * 60 + 30, 17 * 60, size), unit="min")
    return owed.assign(final=(owed["due_date"] + delay + minute).where(rng.random(size) < 14 / 15))


def _due_in(month: pd.Period) -> list[tuple[str, str, str, pd.Timestamp]]:
    """Code, name, period and due date of what falls due in a month; after the end of a quarter its report as well."""
    first = month.start_time
    found = [
        (code, name, str(month - 1 if is_before else month), first + pd.Timedelta(days=day - 1))
        for code, name, is_before, day in _MONTHLY
    ]
    if month.month % 3 == 1:
        code, name, day = _QUARTERLY
        quarter = (month - 1).asfreq("Q")
        found.append((code, name, f"{quarter.year}-Q{quarter.quarter}", first + pd.Timedelta(days=day - 1)))
    return found


def _registers(owed: pd.DataFrame, days: Sequence[str]) -> pd.DataFrame:
    """What the registers of these days list: what fell due since the one before, and what else has come since."""
    found = []
    since = pd.Timestamp("1900-01-01")
    for day in map(pd.Timestamp, days):
        until = day + pd.Timedelta(hours=17, minutes=50)
        is_new = (owed["due_date"] > since) & (owed["due_date"] <= day)
        has_come = (owed["due_date"] <= since) & (owed["final"] > since) & (owed["final"] <= until)
        rows = owed[is_new | has_come]
        found.append(rows.assign(sent_at=rows["final"].where(rows["final"] <= until), updated_at=until))
        since = until
    return pd.concat(found, ignore_index=True)


def _corrected(rows: pd.DataFrame, day: str, at: str) -> pd.DataFrame:
    """Two reports of one day's registers that came in time had not been entered; a later register puts that right."""
    in_time = rows["sent_at"].dt.normalize() <= rows["due_date"]
    chosen = rows[in_time & (rows["updated_at"].dt.normalize() == pd.Timestamp(day))][:2]
    right = chosen.assign(updated_at=pd.Timestamp(at))
    wrong = rows.assign(sent_at=rows["sent_at"].where(~rows.index.isin(chosen.index)))
    both: pd.DataFrame = pd.concat([wrong, right], ignore_index=True)
    return both


def _ordered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, PERIODIC_REPORT, _TIMES, ["updated_at", *PERIODIC_KEY])
