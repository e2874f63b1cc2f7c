"""When the rows of a unit, day and key explain a component of the build, and when they don't."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from egov_kpi.settings import get_settings
from egov_kpi.trace.component import MODEL, ONE_PER_UNIT, _asked
from egov_kpi.trace.rows import Measure, _components

DAY = date(2023, 1, 1)


def rows(*amounts: int, key: str = "", share: str = "1") -> list[tuple[Any, ...]]:
    """`share` is what a unit of today took over of the rows' unit."""
    taken = Decimal(share)
    return [("823", 1, "f", number, DAY, key, Decimal(amount), False, taken) for number, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("code", "key", "amounts", "component", "holds"),
    [
        ("dossier_received", "", (1, 1, 1), 3, True),
        ("dossier_received", "", (1, 1, 1), 1, False),
        ("mailbox_issued", "", (1, 1), 1, False),
        ("headcount", "", (40,), 40, True),
        ("procedure_with_online_dossier", "1.005129", (1, 1, 1), 1, True),
        ("procedure_with_online_dossier", "1.005129", (1, 1, 1), 3, False),
        ("iso_compliant", "823", (1, 1), 1, True),
        ("iso_mandated", "", (1, 1), 1, True),
        ("iso_mandated", "", (1, 1), 2, False),
    ],
)
def test_rows_against_their_component(
    code: str, key: str, amounts: tuple[int, ...], component: int, holds: bool
) -> None:
    stored = {("823", DAY, key): Decimal(component)}
    _, mismatches = _components(rows(*amounts, key=key), stored, Measure(code, "sum", "sum"))
    assert (not mismatches) is holds


def test_a_unit_of_today_gets_its_share_of_a_component() -> None:
    stored = {("823", DAY, ""): Decimal(3)}
    components, mismatches = _components(rows(1, 1, 1, share="0.25"), stored, Measure("dossier_received", "sum", "sum"))
    assert (sum(components.values()), mismatches) == (Decimal("0.75"), [])


def test_measures_that_are_one_per_unit_are_those_of_the_model() -> None:
    model = (get_settings().dbt_dir / MODEL).read_text(encoding="utf-8")
    stocks = model.split("stock as (")[1].split("\n),")[0]
    assert set(re.findall(r"'(\w+)'[^']*\bmax\(", stocks)) == ONE_PER_UNIT


def test_a_trace_reads_no_fact_for_measures_that_nobody_asked_for() -> None:
    def rows_of_model() -> str:
        return "values ('dossier_settled', true), ('dossier_settled_late', x.is_late)"

    assert _asked(["dossier_settled"])("boolean", caller=rows_of_model) == rows_of_model()
    assert _asked(["dossier"])("boolean", caller=rows_of_model) == "select null::text, null::boolean where false"
