"""Provinces drawn by chance, two nights each: every KPI of every unit and period is what the calculation says of the
records, as it was and restated to the units of today."""

import pytest
from dbt_nights import night
from dbt_world import World

from egov_kpi.publish.dbt import seed as seed_lists
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.truth_units import compare_both
from proofs.harness.cluster import PROVINCE

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_two_nights_agree_with_the_calculation(world: World, seed: int) -> None:
    records = generate("province", seed, 20, 2)
    seed_lists(world.settings.model_copy(update={"provinces": PROVINCE}))
    loads = night(world, records, "2023-03-06")
    world.build("green", loads, "2023-03-06", rebuild=True)
    _agree(world, records, "2023-03-06")
    loads += night(world, records, "2023-03-07", window_from="2023-03-06")
    world.build("green", loads, "2023-03-07")
    _agree(world, records, "2023-03-07")


def _agree(world: World, records: Records, as_of: str) -> None:
    figures = world.kpis("green.kpi_value")
    differences = compare_both(records, as_of, figures)
    assert differences.empty, differences.head(20).to_string()
    assert figures["value"].notna().sum() > 10_000
