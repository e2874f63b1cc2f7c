"""Due dates of cases worked by hand (cases_by_hand.csv), what is refused, and what the explanation says."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from egov_kpi.calendar import Convention, OfficeHours, Pause, Term, Unit, WorkingCalendar, due_at
from egov_kpi.calendar.frame import due_frame
from egov_kpi.calendar.model import parse_unit
from egov_kpi.calendar.office import office_hours, parse_slots
from egov_kpi.errors import EgovError

with (Path(__file__).parent / "cases_by_hand.csv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))


def moment(text: str) -> date | datetime:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def read_pauses(text: str) -> list[Pause]:
    """Pauses of `from/to;from/to`."""
    return [Pause(*(moment(end) for end in part.split("/"))) for part in text.split(";") if part]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_by_hand(case: dict[str, str], calendar: WorkingCalendar) -> None:
    term = Term(int(case["amount"]), Unit(case["unit"]))
    due = due_at(
        moment(case["received_at"]), term, Convention(case["convention"]), read_pauses(case["pauses"]), calendar
    )
    assert due.due == moment(case["due"]), case["why"]


def test_by_hand_all_at_once(calendar: WorkingCalendar, hours: OfficeHours) -> None:
    cases = pd.DataFrame(CASES).set_index("case")
    pauses = [
        (number, pause.start, pause.end) for number, row in cases.iterrows() for pause in read_pauses(row["pauses"])
    ]
    cases["received_at"] = pd.to_datetime(cases["received_at"], format="mixed")
    due = due_frame(cases, pd.DataFrame(pauses, columns=["case_id", "paused_from", "paused_to"]), calendar, hours)
    assert due["error_code"].isna().all()
    expected = pd.to_datetime(cases["due"], format="mixed")
    assert due["due_at"].fillna(due["due_on"]).tolist() == expected.tolist()


def code_of(*arguments: object) -> str:
    with pytest.raises(EgovError) as raised:
        due_at(*arguments)  # type: ignore[arg-type]
    return raised.value.code


DAY, HOUR = Convention.DATE, Convention.HOUR
FIVE_DAYS = Term(5, Unit.WORKING_DAY)
MORNING = datetime(2023, 3, 1, 9)


@pytest.mark.parametrize("amount", [0, -1, -(10**12), 2.5, True])
@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.SAME_DAY])
def test_a_term_is_a_positive_whole_number(amount: object, unit: Unit) -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-001"):
        Term(amount, unit)  # type: ignore[arg-type]


def test_same_day_is_nought() -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-010"):
        Term(1, Unit.SAME_DAY)


@pytest.mark.parametrize(
    ("received", "amount", "unit"),
    [
        (date(2027, 12, 30), 2, Unit.WORKING_DAY),
        (date(2027, 12, 31), 1, Unit.DAY),
        (date(2027, 12, 1), 1, Unit.MONTH),
        (date(2023, 3, 1), 10**18, Unit.MONTH),
        (date(2028, 1, 3), 1, Unit.WORKING_DAY),
        (datetime(2027, 12, 31, 17), 1, Unit.WORKING_HOUR),
        (datetime(2027, 12, 31, 16), 0, Unit.SAME_DAY),
        (datetime(2023, 3, 1, 16), 10**18, Unit.WORKING_HOUR),
    ],
)
def test_nothing_is_guessed_after_the_calendar(
    received: date, amount: int, unit: Unit, calendar: WorkingCalendar
) -> None:
    assert code_of(received, Term(amount, unit), None, [], calendar) == "EGOV-CAL-002"


def test_nothing_is_guessed_before_the_calendar(calendar: WorkingCalendar) -> None:
    assert code_of(date(2020, 12, 31), FIVE_DAYS, None, [], calendar) == "EGOV-CAL-003"


def test_a_pause_may_lead_out_of_the_calendar(calendar: WorkingCalendar) -> None:
    pause = Pause(date(2023, 3, 2), date(2028, 1, 5))
    assert code_of(MORNING, FIVE_DAYS, DAY, [pause], calendar) == "EGOV-CAL-002"


@pytest.mark.parametrize("unit", [Unit.DAY, Unit.MONTH])
def test_civil_days_have_no_hours(unit: Unit, calendar: WorkingCalendar) -> None:
    assert code_of(MORNING, Term(5, unit), HOUR, [], calendar) == "EGOV-CAL-005"


def test_by_hour_needs_a_time_of_day(calendar: WorkingCalendar) -> None:
    day = date(2023, 3, 1)
    assert code_of(day, FIVE_DAYS, HOUR, [], calendar) == "EGOV-CAL-007"
    assert code_of(day, Term(0, Unit.SAME_DAY), DAY, [], calendar) == "EGOV-CAL-007"
    assert code_of(MORNING, FIVE_DAYS, HOUR, [Pause(day, date(2023, 3, 2))], calendar) == "EGOV-CAL-007"


def test_pauses_that_contradict_themselves(calendar: WorkingCalendar) -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-008"):
        Pause(date(2023, 3, 2), date(2023, 3, 1))
    with pytest.raises(EgovError, match="EGOV-CAL-012"):
        Pause(date(2023, 3, 2), date(2023, 3, 3), status=4)
    early = Pause(date(2023, 2, 28), date(2023, 3, 3))
    assert code_of(MORNING, FIVE_DAYS, DAY, [early], calendar) == "EGOV-CAL-013"
    pause = Pause(MORNING, datetime(2023, 3, 2, 9))
    assert code_of(MORNING, Term(0, Unit.SAME_DAY), DAY, [pause], calendar) == "EGOV-CAL-014"


@pytest.mark.parametrize(
    "slots", ["07:30-11:30", "13:30-17:30,07:30-11:30", "08:00-12:00,11:00-15:00", "7.30-11.30", "", "17:30-09:30"]
)
def test_hours_that_make_no_day_of_eight(slots: str, hours: OfficeHours) -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-011"):
        OfficeHours(parse_slots(slots), hours.same_day_until, "", "")


def test_other_hours_are_a_parameter(calendar: WorkingCalendar, hours: OfficeHours) -> None:
    early = OfficeHours(parse_slots("07:00-11:00,13:00-17:00"), hours.same_day_until, "nguồn", "source")
    due = due_at(datetime(2023, 3, 1, 12), Term(5, Unit.WORKING_HOUR), HOUR, [], calendar, early)
    assert due.at == datetime(2023, 3, 2, 8)
    assert "07:00-11:00, 13:00-17:00" in due.explanation[1].vi


def test_hours_have_a_beginning() -> None:
    with pytest.raises(EgovError, match="EGOV-CAL-003"):
        office_hours(date(2020, 12, 31))


def test_a_moment_elsewhere_is_office_time(calendar: WorkingCalendar) -> None:
    due = due_at(datetime(2023, 3, 1, 18, tzinfo=UTC), Term(1, Unit.WORKING_DAY), DAY, [], calendar)
    assert due.received_at == datetime(2023, 3, 2, 1)
    assert due.on == date(2023, 3, 3)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("ngày làm việc", Unit.WORKING_DAY),
        ("Giờ", Unit.WORKING_HOUR),
        ("tháng", Unit.MONTH),
        ("same-day", Unit.SAME_DAY),
        ("WORKING_DAY", Unit.WORKING_DAY),
    ],
)
def test_units_as_people_write_them(text: str, unit: Unit) -> None:
    assert parse_unit(text) is unit


def test_every_skipped_day_is_told_with_its_reason(calendar: WorkingCalendar) -> None:
    due = due_at(datetime(2025, 12, 31, 10), Term(2, Unit.WORKING_DAY), DAY, [], calendar)
    skipped = [day for step in due.explanation if step.kind == "skipped" for day in step.facts["days"]]
    assert [day["day"] for day in skipped] == ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    assert [day["kind"] for day in skipped] == ["holiday", "swapped", "weekend", "weekend"]
    assert "12729/VPCP" in skipped[1]["basis_vi"]
    assert all(day["reason_vi"] and day["reason_en"] and day["basis_en"] for day in skipped)


def test_a_worked_saturday_is_told(calendar: WorkingCalendar) -> None:
    due = due_at(date(2024, 5, 3), Term(1, Unit.WORKING_DAY), DAY, [], calendar)
    counted = next(step for step in due.explanation if step.kind == "counted")
    assert "làm bù cho ngày 29/04/2024" in counted.vi
    assert "worked in exchange for 29/04/2024" in counted.en


def test_how_pauses_moved_it(calendar: WorkingCalendar) -> None:
    pauses = [Pause(date(2023, 3, 2), date(2023, 3, 6), status=5), Pause(date(2023, 4, 3), date(2023, 4, 4), status=6)]
    due = due_at(date(2023, 3, 1), FIVE_DAYS, DAY, pauses, calendar)
    assert (due.unpaused_on, due.on) == (date(2023, 3, 8), date(2023, 3, 10))
    kinds = [step.kind for step in due.explanation]
    assert kinds.count("paused") == kinds.count("pause_without_effect") == kinds.count("pause_effect") == 1
    stopped = next(step for step in due.explanation if step.kind == "paused")
    assert "yêu cầu bổ sung hồ sơ" in stopped.vi and stopped.facts["working_days"] == 2


def test_a_pause_after_the_last_minute_is_not_told_as_one_that_counts(calendar: WorkingCalendar) -> None:
    pause = Pause(datetime(2023, 3, 1, 14), datetime(2023, 3, 1, 16))
    due = due_at(MORNING, Term(1, Unit.WORKING_HOUR), HOUR, [pause], calendar)
    assert due.at == datetime(2023, 3, 1, 10)
    assert [step.kind for step in due.explanation if "pause" in step.kind] == ["pause_without_effect", "pause_effect"]


def test_when_the_clock_started(calendar: WorkingCalendar) -> None:
    def start(received: datetime) -> tuple[object, str]:
        due = due_at(received, Term(1, Unit.WORKING_HOUR), HOUR, [], calendar)
        step = next(step for step in due.explanation if step.kind == "clock_start")
        return step.facts["from"], step.en

    assert start(MORNING)[0] == MORNING
    assert start(datetime(2023, 3, 1, 12)) == (
        datetime(2023, 3, 1, 13, 30),
        "Received between two slots: the clock starts Wed 2023-03-01 13:30",
    )
    assert "before opening" in start(datetime(2023, 3, 1, 7))[1]
    assert "after hours" in start(datetime(2023, 3, 1, 17, 30))[1]
    assert "on a day off" in start(datetime(2023, 3, 4, 9))[1]


def test_days_not_decided_yet_are_named(calendar: WorkingCalendar) -> None:
    decided = due_at(date(2026, 12, 30), Term(1, Unit.WORKING_DAY), DAY, [], calendar)
    open_still = due_at(date(2026, 12, 30), Term(2, Unit.WORKING_DAY), DAY, [], calendar)
    assert decided.is_confirmed and decided.explanation[-1].kind == "due"
    assert not open_still.is_confirmed and open_still.explanation[-1].kind == "provisional"
