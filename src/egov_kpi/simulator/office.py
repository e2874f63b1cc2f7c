"""Work inside the offices: the tasks that units were assigned.

The calibrated units give what their reports say (Gò Công Tây's plan of 43 tasks for 2023; 23 of Huyền Tụng's 24
specific tasks done by the end of October 2022), among tasks and neighbours that nobody published. The random numbers
are of their own, so that the records of other systems stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order
from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, working_days

TASK = (
    "task_id", "agency_code", "task_kind", "is_in_par_plan", "assigned_date", "due_date", "extended_date",
    "extended_due_date", "done_date", "task_status", "updated_at",
)  # fmt: skip
TASK_KEY = ["task_id"]
# The tables of this family, as `Records` names them.
TABLES = ("tasks",)

Tables = dict[str, pd.DataFrame]
_NOT_EXTENDED = {"extended_date": NEVER, "extended_due_date": NEVER}
_SALT = 4101
_TASK_TIMES = ("assigned_date", "due_date", "extended_date", "extended_due_date", "done_date", "updated_at")

# Published: Gò Công Tây 2023, Huyền Tụng ten months of 2022.
PLAN_TASKS = 43
SPECIFIC_TASKS, SPECIFIC_DONE, GENERAL_TASKS = 24, 23, 7


@dataclass(frozen=True)
class Places:
    """The calibrated units: the district with its communes, the ward, and their neighbours."""

    district: str
    communes: Sequence[str]
    district_neighbour: str
    ward: str
    ward_town: str
    ward_neighbour: str


def calibrated(seed: int, places: Places, cut_off: str) -> Tables:
    """The tables of the calibrated profile, up to two nights after the cut-off."""
    rng = np.random.default_rng([seed, _SALT])
    return {"tasks": _calibrated_tasks(rng, places, cut_off)}


def province(seed: int, agencies: Sequence[str], days: Days) -> Tables:
    """Every unit of a province gets a task on about every tenth working day."""
    rng = np.random.default_rng([seed, _SALT])
    count = max(len(agencies) * len(days) // 10, 1)
    owners = rng.choice(np.array(agencies, dtype=object), count)
    final = _drawn(rng, owners, np.sort(rng.choice(days, count)), str(days[-1]))
    return {"tasks": _versions(final)}


# --- tasks ------------------------------------------------------------------------------------------------------------


def _drawn(rng: np.random.Generator, owners: np.ndarray, assigned: Days, last_day: str) -> pd.DataFrame:
    """One specific task per owner and day, as it stands on the last day: some late, some given more time, some open."""
    size = len(owners)
    due = add_working_days(assigned, rng.choice([10, 15, 20], size))
    granted = rng.random(size) < 0.12
    # Now and then more time is granted only when the date has passed: that makes nothing punctual.
    asked = add_working_days(due, np.where(rng.random(size) < 0.25, 2, -2))
    done = add_working_days(due, rng.choice([-6, -4, -2, -1, 0, 1, 4], size, p=[0.2, 0.2, 0.2, 0.15, 0.15, 0.05, 0.05]))
    is_done = (done <= np.datetime64(last_day, "D")) & (rng.random(size) < 0.97)
    frame = pd.DataFrame(
        {
            "agency_code": owners,
            "task_kind": "specific",
            "is_in_par_plan": rng.random(size) < 0.2,
            "assigned_date": assigned.astype("datetime64[s]"),
            "due_date": due.astype("datetime64[s]"),
            "extended_date": _only(asked, granted),
            "extended_due_date": _only(add_working_days(due, 7), granted),
            "done_date": _only(done, is_done),
            "task_status": np.where(is_done, "done", "in_progress"),
        }
    )
    known = frame["extended_date"] <= np.datetime64(last_day, "s")
    frame.loc[~known, ["extended_date", "extended_due_date"]] = pd.NaT
    return _numbered(frame)


def _only(days: Days, chosen: np.ndarray) -> np.ndarray:
    return np.where(chosen, days.astype("datetime64[s]"), NEVER)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Identifiers by unit and year, and the moment of the last change: when it was done, else given more time."""
    year = frame["assigned_date"].dt.year.astype(str)
    number = frame.groupby([frame["agency_code"], year]).cumcount() + 1
    last = frame["done_date"].fillna(frame["extended_date"]).fillna(frame["assigned_date"])
    # An extension may come after the task was done: of the two days the later one.
    last = last.where(~(frame["extended_date"] > last), frame["extended_date"])
    return frame.assign(
        task_id="NV-" + frame["agency_code"] + "-" + year + "-" + number.map("{:04d}".format),
        updated_at=last + pd.Timedelta(hours=15, minutes=20),
    )[list(TASK)]


def _versions(final: pd.DataFrame) -> pd.DataFrame:
    """The tasks, and of each that has changed since the version of the day on which it was assigned."""
    changed = final[(final["task_status"] != "in_progress") | final["extended_date"].notna()]
    # Typed in on the day of assignment; whatever happened on that very day came after it.
    entered = changed["assigned_date"] + pd.Timedelta(hours=8)
    first = changed.assign(**_NOT_EXTENDED, done_date=NEVER, task_status="in_progress", updated_at=entered)
    return _ordered([first, final])


def _ordered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, TASK, _TASK_TIMES, ["updated_at", *TASK_KEY])


def _calibrated_tasks(rng: np.random.Generator, places: Places, cut_off: str) -> pd.DataFrame:
    finals = [_ward_tasks(rng, places.ward), _district_plan(rng, places), *_other_tasks(rng, places, cut_off)]
    final = _numbered(pd.concat(finals, ignore_index=True))
    return _ordered([_versions(final), _mistakes(final, places), _later_tasks(final, places)])


def _ward_tasks(rng: np.random.Generator, ward: str) -> pd.DataFrame:
    """24 specific tasks due by the end of October, 23 of them done, four late; 7 general ones; three taken back."""
    size = SPECIFIC_TASKS + GENERAL_TASKS + 3
    assigned = np.sort(rng.choice(working_days("2022-01-10", "2022-09-16"), size))
    drawn = _drawn(rng, np.full(size, ward, dtype=object), assigned, "2022-10-31")
    order = rng.permutation(size)
    specific, general, gone = order[:SPECIFIC_TASKS], order[SPECIFIC_TASKS:-3], order[-3:]
    delay = np.where(np.isin(np.arange(size), specific[:4]), 3, -1)
    done = add_working_days(drawn["due_date"].to_numpy(), delay).astype("datetime64[s]")
    drawn = drawn.assign(done_date=done, task_status="done", **_NOT_EXTENDED)
    drawn.loc[general, "task_kind"] = "general"
    # General ones go on all year and have no date.
    drawn.loc[general, ["due_date", "done_date"]] = pd.NaT
    drawn.loc[general, "task_status"] = "in_progress"
    drawn.loc[[specific[-1], *gone], "done_date"] = pd.NaT
    drawn.loc[specific[-1], "task_status"] = "in_progress"
    drawn.loc[gone, "task_status"] = "cancelled"
    return drawn


def _district_plan(rng: np.random.Generator, places: Places) -> pd.DataFrame:
    """The plan of 27 January 2023: 43 tasks at the district and its communes, and two that were taken back."""
    size = PLAN_TASKS + 2
    owners = np.array([places.district] * 30 + [*places.communes, *places.communes[:2]], dtype=object)[:size]
    assigned = np.full(size, np.datetime64("2023-01-27", "D"))
    drawn = _drawn(rng, owners, assigned, "2023-03-06").assign(is_in_par_plan=True)
    gone = [0, size - 1]
    drawn.loc[gone, ["done_date", "extended_date", "extended_due_date"]] = pd.NaT
    drawn.loc[gone, "task_status"] = "cancelled"
    return drawn


def _other_tasks(rng: np.random.Generator, places: Places, cut_off: str) -> list[pd.DataFrame]:
    """Everybody else's, and the district's tasks that stand in no plan."""
    parts = (
        ([places.ward_town, places.ward_neighbour], "2022-01-10", 60),
        ([places.district, *places.communes], "2023-01-04", 70),
        ([places.district_neighbour], "2023-01-04", 25),
    )
    found = []
    for owners, first, size in parts:
        days = np.sort(rng.choice(working_days(first, cut_off), size))
        drawn = _drawn(rng, rng.choice(np.array(owners, dtype=object), size), days, cut_off)
        is_home = drawn["agency_code"].isin([places.district, *places.communes])
        found.append(drawn.assign(is_in_par_plan=drawn["is_in_par_plan"] & ~is_home))
    return found


def _mistakes(final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Versions that were wrong before they were put right: a plan's task under a neighbour, one that was not in it,
    a specific one of the ward filed as done before anybody had done it."""
    plan = final[(final["agency_code"] == places.district) & final["is_in_par_plan"] & final["done_date"].notna()]
    ward = final[(final["agency_code"] == places.ward) & (final["task_kind"] == "specific")]
    unfinished = ward[ward["task_status"] == "in_progress"]
    early = unfinished["due_date"]
    return pd.concat(
        [
            plan[:2].assign(agency_code=places.district_neighbour),
            plan[2:4].assign(is_in_par_plan=False),
            unfinished.assign(done_date=early, task_status="done"),
        ],
        ignore_index=True,
    ).assign(updated_at=lambda rows: rows["assigned_date"] + pd.Timedelta(hours=9))


def _later_tasks(final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """7 and 8 March: three open tasks of the district and its communes done, one taken back, and one new."""
    at_home = final["agency_code"].isin([places.district, *places.communes])
    home = final[at_home & (final["task_status"] == "in_progress")]
    due = home.sort_values(["due_date", "task_id"])
    days = pd.Series(pd.to_datetime(["2023-03-07", "2023-03-07", "2023-03-08"]), index=due.index[:3])
    done = due[:3].assign(done_date=days, task_status="done", updated_at=days + pd.Timedelta(hours=11))
    back = due[3:4].assign(task_status="cancelled", updated_at=pd.Timestamp("2023-03-08 09:10"))
    new = due[3:4].assign(
        task_id=f"NV-{places.district}-2023-9001",
        agency_code=places.district,
        assigned_date=pd.Timestamp("2023-03-07"),
        due_date=pd.Timestamp("2023-03-21"),
        updated_at=pd.Timestamp("2023-03-07 08:30"),
    )
    return pd.concat([done, back, new.assign(**_NOT_EXTENDED)], ignore_index=True)
