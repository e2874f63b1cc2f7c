"""The oracle of what the one-stop system keeps of its dossiers: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.one_stop import APOLOGY_KEY, COMPONENT_KEY, PAYMENT_KEY, RESULT_KEY, VOTE_KEY
from egov_kpi.simulator.records import DOSSIER_KEY, effective
from egov_kpi.simulator.truth import (
    NOT_RECEIVED,
    SETTLED,
    Amounts,
    Happened,
    Kpi,
    _distinct,
    _flow,
    _in_periods,
    _settled,
)
from egov_kpi.simulator.truth import _received as _all_received


def _received(happened: Happened) -> pd.DataFrame:
    """Dossiers of the software that were received, with the day."""
    rows = effective(happened.records.dossiers, DOSSIER_KEY, happened.as_of)
    rows = rows[~rows["dossier_status"].isin(NOT_RECEIVED)]
    return rows.assign(received=rows["received_at"].dt.normalize())


# --- payments ---------------------------------------------------------------------------------------------------------


def _items(happened: Happened) -> pd.DataFrame:
    """Items to be paid that are not waived."""
    rows = effective(happened.records.one_stop.payments, PAYMENT_KEY, happened.as_of)
    return rows[rows["amount_due"] > 0]


def _fee_bearing(happened: Happened) -> Amounts:
    """Dossiers, each once, by the day of receipt."""
    rows = _received(happened)
    return _flow(happened, rows[rows["dossier_code"].isin(_items(happened)["dossier_code"])], "received")


def _online_codes(happened: Happened) -> pd.Series:
    """Dossiers with an item that was paid online and not given back."""
    items = _items(happened)
    is_online = (items["payment_method"] == "online") & (items["amount_paid"] > 0)
    return _codes(items, is_online & ~items["is_refunded"].astype(bool))


def _paid_online(happened: Happened) -> Amounts:
    return _having(happened, _received(happened), "received", _online_codes(happened))


def _procedures_having(happened: Happened, codes: pd.Series) -> Amounts:
    """Procedures with at least one of the dossiers among those that were received, each once."""
    rows = _received(happened)
    return _procedures_of(happened, rows[rows["dossier_code"].isin(codes)])


def _procedures_of(happened: Happened, rows: pd.DataFrame) -> Amounts:
    """Procedures of these received dossiers, each once."""
    return _distinct(happened, _in_periods(rows.assign(key=rows["procedure_code"]), "received"))


def _procedures_with_fee(happened: Happened) -> Amounts:
    return _procedures_having(happened, _items(happened)["dossier_code"])


def _procedures_paid_online(happened: Happened) -> Amounts:
    return _procedures_having(happened, _online_codes(happened))


# --- documents and results --------------------------------------------------------------------------------------------


def _having(happened: Happened, rows: pd.DataFrame, days: str, codes: pd.Series) -> Amounts:
    """Of the dossiers those with one of the codes, each once."""
    return _flow(happened, rows[rows["dossier_code"].isin(codes)], days)


def _components(happened: Happened) -> pd.DataFrame:
    return effective(happened.records.one_stop.components, COMPONENT_KEY, happened.as_of)


def _results(happened: Happened) -> pd.DataFrame:
    return effective(happened.records.one_stop.results, RESULT_KEY, happened.as_of)


def _codes(rows: pd.DataFrame, counts: pd.Series) -> pd.Series:
    codes: pd.Series = rows.loc[counts.astype(bool), "dossier_code"]
    return codes


def _reused(happened: Happened) -> Amounts:
    rows = _components(happened)
    return _having(happened, _received(happened), "received", _codes(rows, rows["is_reused"]))


def _settled_rows(happened: Happened) -> pd.DataFrame:
    """Settled dossiers of the software, with the day on which each was settled and the day promised."""
    rows = _received(happened)
    rows = rows[rows["dossier_status"].isin(SETTLED)]
    return rows.assign(
        settled=rows["finished_at"].fillna(rows["returned_at"]).dt.normalize(), due=rows["due_at"].dt.normalize()
    )


def _without_writing(happened: Happened) -> set[str]:
    """Dossiers of which results are told, and none of them is in writing."""
    rows = _results(happened)
    return set(rows["dossier_code"]) - set(_codes(rows, rows["is_written"]))


def _result_due(happened: Happened) -> Amounts:
    """All that was settled, on paper too, save what ends in nothing written."""
    rows = _settled_rows(happened)
    paper = happened.settled[happened.settled["source"] == "paper"].assign(settled=lambda found: found["finished"])
    kept = rows[~rows["dossier_code"].isin(_without_writing(happened))]
    columns = ["agency_code", "settled"]
    return _flow(happened, pd.concat([kept[columns], paper[columns]], ignore_index=True), "settled")


def _issued_electronically(happened: Happened) -> pd.Series:
    """Dossiers with the signed file of a written result."""
    rows = _results(happened)
    return _codes(rows, rows["is_written"].astype(bool) & rows["is_attached"].astype(bool) & rows["signed_at"].notna())


def _e_result(happened: Happened) -> Amounts:
    return _having(happened, _settled_rows(happened), "settled", _issued_electronically(happened))


def _digitised(happened: Happened) -> Amounts:
    documents, results = _components(happened), _results(happened)
    rows = _settled_rows(happened)
    rows = rows[rows["dossier_code"].isin(_codes(documents, documents["is_digitised"]))]
    return _having(happened, rows, "settled", _codes(results, results["is_attached"]))


# --- apologies --------------------------------------------------------------------------------------------------------

# A letter counts when it was issued so many days before the day that it moves; not confirmed against a text.
NOTICE = pd.Timedelta(days=1)


def _letters(happened: Happened) -> pd.DataFrame:
    rows = effective(happened.records.one_stop.apologies, APOLOGY_KEY, happened.as_of)
    return rows.assign(issued=rows["issued_at"].dt.normalize(), old_due=rows["old_due_at"].dt.normalize())


def _against_first_promise(happened: Happened) -> pd.DataFrame:
    """Settled dossiers and whether they were late against the day that was promised before any letter moved it."""
    letters = _letters(happened).sort_values("letter_no").drop_duplicates("dossier_code")
    moved = letters[["dossier_code", "old_due"]]
    rows = _settled_rows(happened).merge(moved, on="dossier_code", how="left", validate="1:1")
    return rows.assign(is_late=rows["settled"] > rows["old_due"].fillna(rows["due"]))


def _late(happened: Happened) -> Amounts:
    rows = _against_first_promise(happened)
    return _flow(happened, rows[rows["is_late"]], "settled")


def _late_with_letter(happened: Happened) -> Amounts:
    rows, letters = _against_first_promise(happened), _letters(happened)
    first = letters[letters["letter_no"] == "1"]
    in_time = first.loc[first["issued"] + NOTICE <= first["old_due"], "dossier_code"]
    return _having(happened, rows[rows["is_late"]], "settled", in_time)


def _letter_without_lateness(happened: Happened) -> Amounts:
    rows = _against_first_promise(happened)
    return _having(happened, rows[~rows["is_late"]], "settled", _letters(happened)["dossier_code"])


def _promised_again(happened: Happened) -> Amounts:
    letters = _letters(happened)
    twice = letters.groupby("dossier_code")["letter_no"].nunique()
    return _having(happened, _received(happened), "received", pd.Series(twice[twice > 1].index))


def _moved_after_expiry(happened: Happened) -> Amounts:
    letters = _letters(happened)
    expired = letters.loc[letters["issued"] > letters["old_due"], "dossier_code"]
    return _having(happened, _received(happened), "received", expired)


# --- satisfaction -----------------------------------------------------------------------------------------------------


def _votes(happened: Happened, *ratings: str) -> Amounts:
    """Votes by the day on which they were given, those of the ratings only where some are named."""
    rows = effective(happened.records.one_stop.satisfaction, VOTE_KEY, happened.as_of)
    rows = rows.assign(voted=rows["voted_at"].dt.normalize())
    return _flow(happened, rows[rows["rating"].isin(ratings)] if ratings else rows, "voted")


KPIS: tuple[Kpi, ...] = (
    Kpi("payment_online", _paid_online, _fee_bearing),
    Kpi("payment_procedure", _procedures_paid_online, _procedures_with_fee),
    Kpi("e_result", _e_result, _result_due),
    Kpi("dossier_digitised", _digitised, _settled),
    Kpi("component_reused", _reused, _all_received),
    Kpi("apology_coverage", _late_with_letter, _late),
    Kpi("apology_without_lateness", _letter_without_lateness),
    Kpi("apology_repeated", _promised_again),
    Kpi("promise_moved_after_expiry", _moved_after_expiry),
    Kpi("satisfaction", lambda h: _votes(h, "very_satisfied", "satisfied"), _votes),
    Kpi("satisfaction_coverage", _votes, _settled),
)
