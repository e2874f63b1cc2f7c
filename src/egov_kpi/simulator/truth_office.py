"""The oracle of the offices' own work: which rows a KPI counts, on which day, and how much each of them.

Written from the definitions, with nothing in common with the warehouse's SQL. A `Rows` function gives agency_code, day
and amount; `truth` adds them up over periods and units.
"""

from collections.abc import Callable

import pandas as pd

from egov_kpi.simulator.office import TASK_KEY
from egov_kpi.simulator.records import Records, effective

Rows = Callable[[Records, pd.Timestamp], pd.DataFrame]


def _counted(rows: pd.DataFrame, days: str) -> pd.DataFrame:
    return rows[["agency_code"]].assign(day=rows[days], amount=1)


# --- tasks ------------------------------------------------------------------------------------------------------------


def _tasks(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    """Tasks that were not taken back, with `last_due`: an extension counts when it came before the date had passed."""
    rows = effective(records.tasks, TASK_KEY, as_of)
    rows = rows[rows["task_status"] != "cancelled"]
    in_time = rows["extended_date"].notna() & (rows["extended_date"] <= rows["due_date"])
    return rows.assign(last_due=rows["extended_due_date"].where(in_time, rows["due_date"]))


def _due(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _tasks(records, as_of)
    return rows[rows["last_due"] <= as_of]


def tasks_planned(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _tasks(records, as_of)
    return _counted(rows[rows["is_in_par_plan"].astype(bool)], "assigned_date")


def tasks_due(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    return _counted(_due(records, as_of), "last_due")


def tasks_done_on_time(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _due(records, as_of)
    return _counted(rows[rows["done_date"] <= rows["last_due"]], "last_due")


def specific_tasks_due(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _due(records, as_of)
    return _counted(rows[rows["task_kind"] == "specific"], "last_due")


def specific_tasks_done(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    """Late ones too: the report asks what is done, not when."""
    rows = _due(records, as_of)
    return _counted(rows[(rows["task_kind"] == "specific") & rows["done_date"].notna()], "last_due")


# --- all of the family ------------------------------------------------------------------------------------------------

# Code, numerator, denominator (a count has none).
FLOWS: tuple[tuple[str, Rows, Rows | None], ...] = (
    ("plan_tasks", tasks_planned, None),
    ("task_done", specific_tasks_done, specific_tasks_due),
    ("task_on_time", tasks_done_on_time, tasks_due),
)


def days(records: Records, as_of: pd.Timestamp) -> list[pd.Series]:
    """The days of all rows, counted or not: the series of figures begins with the first of any dataset."""
    return [effective(records.tasks, TASK_KEY, as_of)["assigned_date"]]
