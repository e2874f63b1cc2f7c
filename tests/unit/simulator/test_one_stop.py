"""What is kept of dossiers beside them: the oracle on a handful of records, and that counting export rows misses it."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from egov_kpi.simulator import one_stop_exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.one_stop import NOTHING, OneStop
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.truth import expected_kpis

UNIT, DAY = "28651", pd.Timestamp("2023-01-10 09:00")


@pytest.fixture(scope="module")
def known() -> Records:
    return generate("calibrated")


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
    records = replace(known, dossiers=dossiers, paper=known.paper.head(0), one_stop=told)
    truth = expected_kpis(records, "2023-03-06")
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


def test_counting_rows_of_the_export_misses_the_figure(known: Records) -> None:
    export = one_stop_exports.payments(known, Window(None, pd.Timestamp("2023-03-06")))
    truth = expected_kpis(known, "2023-03-06")
    row = truth[
        (truth["kpi_code"] == "payment_online") & (truth["agency_code"] == "823") & (truth["scope"] == "tree")
        & (truth["period_grain"] == "quarter") & (truth["period_start"] == "2023-01-01")
    ].iloc[0]  # fmt: skip
    units = ["823", *known.units.loc[known.units["parent_code"] == "823", "agency_code"]]
    own = export[export["Mã đơn vị"].isin(units)]
    assert row["denominator"] > 1000
    assert len(own) > row["denominator"] and own["Mã hồ sơ"].nunique() > row["denominator"]
    assert (own["Hình thức thanh toán"] == "Trực tuyến").sum() > row["numerator"]


@pytest.mark.parametrize("name", [item.name for item in fields(OneStop)])
def test_records_beside_dossiers_have_a_history(known: Records, name: str) -> None:
    """Versions, all of them of dossiers that were received, and every night of the profile brings some."""
    rows = getattr(known.one_stop, name)
    assert not rows.duplicated([*rows.columns[:2], "updated_at"]).any()
    assert rows.duplicated(list(rows.columns[:2])).any()
    assert {"2023-03-06", "2023-03-07", "2023-03-08"} <= set(rows["updated_at"].dt.strftime("%Y-%m-%d"))
