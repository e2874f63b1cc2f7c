"""What is kept of dossiers beside them: the oracle on a handful of records, and that counting export rows misses it."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from egov_kpi.simulator import one_stop_exports, truth_data_uses
from egov_kpi.simulator.data_uses import DATA_USE_KEY
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.one_stop import (
    APOLOGY_KEY,
    COMPONENT_KEY,
    NOTHING,
    PAYMENT_KEY,
    RESULT_KEY,
    VOTE_KEY,
    OneStop,
)
from egov_kpi.simulator.progress import HANDOVER_KEY, PAUSE_KEY
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth import expected_kpis
from egov_kpi.simulator.truth_one_stop import KPIS

UNIT, DAY = "28651", pd.Timestamp("2023-01-10 09:00")
ASKED = {*(kpi.code for kpi in (*KPIS, *truth_data_uses.KPIS)), "late_external"}


def _dossiers(known: Records, **settled: str | None) -> pd.DataFrame:
    """One dossier of 10 January per name, due on the 20th, settled at the given moment or open."""
    rows = [
        {
            "dossier_code": code, "procedure_code": "1.000001", "agency_code": UNIT, "channel": "direct",
            "received_at": DAY, "due_at": pd.Timestamp("2023-01-20 09:00"), "supplement_request_count": 0,
            "finished_at": pd.Timestamp(end) if end else pd.NaT, "returned_at": pd.Timestamp(end) if end else pd.NaT,
            "dossier_status": "returned" if end else "processing",
            "updated_at": pd.Timestamp(end) if end else DAY,
        }
        for code, end in settled.items()
    ]  # fmt: skip
    return _typed(known.dossiers, rows)


def _typed(like: pd.DataFrame, rows: list[dict[str, object]]) -> pd.DataFrame:
    dates = [name for name in like.columns if pd.api.types.is_datetime64_any_dtype(like[name])]
    return pd.DataFrame(rows, columns=like.columns).astype(dict.fromkeys(dates, "datetime64[s]"))


def _figures(
    known: Records, dossiers: pd.DataFrame, **beside: list[dict[str, object]]
) -> dict[str, tuple[float, float]]:
    """Numerator and denominator of the unit's first quarter, by KPI."""
    told = replace(NOTHING, **{name: _typed(getattr(NOTHING, name), rows) for name, rows in beside.items()})
    units = known.units[known.units["agency_code"].isin(["82", "823", UNIT])]
    records = replace(known, units=units, dossiers=dossiers, paper=known.paper.head(0), one_stop=told)
    truth = expected_kpis(records, "2023-03-06", ASKED)
    cell = (truth["agency_code"] == UNIT) & (truth["scope"] == "own") & (truth["period_grain"] == "quarter")
    found = truth[cell & (truth["period_start"] == "2023-01-01")]
    return {row.kpi_code: (row.numerator, row.denominator) for row in found.itertuples()}


def _item(code: str, number: str = "1", due: int = 50000, **values: object) -> dict[str, object]:
    standard = {"dossier_code": code, "fee_no": number, "agency_code": UNIT, "amount_due": due, "amount_paid": 0}
    return {**standard, "charged_at": DAY, "is_refunded": False, "updated_at": DAY, **values}


ONLINE: dict[str, object] = {"amount_paid": 50000, "payment_method": "online", "paid_at": DAY}


def test_a_dossier_pays_once_however_many_items_it_has(known: Records) -> None:
    dossiers = _dossiers(known, three=None, waived=None, counter=None, back=None, none=None, half=None)
    items = [
        *(_item("three", number, **ONLINE) for number in "123"),
        _item("waived", due=0),
        _item("counter", **{**ONLINE, "payment_method": "direct"}),
        _item("back", **ONLINE),
        _item("back", **{**ONLINE, "is_refunded": True, "updated_at": pd.Timestamp("2023-01-11 09:00")}),
        _item("half", **ONLINE),
        _item("half", "2", due=0),
    ]
    assert _figures(known, dossiers, payments=items)["payment_online"] == (2, 4)


def _document(code: str, number: str = "1", **values: object) -> dict[str, object]:
    standard = {"dossier_code": code, "component_no": number, "agency_code": UNIT, "is_digitised": False}
    return {**standard, "is_reused": False, "submitted_at": DAY, "updated_at": DAY, **values}


def _result(code: str, **values: object) -> dict[str, object]:
    standard = {"dossier_code": code, "result_no": "1", "agency_code": UNIT, "is_written": True, "is_attached": True}
    return {**standard, "signed_at": END, "issued_at": END, "updated_at": END, **values}


END = pd.Timestamp("2023-01-12 08:00")


def test_results_and_documents(known: Records) -> None:
    """A dossier of which nothing is told counts against its unit; one that ends in nothing written is left out."""
    done = "2023-01-12 08:00"
    dossiers = _dossiers(known, both=done, scan=done, paper=done, spoken=done, untold=done, pending=None)
    documents = [
        _document("both", is_digitised=True, is_reused=True),
        _document("both", "2", is_digitised=True, is_reused=True),
        _document("scan"),
        _document("scan", "2", is_digitised=True),
        _document("paper", is_digitised=True),
        _document("pending", is_digitised=True, is_reused=True),
    ]
    results = [
        _result("both"),
        _result("scan", signed_at=pd.NaT),
        _result("paper", is_attached=False, signed_at=pd.NaT),
        _result("spoken", is_written=False, is_attached=False, signed_at=pd.NaT),
    ]
    figures = _figures(known, dossiers, components=documents, results=results)
    assert figures["e_result"] == (1, 4)
    assert figures["dossier_digitised"] == (2, 5)
    assert figures["component_reused"] == (2, 6)


def _use(code: str, at: pd.Timestamp = DAY, **values: object) -> dict[str, object]:
    standard = {"dossier_code": code, "agency_code": UNIT, "is_population_used": False, "is_taken_from_store": False}
    return {
        **standard, "is_result_stored": False, "certified_copy": "none", "recorded_at": DAY, "updated_at": at, **values,
    }  # fmt: skip


def test_shared_data_by_the_newest_word_on_each_dossier(known: Records) -> None:
    """An organisation's dossier is in no figure about citizens' procedures; one that nobody tells of used nothing."""
    dossiers = _dossiers(known, **dict.fromkeys(["store", "stored", "people", "firm", "again", "untold"], None))
    dossiers["applicant_type"] = ["organisation" if code == "firm" else "citizen" for code in dossiers["dossier_code"]]
    dossiers["procedure_code"] = ["1.000001", "1.000002", "1.000003", "1.000004", "1.000005", "1.000005"]
    uses = [
        _use("store", is_taken_from_store=True, certified_copy="paper"),
        _use("stored", is_taken_from_store=True, is_result_stored=True, certified_copy="electronic"),
        _use("people", is_population_used=True),
        _use("firm", is_population_used=True),
        _use("again", is_population_used=True, certified_copy="electronic"),
        _use("again", END, certified_copy="paper"),
    ]
    figures = _figures(known, dossiers, data_uses=uses)
    assert figures["personal_store"] == (2, 6)
    assert figures["population_dossier"] == (2, 6)
    assert figures["population_procedure"] == (1, 4)
    assert figures["certified_copy"] == (1, 3)


def test_an_online_dossier_is_whole_when_held_and_answered_electronically(known: Records) -> None:
    done = "2023-01-12 08:00"
    dossiers = _dossiers(known, signed=done, scan=done, spoken=done, untold=done, open=None, lost=None, counter=None)
    dossiers["channel"] = ["direct" if code == "counter" else "online" for code in dossiers["dossier_code"]]
    sent = [
        {
            "dossier_code": code, "agency_code": UNIT, "sync_status": "rejected" if code == "lost" else "accepted",
            "sent_at": DAY, "accepted_at": DAY, "updated_at": DAY,
        }
        for code in dossiers["dossier_code"]
    ]  # fmt: skip
    known = replace(known, synchronisation=_typed(known.synchronisation, sent))
    results = [
        _result("signed"),
        _result("scan", signed_at=pd.NaT),
        _result("spoken", is_written=False, is_attached=False, signed_at=pd.NaT),
    ]
    # signed, without anything written, and still open
    assert _figures(known, dossiers, results=results)["online_dossier_whole"] == (3, 7)


def test_a_fee_can_be_paid_online_from_its_day_on(known: Records) -> None:
    """By procedure and level, at the last snapshot of the period; what is abolished or free is in no number."""
    offers = [
        {
            "agency_code": UNIT, "procedure_code": f"1.{number:06d}", "competent_level": "commune",
            "service_level": "full", "procedure_status": status, "has_fee": fee,
            "fee_synced_date": pd.Timestamp(synced) if synced else pd.NaT,
            "snapshot_date": DAY, "exported_at": DAY,
        }
        for number, (status, fee, synced) in enumerate([
            ("in_force", True, "2022-05-04"), ("in_force", True, None), ("in_force", False, None),
            ("abolished", True, "2022-05-04"),
        ])
    ]  # fmt: skip
    known = replace(known, procedures=_typed(known.procedures, offers))
    assert _figures(known, _dossiers(known, one=None))["fee_payable"] == (1, 2)


def _letter(code: str, issued: str, old_due: str = "2023-01-20 09:00", number: str = "1") -> dict[str, object]:
    at = pd.Timestamp(issued)
    days = {"issued_at": at, "old_due_at": pd.Timestamp(old_due), "updated_at": at}
    return {"dossier_code": code, "letter_no": number, "agency_code": UNIT, "new_due_at": at, **days}


def test_lateness_is_against_the_first_promise(known: Records) -> None:
    """A letter that moves the day does not unmake the lateness; one of the day itself is none."""
    late, early = "2023-01-24 08:00", "2023-01-18 08:00"
    dossiers = _dossiers(known, told=late, untold=late, same_day=late, expired=late, twice=late, needless=early)
    dossiers.loc[dossiers["dossier_code"] == "told", "due_at"] = pd.Timestamp("2023-01-27 09:00")
    letters = [
        _letter("told", "2023-01-19 16:00"),
        _letter("same_day", "2023-01-20 08:00"),
        _letter("expired", "2023-01-21 08:00"),
        _letter("twice", "2023-01-18 08:00"),
        _letter("twice", "2023-01-22 08:00", "2023-01-23 09:00", "2"),
        _letter("needless", "2023-01-16 08:00"),
    ]
    figures = _figures(known, dossiers, apologies=letters)
    assert figures["apology_coverage"] == (2, 5)
    assert figures["apology_without_lateness"][0] == 1
    assert figures["apology_repeated"][0] == 1
    assert figures["promise_moved_after_expiry"][0] == 1
    assert figures["late_external"][0] == 4


def _vote(code: str, rating: str, at: pd.Timestamp = DAY) -> dict[str, object]:
    told = {"vote_code": code, "agency_code": UNIT, "vote_channel": "tablet", "rating": rating}
    return {**told, "voted_at": DAY, "updated_at": at}


def test_a_vote_counts_as_it_was_changed_last(known: Records) -> None:
    dossiers = _dossiers(known, **dict.fromkeys("abcde", "2023-01-12 08:00"))
    votes = [
        _vote("1", "very_satisfied"),
        _vote("2", "satisfied"),
        _vote("3", "satisfied"),
        _vote("3", "dissatisfied", DAY + pd.Timedelta(minutes=5)),
    ]
    figures = _figures(known, dossiers, satisfaction=votes)
    assert figures["satisfaction"] == (2, 3)
    assert figures["satisfaction_coverage"] == (3, 5)


def test_counting_rows_of_the_export_misses_the_figure(known: Records) -> None:
    export = one_stop_exports.payments(known, Window(None, pd.Timestamp("2023-03-06")))
    truth = expected_kpis(known, "2023-03-06", {"payment_online"})
    row = truth[
        (truth["kpi_code"] == "payment_online") & (truth["agency_code"] == "823") & (truth["scope"] == "tree")
        & (truth["period_grain"] == "quarter") & (truth["period_start"] == "2023-01-01")
    ].iloc[0]  # fmt: skip
    units = ["823", *known.units.loc[known.units["parent_code"] == "823", "agency_code"]]
    own = export[export["Mã đơn vị"].isin(units)]
    assert row["denominator"] > 1000
    assert len(own) > row["denominator"] and own["Mã hồ sơ"].nunique() > row["denominator"]
    assert (own["Hình thức thanh toán"] == "Trực tuyến").sum() > row["numerator"]


KEYS = {
    "payments": PAYMENT_KEY, "components": COMPONENT_KEY, "results": RESULT_KEY, "apologies": APOLOGY_KEY,
    "satisfaction": VOTE_KEY, "handovers": HANDOVER_KEY, "pauses": PAUSE_KEY,
    "data_uses": DATA_USE_KEY,
}  # fmt: skip


@pytest.mark.parametrize("name", [item.name for item in fields(OneStop)])
def test_records_beside_dossiers_have_a_history(known: Records, name: str) -> None:
    """Several versions of some, never two of one moment, and every night of the profile brings some."""
    rows, key = getattr(known.one_stop, name), KEYS[name]
    assert not rows.duplicated([*key, "updated_at"]).any()
    assert rows.duplicated(key).any()
    nights = {"2023-03-06", "2023-03-08"} if name == "apologies" else {"2023-03-06", "2023-03-07", "2023-03-08"}
    assert nights <= set(rows["updated_at"].dt.strftime("%Y-%m-%d"))
