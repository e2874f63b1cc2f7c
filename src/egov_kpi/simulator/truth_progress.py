"""The oracle of the way of dossiers through the offices: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.progress import HANDOVER_KEY, PAUSE_KEY, SYNCHRONISATION_KEY
from egov_kpi.simulator.records import DOSSIER_KEY, effective
from egov_kpi.simulator.truth import NOT_RECEIVED, Amounts, Happened, Kpi, _flow, _received


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


def _synced(happened: Happened) -> Amounts:
    """Received dossiers of the software that the national portal holds, by the day of receipt."""
    return _flow(happened, _software(happened, accepted(happened)), "received")


def accepted(happened: Happened) -> pd.Series:
    """Codes of the dossiers that the national portal holds."""
    sent = effective(happened.records.synchronisation, SYNCHRONISATION_KEY, happened.as_of)
    codes: pd.Series = sent.loc[sent["sync_status"] == "accepted", "dossier_code"]
    return codes


def _software(happened: Happened, codes: pd.Series) -> pd.DataFrame:
    """Received dossiers of the software with one of these codes, with the day of receipt."""
    rows = effective(happened.records.dossiers, DOSSIER_KEY, happened.as_of)
    rows = rows[~rows["dossier_status"].isin(NOT_RECEIVED) & rows["dossier_code"].isin(codes)]
    return rows.assign(received=rows["received_at"].dt.normalize())


def _pauses(happened: Happened) -> pd.DataFrame:
    """Pauses of clocks, each once, with the day on which each began."""
    rows = effective(happened.records.one_stop.pauses, PAUSE_KEY, happened.as_of)
    return rows.assign(begun=rows["paused_at"].dt.normalize())


def _requests(happened: Happened) -> Amounts:
    """Supplements that were asked for, by the day of the request."""
    rows = _pauses(happened)
    return _flow(happened, rows[rows["pause_kind"] == "supplement"], "begun")


def _paused(happened: Happened) -> Amounts:
    return _flow(happened, _software(happened, _pauses(happened)["dossier_code"]), "received")


KPIS: tuple[Kpi, ...] = (
    Kpi("late_internal", _late, _due, due_basis="date"),
    Kpi("tthc_sync", _synced, _received),
    Kpi("pause_requests", _requests),
    Kpi("paused_dossiers", _paused, _received),
)
