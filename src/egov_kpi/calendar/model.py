"""The words of a deadline: a term in a unit, a convention, pauses of the clock, and the due date with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from egov_kpi.errors import EgovError

OFFICE_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Unit(StrEnum):
    """What a term is counted in. An hour is always a working hour; `DAY` and `MONTH` are of the civil calendar."""

    WORKING_DAY = "working_day"
    WORKING_HOUR = "working_hour"
    SAME_DAY = "same_day"
    DAY = "day"
    MONTH = "month"


class Convention(StrEnum):
    """By date: whole days, the first one excluded. By hour: a working day is eight hours of office time."""

    DATE = "date"
    HOUR = "hour"


# Statuses in which the clock may stand, and why: supplement asked for, financial duty, processing stopped (by policy).
PAUSING_STATUSES = {
    5: ("yêu cầu bổ sung hồ sơ", "supplement asked for"),
    6: ("yêu cầu thực hiện nghĩa vụ tài chính", "financial duty asked for"),
    8: ("dừng xử lý", "processing stopped"),
}
_SPELLINGS = {
    "working_days": Unit.WORKING_DAY,
    "ngày làm việc": Unit.WORKING_DAY,
    "working_hours": Unit.WORKING_HOUR,
    "hour": Unit.WORKING_HOUR,
    "hours": Unit.WORKING_HOUR,
    "giờ": Unit.WORKING_HOUR,
    "giờ làm việc": Unit.WORKING_HOUR,
    "trong ngày": Unit.SAME_DAY,
    "days": Unit.DAY,
    "ngày": Unit.DAY,
    "months": Unit.MONTH,
    "tháng": Unit.MONTH,
}


def parse_unit(text: str) -> Unit:
    """The unit of a spelling, English or Vietnamese; EGOV-CAL-004 for any other."""
    import unicodedata

    wanted = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if wanted in _SPELLINGS:
        return _SPELLINGS[wanted]
    try:
        return Unit(wanted.replace("-", "_").replace(" ", "_"))
    except ValueError as error:
        raise EgovError("EGOV-CAL-004", value=text, known=", ".join(Unit)) from error


@dataclass(frozen=True)
class Term:
    """So many units, a whole positive number; nought exactly for a same-day procedure. EGOV-CAL-001 otherwise."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        is_whole = isinstance(self.amount, int) and not isinstance(self.amount, bool)
        if self.unit is Unit.SAME_DAY:
            if not is_whole or self.amount != 0:
                raise EgovError("EGOV-CAL-010", value=self.amount)
        elif not is_whole or self.amount <= 0:
            raise EgovError("EGOV-CAL-001", value=self.amount)

    @property
    def usual_convention(self) -> Convention:
        return Convention.HOUR if self.unit is Unit.WORKING_HOUR else Convention.DATE


@dataclass(frozen=True)
class Pause:
    """The clock stands from the request (`start`) to the answer (`end`). By date a day is enough, by hour it is not.

    By date the day of the request still counts and the day of the answer does not: the first day is excluded, as it is
    on receipt. EGOV-CAL-008 where it ends before it begins, or where its status stops no clock.
    """

    start: date | datetime
    end: date | datetime
    status: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", local(self.start))
        object.__setattr__(self, "end", local(self.end))
        if self.status is not None and self.status not in PAUSING_STATUSES:
            raise EgovError("EGOV-CAL-012", value=self.status, known=", ".join(map(str, PAUSING_STATUSES)))
        if self._ends_before_it_begins():
            raise EgovError("EGOV-CAL-008", start=self.start, end=self.end)

    def _ends_before_it_begins(self) -> bool:
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            return self.end < self.start
        return self.last_day < self.first_day

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Both ends as moments; EGOV-CAL-007 where one is only a day."""
        self.check_moments()
        assert isinstance(self.start, datetime) and isinstance(self.end, datetime)
        return self.start, self.end

    def check_moments(self) -> None:
        for end in (self.start, self.end):
            if not isinstance(end, datetime):
                raise EgovError("EGOV-CAL-007", value=end)

    @property
    def first_day(self) -> date:
        """The day of the request, which counts still."""
        return day_of(self.start)

    @property
    def last_day(self) -> date:
        """The day of the answer, the last one that doesn't count."""
        return day_of(self.end)


@dataclass(frozen=True)
class Step:
    """One reason of a due date, in both languages. `kind` and `facts` are for programs."""

    kind: str
    vi: str
    en: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DueDate:
    """When a case is due and why. `at` is the moment by hour, and None by date: the whole day `on` is in time then."""

    on: date
    at: datetime | None
    convention: Convention
    term: Term
    received_at: date | datetime
    unpaused_on: date
    unpaused_at: datetime | None
    is_confirmed: bool
    explanation: tuple[Step, ...]

    @property
    def due(self) -> date | datetime:
        return self.at or self.on

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; steps carry their facts."""
        return {
            "due": _text(self.due),
            "due_on": _text(self.on),
            "due_at": _text(self.at),
            "convention": self.convention.value,
            "amount": self.term.amount,
            "unit": self.term.unit.value,
            "received_at": _text(self.received_at),
            "without_pauses": _text(self.unpaused_at or self.unpaused_on),
            "is_confirmed": self.is_confirmed,
            "steps": [_step_dict(step) for step in self.explanation],
        }


def local(moment: date | datetime) -> date | datetime:
    """A moment as naive office time; a plain day stays a day."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(OFFICE_ZONE).replace(tzinfo=None)
    return moment


def day_of(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def clock(moment: time | datetime) -> str:
    """A time of day; seconds only where there are some."""
    return moment.strftime("%H:%M:%S" if moment.second or moment.microsecond else "%H:%M")


def _text(value: date | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d} {clock(value)}"
    return value.isoformat() if value else None


def _step_dict(step: Step) -> dict[str, Any]:
    facts = {name: _text(value) if isinstance(value, date) else value for name, value in step.facts.items()}
    return {"kind": step.kind, "vi": step.vi, "en": step.en, **facts}
