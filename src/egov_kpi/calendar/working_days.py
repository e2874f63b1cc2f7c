"""The project's working calendar: one row per day, gapless, read from the seed that the warehouse itself uses."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from egov_kpi.errors import EgovError

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CalendarDay:
    """One day of the calendar. `decision` is the document that the calendar names for it, often none."""

    day: date
    is_working: bool
    reason_vi: str = ""
    decision: str = ""
    is_confirmed: bool = True

    @property
    def kind(self) -> str:
        """working, made_up (a day off, worked), weekend, holiday, tet, culture_day, in_lieu, swapped or unnamed."""
        return _reason(self.reason_vi)[0] if self.reason_vi or not self.is_working else "working"

    @property
    def reason_en(self) -> str:
        return _reason(self.reason_vi)[1]

    @property
    def basis_vi(self) -> str:
        return self._basis("vi")

    @property
    def basis_en(self) -> str:
        return self._basis("en")

    def _basis(self, language: str) -> str:
        named = self.decision or _decisions().get(self.day, "")
        return named or str(basis()["kinds"][self.kind][language])


@dataclass(frozen=True)
class WorkingCalendar:
    """All days from `first` to `last`, both included. A day outside raises EGOV-CAL-002 or -003: nothing is guessed."""

    days: tuple[CalendarDay, ...]

    @property
    def first(self) -> date:
        return self.days[0].day

    @property
    def last(self) -> date:
        return self.days[-1].day

    @cached_property
    def provisional_from(self) -> date | None:
        """The first day not decided yet. All days from there on may still change, also those that look ordinary."""
        return next((day.day for day in self.days if not day.is_confirmed), None)

    def day(self, wanted: date) -> CalendarDay:
        if wanted < self.first:
            raise EgovError("EGOV-CAL-003", day=wanted, first=self.first)
        if wanted > self.last:
            raise EgovError("EGOV-CAL-002", last=self.last)
        return self.days[(wanted - self.first).days]

    def is_decided(self, day: date) -> bool:
        return self.provisional_from is None or day < self.provisional_from


def make_calendar(days: Iterable[CalendarDay], origin: str = "calendar") -> WorkingCalendar:
    """A calendar of days in order; EGOV-CAL-009 for none, a gap or a day twice."""
    kept = tuple(days)
    if not kept:
        raise EgovError("EGOV-CAL-009", file=origin, detail="0 rows")
    for earlier, later in pairwise(kept):
        if later.day - earlier.day != ONE_DAY:
            raise EgovError("EGOV-CAL-009", file=origin, detail=f"{earlier.day} → {later.day}")
    return WorkingCalendar(kept)


@cache
def load_calendar(path: Path) -> WorkingCalendar:
    """The calendar of a seed file (columns as in `calendar_day.csv`); EGOV-CAL-009 when it can't be used."""
    with seed_rows(path) as rows:
        days = [_calendar_day(row) for row in rows]
    return make_calendar(days, path.name)


@contextmanager
def seed_rows(path: Path) -> Iterator[Iterable[Mapping[str, str]]]:
    """The rows of a seed file while they are made sense of; EGOV-CAL-009 when that can't be done."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield csv.DictReader(file)
    except (OSError, ValueError, KeyError) as error:
        raise EgovError("EGOV-CAL-009", file=path.name, detail=f"{type(error).__name__}: {error}") from error


def _calendar_day(row: Mapping[str, str]) -> CalendarDay:
    return CalendarDay(
        day=date.fromisoformat(row["calendar_date"]),
        is_working=truth(row["is_working"]),
        reason_vi=row["reason_vi"],
        decision=row["decision"],
        is_confirmed=truth(row["is_confirmed"]),
    )


def truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r}: true | false")
    return text == "true"


@cache
def basis() -> dict[str, Any]:
    """Kinds of days and the law behind them (basis.yaml)."""
    read: dict[str, Any] = yaml.safe_load((files(__package__) / "basis.yaml").read_text(encoding="utf-8"))
    return read


@cache
def _decisions() -> dict[date, str]:
    return {date.fromisoformat(day): entry["decision"] for entry in basis()["decisions"] for day in entry["days"]}


def _reason(reason_vi: str) -> tuple[str, str]:
    """Kind and English words of a reason. One that basis.yaml doesn't know is shown as the calendar has it."""
    known = basis()
    if reason_vi in known["reasons"]:
        entry = known["reasons"][reason_vi]
        return entry["kind"], entry["en"]
    if reason_vi.endswith(known["in_lieu_ending"]):
        return "in_lieu", f"{_reason(reason_vi.removesuffix(known['in_lieu_ending']))[1]} (in lieu)"
    for beginning, kind, words in _EXCHANGED:
        if reason_vi.startswith(known[beginning]):
            return kind, f"{words} {reason_vi.removeprefix(known[beginning]).rstrip(')')}"
    return "unnamed", reason_vi


_EXCHANGED = (
    ("swapped_beginning", "swapped", "off in exchange for"),
    ("made_up_beginning", "made_up", "worked in exchange for"),
)
