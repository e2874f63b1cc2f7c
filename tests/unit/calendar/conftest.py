"""The project's own calendar and hours."""

from datetime import date

import pytest

from egov_kpi.calendar import OfficeHours, WorkingCalendar, load_calendar, office_hours
from egov_kpi.settings import PROJECT_ROOT


@pytest.fixture(scope="session")
def calendar() -> WorkingCalendar:
    return load_calendar(PROJECT_ROOT / "dbt_project" / "seeds" / "calendar_day.csv")


@pytest.fixture(scope="session")
def hours() -> OfficeHours:
    return office_hours(date(2023, 1, 1))
