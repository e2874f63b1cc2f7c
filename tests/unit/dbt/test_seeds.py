"""Seeds against sources of their own: the package of holidays, the simulator's units, the oracle's KPIs."""

from pathlib import Path

import holidays
import pandas as pd
import pytest
import yaml

from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator.truth import all_kpis
from egov_kpi.simulator.units import load_units
from egov_kpi.units.reference import FIRST_DAY, Successor, Unit, load

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
# Days on which Viet Nam worked or rested otherwise than the package says.
NOT_IN_PACKAGE = {"2026-01-02": False, "2026-01-10": True}
MAKE_UP_SATURDAYS = {"2024-05-04", "2025-04-26", "2026-01-10", "2026-08-22"}


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(SEEDS / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8")


def test_calendar_has_every_day_of_2021_to_2027() -> None:
    expected = pd.date_range("2021-01-01", "2027-12-31").strftime("%Y-%m-%d")
    assert seed("calendar_day")["calendar_date"].tolist() == expected.tolist()


def test_calendar_agrees_with_the_package_where_that_is_right() -> None:
    calendar = seed("calendar_day")
    resting = holidays.VN(years=range(2021, 2028))
    for day, working in zip(calendar["calendar_date"], calendar["is_working"], strict=True):
        if day in NOT_IN_PACKAGE:
            assert (working == "true") is NOT_IN_PACKAGE[day]
            continue
        weekend = pd.Timestamp(day).weekday() >= 5
        assert (working == "true") is ((day in MAKE_UP_SATURDAYS) or not (weekend or day in resting)), day


def test_calendar_marks_what_is_not_decided_yet() -> None:
    calendar = seed("calendar_day")
    unconfirmed = calendar[calendar["is_confirmed"] == "false"]
    assert not unconfirmed.empty
    assert unconfirmed["calendar_date"].str.startswith("2027").all()


def test_units_are_those_of_the_statistics_office() -> None:
    """The simulator has a list of its own, made from the same public one."""
    columns = ["agency_code", "name_vi", "level", "parent_code"]
    first = seed("agency")["valid_from"] == FIRST_DAY
    ours = seed("agency")[first][columns].sort_values("agency_code").reset_index(drop=True)
    theirs = load_units()[columns].sort_values("agency_code").reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


@pytest.mark.parametrize(
    ("parent", "count"),
    [("823", 13), ("058", 8), ("84", 11), ("82", 11), ("06", 8), ("89", 12)],
    ids=lambda value: str(value),
)
def test_units_below(parent: str, count: int) -> None:
    units = seed("agency")
    assert ((units["parent_code"] == parent) & (units["valid_from"] == FIRST_DAY)).sum() == count


def test_units_since_the_merger_are_those_of_the_reference() -> None:
    """Every successor of a unit of the list is in it, as the reference has it."""
    theirs = {(unit.code, unit.valid_from): unit for unit in load(Unit)}
    for row in seed("agency").itertuples():
        if row.level in ("province", "district", "commune"):
            unit = theirs[row.agency_code, row.valid_from]
            ours = (row.valid_to, row.level, row.name_vi, row.parent_code)
            assert ours == (unit.valid_to, unit.level, unit.name_vi, unit.parent_code)


def test_successors_are_those_of_the_reference() -> None:
    """All predecessors of each successor, those too that send nothing here; departments are not in the reference."""
    listed = {(row.agency_code, row.valid_from) for row in seed("agency").itertuples()}
    wanted = {
        (row.old_code, row.old_valid_from, row.new_code, row.new_valid_from, row.share)
        for row in load(Successor)
        if (row.new_code, row.new_valid_from) in listed
    }
    ours = seed("agency_successor")
    of_departments = ours["old_code"].str.contains(".", regex=False)
    columns = ["old_code", "old_valid_from", "new_code", "new_valid_from", "share"]
    assert set(ours.loc[~of_departments, columns].itertuples(index=False, name=None)) == wanted
    assert set(ours.loc[of_departments, "is_confirmed"]) == {"false"}


def test_every_unit_of_the_list_has_its_successor() -> None:
    """Districts apart (only Vân Đồn became one unit as a whole), and vertical agencies, which ministries regrouped."""
    units = seed("agency")
    ended = units[(units["valid_to"] == "2025-06-30") & ~units["level"].isin(["district", "vertical"])]
    assert set(ended["agency_code"]) - set(seed("agency_successor")["old_code"]) == set()


def test_leading_zeros_survive() -> None:
    codes = set(seed("agency")["agency_code"])
    assert {"06", "058", "01846"} <= codes
    assert set(seed("agency_alias")["agency_code"]) == codes


def test_every_kpi_of_the_oracle_is_defined_and_no_other() -> None:
    definition = seed("kpi_definition")
    ours = {(row.kpi_code, row.method, row.due_basis) for row in definition.itertuples()}
    assert ours == {(kpi.code, kpi.method, kpi.due_basis) for kpi in all_kpis()}


def test_definitions_say_everything_in_both_languages() -> None:
    definition = seed("kpi_definition")
    for column in ("name_vi", "name_en", "formula_vi", "formula_en", "legal_basis", "owner"):
        assert (definition[column] != "").all(), column


def test_every_model_is_described_in_both_languages() -> None:
    described: dict[str, str] = {}
    for path in (PROJECT_ROOT / "dbt_project" / "models").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            described[model["name"]] = model["description"]
    models = {path.stem for path in (PROJECT_ROOT / "dbt_project" / "models").rglob("*.sql")}
    assert models == set(described)
    assert all(len(text.split(".")) >= 3 for text in described.values())


def test_reference_page_names_every_kpi() -> None:
    page = Path(PROJECT_ROOT / "docs" / "reference" / "kpis.md").read_text(encoding="utf-8")
    assert [code for code in seed("kpi_definition")["kpi_code"] if f"`{code}`" not in page] == []
