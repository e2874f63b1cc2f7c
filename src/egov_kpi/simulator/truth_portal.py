"""The oracle's part on what the portals tell: publication and posting of procedures, petitions (QD 766, 1.1 to
1.3, 5.2 and 5.3).

Each measure gives rows of agency_code and amount, with the `day` on which they count or with the period in which they
do (period_grain, period_start). Working days are counted on the simulator's own calendar.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from egov_kpi.simulator.records import PETITION_KEY, PUBLICATION_KEY, Records, effective
from egov_kpi.simulator.timetable import add_working_days, count_working_days

Rows = Callable[[Records, pd.Timestamp], pd.DataFrame]
Period = tuple[str, pd.Timestamp, pd.Timestamp]
GRAINS = {"month": "M", "quarter": "Q", "year": "Y"}
# A decision of a province comes so many working days before the law takes effect, and is posted so many after it.
NOTICE, POSTING = 5, 5
PARTS = 7


@dataclass(frozen=True)
class Told:
    """One KPI by the rows of its numerator and of its denominator; a count has none."""

    code: str
    numerator: Rows
    denominator: Rows | None = None


def first_day(records: Records, as_of: pd.Timestamp) -> pd.Series:
    """The days on which the family's figures begin."""
    days = (_decisions(records, as_of)["decision_date"], _petitions(records, as_of)["received_date"])
    return pd.concat(days, ignore_index=True)


def periods(first: pd.Timestamp, as_of: pd.Timestamp) -> Iterator[Period]:
    """Each period with its first day and the day on which it is looked at."""
    for grain, letter in GRAINS.items():
        for period in pd.period_range(min(first, as_of), as_of, freq=letter):
            yield grain, period.start_time, min(period.end_time.normalize(), as_of)


def working_days_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Working days after `first` up to and including `last`; none where a day is missing."""
    both = first.notna() & last.notna()
    known = [column[both].to_numpy().astype("datetime64[D]") for column in (first, last)]
    return pd.Series(count_working_days(*known), index=first.index[both]).reindex(first.index).astype(float)


def working_days_on(days: pd.Series, count: int | np.ndarray) -> pd.Series:
    """The so many-th working day after each day."""
    day_after = (days + pd.Timedelta(days=1)).to_numpy().astype("datetime64[D]")
    later = add_working_days(day_after, np.asarray(count) - 1)
    return pd.Series(later.astype("datetime64[s]"), index=days.index)


# --- publications -----------------------------------------------------------------------------------------------------


def _decisions(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per procedure and decision, with what is due when."""
    rows = effective(records.publications, PUBLICATION_KEY, as_of)
    return rows.assign(
        announced=rows["change_kind"] != "kept",
        due=working_days_on(rows["decision_date"], POSTING),
        lag=working_days_between(rows["decision_date"], rows["posted_date"]),
        notice=working_days_between(rows["decision_date"], rows["legal_effective_date"]),
    )


def _of_day(rows: pd.DataFrame, day: str, amount: pd.Series | int = 1) -> pd.DataFrame:
    return pd.DataFrame({"agency_code": rows["agency_code"], "day": rows[day], "amount": amount}).dropna()


def _decided(records: Records, as_of: pd.Timestamp, **values: object) -> pd.DataFrame:
    """By the month of the decision, those whose columns have the values."""
    rows = _decisions(records, as_of)
    for column, value in values.items():
        rows = rows[rows[column] == value]
    return _of_day(rows, "decision_date")


def _published(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    return _of_day(rows[rows["announced"]], "published_date")


def _published_in_time(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    return _of_day(rows[rows["announced"] & (rows["notice"] >= NOTICE)], "published_date")


def _posted(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    return _of_day(rows[rows["announced"]], "posted_date")


def _posted_in_time(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    return _of_day(rows[rows["announced"] & (rows["posted_date"] <= rows["due"])], "posted_date")


def _posting_due(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    """What was posted in the period, and what was overdue and missing on its last day."""
    rows = _decisions(records, as_of)
    rows = rows[rows["announced"]]
    if rows.empty:
        return _posted(records, as_of)
    missing = []
    for grain, start, looked_at in periods(rows["decision_date"].min(), as_of):
        late = rows[(rows["due"] < looked_at) & ~(rows["posted_date"] <= looked_at)]
        missing.append(late[["agency_code"]].assign(period_grain=grain, period_start=start, amount=1))
    return pd.concat([_posted(records, as_of), *missing], ignore_index=True)


def _posted_to_use(records: Records, as_of: pd.Timestamp, least_parts: int = 0) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    used = rows["announced"] & (rows["change_kind"] != "abolished")
    return _of_day(rows[used & (rows["mandatory_part_count"].fillna(0) >= least_parts)], "posted_date")


def _posting_days(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _decisions(records, as_of)
    rows = rows[rows["announced"]]
    return _of_day(rows, "posted_date", rows["lag"])


def _form_fields(records: Records, as_of: pd.Timestamp, column: str) -> pd.DataFrame:
    """Of the forms of which both numbers are known."""
    rows = _decisions(records, as_of)
    rows = rows[rows["form_field_count"].notna() & rows["form_field_cut_count"].notna()]
    return _of_day(rows, "decision_date", rows[column])


_reviewed = partial(_decided, is_reviewed=True)
PUBLICITY = (
    Told("procedure_published_on_time", _published_in_time, _published),
    Told("procedure_posted_on_time", _posted_in_time, _posting_due),
    Told("procedure_complete", partial(_posted_to_use, least_parts=PARTS), partial(_posted_to_use)),
    Told("procedure_posting_lag", _posting_days, _posted),
    Told("tthc_replaced", partial(_decided, change_kind="replaced")),
    Told("tthc_abolished", partial(_decided, is_reviewed=True, change_kind="abolished"), _reviewed),
    Told("procedure_outside_authority", partial(_decided, is_within_authority=False)),
    Told(
        "form_fields_cut",
        partial(_form_fields, column="form_field_cut_count"),
        partial(_form_fields, column="form_field_count"),
    ),
)


# --- petitions --------------------------------------------------------------------------------------------------------

# Working days for a refusal, a question back and an answer; an answer's while nobody knows.
LIMITS = {"refused": 2, "asked": 5, "answered": 15}


def _petitions(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per petition, with the day by which it had to be handled, and by which it would have to be answered."""
    rows = effective(records.petitions, PETITION_KEY, as_of)
    limit = rows["outcome"].fillna("answered").map(LIMITS).to_numpy(dtype="int64")
    due = working_days_on(rows["received_date"], limit)
    return rows.assign(
        due=due,
        answer_due=working_days_on(rows["received_date"], LIMITS["answered"]),
        in_time=rows["handled_date"].notna() & (rows["handled_date"] <= due),
    )


def _pending(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Petitions once per period on whose last day, `looked_at`, they were open."""
    frames = [rows.head(0).assign(period_grain="", period_start=as_of, looked_at=as_of, amount=1)]
    for grain, start, looked_at in periods(rows["received_date"].min(), as_of) if len(rows) else ():
        still = rows[(rows["received_date"] <= looked_at) & ~(rows["handled_date"] <= looked_at)]
        frames.append(still.assign(period_grain=grain, period_start=start, looked_at=looked_at, amount=1))
    return pd.concat(frames, ignore_index=True)


_PLACE = ["agency_code", "period_grain", "period_start", "amount"]


def _petitions_received(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    return _of_day(_petitions(records, as_of), "received_date")


def _petitions_received_and_handled(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _petitions(records, as_of)
    return _of_day(rows[rows["handled_date"] <= as_of], "received_date")


def _petitions_in_hand(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _petitions(records, as_of)
    return pd.concat([_of_day(rows, "handled_date"), _pending(rows, as_of)[_PLACE]], ignore_index=True)


def _petitions_in_time(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _petitions(records, as_of)
    still = _pending(rows, as_of)
    still = still[still["answer_due"] >= still["looked_at"]]
    return pd.concat([_of_day(rows[rows["in_time"]], "handled_date"), still[_PLACE]], ignore_index=True)


def _first_petitions_due(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _petitions(records, as_of)
    rows = rows[rows["is_first"].astype(bool)]
    late = _pending(rows, as_of)
    late = late[late["answer_due"] < late["looked_at"]]
    return pd.concat([_of_day(rows, "handled_date"), late[_PLACE]], ignore_index=True)


def _first_petitions_satisfied(records: Records, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = _petitions(records, as_of)
    angry = rows["is_disliked"].astype(bool) | rows["is_petitioned_again"].astype(bool)
    return _of_day(rows[rows["is_first"].astype(bool) & rows["in_time"] & ~angry], "handled_date")


FEEDBACK = (
    Told("pakn_handled", _petitions_received_and_handled, _petitions_received),
    Told("petition_on_time", _petitions_in_time, _petitions_in_hand),
    Told("petition_satisfied", _first_petitions_satisfied, _first_petitions_due),
)
KPIS = PUBLICITY + FEEDBACK
