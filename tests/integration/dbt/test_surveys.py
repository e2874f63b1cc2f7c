"""Survey results from raw to marts, against the calculation of the simulator; no sum of scores exists anywhere."""

import pandas as pd
from dbt_nights import calibrated, snapshots
from dbt_world import World

from egov_kpi.publish.facts import FACT_OF_DATASET
from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth_forms import SURVEY_KEY, expected_surveys

DATASET = "forms.survey_results"


def _results(world: World, colour: str) -> pd.DataFrame:
    found = world.query(f"select * from {colour}.fct_survey_result")
    return found.astype(dict.fromkeys(("score", "max_score", "unit_rank", "sample_size"), float))


def _agree(world: World, records: Records, as_of: str) -> None:
    expected = expected_surveys(records, as_of).sort_values(SURVEY_KEY).reset_index(drop=True)
    found = _results(world, "green")[list(expected.columns)].sort_values(SURVEY_KEY).reset_index(drop=True)
    pd.testing.assert_frame_equal(expected, found, check_dtype=False, rtol=0, atol=1e-9)


def test_a_corrected_book_replaces_its_index_and_year_whole(world: World) -> None:
    records = calibrated()
    early = snapshots(world, DATASET, records.surveys, "2023-03-06", None)
    world.build("green", early, "2023-03-06", rebuild=True)
    _agree(world, records, "2023-03-06")

    later = snapshots(world, DATASET, records.surveys, "2023-03-07", "2023-03-07")
    world.build("green", [*early, *later], "2023-03-07")
    _agree(world, records, "2023-03-07")
    assert len(later) == 1
    _no_sum_exists(world, records)


def _no_sum_exists(world: World, records: Records) -> None:
    """One relation holds scores, each as its book says, of the units in it alone; no measure is made of it."""
    holding = world.query(
        "select distinct c.relname from pg_attribute as a"
        " inner join pg_class as c on c.oid = a.attrelid inner join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname in ('blue', 'green', 'marts') and a.attname = 'score' and c.relkind in ('p', 'r', 'v')"
        " and not c.relispartition order by 1"
    )
    assert list(holding["relname"]) == ["fct_survey_result", "survey_result"]
    scores = _results(world, "green")
    assert set(scores["agency_code"]) == set(records.surveys["agency_code"])
    assert not scores.duplicated(SURVEY_KEY).any()
    assert (scores["score"] <= scores["max_score"]).all()
    assert not FACT_OF_DATASET[DATASET].in_figures and not FACT_OF_DATASET[DATASET].summed_up
    seed = (PROJECT_ROOT / "dbt_project/seeds/kpi_measure.csv").read_text(encoding="utf-8")
    assert DATASET not in seed
    assert world.query("select count(*)::int as n from green.fct_kpi_component")["n"].item() == 0
