"""What holds for every due date, and that the arithmetic for many cases agrees with the walk of a single one."""

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egov_kpi.calendar import Convention, OfficeHours, Pause, Term, Unit, WorkingCalendar, due_at
from egov_kpi.calendar.frame import due_frame
from egov_kpi.errors import EgovError

FIRST = datetime(2021, 1, 1)
LAST_MINUTE = 7 * 365 * 24 * 60 + 1
QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KINDS = st.sampled_from(
    [
        (Unit.WORKING_DAY, Convention.DATE, 40),
        (Unit.WORKING_DAY, Convention.HOUR, 40),
        (Unit.WORKING_HOUR, Convention.HOUR, 200),
        (Unit.WORKING_HOUR, Convention.DATE, 200),
        (Unit.DAY, Convention.DATE, 60),
        (Unit.MONTH, Convention.DATE, 4),
    ]
)
MINUTES = st.integers(0, 5 * 365 * 24 * 60)
GAPS = st.lists(st.tuples(st.integers(0, 30 * 24 * 60), st.integers(0, 20 * 24 * 60)), max_size=3)


def at(minutes: int) -> datetime:
    return FIRST + timedelta(minutes=minutes)


def pauses_after(minutes: int, gaps: list[tuple[int, int]]) -> list[Pause]:
    """Pauses that begin some time after a receipt; they may overlap."""
    return [Pause(at(minutes + gap), at(minutes + gap + length)) for gap, length in gaps]


@QUICK
@given(KINDS, st.integers(1, 200), MINUTES, st.integers(0, 3 * 24 * 60), GAPS)
def test_a_later_receipt_is_never_due_earlier(
    calendar: WorkingCalendar,
    kind: tuple[Unit, Convention, int],
    amount: int,
    minutes: int,
    later: int,
    gaps: list[tuple[int, int]],
) -> None:
    unit, by, most = kind
    term, pauses = Term(1 + amount % most, unit), pauses_after(minutes + later, gaps)
    one, two = (due_at(at(minutes + plus), term, by, pauses, calendar) for plus in (0, later))
    assert (one.on, one.at or FIRST) <= (two.on, two.at or FIRST)


@QUICK
@given(MINUTES, st.integers(0, 5 * 24 * 60), st.sampled_from(Convention))
def test_a_later_same_day_receipt_is_never_due_earlier(
    calendar: WorkingCalendar, minutes: int, later: int, by: Convention
) -> None:
    term = Term(0, Unit.SAME_DAY)
    one, two = (due_at(at(minutes + plus), term, by, [], calendar) for plus in (0, later))
    assert one.on <= two.on
    assert calendar.day(one.on).is_working


@QUICK
@given(KINDS, st.integers(1, 200), MINUTES, GAPS)
def test_a_longer_term_is_never_due_earlier(
    calendar: WorkingCalendar,
    kind: tuple[Unit, Convention, int],
    amount: int,
    minutes: int,
    gaps: list[tuple[int, int]],
) -> None:
    unit, by, most = kind
    shorter, pauses = 1 + amount % most, pauses_after(minutes, gaps)
    one, two = (due_at(at(minutes), Term(n, unit), by, pauses, calendar) for n in (shorter, shorter + 1))
    assert (one.on, one.at or FIRST) <= (two.on, two.at or FIRST)
    if unit is Unit.WORKING_DAY or (by is Convention.HOUR):
        assert one.due < two.due


@QUICK
@given(KINDS, st.integers(1, 200), MINUTES, GAPS, st.data())
def test_a_pause_only_postpones(
    calendar: WorkingCalendar,
    kind: tuple[Unit, Convention, int],
    amount: int,
    minutes: int,
    gaps: list[tuple[int, int]],
    data: st.DataObject,
) -> None:
    unit, by, most = kind
    term, pauses = Term(1 + amount % most, unit), pauses_after(minutes, gaps)
    all_of_them = due_at(at(minutes), term, by, pauses, calendar)
    fewer = due_at(at(minutes), term, by, data.draw(st.permutations(pauses))[1:], calendar)
    assert (fewer.on, fewer.at or FIRST) <= (all_of_them.on, all_of_them.at or FIRST)
    assert all_of_them.unpaused_on <= fewer.on


@QUICK
@given(KINDS, st.integers(1, 200), MINUTES, GAPS)
def test_never_due_on_a_day_off_nor_outside_office_hours(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    kind: tuple[Unit, Convention, int],
    amount: int,
    minutes: int,
    gaps: list[tuple[int, int]],
) -> None:
    unit, by, most = kind
    pauses = pauses_after(minutes, gaps)
    due = due_at(at(minutes), Term(1 + amount % most, unit), by, pauses, calendar)
    assert calendar.day(due.on).is_working
    assert due.on >= at(minutes).date()
    if due.at is None:
        assert unit is Unit.WORKING_HOUR or not any(p.first_day < due.on <= p.last_day for p in pauses)
    else:
        assert any(start < due.at.time() <= end for start, end in hours.slots)
        assert not any(pause.moments[0] < due.at <= pause.moments[1] for pause in pauses)


@QUICK
@given(st.integers(1, 40), MINUTES, GAPS)
def test_the_explanation_adds_up(
    calendar: WorkingCalendar, amount: int, minutes: int, gaps: list[tuple[int, int]]
) -> None:
    term, pauses = Term(amount, Unit.WORKING_DAY), pauses_after(minutes, gaps)
    by_date = due_at(at(minutes), term, Convention.DATE, pauses, calendar)
    counted = [step.facts for step in by_date.explanation if step.kind == "counted"]
    assert sum(run["last_number"] - run["first_number"] + 1 for run in counted) == amount
    assert (counted[-1]["last_number"], counted[-1]["to"]) == (amount, by_date.on)
    by_hour = due_at(at(minutes), term, Convention.HOUR, pauses, calendar)
    last = [step.facts for step in by_hour.explanation if step.kind == "counted"][-1]
    assert (last["hours_so_far"], last["to"]) == (8 * amount, by_hour.at)
    assert all(step.vi and step.en for step in (*by_date.explanation, *by_hour.explanation))


@QUICK
@given(st.integers(1, 40), MINUTES)
def test_the_two_conventions_are_at_most_a_day_apart(calendar: WorkingCalendar, amount: int, minutes: int) -> None:
    """Without pauses: hours that begin in the morning are used up on the evening before the day due by date."""
    term = Term(amount, Unit.WORKING_DAY)
    by_date, by_hour = (due_at(at(minutes), term, by, [], calendar) for by in (Convention.DATE, Convention.HOUR))
    between = sum(day.is_working for day in calendar.days if by_hour.on < day.day <= by_date.on)
    assert by_hour.on <= by_date.on and between <= 1


Drawn = list[tuple[int, int, Unit, Convention | None, list[tuple[int, int]]]]
CASES = st.lists(
    st.tuples(
        st.integers(-3 * 24 * 60, LAST_MINUTE + 3 * 24 * 60),
        st.one_of(st.integers(-1, 30), st.integers(30, 400), st.just(10**9)),
        st.sampled_from(Unit),
        st.sampled_from([*Convention, None]),
        st.lists(st.tuples(st.integers(-60, 30 * 24 * 60), st.integers(-60, 20 * 24 * 60)), max_size=3),
    ),
    min_size=5,
    max_size=30,
)


@settings(parent=QUICK, max_examples=30)
@given(CASES)
def test_many_at_once_agree_with_one_by_one(calendar: WorkingCalendar, hours: OfficeHours, drawn: Drawn) -> None:
    compare(drawn, calendar, hours)


def test_many_at_once_agree_on_a_large_sample(calendar: WorkingCalendar, hours: OfficeHours) -> None:
    """Mostly cases that have a due date, so that the agreement is not one about errors."""
    rng = np.random.default_rng(20230306)
    drawn: Drawn = []
    for _ in range(800):
        spans = rng.integers((0, 0), (12 * 24 * 60, 9 * 24 * 60), (rng.integers(0, 4), 2))
        unit, by = list(Unit)[rng.integers(0, 5)], [*Convention, None][rng.integers(0, 3)]
        drawn.append((int(rng.integers(0, LAST_MINUTE)), int(rng.integers(0, 25)), unit, by, spans.tolist()))
    codes = compare(drawn, calendar, hours)
    assert codes[None] > 400
    assert {"EGOV-CAL-001", "EGOV-CAL-002", "EGOV-CAL-005", "EGOV-CAL-010"} <= set(codes)


def compare(drawn: Drawn, calendar: WorkingCalendar, hours: OfficeHours) -> Counter[str | None]:
    """Both ways for every case; gives how many ended with which code."""
    cases = pd.DataFrame(
        [(at(minutes), amount, unit, by and str(by)) for minutes, amount, unit, by, _ in drawn],
        columns=["received_at", "amount", "unit", "convention"],
    )
    spans = [
        (number, at(minutes + gap), at(minutes + gap + length))
        for number, (minutes, *_, gaps) in enumerate(drawn)
        for gap, length in gaps
    ]
    found = due_frame(cases, pd.DataFrame(spans, columns=["case_id", "paused_from", "paused_to"]), calendar, hours)
    codes: Counter[str | None] = Counter()
    for number, (minutes, amount, unit, by, _) in enumerate(drawn):
        mine = [(start, end) for case, start, end in spans if case == number]
        expected = one_by_one(at(minutes), amount, unit, by, mine, calendar)
        row = found.loc[number]
        seen = tuple(None if pd.isna(row[name]) else row[name] for name in ("error_code", "due_on", "due_at"))
        assert seen == expected, drawn[number]
        codes[expected[0]] += 1
    return codes


def one_by_one(
    received: datetime,
    amount: int,
    unit: Unit,
    by: Convention | None,
    spans: list[tuple[datetime, datetime]],
    calendar: WorkingCalendar,
) -> tuple[str | None, pd.Timestamp | None, pd.Timestamp | None]:
    try:
        due = due_at(received, Term(amount, unit), by, [Pause(*span) for span in spans], calendar)
    except EgovError as error:
        return error.code, None, None
    return None, pd.Timestamp(due.on), pd.Timestamp(due.at) if due.at else None


def test_a_clock_that_still_stands(calendar: WorkingCalendar, hours: OfficeHours) -> None:
    """A pause without an end leaves no due date, unless the term was over before it."""
    columns = ["received_at", "amount", "unit", "convention"]
    cases = pd.DataFrame([(datetime(2023, 3, 1, 9), n, "working_day", None) for n in (1, 5)], columns=columns)
    pauses = pd.DataFrame(
        [(n, datetime(2023, 3, 3), pd.NaT) for n in (0, 1)], columns=["case_id", "paused_from", "paused_to"]
    )
    found = due_frame(cases, pauses, calendar, hours)
    assert found.loc[0, "due_on"] == pd.Timestamp("2023-03-02")
    assert found.loc[1, "error_code"] == "EGOV-CAL-016" and pd.isna(found.loc[1, "due_on"])


def test_what_is_missing_has_a_code_of_its_own(calendar: WorkingCalendar, hours: OfficeHours) -> None:
    day = datetime(2023, 3, 1, 9)
    rows = [(pd.NaT, 5, "working_day", None), (day, None, "working_day", None), (day, 2.5, "working_day", None),
            (day, 5, "week", None), (day, 5, None, None), (day, 5, "working_day", "noon")]  # fmt: skip
    cases = pd.DataFrame(rows, columns=["received_at", "amount", "unit", "convention"], index=list("abcdef"))
    found = due_frame(cases, pd.DataFrame(columns=["case_id", "paused_from", "paused_to"]), calendar, hours)
    codes = ["006", "001", "001", "004", "004", "015"]
    assert found["error_code"].tolist() == [f"EGOV-CAL-{code}" for code in codes]
    assert found[["due_on", "due_at"]].isna().all(axis=None)
