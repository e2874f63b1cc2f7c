"""Working hours of the office: a parameter with its source, never a constant of the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from itertools import pairwise

from egov_kpi.calendar.model import clock
from egov_kpi.calendar.working_days import seed_rows, truth
from egov_kpi.errors import EgovError
from egov_kpi.settings import get_settings

# What a working day is worth by hour, whatever the hours of the office are called.
HOURS_PER_DAY = 8
Slot = tuple[time, time]


@dataclass(frozen=True)
class OfficeHours:
    """Slots of a working day in order, eight hours together (EGOV-CAL-011); the last minute of a same-day receipt."""

    slots: tuple[Slot, ...]
    same_day_until: time
    source_vi: str
    source_en: str
    is_confirmed: bool = False

    def __post_init__(self) -> None:
        edges = [edge for slot in self.slots for edge in slot]
        in_order = all(earlier < later for earlier, later in pairwise(edges))
        if not in_order or self.seconds != HOURS_PER_DAY * 3600:
            raise EgovError("EGOV-CAL-011", value=self.text, hours=HOURS_PER_DAY)

    @property
    def seconds(self) -> int:
        return sum(_seconds(end) - _seconds(start) for start, end in self.slots)

    @property
    def opening(self) -> time:
        return self.slots[0][0]

    @property
    def closing(self) -> time:
        return self.slots[-1][1]

    @property
    def text(self) -> str:
        return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in self.slots)

    def stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        """Office time of a working day."""
        return [(datetime.combine(day, start), datetime.combine(day, end)) for start, end in self.slots]


def parse_slots(text: str) -> tuple[Slot, ...]:
    """Slots of `07:30-11:30,13:30-17:30`; EGOV-CAL-011 for anything else."""
    try:
        return tuple(_slot(part) for part in text.split(","))
    except ValueError as error:
        raise EgovError("EGOV-CAL-011", value=text, hours=HOURS_PER_DAY) from error


def _slot(text: str) -> Slot:
    start, end = text.strip().split("-")
    return time.fromisoformat(start), time.fromisoformat(end)


@cache
def office_hours(on: date) -> OfficeHours:
    """The hours in force on a day (office_hours.csv); a case keeps those of its receipt. EGOV-CAL-003 if none."""
    versions = _versions()
    in_force = [valid_from for valid_from in versions if valid_from <= on]
    if not in_force:
        raise EgovError("EGOV-CAL-003", day=on, first=min(versions))
    return _hours(versions[max(in_force)])


def check_office_hours() -> None:
    """EGOV-CAL-011 where a version isn't eight hours: models would find no moment for some of its time."""
    for row in _versions().values():
        _hours(row)


def _hours(row: Mapping[str, str]) -> OfficeHours:
    return OfficeHours(
        slots=parse_slots(row["slots"]),
        same_day_until=time.fromisoformat(row["same_day_until"]),
        source_vi=row["source_vi"],
        source_en=row["source_en"],
        is_confirmed=truth(row["is_confirmed"]),
    )


@cache
def _versions() -> dict[date, Mapping[str, str]]:
    """Rows of the seed that the models reckon with, too, by their first day."""
    path = get_settings().dbt_dir / "seeds" / "office_hours.csv"
    with seed_rows(path) as rows:
        return {date.fromisoformat(row["valid_from"]): row for row in rows}


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second
