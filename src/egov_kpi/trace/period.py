"""Periods as an inspector writes them: 2022, 2023Q1, 2023-03."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

_FORM = re.compile(r"(?P<year>(?:19|20)\d\d)(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")
_LENGTH = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """A month, quarter or year by its first day, as the marts know it."""

    grain: str
    start: date

    def __str__(self) -> str:
        if self.grain == "year":
            return f"{self.start.year}"
        if self.grain == "quarter":
            return f"{self.start.year}Q{(self.start.month + 2) // 3}"
        return f"{self.start:%Y-%m}"

    @cached_property
    def months(self) -> list[date]:
        """First days of its months."""
        return [self.start.replace(month=self.start.month + offset) for offset in range(_LENGTH[self.grain])]

    @cached_property
    def end(self) -> date:
        """Its last day."""
        last = self.months[-1]
        following = (
            last.replace(year=last.year + 1, month=1) if last.month == 12 else last.replace(month=last.month + 1)
        )
        return following - timedelta(days=1)


def parse_period(text: str) -> Period:
    """2022, 2023Q1 or 2023-03. Raises ValueError for anything else."""
    found = _FORM.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError(f"{text!r}: 2022, 2023Q1, 2023-03")
    year = int(found["year"])
    if found["quarter"]:
        return Period("quarter", date(year, 3 * int(found["quarter"]) - 2, 1))
    return Period("month", date(year, int(found["month"]), 1)) if found["month"] else Period("year", date(year, 1, 1))
