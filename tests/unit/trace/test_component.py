"""When the rows of a unit, day and key explain a component of the build, and when they don't."""

import re
from datetime import date
from decimal import Decimal

import pytest

from egov_kpi.settings import get_settings
from egov_kpi.trace.component import MODEL, ONE_PER_UNIT, _asked
from egov_kpi.trace.rows import Measure, Row, _components

DAY = date(2023, 1, 1)


def rows(*amounts: int, key: str = "", share: str = "1") -> list[Row]:
    """`share` is what a unit of today took over of the rows' unit."""
    taken = Decimal(share)
    return [
        Row("823", 1, "f", number, DAY, key, Decimal(amount), False, taken, "") for number, amount in enumerate(amounts)
    ]


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

    assert _asked(["dossier_settled"])("boolean", caller=rows_of_model) == "values ('dossier_settled', true)"
    assert _asked(["dossier"])("boolean", caller=rows_of_model) == "select null::text, null::boolean where false"


LISTED = """
        values
        ('dossier_settled', closed.is_settled), ('dossier_rows', true),
        -- form II.06a: ('dossier_settled_late', of no concern here)
        (
            'dossier_form_in_time',
            closed.due_date is not null and closed.kind in ('a', 'b')
        ),
        ('dossier_settled_late', closed.is_late)
"""


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        (["dossier_settled"], "values ('dossier_settled', closed.is_settled)"),
        (["dossier_settled_late"], "values ('dossier_settled_late', closed.is_late)"),
        (["dossier_rows", "dossier_settled"], "values ('dossier_settled', closed.is_settled), ('dossier_rows', true)"),
        (["mailbox_issued"], "select null::text, null::boolean where false"),
    ],
)
def test_of_a_list_only_the_measures_that_are_asked_for_are_worked_out(measures: list[str], expected: str) -> None:
    assert _asked(measures)("boolean", lambda: LISTED) == expected


def test_a_measure_on_several_lines_stays_whole() -> None:
    found = _asked(["dossier_form_in_time"])("boolean", lambda: LISTED)
    assert " ".join(found.split()) == (
        "values ( 'dossier_form_in_time', closed.due_date is not null and closed.kind in ('a', 'b') )"
    )


def test_what_is_no_list_of_values_stays_or_goes_whole() -> None:
    query = "select 'mailbox_used', count(*) from mailbox"
    assert _asked(["mailbox_used"])("int", lambda: query) == query
    assert _asked(["mailbox_issued"])("int", lambda: query) == "select null::text, null::int where false"
