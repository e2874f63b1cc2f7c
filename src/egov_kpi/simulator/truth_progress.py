"""The oracle of the way of dossiers through the offices: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.progress import HANDOVER_KEY
from egov_kpi.simulator.records import effective
from egov_kpi.simulator.truth import Amounts, Happened, Kpi, _flow


def _steps_due(happened: Happened) -> pd.DataFrame:
    """Steps whose internal deadline is the as-of day or earlier, each once."""
    rows = effective(happened.records.one_stop.handovers, HANDOVER_KEY, happened.as_of)
    rows = rows.assign(due=rows["internal_due_at"].dt.normalize(), done=rows["handed_on_at"].dt.normalize())
    return rows[rows["due"] <= happened.as_of]


def _due(happened: Happened) -> Amounts:
    """By the day of the deadline, under the unit that has or had the step in hand."""
    return _flow(happened, _steps_due(happened), "due")


def _late(happened: Happened) -> Amounts:
    """Of these the ones whose day passed without a hand-over; on the day itself a step is still in time."""
    rows = _steps_due(happened)
    in_time = rows["done"].notna() & (rows["done"] <= rows["due"])
    return _flow(happened, rows[~in_time & (rows["due"] < happened.as_of)], "due")


KPIS: tuple[Kpi, ...] = (Kpi("late_internal", _late, _due, due_basis="date"),)
