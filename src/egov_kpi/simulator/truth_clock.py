"""The oracle of due dates whose clock stood still: from lists of days and of office minutes, without any arithmetic of
working time. Days are those of the simulator's own calendar, save where that is only plausible.
"""

from functools import cache

import numpy as np
import pandas as pd

from egov_kpi.simulator.timetable import Days, working_days

# From the pause to the return to work, which may be missing.
Interval = tuple[pd.Timestamp, pd.Timestamp]

# Statuses 5 and 6; a dossier that is stopped (8) is over.
STOPPING = ("supplement", "financial_duty")
_FIRST, _LAST = "2021-01-01", "2025-12-31"
# What the calendar of records has otherwise: a day in lieu, the national day of 2025, Saturdays worked in exchange.
_OFF = np.array(["2021-05-03", "2025-09-01", "2025-09-02"], dtype="datetime64[D]")
_WORKED = np.array(["2024-05-04", "2025-04-26"], dtype="datetime64[D]")
# As records have their moments: a search among ticks of another unit would convert all of them each time.
_RECORDED = "datetime64[s]"
_SLOTS = ((7 * 60 + 30, 11 * 60 + 30), (13 * 60 + 30, 17 * 60 + 30))


@cache
def _days() -> Days:
    return np.union1d(np.setdiff1d(working_days(_FIRST, _LAST), _OFF), _WORKED).astype(_RECORDED)


@cache
def _minutes() -> Days:
    """Every minute of office time, by the moment at which it begins."""
    of_day = np.concatenate([np.arange(start, end) for start, end in _SLOTS]).astype("timedelta64[m]")
    minutes: Days = (_days()[:, None] + of_day).ravel()
    return minutes


def by_clock(dossiers: pd.DataFrame, pauses: pd.DataFrame) -> pd.DataFrame:
    """Per dossier (`dossier_code`, `received_at`, `due_at`; the index kept): `clock_due` and `clock_due_time`, the day
    and the moment promised once the pauses are taken off, and `stands_date` and `stands_hour`: the clock stands still.
    """
    stopping = pauses[pauses["pause_kind"].isin(STOPPING)]
    paused = dossiers[dossiers["dossier_code"].isin(stopping["dossier_code"]) & dossiers["due_at"].notna()]
    intervals = _intervals(paused, stopping)
    found = [_judged(due, intervals[code]) for code, due in zip(paused["dossier_code"], paused["due_at"], strict=True)]
    columns = ["clock_due", "clock_due_time", "stands_date", "stands_hour"]
    judged = pd.DataFrame(found, columns=columns, index=paused.index).reindex(dossiers.index)
    moments = judged[columns[:2]].astype("datetime64[s]").apply(lambda column: column.fillna(dossiers["due_at"]))
    return judged.assign(
        clock_due=moments["clock_due"].dt.normalize(),
        clock_due_time=moments["clock_due_time"],
        stands_date=judged["stands_date"].eq(True),
        stands_hour=judged["stands_hour"].eq(True),
    )


def _intervals(paused: pd.DataFrame, pauses: pd.DataFrame) -> dict[str, list[Interval]]:
    """By dossier when its clock stood still, in order; what was before the receipt stops no clock."""
    rows = pauses.merge(paused[["dossier_code", "received_at"]], on="dossier_code", validate="m:1")
    for name in ("paused_at", "resumed_at"):
        rows[name] = rows[name].mask(rows[name] < rows["received_at"], rows["received_at"])
    ordered = rows.sort_values(["dossier_code", "paused_at", "resumed_at"])
    return {
        str(code): list(zip(of_dossier["paused_at"], of_dossier["resumed_at"], strict=True))
        for code, of_dossier in ordered.groupby("dossier_code")
    }


def _judged(due: pd.Timestamp, intervals: list[Interval]) -> tuple[pd.Timestamp, pd.Timestamp, bool, bool]:
    # a day is over at its end, so that of the request counts still; a minute when it begins
    days = [(start.normalize(), end if pd.isna(end) else end.normalize()) for start, end in intervals]
    used_days, day_stands = _used(_days(), due.normalize(), days, "right")
    used_minutes, minute_stands = _used(_minutes(), due, intervals, "left")
    moved_day = pd.Timestamp(_days()[used_days - 1]) if used_days else due
    moved_time = pd.Timestamp(_minutes()[used_minutes - 1]) + pd.Timedelta(minutes=1) if used_minutes else due
    return moved_day, moved_time, day_stands, minute_stands


def _used(ticks: Days, due: pd.Timestamp, pauses: list[Interval], side: str) -> tuple[int, bool]:
    """How many ticks have passed when the term is used up, 0 where no pause moves it; and that the clock stands."""

    def passed(moment: pd.Timestamp) -> int:
        return int(np.searchsorted(ticks, np.datetime64(moment).astype(_RECORDED), side=side))  # type: ignore[call-overload]

    term = end = passed(due)
    latest = 0
    for start, resumed in pauses:
        begun = max(passed(start), latest)
        if begun >= end:
            break
        if pd.isna(resumed):
            return 0, True
        gone_on = passed(resumed)
        end += max(gone_on - begun, 0)
        latest = max(latest, gone_on)
    return (end, False) if end > term else (0, False)
