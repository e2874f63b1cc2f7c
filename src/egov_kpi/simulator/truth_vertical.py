"""The oracle of the vertical agencies' forms: from the records and the definition alone."""

from egov_kpi.simulator.records import effective
from egov_kpi.simulator.truth import Amounts, Happened, Kpi, Measure, _flow
from egov_kpi.simulator.vertical import VERTICAL_KEY


def _told(column: str) -> Measure:
    """A count of the forms, by the month that each is about; the newest sending of a row counts."""

    def measured(happened: Happened) -> Amounts:
        rows = effective(happened.records.vertical, VERTICAL_KEY, happened.as_of)
        rows = rows[rows["period_start"] <= happened.as_of]
        return _flow(happened, rows, "period_start", rows[column])

    return measured


KPIS: tuple[Kpi, ...] = (
    Kpi("ontime_settled_vertical", _told("on_time_count"), _told("settled_count"), levels=("vertical",)),
)
