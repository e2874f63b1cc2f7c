"""The oracle of what units make known: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.activities import ACTIVITY_KEY
from egov_kpi.simulator.records import effective
from egov_kpi.simulator.truth import Amounts, Happened, Kpi, Measure, _flow


def _held(happened: Happened, kind: str) -> pd.DataFrame:
    """Activities of a kind that took place by the as-of day, each once."""
    rows = effective(happened.records.activities, ACTIVITY_KEY, happened.as_of)
    took_place = (rows["activity_status"] == "held") & (rows["held_date"] <= happened.as_of)
    return rows[took_place & (rows["activity_kind"] == kind)]


def _on_reform(happened: Happened) -> pd.DataFrame:
    rows = _held(happened, "meeting")
    return rows[rows["has_par_content"].astype(bool)]


def _meetings(happened: Happened) -> Amounts:
    return _flow(happened, _held(happened, "meeting"), "held_date")


def _meetings_on_reform(happened: Happened) -> Amounts:
    return _flow(happened, _on_reform(happened), "held_date")


def _attendees(happened: Happened) -> Amounts:
    """People at meetings on reform; a meeting whose attendance nobody noted adds none."""
    rows = _on_reform(happened)
    noted = rows[rows["attendee_count"].notna()]
    return _flow(happened, noted, "held_date", noted["attendee_count"].astype(int))


def _of_kind(kind: str) -> Measure:
    def measured(happened: Happened) -> Amounts:
        return _flow(happened, _held(happened, kind), "held_date")

    return measured


KPIS: tuple[Kpi, ...] = (
    Kpi("propaganda_meetings", _meetings_on_reform, _meetings),
    Kpi("propaganda_attendees", _attendees),
    Kpi("portal_items", _of_kind("news_item")),
    Kpi("training_sessions", _of_kind("training")),
)
