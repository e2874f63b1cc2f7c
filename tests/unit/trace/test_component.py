"""When the rows of a unit, day and key explain a component of the build, and when they don't."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from egov_kpi.settings import get_settings
from egov_kpi.trace.component import MODEL, ONE_PER_UNIT
from egov_kpi.trace.rows import Measure, _components

DAY = date(2023, 1, 1)


def rows(*amounts: int, key: str = "") -> list[tuple[Any, ...]]:
    return [("823", 1, "f", number, DAY, key, Decimal(amount), False) for number, amount in enumerate(amounts)]


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


def test_measures_that_are_one_per_unit_are_those_of_the_model() -> None:
    model = (get_settings().dbt_dir / MODEL).read_text(encoding="utf-8")
    stocks = model.split("stock as (")[1].split("\n),")[0]
    assert set(re.findall(r"'(\w+)'[^']*\bmax\(", stocks)) == ONE_PER_UNIT
