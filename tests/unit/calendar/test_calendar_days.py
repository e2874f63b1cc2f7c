"""The calendar itself: words and law for every day, no gap, and what differs from the package of holidays."""

from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from egov_kpi.calendar.working_days import CalendarDay, WorkingCalendar, load_calendar, make_calendar
from egov_kpi.errors import EgovError

HEAD = "calendar_date,is_working,reason_vi,decision,is_confirmed\n"


def test_every_day_off_has_words_and_a_basis(calendar: WorkingCalendar) -> None:
    for day in calendar.days:
        if day.is_working and not day.reason_vi:
            assert day.kind == "working"
            continue
        assert day.kind not in ("unnamed", "working"), day
        assert day.reason_en and day.reason_en != day.reason_vi and day.basis_vi and day.basis_en


def test_kinds_say_whether_a_day_is_worked(calendar: WorkingCalendar) -> None:
    for day in calendar.days:
        assert day.is_working is (day.kind in ("working", "made_up")), day
        assert (day.kind == "weekend") <= (day.day.weekday() >= 5)
        assert (day.kind == "made_up") <= (day.day.weekday() == 5)


def test_exchanged_days_come_in_pairs(calendar: WorkingCalendar) -> None:
    off = [day for day in calendar.days if day.kind == "swapped"]
    worked = [day for day in calendar.days if day.kind == "made_up"]
    assert {f"{day.day:%d/%m/%Y}" for day in off} == {day.reason_vi.rsplit(" ", 1)[1] for day in worked}
    assert {f"{day.day:%d/%m/%Y}" for day in worked} == {day.reason_vi.rstrip(")").rsplit(" ", 1)[1] for day in off}
    assert len(off) == 4


def test_only_one_swap_differs_from_the_package(calendar: WorkingCalendar) -> None:
    package = holidays.VN(years=range(2021, 2028))
    differing = [day.day for day in calendar.days if day.is_working is not package.is_working_day(day.day)]
    assert differing == [date(2026, 1, 2), date(2026, 1, 10)]


def test_tet_of_every_year(calendar: WorkingCalendar) -> None:
    """Lunar new year's day, and at least the five statutory days around it."""
    new_years = {
        2021: "02-12",
        2022: "02-01",
        2023: "01-22",
        2024: "02-10",
        2025: "01-29",
        2026: "02-17",
        2027: "02-06",
    }
    for year, text in new_years.items():
        first = date.fromisoformat(f"{year}-{text}")
        assert calendar.day(first).reason_vi == "Tết Nguyên Đán"
        assert not any(calendar.day(first + timedelta(days=n)).is_working for n in range(-1, 4))


def test_provisional_from_the_first_day_not_decided(calendar: WorkingCalendar) -> None:
    assert calendar.provisional_from == date(2027, 1, 1)
    assert calendar.is_decided(date(2026, 12, 31)) and not calendar.is_decided(date(2027, 6, 15))


def test_a_reason_nobody_translated_is_shown_as_it_is() -> None:
    day = CalendarDay(date(2030, 1, 1), False, "Ngày mới")
    assert (day.kind, day.reason_en) == ("unnamed", "Ngày mới")
    assert "chưa ghi văn bản" in day.basis_vi


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "2021-01-01,false,Tết Dương lịch,,true\n2021-01-03,false,Chủ nhật,,true\n",
        "2021-01-01,false,Tết Dương lịch,,true\n2021-01-01,false,Tết Dương lịch,,true\n",
        "2021-01-01,no,Tết Dương lịch,,true\n",
        "01/01/2021,false,Tết Dương lịch,,true\n",
    ],
)
def test_a_calendar_with_holes_is_refused(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "calendar_day.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(EgovError, match="EGOV-CAL-009"):
        load_calendar(path)


def test_a_calendar_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-009"):
        load_calendar(tmp_path / "none.csv")


def test_a_calendar_of_no_days() -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-009"):
        make_calendar([])
