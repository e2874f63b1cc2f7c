"""The oracle of the forms that units fill in: from the records and the definitions alone."""

from collections.abc import Callable

import pandas as pd

from egov_kpi.simulator.periodic_reports import PERIODIC_KEY
from egov_kpi.simulator.records import Records, effective
from egov_kpi.simulator.truth import Amounts, Happened, Kpi, Measure, _flow, _stock


def _last_books(rows: pd.DataFrame, about: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Of the books about one thing that came by the end of a day the last one, whole."""
    known = rows[rows["exported_at"] < as_of + pd.Timedelta(days=1)]
    last = known.groupby(about)["exported_at"].transform("max")
    return known[known["exported_at"] == last]


# --- one-stop units ---------------------------------------------------------------------------------------------------


def _one_stop_units(happened: Happened) -> pd.DataFrame:
    """Of each compiler's books of a date the last one, whole; of a unit that two of them list what the later says."""
    about = ["reporting_agency_code", "snapshot_date"]
    books = _last_books(happened.records.one_stop_units, about, happened.as_of).sort_values("exported_at")
    return books.drop_duplicates(["agency_code", "snapshot_date"], keep="last")


def _of_units(amount: Callable[[pd.DataFrame], pd.Series]) -> Measure:
    def measured(happened: Happened) -> Amounts:
        rows = _one_stop_units(happened)
        return _stock(happened, rows, amount(rows).astype(int))

    return measured


_units = _of_units(lambda rows: pd.Series(1, index=rows.index))
_consolidated = _of_units(lambda rows: rows["is_consolidated"].astype(bool))
_officials = _of_units(lambda rows: rows["official_count"])
_accounts = _of_units(lambda rows: rows["account_count"])


# --- periodic reports -------------------------------------------------------------------------------------------------


def _reports_due(happened: Happened) -> pd.DataFrame:
    """Reports that have fallen due, each once, whether they ever came or not."""
    rows = effective(happened.records.periodic_reports, PERIODIC_KEY, happened.as_of)
    return rows[rows["due_date"] <= happened.as_of]


def _due(happened: Happened) -> Amounts:
    return _flow(happened, _reports_due(happened), "due_date")


def _on_time(happened: Happened) -> Amounts:
    rows = _reports_due(happened)
    return _flow(happened, rows[rows["sent_at"].dt.normalize() <= rows["due_date"]], "due_date")


# --- surveys ----------------------------------------------------------------------------------------------------------

SURVEY_KEY = ["index_code", "survey_year", "agency_code", "domain_code"]


def expected_surveys(records: Records, as_of: str | pd.Timestamp) -> pd.DataFrame:
    """The results of every index and year as known at the end of the day `as_of`: of its books the last one, whole.

    A row for each unit and domain that the book has, and no other: nothing is added up.
    """
    books = _last_books(records.surveys, ["index_code", "snapshot_date"], pd.Timestamp(as_of))
    return books[[*SURVEY_KEY, "score", "max_score", "unit_rank", "sample_size"]]


KPIS: tuple[Kpi, ...] = (
    Kpi("onegate_consolidated", _consolidated, _units),
    Kpi("onegate_accounts", _accounts, _officials),
    Kpi("reports_on_time", _on_time, _due),
)
