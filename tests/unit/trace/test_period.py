"""Periods as an inspector writes them."""

from datetime import date

import pytest

from egov_kpi.trace.period import Period, parse_period


@pytest.mark.parametrize(
    ("text", "grain", "start", "end", "months"),
    [
        ("2022", "year", date(2022, 1, 1), date(2022, 12, 31), 12),
        ("2023Q1", "quarter", date(2023, 1, 1), date(2023, 3, 31), 3),
        ("2023q4", "quarter", date(2023, 10, 1), date(2023, 12, 31), 3),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 2, 29), 1),
        ("2023-12", "month", date(2023, 12, 1), date(2023, 12, 31), 1),
    ],
)
def test_forms(text: str, grain: str, start: date, end: date, months: int) -> None:
    found = parse_period(text)
    assert found == Period(grain, start)
    assert (found.end, len(found.months), found.months[0]) == (end, months, start)
    assert str(found) == text.upper()


@pytest.mark.parametrize("text", ["", "23", "2023Q5", "2023-13", "2023-1", "2023-00", "01/2023", "2023M01", "1823"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2023Q1"):
        parse_period(text)
