"""The oracle of what QD 766 asks about shared data, payable fees and whole online dossiers: from the records alone."""

import pandas as pd

from egov_kpi.simulator import truth_one_stop as one_stop
from egov_kpi.simulator.data_uses import DATA_USE_KEY
from egov_kpi.simulator.records import effective
from egov_kpi.simulator.truth import SETTLED, Amounts, Happened, Kpi, Measure, _distinct, _flow, _is_in_force, _last
from egov_kpi.simulator.truth import _received as _all_received
from egov_kpi.simulator.truth_progress import accepted

# A document came from the citizen's store, or the result went into it.
_STORE = ("is_taken_from_store", "is_result_stored")


def _uses(happened: Happened) -> pd.DataFrame:
    return effective(happened.records.one_stop.data_uses, DATA_USE_KEY, happened.as_of)


def _codes_where(happened: Happened, *marks: str) -> pd.Series:
    """Dossiers with at least one of the marks."""
    rows = _uses(happened)
    return one_stop._codes(rows, rows[list(marks)].astype(bool).any(axis=1))


def _received_with(happened: Happened, codes: pd.Series) -> Amounts:
    return one_stop._having(happened, one_stop._received(happened), "received", codes)


def _with_copy(*kinds: str) -> Measure:
    def measured(happened: Happened) -> Amounts:
        rows = _uses(happened)
        return _received_with(happened, one_stop._codes(rows, rows["certified_copy"].isin(kinds)))

    return measured


def _of_citizens(happened: Happened) -> pd.DataFrame:
    rows = one_stop._received(happened)
    return rows[rows["applicant_type"] == "citizen"]


def _procedures_with_population_data(happened: Happened) -> Amounts:
    rows = _of_citizens(happened)
    used = rows["dossier_code"].isin(_codes_where(happened, "is_population_used"))
    return one_stop._procedures_of(happened, rows[used])


def _online_whole(happened: Happened) -> Amounts:
    """Received online and held by the national portal, without those that were settled in writing but on paper."""
    rows = one_stop._received(happened)
    enough = set(one_stop._issued_electronically(happened)) | one_stop._without_writing(happened)
    is_open = ~rows["dossier_status"].isin(SETTLED)
    counts = (rows["channel"] == "online") & rows["dossier_code"].isin(accepted(happened))
    return _flow(happened, rows[counts & (is_open | rows["dossier_code"].isin(enough))], "received")


def _fees(happened: Happened, is_payable: bool = False) -> Amounts:
    """Procedures in force that have a fee, by procedure and level, at the last snapshot; those payable online only."""
    rows = _last(happened.procedures)
    rows = rows[_is_in_force(rows) & rows["has_fee"].eq(True)]
    return _distinct(happened, rows[rows["fee_synced_date"].notna()] if is_payable else rows)


KPIS: tuple[Kpi, ...] = (
    Kpi("online_dossier_whole", _online_whole, _all_received),
    Kpi("fee_payable", lambda h: _fees(h, is_payable=True), _fees),
    Kpi("personal_store", lambda h: _received_with(h, _codes_where(h, *_STORE)), _all_received),
    Kpi(
        "population_procedure",
        _procedures_with_population_data,
        lambda h: one_stop._procedures_of(h, _of_citizens(h)),
    ),
    Kpi("population_dossier", lambda h: _received_with(h, _codes_where(h, "is_population_used")), _all_received),
    Kpi("certified_copy", _with_copy("electronic"), _with_copy("paper", "electronic")),
)
