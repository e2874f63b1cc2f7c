"""The oracle of what QD 766 asks about shared data, payable fees and whole online dossiers: from the records alone."""

import pandas as pd

from egov_kpi.simulator import truth_one_stop
from egov_kpi.simulator.data_uses import DATA_USE_KEY
from egov_kpi.simulator.progress import SYNCHRONISATION_KEY
from egov_kpi.simulator.records import effective
from egov_kpi.simulator.truth import SETTLED, Amounts, Happened, Kpi, Measure, _distinct, _flow, _in_periods, _last
from egov_kpi.simulator.truth import _received as _all_received

# A document came from the citizen's store, or the result went into it.
_STORE = ("is_taken_from_store", "is_result_stored")


def _uses(happened: Happened) -> pd.DataFrame:
    return effective(happened.records.one_stop.data_uses, DATA_USE_KEY, happened.as_of)


def _codes_where(happened: Happened, *marks: str) -> pd.Series:
    """Dossiers with at least one of the marks."""
    rows = _uses(happened)
    codes: pd.Series = rows.loc[rows[list(marks)].astype(bool).any(axis=1), "dossier_code"]
    return codes


def _received_with(happened: Happened, codes: pd.Series) -> Amounts:
    rows = truth_one_stop._received(happened)
    return _flow(happened, rows[rows["dossier_code"].isin(codes)], "received")


def _with_copy(*kinds: str) -> Measure:
    def measured(happened: Happened) -> Amounts:
        rows = _uses(happened)
        return _received_with(happened, rows.loc[rows["certified_copy"].isin(kinds), "dossier_code"])

    return measured


def _procedures_of_citizens(happened: Happened, codes: pd.Series | None = None) -> Amounts:
    """Procedures for which citizens handed in dossiers (with one of the codes), each once."""
    rows = truth_one_stop._received(happened)
    rows = rows[rows["applicant_type"] == "citizen"]
    rows = rows if codes is None else rows[rows["dossier_code"].isin(codes)]
    return _distinct(happened, _in_periods(rows.assign(key=rows["procedure_code"]), "received"))


def _online_whole(happened: Happened) -> Amounts:
    """Received online and held by the national portal, without those that were settled in writing but on paper."""
    rows = truth_one_stop._received(happened)
    sent = effective(happened.records.synchronisation, SYNCHRONISATION_KEY, happened.as_of)
    held = set(sent.loc[sent["sync_status"] == "accepted", "dossier_code"])
    results = truth_one_stop._results(happened)
    signed = results["is_written"].astype(bool) & results["is_attached"].astype(bool) & results["signed_at"].notna()
    enough = set(results.loc[signed, "dossier_code"]) | truth_one_stop._without_writing(happened)
    is_open = ~rows["dossier_status"].isin(SETTLED)
    counts = (rows["channel"] == "online") & rows["dossier_code"].isin(held)
    return _flow(happened, rows[counts & (is_open | rows["dossier_code"].isin(enough))], "received")


def _fees(happened: Happened, is_payable: bool = False) -> Amounts:
    """Procedures in force that have a fee, by procedure and level, at the last snapshot; those payable online only."""
    rows = _last(happened.procedures)
    rows = rows[(rows["procedure_status"] == "in_force") & rows["has_fee"].eq(True)]
    return _distinct(happened, rows[rows["fee_synced_date"].notna()] if is_payable else rows)


KPIS: tuple[Kpi, ...] = (
    Kpi("online_dossier_whole", _online_whole, _all_received),
    Kpi("fee_payable", lambda h: _fees(h, is_payable=True), _fees),
    Kpi("personal_store", lambda h: _received_with(h, _codes_where(h, *_STORE)), _all_received),
    Kpi(
        "population_procedure",
        lambda h: _procedures_of_citizens(h, _codes_where(h, "is_population_used")),
        _procedures_of_citizens,
    ),
    Kpi("population_dossier", lambda h: _received_with(h, _codes_where(h, "is_population_used")), _all_received),
    Kpi("certified_copy", _with_copy("electronic"), _with_copy("paper", "electronic")),
)
