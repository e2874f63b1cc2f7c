"""`due_at`: the due date of one case and why. Pure: the same arguments give the same answer for ever."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from egov_kpi.calendar import explain
from egov_kpi.calendar.model import Convention, DueDate, Pause, Term, Unit, day_of, local
from egov_kpi.calendar.office import HOURS_PER_DAY, OfficeHours, office_hours
from egov_kpi.calendar.walk import Use, walk_dates, walk_hours
from egov_kpi.calendar.working_days import ONE_DAY, WorkingCalendar
from egov_kpi.errors import EgovError


def due_at(
    received_at: date | datetime,
    term: Term,
    convention: Convention | None,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    hours: OfficeHours | None = None,
) -> DueDate:
    """The due date of a case received then. `convention` None: by hour for a term in hours, by date for any other.

    By date the answer is a day. By hour it is the moment at which the office time is used up, always within a slot.
    Raises EGOV-CAL-002 or -003 where the calendar ends, -005 where unit and convention don't fit, -007 where a time of
    day is missing, -013 for a pause before receipt, -014 for a pause of a same-day case.
    """
    received = local(received_at)
    by = convention or term.usual_convention
    rules = hours or office_hours(max(day_of(received), calendar.first))
    ordered = sorted(pauses, key=_when)
    calendar.day(day_of(received))
    _check_length(term, calendar)
    _check(received, term, by, ordered)
    uses = _walk(received, term, by, ordered, calendar, rules)
    plain = _walk(received, term, by, (), calendar, rules) if ordered else uses
    due, unpaused = _end(uses, by, term, rules), _end(plain, by, term, rules)
    steps = explain.steps(received, term, by, ordered, uses, due, unpaused, calendar, rules)
    return DueDate(
        on=day_of(due),
        at=due if isinstance(due, datetime) else None,
        convention=by,
        term=term,
        received_at=received,
        unpaused_on=day_of(unpaused),
        unpaused_at=unpaused if isinstance(unpaused, datetime) else None,
        is_confirmed=calendar.is_decided(day_of(due)),
        explanation=tuple(steps),
    )


def _check_length(term: Term, calendar: WorkingCalendar) -> None:
    """A term longer than the whole calendar needs no walk, however large its number."""
    if term.amount > len(calendar.days) * HOURS_PER_DAY:
        raise EgovError("EGOV-CAL-002", last=calendar.last)


def _when(pause: Pause) -> tuple[date, str, date, str]:
    return (pause.first_day, str(pause.start), pause.last_day, str(pause.end))


def _check(received: date | datetime, term: Term, by: Convention, pauses: Sequence[Pause]) -> None:
    if by is Convention.HOUR and term.unit in (Unit.DAY, Unit.MONTH):
        raise EgovError("EGOV-CAL-005", unit=term.unit, convention=by)
    if pauses and term.unit is Unit.SAME_DAY:
        raise EgovError("EGOV-CAL-014")
    counts_time = by is Convention.HOUR or term.unit is Unit.WORKING_HOUR
    if (counts_time or term.unit is Unit.SAME_DAY) and not isinstance(received, datetime):
        raise EgovError("EGOV-CAL-007", value=received)
    for pause in pauses:
        _check_pause(pause, received, counts_time)


def _check_pause(pause: Pause, received: date | datetime, counts_time: bool) -> None:
    if counts_time:
        pause.check_moments()
    both_timed = isinstance(pause.start, datetime) and isinstance(received, datetime)
    before = pause.start < received if both_timed else pause.first_day < day_of(received)
    if before:
        raise EgovError("EGOV-CAL-013", start=pause.start, received=received)


def _walk(
    received: date | datetime,
    term: Term,
    by: Convention,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    hours: OfficeHours,
) -> list[Use]:
    if term.unit is Unit.SAME_DAY:
        assert isinstance(received, datetime)
        return walk_dates(_day_before_same_day(received, hours), 1, (), calendar, True)
    if by is Convention.HOUR or term.unit is Unit.WORKING_HOUR:
        assert isinstance(received, datetime)
        return walk_hours(received, _need(term), pauses, calendar, hours)
    day = day_of(received)
    if term.unit is Unit.MONTH:
        return walk_dates(day, days_of_months(day, term.amount, calendar), pauses, calendar, False)
    return walk_dates(day, term.amount, pauses, calendar, term.unit is Unit.WORKING_DAY)


def _need(term: Term) -> timedelta:
    return timedelta(hours=term.amount * (HOURS_PER_DAY if term.unit is Unit.WORKING_DAY else 1))


def _day_before_same_day(received: datetime, hours: OfficeHours) -> date:
    """The answer is due on the first working day after this one: today still, unless it is too late for that."""
    is_late = received.time() > hours.same_day_until
    return received.date() if is_late else received.date() - ONE_DAY


def days_of_months(received: date, months: int, calendar: WorkingCalendar) -> int:
    """Days from receipt to the corresponding day so many months later, or to that month's last day if it has none."""
    year, month = divmod(received.year * 12 + received.month - 1 + months, 12)
    if year > calendar.last.year:
        raise EgovError("EGOV-CAL-002", last=calendar.last)
    last = monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(received.day, last)) - received).days


def _end(uses: Sequence[Use], by: Convention, term: Term, hours: OfficeHours) -> date | datetime:
    last = uses[-1]
    if by is Convention.DATE:
        return last.day.day
    if term.unit is Unit.SAME_DAY:
        return datetime.combine(last.day.day, hours.closing)
    return last.stretches[-1][1]
