"""The oracle of due dates whose clock stood still: from lists of days and of office minutes, without any arithmetic of
working time. Days are those of the simulator's own calendar, save where that is only plausible.
"""

from functools import cache

import numpy as np
import pandas as pd

from egov_kpi.simulator.timetable import Days, working_days

# Statuses 5 and 6; a dossier that is stopped (8) is over.
STOPPING = ("supplement", "financial_duty")
_FIRST, _LAST = "2021-01-01", "2025-12-31"
# What the calendar of records has otherwise: a day in lieu, the national day of 2025, Saturdays worked in exchange.
_OFF = np.array(["2021-05-03", "2025-09-01", "2025-09-02"], dtype="datetime64[D]")
_WORKED = np.array(["2024-05-04", "2025-04-26"], dtype="datetime64[D]")
_SLOTS = ((7 * 60 + 30, 11 * 60 + 30), (13 * 60 + 30, 17 * 60 + 30))


@cache
def _days() -> Days:
    return np.union1d(np.setdiff1d(working_days(_FIRST, _LAST), _OFF), _WORKED)


@cache
def _minutes() -> Days:
    """Every minute of office time, by the moment at which it begins."""
    of_day = np.concatenate([np.arange(start, end) for start, end in _SLOTS]).astype("timedelta64[m]")
    minutes: Days = (_days().astype("datetime64[m]")[:, None] + of_day).ravel()
    return minutes


def by_clock(dossiers: pd.DataFrame, pauses: pd.DataFrame) -> pd.DataFrame:
    """Per dossier (`dossier_code`, `received_at`, `due_at`; the index kept): `clock_due` and `clock_due_time`, the day
    and the moment promised once the pauses are taken off, and `stands_date` and `stands_hour`: the clock stands still.
    """
    stopping = pauses[pauses["pause_kind"].isin(STOPPING)]
    paused = dossiers[dossiers["dossier_code"].isin(stopping["dossier_code"]) & dossiers["due_at"].notna()]
    of_dossier = dict(iter(stopping.groupby("dossier_code")))
    cases = zip(paused["dossier_code"], paused["received_at"], paused["due_at"], strict=True)
    found = [_judged(received, due, of_dossier[code]) for code, received, due in cases]
    columns = ["clock_due", "clock_due_time", "stands_date", "stands_hour"]
    judged = pd.DataFrame(found, columns=columns, index=paused.index).reindex(dossiers.index)
    moments = judged[columns[:2]].astype("datetime64[s]").apply(lambda column: column.fillna(dossiers["due_at"]))
    return judged.assign(
        clock_due=moments["clock_due"].dt.normalize(),
        clock_due_time=moments["clock_due_time"],
        stands_date=judged["stands_date"].eq(True),
        stands_hour=judged["stands_hour"].eq(True),
    )


def _judged(
    received: pd.Timestamp, due: pd.Timestamp, pauses: pd.DataFrame
) -> tuple[pd.Timestamp, pd.Timestamp, bool, bool]:
    """What was before the receipt stops no clock."""
    begun, resumed = (pauses[name].mask(pauses[name] < received, received) for name in ("paused_at", "resumed_at"))
    running = pauses.assign(paused_at=begun, resumed_at=resumed)
    ordered = running.sort_values(["paused_at", "resumed_at"])
    intervals = list(zip(ordered["paused_at"], ordered["resumed_at"], strict=True))
    # a day is over at its end, so that of the request counts still; a minute when it begins
    days = [(start.normalize(), end if pd.isna(end) else end.normalize()) for start, end in intervals]
    used_days, day_stands = _used(_days(), due.normalize(), days, "right")
    used_minutes, minute_stands = _used(_minutes(), due, intervals, "left")
    moved_day = pd.Timestamp(_days()[used_days - 1]) if used_days else due
    moved_time = pd.Timestamp(_minutes()[used_minutes - 1]) + pd.Timedelta(minutes=1) if used_minutes else due
    return moved_day, moved_time, day_stands, minute_stands


def _used(
    ticks: Days, due: pd.Timestamp, pauses: list[tuple[pd.Timestamp, pd.Timestamp]], side: str
) -> tuple[int, bool]:
    """How many ticks have passed when the term is used up, 0 where no pause moves it; and that the clock stands."""

    def passed(moment: pd.Timestamp) -> int:
        return int(np.searchsorted(ticks, np.datetime64(moment), side=side))  # type: ignore[call-overload]

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
