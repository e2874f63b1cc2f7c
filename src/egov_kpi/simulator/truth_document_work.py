"""The oracle of incoming documents, of accounts and of work files: from the records and the definitions alone.

Decree 30/2020: a document is routed on the next working day after its arrival at the latest (Art. 23), and dealt with
by its deadline (Art. 24). Working days are counted on the simulator's own calendar.
"""

import pandas as pd

from egov_kpi.simulator.incoming import INCOMING_KEY
from egov_kpi.simulator.records import PUBLIC_SECRECY, effective
from egov_kpi.simulator.truth import Amounts, Happened, Kpi, _flow, _headcount, _in_periods, _stock, _sum
from egov_kpi.simulator.truth_portal import periods, working_days_on
from egov_kpi.simulator.work_files import WORK_FILE_KEY

# Working days after the arrival by which a document has to be routed.
ROUTING = 1


def days(happened: Happened) -> list[pd.Series]:
    """The days on which the family's figures begin."""
    return [_told(happened)["arrival_date"], _work_files(happened)["opened_date"]]


def _told(happened: Happened) -> pd.DataFrame:
    rows = effective(happened.records.incoming_documents, INCOMING_KEY, happened.as_of)
    return rows[rows["secrecy_level"] == PUBLIC_SECRECY]


def _incoming(happened: Happened) -> pd.DataFrame:
    """Documents that came in and were not cancelled, each once, with the days that their times fall on."""
    rows = _told(happened)
    rows = rows[rows["document_status"] == "received"]
    return rows.assign(
        routed=rows["routed_at"].dt.normalize(),
        completed=rows["completed_at"].dt.normalize(),
        route_by=working_days_on(rows["arrival_date"], ROUTING),
    )


def _arrived(happened: Happened) -> Amounts:
    return _flow(happened, _incoming(happened), "arrival_date")


def _routed_in_time(happened: Happened) -> Amounts:
    rows = _incoming(happened)
    return _flow(happened, rows[rows["routed"] <= rows["route_by"]], "routed")


def _to_be_routed(happened: Happened) -> Amounts:
    """What was routed in the period, and what was overdue and still waiting on its last day."""
    rows = _incoming(happened).assign(amount=1)
    found = [_in_periods(rows, "routed")]
    for grain, start, looked_at in periods(rows["arrival_date"].min(), happened.as_of) if len(rows) else ():
        late = rows[(rows["route_by"] < looked_at) & ~(rows["routed"] <= looked_at)]
        found.append(late.assign(period_grain=grain, period_start=start))
    return _sum(happened, pd.concat(found, ignore_index=True))


def _due(happened: Happened) -> pd.DataFrame:
    rows = _incoming(happened)
    return rows[rows["due_date"] <= happened.as_of]


def _done_by_deadline(happened: Happened) -> Amounts:
    rows = _due(happened)
    return _flow(happened, rows[rows["completed"] <= rows["due_date"]], "due_date")


def _officials_at_work(happened: Happened) -> Amounts:
    """Accounts of people, not locked, that did something on the day of the snapshot or the thirty before it."""
    rows = happened.snapshots("office_accounts")
    idle = (rows["snapshot_date"] - rows["last_action_date"]).dt.days
    busy = (rows["account_kind"] == "person") & (rows["account_status"] == "active") & (idle <= 30)
    return _stock(happened, rows, busy.astype(int))


def _work_files(happened: Happened) -> pd.DataFrame:
    return effective(happened.records.work_files, WORK_FILE_KEY, happened.as_of)


def _due_at_the_archive(happened: Happened) -> pd.DataFrame:
    rows = _work_files(happened)
    return rows[rows["archive_due_date"] <= happened.as_of]


def _archived_in_time(happened: Happened) -> Amounts:
    rows = _due_at_the_archive(happened)
    return _flow(happened, rows[rows["archived_date"] <= rows["archive_due_date"]], "archive_due_date")


KPIS: tuple[Kpi, ...] = (
    Kpi("doc_incoming", _arrived),
    Kpi("doc_routed_on_time", _routed_in_time, _to_be_routed),
    Kpi("work_files_opened", lambda happened: _flow(happened, _work_files(happened), "opened_date")),
    Kpi(
        "work_files_archived",
        _archived_in_time,
        lambda happened: _flow(happened, _due_at_the_archive(happened), "archive_due_date"),
    ),
    Kpi("staff_using_dms", _officials_at_work, _headcount),
    Kpi("doc_due_done", _done_by_deadline, lambda happened: _flow(happened, _due(happened), "due_date")),
)
