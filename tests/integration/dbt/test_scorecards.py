"""Scorecards from raw to marts, against the calculation of the simulator and the published report of Vân Đồn."""

import pandas as pd
import pytest
from dbt_nights import calibrated, night, snapshots
from dbt_world import World

from egov_kpi.publish.dbt import seed
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.truth import SCORECARD_KEY, SCORES, expected_scorecards
from proofs.harness.cluster import PROVINCE

DAY = "2023-03-06"
PUBLISHED = {
    "self_points": 51.39,
    "max_points": 70.0,
    "self_scorable_points": 56.5,
    "projected_points": 52.6,
    "lost_points": 3.9,
}


def _totals(world: World, colour: str) -> pd.DataFrame:
    found = world.query(f"select *, snapshot_date as as_of from {colour}.par_scorecard_total")
    return found.astype({**dict.fromkeys(SCORES, float), "as_of": "datetime64[s]"})


def _agree(world: World, colour: str, expected: pd.DataFrame) -> None:
    ours = expected.sort_values(SCORECARD_KEY).reset_index(drop=True)
    theirs = _totals(world, colour)[[*SCORECARD_KEY, *SCORES]].sort_values(SCORECARD_KEY).reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=0, atol=1e-9)


def _scorecards(world: World, records: Records, day: str, window_from: str | None = None) -> list[int]:
    return snapshots(world, "forms.par_scorecards", records.scorecards, day, window_from)


@pytest.mark.long
def test_totals_agree_with_the_calculation_and_with_the_report(world: World) -> None:
    records = calibrated()
    world.build("green", night(world, records, DAY), DAY, rebuild=True)
    _agree(world, "green", expected_scorecards(records, DAY))

    totals = _totals(world, "green")
    row = totals[(totals["agency_code"] == "203") & totals["is_grand_total"]].iloc[0]
    assert {name: row[name] for name in PUBLISHED} == pytest.approx(PUBLISHED)
    assert (row["criterion_count"], round(row["self_pct"], 2), round(row["projected_pct"], 2)) == (88, 90.96, 93.10)
    criteria = world.query("select * from green.fct_par_scorecard where agency_code = '203'")
    assert len(criteria) == 88


@pytest.mark.long
def test_a_corrected_book_replaces_its_own_unit_and_no_other(world: World) -> None:
    """The first books, then the correction of one of them: built step by step, out of order and taken back again."""
    records = calibrated()
    early = _scorecards(world, records, "2022-11-01")
    world.build("green", early, "2022-11-01", rebuild=True)
    _agree(world, "green", expected_scorecards(records, "2022-11-01"))

    later = _scorecards(world, records, "2022-11-02", "2022-11-02")
    assert len(later) == 1
    world.build("green", [*early, *later], "2022-11-02")
    _agree(world, "green", expected_scorecards(records, "2022-11-02"))

    world.build("blue", later, "2022-11-02", rebuild=True)
    world.build("blue", [*early, *later], "2022-11-02")
    assert world.digest("blue") == world.digest("green")

    world.build("green", early, "2022-11-02")
    _agree(world, "green", expected_scorecards(records, "2022-11-01"))


@pytest.mark.long
def test_a_province_of_two_districts(world: World) -> None:
    records = generate("province", 7, 20, 2)
    seed(world.settings.model_copy(update={"provinces": PROVINCE}))
    world.build("green", _scorecards(world, records, DAY), DAY, rebuild=True)
    _agree(world, "green", expected_scorecards(records, DAY))
    assert _totals(world, "green")["agency_code"].nunique() == 2
