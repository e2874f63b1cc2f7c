"""Days and times of the simulated offices: working days of 2021 to 2025 and office hours, without any wall clock.

Times are naive and mean Asia/Ho_Chi_Minh. The holidays only shape plausible records; the warehouse's own calendar is
a seed.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Integers = NDArray[np.int64]

# A time that has not come.
NEVER = np.datetime64("NaT", "m")

_TET = (
    ("2021-02-10", "2021-02-16"),
    ("2022-01-31", "2022-02-04"),
    ("2023-01-20", "2023-01-26"),
    ("2024-02-08", "2024-02-14"),
    ("2025-01-27", "2025-01-31"),
)
_SINGLE = (
    "2021-01-01", "2021-04-21", "2021-04-30", "2021-09-02", "2021-09-03",
    "2022-01-03", "2022-04-11", "2022-05-02", "2022-05-03", "2022-09-01", "2022-09-02",
    "2023-01-02", "2023-05-01", "2023-05-02", "2023-05-03", "2023-09-01", "2023-09-04",
    "2024-01-01", "2024-04-18", "2024-04-29", "2024-04-30", "2024-05-01", "2024-09-02", "2024-09-03",
    "2025-01-01", "2025-04-07", "2025-04-30", "2025-05-01", "2025-05-02",
)  # fmt: skip
HOLIDAYS: Days = np.array(
    sorted({*_SINGLE, *(str(day.date()) for span in _TET for day in pd.date_range(*span))}), dtype="datetime64[D]"
)
OPENING_MINUTE = 7 * 60 + 30
CLOSING_MINUTE = 16 * 60 + 30


def working_days(first: str, last: str) -> Days:
    """All working days from `first` to `last`, both included."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days, holidays=HOLIDAYS)]


def add_working_days(days: Days, count: Integers | int) -> Days:
    moved = np.busday_offset(days.astype("datetime64[D]"), count, roll="forward", holidays=HOLIDAYS)
    return np.asarray(moved, dtype="datetime64[D]")


def count_working_days(first: Days, last: Days) -> Integers:
    """Working days after `first` up to and including `last`."""
    one = np.timedelta64(1, "D")
    counted = np.busday_count(
        first.astype("datetime64[D]") + one, last.astype("datetime64[D]") + one, holidays=HOLIDAYS
    )
    return np.asarray(counted, dtype=np.int64)


def office_time(rng: np.random.Generator, days: Days) -> Days:
    """A minute within office hours on each of the days."""
    minutes = rng.integers(OPENING_MINUTE, CLOSING_MINUTE, len(days))
    return plus_minutes(days, minutes)


def plus_minutes(times: Days, minutes: Integers | int) -> Days:
    moved = times.astype("datetime64[m]") + np.asarray(minutes).astype("timedelta64[m]")
    return np.asarray(moved, dtype="datetime64[m]")
