"""Work files (hồ sơ công việc): opened when a matter begins, closed when it ends, handed to the archive of the unit.

No report states a number: all of them are synthetic, due three months after the day on which they were closed. The
dice are of this module alone, so that the records of other systems stay as they are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order
from egov_kpi.simulator.office import Places
from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, working_days

WORK_FILE = (
    "file_code", "agency_code", "medium", "opened_date", "closed_date", "archive_due_date", "archived_date",
    "updated_at",
)  # fmt: skip
WORK_FILE_KEY = ["file_code"]
_SALT = 5801
_DAYS = ("opened_date", "closed_date", "archive_due_date", "archived_date")
# Decree 30/2020, Art. 30, not confirmed.
ARCHIVE_MONTHS = 3


def calibrated(seed: int, places: Places, cut_off: str) -> pd.DataFrame:
    """The files of the calibrated profile, up to two nights after the cut-off."""
    rng = np.random.default_rng([seed, _SALT])
    parts = (
        ([places.district] * 9 + list(places.communes), "2022-06-01", 220),
        ([places.ward], "2022-01-10", 60),
        ([places.ward_town, places.ward_neighbour, places.district_neighbour], "2022-01-10", 150),
    )
    frames = []
    for owners, first, size in parts:
        days = rng.choice(working_days(first, cut_off), size)
        frames.append(_drawn(rng, rng.choice(np.array(owners, dtype=object), size), days, cut_off))
    final = _numbered(frames)
    return _ordered([_versions(final), _mistakes(final, places), _later(final, places)])


def province(seed: int, agencies: Sequence[str], days: Days) -> pd.DataFrame:
    """Eight files on every working day, each at any unit."""
    rng = np.random.default_rng([seed, _SALT])
    opened = np.repeat(days, 8)
    owners = rng.choice(np.array(agencies, dtype=object), len(opened))
    return _ordered([_versions(_numbered([_drawn(rng, owners, opened, str(days[-1]))]))])


def _drawn(rng: np.random.Generator, owners: np.ndarray, opened: Days, last_day: str) -> pd.DataFrame:
    """One file per owner and day as it stands on the last day: some open, some handed over late, some not at all."""
    size, last = len(owners), np.datetime64(last_day, "D")
    closed = add_working_days(opened, rng.integers(5, 60, size))
    due = _three_months_on(closed)
    archived = add_working_days(due, rng.choice([-40, -20, -5, 0, 8], size, p=[0.25, 0.3, 0.25, 0.1, 0.1]))
    is_closed = (closed <= last) & (rng.random(size) < 0.95)
    is_archived = is_closed & (archived <= last) & (rng.random(size) < 0.93)
    return pd.DataFrame(
        {
            "agency_code": owners,
            "medium": rng.choice(["electronic", "paper"], size, p=[0.8, 0.2]),
            "opened_date": opened,
            "closed_date": np.where(is_closed, closed, NEVER),
            "archive_due_date": np.where(is_closed, due, NEVER),
            "archived_date": np.where(is_archived, np.maximum(archived, closed), NEVER),
        }
    ).astype(dict.fromkeys(_DAYS, "datetime64[s]"))


def _three_months_on(days: Days) -> Days:
    moved = pd.Series(days.astype("datetime64[s]")) + pd.DateOffset(months=ARCHIVE_MONTHS)
    return np.asarray(moved.to_numpy().astype("datetime64[D]"), dtype="datetime64[D]")


def _numbered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Codes by unit and year; changed last when the file was handed over, else closed, else opened."""
    frame = pd.concat(frames, ignore_index=True).sort_values("opened_date", kind="stable").reset_index(drop=True)
    year = frame["opened_date"].dt.year.astype(str)
    number = frame.groupby([frame["agency_code"], year]).cumcount() + 1
    last = frame["archived_date"].fillna(frame["closed_date"]).fillna(frame["opened_date"])
    return frame.assign(
        file_code="HSCV-" + frame["agency_code"] + "-" + year + "-" + number.map("{:04d}".format),
        updated_at=last + pd.Timedelta(hours=16),
    )[list(WORK_FILE)]


def _versions(final: pd.DataFrame) -> pd.DataFrame:
    """Each file as it was opened, as it was closed, and as it stands."""
    opened = _open_again(final).assign(updated_at=final["opened_date"] + pd.Timedelta(hours=8))
    kept = final[final["archived_date"].notna()]
    closed = kept.assign(archived_date=NEVER, updated_at=kept["closed_date"] + pd.Timedelta(hours=9))
    return _ordered([opened, closed, final])


def _open_again(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(closed_date=NEVER, archive_due_date=NEVER, archived_date=NEVER)


def _ordered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, WORK_FILE, (*_DAYS, "updated_at"), ["updated_at", *WORK_FILE_KEY])


# --- calibrated -------------------------------------------------------------------------------------------------------


def _mistakes(final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Versions that were wrong before they were put right: files of the district under its neighbour."""
    home = final[(final["agency_code"] == places.district) & final["closed_date"].notna()][:6]
    wrong = _open_again(home).assign(agency_code=places.district_neighbour)
    return wrong.assign(updated_at=home["opened_date"] + pd.Timedelta(hours=8, minutes=20))


def _later(final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """7 and 8 March: files handed over, one of them in January and typed in now, two opened again, one new."""
    home = final[final["agency_code"].isin([places.district, *places.communes])]
    waiting = home[home["archive_due_date"].notna() & home["archived_date"].isna()].sort_values("archive_due_date")
    now = waiting[1:4].assign(archived_date=pd.Timestamp("2023-03-07"))
    then = waiting[:1].assign(archived_date=waiting["archive_due_date"][:1])
    again = _open_again(waiting[-2:])
    new = _open_again(home[:1]).assign(
        file_code=f"HSCV-{places.district}-2023-9001", agency_code=places.district,
        opened_date=pd.Timestamp("2023-03-07"),
    )  # fmt: skip
    seventh = pd.concat([now, then, new], ignore_index=True).assign(updated_at=pd.Timestamp("2023-03-07 14:20"))
    return pd.concat([seventh, again.assign(updated_at=pd.Timestamp("2023-03-08 09:40"))], ignore_index=True)
