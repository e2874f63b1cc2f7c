"""The walk from receipt to due date, one calendar day after another, keeping what became of each.

Slow and plain on purpose: what it keeps is the explanation. `frame.py` gets the same dates by arithmetic instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from egov_kpi.calendar.model import Pause
from egov_kpi.calendar.office import OfficeHours
from egov_kpi.calendar.working_days import ONE_DAY, CalendarDay, WorkingCalendar

Stretch = tuple[datetime, datetime]
State = Literal["counted", "off", "paused", "closed", "rolled"]
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Use:
    """What became of one day. `number` is the day's place in the term by date, `stretches` the time counted by hour.

    off: not a working day · paused: the clock stood all day · closed: received after hours · rolled: the term had
    ended, but not on a working day.
    """

    day: CalendarDay
    state: State
    number: int = 0
    stretches: tuple[Stretch, ...] = ()
    pauses: tuple[Pause, ...] = ()
    is_whole: bool = True

    @property
    def worked(self) -> timedelta:
        return sum((end - start for start, end in self.stretches), NO_TIME)


def walk_dates(
    received: date, amount: int, pauses: Sequence[Pause], calendar: WorkingCalendar, working_only: bool
) -> list[Use]:
    """Days after receipt, up to the day that is due; the day of receipt itself isn't counted."""
    uses: list[Use] = []
    day, number = received, 0
    while number < amount or not _may_end(uses[-1]):
        day += ONE_DAY
        use = _date_use(calendar.day(day), number, amount, pauses, working_only)
        number = max(number, use.number)
        uses.append(use)
    return uses


def _date_use(entry: CalendarDay, number: int, amount: int, pauses: Sequence[Pause], working_only: bool) -> Use:
    pause = next((pause for pause in pauses if pause.first_day < entry.day <= pause.last_day), None)
    if pause:
        return Use(entry, "paused", pauses=(pause,))
    if number == amount:
        return Use(entry, "rolled" if entry.is_working else "off")
    if working_only and not entry.is_working:
        return Use(entry, "off")
    return Use(entry, "counted", number + 1)


def _may_end(last: Use) -> bool:
    return last.state in ("counted", "rolled") and last.day.is_working


def walk_hours(
    received: datetime, need: timedelta, pauses: Sequence[Pause], calendar: WorkingCalendar, hours: OfficeHours
) -> list[Use]:
    """Days from receipt on, with the office time that counted, until the term is used up."""
    uses: list[Use] = []
    day, left = received.date(), need
    while left:
        use = _hour_use(calendar.day(day), received, left, pauses, hours)
        left -= use.worked
        uses.append(use)
        day += ONE_DAY
    return uses


def _hour_use(
    entry: CalendarDay, received: datetime, left: timedelta, pauses: Sequence[Pause], hours: OfficeHours
) -> Use:
    if not entry.is_working:
        return Use(entry, "off")
    open_time = [(max(start, received), end) for start, end in hours.stretches(entry.day) if end > received]
    if not open_time:
        return Use(entry, "closed")
    counted = _at_most(_without_pauses(open_time, pauses), left)
    worked = sum((end - start for start, end in counted), NO_TIME)
    until = counted[-1][1] if worked == left else open_time[-1][1]
    stopped = tuple(pause for pause in pauses if _takes_from(pause, open_time, until))
    is_whole = len(counted) == len(hours.slots) and worked.seconds == hours.seconds
    return Use(entry, "counted" if counted else "paused", stretches=tuple(counted), pauses=stopped, is_whole=is_whole)


def _takes_from(pause: Pause, open_time: Sequence[Stretch], until: datetime) -> bool:
    """Whether it takes office time that comes before the end of the term."""
    stopped, resumed = pause.moments
    return any(max(start, stopped) < min(end, resumed, until) for start, end in open_time)


def _without_pauses(open_time: Sequence[Stretch], pauses: Sequence[Pause]) -> list[Stretch]:
    running = list(open_time)
    for pause in pauses:
        running = [piece for stretch in running for piece in _cut(stretch, pause)]
    return running


def _cut(stretch: Stretch, pause: Pause) -> list[Stretch]:
    start, end = stretch
    stopped, resumed = pause.moments
    pieces = [(start, min(end, stopped)), (max(start, resumed), end)] if stopped < resumed else [stretch]
    return [piece for piece in pieces if piece[0] < piece[1]]


def _at_most(stretches: list[Stretch], left: timedelta) -> list[Stretch]:
    kept: list[Stretch] = []
    for start, end in stretches:
        if not left:
            break
        take = min(end - start, left)
        kept.append((start, start + take))
        left -= take
    return kept


def first_running(received: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> datetime:
    """When the clock starts, pauses aside: the receipt itself, or the next moment at which the office is open."""
    uses = walk_hours(received, timedelta(microseconds=1), (), calendar, hours)
    return uses[-1].stretches[0][0]
