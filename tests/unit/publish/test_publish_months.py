"""Arithmetic of months."""

from datetime import date

import pytest

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.publish.facts import FACT_OF_DATASET
from egov_kpi.publish.months import KEYS, all_months, month_range, with_coarser


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ((2023, 1, 31), (2023, 3, 1), ["2023-01-01", "2023-02-01", "2023-03-01"]),
        ((2022, 12, 5), (2023, 1, 1), ["2022-12-01", "2023-01-01"]),
        ((2023, 2, 28), (2023, 2, 1), ["2023-02-01"]),
        ((2023, 3, 1), (2023, 2, 28), []),
    ],
)
def test_months_of_a_range(start: tuple[int, int, int], end: tuple[int, int, int], months: list[str]) -> None:
    assert [day.isoformat() for day in month_range(date(*start), date(*end))] == months


def test_a_month_takes_its_quarter_and_year_along() -> None:
    assert sorted(with_coarser([date(2023, 5, 1), date(2023, 12, 1)])) == [
        date(2023, 1, 1), date(2023, 4, 1), date(2023, 5, 1), date(2023, 10, 1), date(2023, 12, 1),
    ]  # fmt: skip


def test_a_rebuild_has_no_gap() -> None:
    found = {"dossier": [date(2022, 12, 1)], "kpi": [date(2022, 12, 1), date(2023, 3, 1)]}
    assert all_months(found, date(2023, 3, 6)) == {
        "dossier": [date(2022, 12, 1)],
        "kpi": [date(2022, 12, 1), date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1)],
    }


def test_every_contract_ends_in_a_fact() -> None:
    assert set(FACT_OF_DATASET) == set(all_contracts())


def test_versions_are_found_again_in_the_facts_of_every_dataset_that_has_them() -> None:
    assert set(KEYS) == {contract.id for contract in all_contracts().values() if contract.shape == "delta"}
