"""A trace in a simulated province ends at the rows that the simulator's records have, a late correction included."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from test_trace_calibrated import landed_lines, traced, true_dossiers

from egov_kpi.simulator.province import PROVINCE
from egov_kpi.simulator.records import Records, generate
from egov_kpi.trace.restatement import restatements
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import publish_night
from proofs.harness.world import World

pytestmark = pytest.mark.long

NIGHTS = (date(2023, 3, 6), date(2023, 3, 7))
JANUARY = ("2023-01-01", "2023-01-31")


def corrected(records: Records) -> tuple[Records, pd.Series]:
    """Records in which a dossier of January turns out, on the second night, to have come by post; and that version."""
    rows = records.dossiers
    known = rows[(rows["updated_at"] < "2023-03-01") & (rows["received_at"] < "2023-02-01")]
    settled = known[(known["channel"] == "direct") & (known["received_at"] >= "2023-01-01")].sort_values("updated_at")
    version = settled.iloc[-1].copy()
    version["channel"], version["updated_at"] = "post", pd.Timestamp("2023-03-07 10:00")
    dossiers = pd.concat([rows, version.to_frame().T.astype(rows.dtypes.to_dict())], ignore_index=True)
    ordered = dossiers.sort_values(["updated_at", "dossier_code"]).reset_index(drop=True)
    return replace(records, dossiers=ordered), version


@pytest.fixture(scope="module")
def province() -> Iterator[tuple[World, pd.Series]]:
    """Two published nights of dossiers: two months of history, twenty a day over all units of a province."""
    records, version = corrected(generate("province", 7, dossiers_per_night=20, history_months=2))
    with cluster_of_tests().world(records=records) as world:
        for night in NIGHTS:
            publish_night(world.settings, night, ("one_stop.dossiers",))
        yield world, version


@pytest.mark.parametrize("number", [1, 2])
def test_rows_are_those_of_the_records(province: tuple[World, pd.Series], number: int) -> None:
    world, version = province
    as_of = pd.Timestamp(NIGHTS[number - 1])
    for unit in (PROVINCE, str(version["agency_code"])):
        told = traced(world, "bcci_received", unit, "2023-01", number)
        truth = true_dossiers(world, unit, *JANUARY, as_of)
        for side, rows in (("numerator", truth[truth["channel"] == "post"]), ("denominator", truth)):
            lines = landed_lines(world, told, side)
            found = sorted((line["Mã hồ sơ"], line["Ngày cập nhật"]) for line in lines)
            moments = rows["updated_at"].dt.strftime("%d/%m/%Y %H:%M")
            assert found == sorted(zip(rows["dossier_code"], moments, strict=True)), (unit, side)
            assert told[side]["stated"] == len(rows)
    assert len(truth) > 0


def test_the_late_correction_is_the_named_cause(province: tuple[World, pd.Series]) -> None:
    world, version = province
    told = restatements(world.settings, 2)
    assert "unexplained" not in told["causes"]
    second = world.ask("auditor", "select max(load_seq) from ledger.load")["max"].iloc[0]
    for unit in (PROVINCE, str(version["agency_code"])):
        (entry,) = (
            item for item in told["restatements"]
            if (item["kpi_code"], item["agency_code"], item["scope"]) == ("bcci_received", unit, "tree")
            and (item["period_grain"], item["period_start"]) == ("month", date(2023, 1, 1))
        )  # fmt: skip
        before, after = (
            int(true_dossiers(world, unit, *JANUARY, pd.Timestamp(night))["channel"].eq("post").sum())
            for night in NIGHTS
        )
        assert (entry["numerator_before"], entry["numerator"]) == (before, after) == (before, before + 1)
        assert ("correction", int(second)) in {(cause["cause"], cause["load_seq"]) for cause in entry["causes"]}
    since = traced(world, "bcci_received", PROVINCE, "2023-01", 1)["restatements_since"]
    assert [cause["cause"] for cause in since[0]["causes"]] == ["correction"]
