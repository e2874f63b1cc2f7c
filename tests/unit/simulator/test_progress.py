"""The way of dossiers through the offices: the oracle on a handful of records, and that the exports miss the figure."""

from dataclasses import replace

import pandas as pd

from egov_kpi.simulator import progress_exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.one_stop import NOTHING
from egov_kpi.simulator.progress import PAUSE_KEY
from egov_kpi.simulator.records import Records, effective
from egov_kpi.simulator.truth import expected_kpis

UNIT, RECEIVED = "28651", pd.Timestamp("2023-01-10 09:00")


def _step(code: str, due: str, handed_on: str | None, **values: object) -> dict[str, object]:
    standard = {"dossier_code": code, "step_no": "1", "agency_code": UNIT, "from_agency_code": UNIT}
    at = pd.Timestamp(handed_on) if handed_on else pd.NaT
    times = {"received_at": RECEIVED, "internal_due_at": pd.Timestamp(due), "handed_on_at": at, "updated_at": RECEIVED}
    return {**standard, **times, **values}


def _late_internal(known: Records, steps: list[dict[str, object]], as_of: str) -> tuple[float, float]:
    """Numerator and denominator of the unit's first quarter."""
    empty = NOTHING.handovers
    rows = pd.DataFrame(steps, columns=empty.columns).astype(empty.dtypes.to_dict())
    units = known.units[known.units["agency_code"].isin(["82", "823", UNIT])]
    records = replace(known, units=units, one_stop=replace(NOTHING, handovers=rows))
    truth = expected_kpis(records, as_of, {"late_internal"})
    cell = (truth["agency_code"] == UNIT) & (truth["scope"] == "own") & (truth["period_grain"] == "quarter")
    row = truth[cell & (truth["period_start"] == "2023-01-01")].iloc[0]
    return row["numerator"], row["denominator"]


def test_a_step_is_judged_by_its_own_deadline(known: Records) -> None:
    steps = [
        _step("in time", "2023-01-12 17:00", "2023-01-12 18:30"),
        _step("late", "2023-01-12 17:00", "2023-01-13 08:00"),
        _step("overdue", "2023-01-12 17:00", None),
        _step("due today", "2023-01-31 17:00", None),
        _step("due later", "2023-02-01 17:00", None),
        _step("put right", "2023-01-12 17:00", None),
        _step("put right", "2023-01-12 17:00", "2023-01-11 08:00", updated_at=pd.Timestamp("2023-01-20 09:00")),
    ]
    assert _late_internal(known, steps, "2023-01-31") == (2, 5)
    assert _late_internal(known, steps, "2023-02-02") == (4, 6)


def test_nobody_was_late_to_the_citizens_and_offices_were_all_the_same(known: Records) -> None:
    truth = expected_kpis(known, "2023-03-06", {"late_internal", "late_external"})
    cell = (truth["agency_code"] == "823") & (truth["scope"] == "tree") & (truth["period_grain"] == "quarter")
    found = truth[cell & (truth["period_start"] == "2023-01-01")].set_index("kpi_code")["numerator"]
    assert found["late_external"] == 0
    assert found["late_internal"] > 0


def test_counting_rows_of_the_export_misses_the_figure(known: Records) -> None:
    export = progress_exports.handovers(known, Window(None, pd.Timestamp("2023-03-06")))
    truth = expected_kpis(known, "2023-03-06", {"late_internal"})
    cell = (truth["agency_code"] == "823") & (truth["scope"] == "tree") & (truth["period_grain"] == "quarter")
    due = truth[cell & (truth["period_start"] == "2023-01-01")]["denominator"].iloc[0]
    units = ["823", *known.units.loc[known.units["parent_code"] == "823", "agency_code"]]
    own = export[export["Mã đơn vị xử lý"].isin(units)]
    assert due > 500
    assert due not in (len(own), len(own.drop_duplicates(["Mã hồ sơ", "Bước xử lý"])), own["Mã hồ sơ"].nunique())


def test_intervals_are_whole_and_never_overlap(known: Records) -> None:
    """What the gate would refuse is in no record."""
    rows = effective(known.one_stop.pauses, PAUSE_KEY, pd.Timestamp("2023-03-08"))
    assert (rows["resumed_at"].isna() | (rows["resumed_at"] > rows["paused_at"])).all()
    rows = rows.sort_values(["dossier_code", "pause_no"])
    before = rows.groupby("dossier_code")["resumed_at"].shift()
    further = rows["pause_no"] != "1"
    assert further.any() and (before[further] <= rows.loc[further, "paused_at"]).all()
    assert set(rows["pause_kind"]) == {"supplement", "financial_duty", "stopped"}


def test_no_dossier_of_the_district_was_asked_twice(known: Records) -> None:
    units = ["823", *known.units.loc[known.units["parent_code"] == "823", "agency_code"]]
    rows = effective(known.one_stop.pauses, PAUSE_KEY, pd.Timestamp("2023-03-06"))
    asked = rows[rows["agency_code"].isin(units) & (rows["pause_kind"] == "supplement")]
    assert len(asked) > 100 and not asked["dossier_code"].duplicated().any()
