"""Due dates of many cases at once, by arithmetic: an oracle that is independent of `due_at` and of any SQL.

A moment becomes the working time that passed before it since the calendar began; a term and the pauses are added to
that; the sum is turned back into a moment. Nothing is walked and nothing is explained. It shares with `due_at` only the
calendar and the office hours, so that an error in one of the two shows as a difference.
"""

from dataclasses import dataclass
from datetime import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from egov_kpi.calendar.model import Convention, Unit
from egov_kpi.calendar.office import HOURS_PER_DAY, OfficeHours
from egov_kpi.calendar.working_days import WorkingCalendar

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_HOUR = 3_600 * _SECOND
_OFFICE_DAY = HOURS_PER_DAY * _HOUR


def due_frame(cases: pd.DataFrame, pauses: pd.DataFrame, calendar: WorkingCalendar, hours: OfficeHours) -> pd.DataFrame:
    """One row per case, in the order given: `due_on` (midnight), `due_at` (by hour only), `error_code` (else None).

    `cases`: received_at (naive office time), amount, unit, convention (null: the usual one of the unit); unique index.
    `pauses`: case_id (index of the case), paused_from, paused_to (null: it hasn't ended). Every case has either a due
    date or the code of the error that `due_at` raises; EGOV-CAL-016 where the clock still stands.
    """
    if not cases.index.is_unique:
        raise ValueError("cases: index not unique")
    axis = _Axis.of(calendar, hours)
    read = _Cases.of(cases, axis)
    stops = _Pauses.of(pauses, cases.index)
    codes = _input_codes(read, stops, axis)
    due = _due(read, stops, axis, hours, codes)
    is_fine = _is_fine(codes)
    moment = pd.Series(due.astype("datetime64[us]")).where(is_fine)
    return pd.DataFrame(
        {
            "due_on": moment.dt.normalize().to_numpy(),
            "due_at": moment.where(read.by_hour).to_numpy(),
            "error_code": codes,
        },
        index=cases.index,
    )


@dataclass(frozen=True)
class _Axis:
    """The calendar as numbers. Days are counted from `first`, moments in microseconds of the epoch."""

    first: int
    is_working: Flags
    up_to: Numbers  # working days up to and including this one
    working: Numbers  # the working days themselves
    next_working: Numbers  # the first working day from this one on; `size` where there is none
    starts: Numbers
    ends: Numbers

    @classmethod
    def of(cls, calendar: WorkingCalendar, hours: OfficeHours) -> "_Axis":
        is_working = np.array([day.is_working for day in calendar.days])
        working = np.flatnonzero(is_working).astype(np.int64)
        places = np.searchsorted(working, np.arange(len(is_working) + 1))
        return cls(
            first=int(np.datetime64(calendar.first, "D").astype(np.int64)),
            is_working=is_working,
            up_to=np.cumsum(is_working).astype(np.int64),
            working=working,
            next_working=np.append(working, len(is_working))[places],
            starts=np.array([_microseconds(start) for start, _ in hours.slots]),
            ends=np.array([_microseconds(end) for _, end in hours.slots]),
        )

    @property
    def size(self) -> int:
        return len(self.is_working)

    def day(self, moments: Numbers) -> Numbers:
        return moments // _DAY - self.first

    def clipped_day(self, moments: Numbers) -> Numbers:
        return np.clip(self.day(moments), 0, self.size - 1)

    def worked(self, moments: Numbers) -> Numbers:
        """Office time that passed before each moment; after the last day, all of it."""
        day = self.clipped_day(moments)
        of_day = np.where(self.day(moments) >= self.size, _DAY, moments % _DAY)
        today = np.clip(of_day[:, None] - self.starts, 0, self.ends - self.starts).sum(axis=1)
        before = self.up_to[day] - self.is_working[day]
        return np.asarray(before * _OFFICE_DAY + today * self.is_working[day], dtype=np.int64)

    def moment(self, worked: Numbers) -> Numbers:
        """The earliest moment by which so much office time has passed; -1 after the calendar's end."""
        number = -(-worked // _OFFICE_DAY)
        rest = worked - (number - 1) * _OFFICE_DAY
        before = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        slot = np.searchsorted(before[1:], rest, side="left")
        slot = np.minimum(slot, len(self.starts) - 1)
        of_day = self.starts[slot] + rest - before[slot]
        is_inside = number <= len(self.working)
        day = self.working[np.where(is_inside, number, 1) - 1]
        return np.where(is_inside, (day + self.first) * _DAY + of_day, -1)


@dataclass(frozen=True)
class _Cases:
    received: Numbers
    is_dated: Flags
    amount: Numbers
    is_counted: Flags
    unit: NDArray[np.object_]
    convention: NDArray[np.object_]
    day: Numbers

    @classmethod
    def of(cls, cases: pd.DataFrame, axis: _Axis) -> "_Cases":
        moments = pd.to_datetime(cases["received_at"]).astype("datetime64[us]")
        amounts = pd.to_numeric(cases["amount"])
        unit = cases["unit"].astype(object).to_numpy()
        usual = np.where(unit == Unit.WORKING_HOUR, Convention.HOUR.value, Convention.DATE.value)
        received = moments.fillna(pd.Timestamp(axis.first * _DAY, unit="us")).to_numpy().astype(np.int64)
        return cls(
            received=received,
            is_dated=moments.notna().to_numpy(),
            amount=amounts.fillna(0).to_numpy().astype(np.int64),
            is_counted=(amounts.notna() & (amounts.mod(1) == 0)).to_numpy(dtype=bool),
            unit=unit,
            convention=np.where(cases["convention"].isna(), usual, cases["convention"].astype(object)),
            day=axis.day(received),
        )

    def of_unit(self, *units: Unit) -> Flags:
        return np.isin(self.unit.astype(str), [unit.value for unit in units])

    @property
    def by_hour(self) -> Flags:
        return np.asarray(self.convention == Convention.HOUR.value, dtype=bool)

    @property
    def counts_time(self) -> Flags:
        return (self.by_hour | self.of_unit(Unit.WORKING_HOUR)) & ~self.of_unit(Unit.SAME_DAY)


@dataclass(frozen=True)
class _Pauses:
    """Pauses in order of their beginning; `rank` is a pause's place among those of its case."""

    case: Numbers
    start: Numbers
    end: Numbers
    is_open: Flags
    is_known: Flags
    rank: Numbers

    @classmethod
    def of(cls, pauses: pd.DataFrame, index: pd.Index) -> "_Pauses":
        case = index.get_indexer(pd.Index(pauses["case_id"])).astype(np.int64)
        if (case < 0).any():
            raise ValueError("pauses: case_id not among the cases")
        frame = pd.DataFrame(
            {
                "case": case,
                "start": pd.to_datetime(pauses["paused_from"]).astype("datetime64[us]").to_numpy(),
                "end": pd.to_datetime(pauses["paused_to"]).astype("datetime64[us]").to_numpy(),
            }
        ).sort_values(["case", "start", "end"])
        never = pd.Timestamp("2200-01-01")
        return cls(
            case=frame["case"].to_numpy(dtype=np.int64),
            start=frame["start"].fillna(never).astype("datetime64[us]").to_numpy().astype(np.int64),
            end=frame["end"].fillna(never).astype("datetime64[us]").to_numpy().astype(np.int64),
            is_open=frame["end"].isna().to_numpy(),
            is_known=frame["start"].notna().to_numpy(),
            rank=frame.groupby("case").cumcount().to_numpy().astype(np.int64),
        )

    @property
    def ranks(self) -> range:
        return range(int(self.rank.max()) + 1) if len(self.rank) else range(0)


def _input_codes(cases: _Cases, pauses: _Pauses, axis: _Axis) -> NDArray[np.object_]:
    """The code of what is wrong with a case before anything is computed, as `due_at` would say it."""
    codes = np.full(len(cases.received), None, dtype=object)
    is_same_day = cases.of_unit(Unit.SAME_DAY)
    is_paused = np.isin(np.arange(len(codes)), pauses.case)
    too_long = cases.amount > axis.size * HOURS_PER_DAY
    checks = [
        (~cases.of_unit(*Unit), "EGOV-CAL-004"),
        (~is_same_day & ~(cases.is_counted & (cases.amount > 0)), "EGOV-CAL-001"),
        (is_same_day & ~(cases.is_counted & (cases.amount == 0)), "EGOV-CAL-010"),
        (~np.isin(cases.convention.astype(str), [by.value for by in Convention]), "EGOV-CAL-015"),
        (_of_pauses(cases, pauses, ~pauses.is_known), "EGOV-CAL-006"),
        (_of_pauses(cases, pauses, pauses.end < pauses.start), "EGOV-CAL-008"),
        (~cases.is_dated, "EGOV-CAL-006"),
        (cases.day < 0, "EGOV-CAL-003"),
        ((cases.day >= axis.size) | too_long, "EGOV-CAL-002"),
        (cases.by_hour & cases.of_unit(Unit.DAY, Unit.MONTH), "EGOV-CAL-005"),
        (is_same_day & is_paused, "EGOV-CAL-014"),
        (_of_pauses(cases, pauses, pauses.start < cases.received[pauses.case]), "EGOV-CAL-013"),
    ]
    for is_wrong, code in checks:
        codes[is_wrong & _is_fine(codes)] = code
    return codes


def _is_fine(codes: NDArray[np.object_]) -> Flags:
    return pd.isna(pd.Series(codes)).to_numpy(dtype=bool)


def _of_pauses(cases: _Cases, pauses: _Pauses, flags: Flags) -> Flags:
    """The cases of the pauses that are flagged."""
    marked = np.zeros(len(cases.received), dtype=bool)
    marked[pauses.case[flags]] = True
    return marked


def _due(cases: _Cases, pauses: _Pauses, axis: _Axis, hours: OfficeHours, codes: NDArray[np.object_]) -> Numbers:
    """Microseconds of the due moment (midnight by date); adds the codes of cases that run out of calendar or wait."""
    due = np.full(len(cases.received), -1, dtype=np.int64)
    is_fine = _is_fine(codes)
    is_waiting = np.zeros(len(due), dtype=bool)
    kinds = (
        (cases.counts_time, _by_time),
        (cases.of_unit(Unit.SAME_DAY), _same_day),
        (cases.of_unit(Unit.WORKING_DAY) & ~cases.by_hour, _by_working_days),
        (cases.of_unit(Unit.DAY, Unit.MONTH), _by_days),
    )
    for is_kind, compute in kinds:
        rows = np.flatnonzero(is_kind & is_fine)
        due[rows] = compute(cases, pauses, axis, hours, rows, is_waiting)
    codes[is_fine & is_waiting] = "EGOV-CAL-016"
    codes[is_fine & ~is_waiting & (due < 0)] = "EGOV-CAL-002"
    due[~cases.by_hour] = due[~cases.by_hour] // _DAY * _DAY
    return due


def _by_time(
    cases: _Cases, pauses: _Pauses, axis: _Axis, hours: OfficeHours, rows: Numbers, is_waiting: Flags
) -> Numbers:
    per_unit = np.where(cases.of_unit(Unit.WORKING_HOUR), _HOUR, _OFFICE_DAY)[rows]
    total = axis.worked(cases.received[rows]) + cases.amount[rows] * per_unit
    total = _postponed(total, rows, pauses, axis.worked(pauses.start), axis.worked(pauses.end), is_waiting)
    return axis.moment(total)


def _by_working_days(
    cases: _Cases, pauses: _Pauses, axis: _Axis, hours: OfficeHours, rows: Numbers, is_waiting: Flags
) -> Numbers:
    starts = axis.up_to[axis.clipped_day(pauses.start)]
    ends = axis.up_to[axis.clipped_day(pauses.end)]
    total = axis.up_to[cases.day[rows]] + cases.amount[rows]
    total = _postponed(total, rows, pauses, starts, ends, is_waiting)
    is_inside = total <= len(axis.working)
    days = axis.working[np.where(is_inside, total, 1) - 1]
    return np.where(is_inside, (days + axis.first) * _DAY, -1)


def _by_days(
    cases: _Cases, pauses: _Pauses, axis: _Axis, hours: OfficeHours, rows: Numbers, is_waiting: Flags
) -> Numbers:
    starts, ends = axis.clipped_day(pauses.start), axis.clipped_day(pauses.end)
    days = np.where(cases.of_unit(Unit.MONTH)[rows], _month_days(cases, rows), cases.amount[rows])
    last = _postponed(cases.day[rows] + days, rows, pauses, starts, ends, is_waiting)
    due = _rolled(last, rows, pauses, starts, ends, axis, is_waiting)
    return np.where(due < axis.size, (due + axis.first) * _DAY, -1)


def _month_days(cases: _Cases, rows: Numbers) -> Numbers:
    """Days to the corresponding day so many months later, or to the end of that month."""
    day = (cases.received[rows] // _DAY).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    later = month + cases.amount[rows].astype("timedelta64[M]")
    length = (later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")
    place = np.minimum(day - month.astype("datetime64[D]"), length - np.timedelta64(1, "D"))
    return np.asarray(later.astype("datetime64[D]") + place - day).astype(np.int64)


def _rolled(
    last: Numbers, rows: Numbers, pauses: _Pauses, starts: Numbers, ends: Numbers, axis: _Axis, is_waiting: Flags
) -> Numbers:
    """The first working day from the last one of the term on that no pause covers."""
    due = axis.next_working[np.minimum(last, axis.size)]
    for of_rank, place in _by_rank(pauses, rows):
        covered = (due[place] > starts[of_rank]) & (due[place] <= ends[of_rank])
        after = axis.next_working[np.minimum(ends[of_rank] + 1, axis.size)]
        due[place] = np.where(covered, after, due[place])
        is_waiting[pauses.case[of_rank]] |= covered & pauses.is_open[of_rank]
    return due


def _same_day(
    cases: _Cases, pauses: _Pauses, axis: _Axis, hours: OfficeHours, rows: Numbers, is_waiting: Flags
) -> Numbers:
    is_late = cases.received[rows] % _DAY > _microseconds(hours.same_day_until)
    due = axis.next_working[np.minimum(cases.day[rows] + is_late, axis.size)]
    return np.where(due < axis.size, (due + axis.first) * _DAY + _microseconds(hours.closing), -1)


def _postponed(
    total: Numbers, rows: Numbers, pauses: _Pauses, starts: Numbers, ends: Numbers, is_waiting: Flags
) -> Numbers:
    """The totals with the length of every pause added that begins before the term has ended.

    A pause within an earlier one adds nothing: only what lies after the latest end so far is added.
    """
    total, covered = total.copy(), np.full(len(total), -1, dtype=np.int64)
    for of_rank, place in _by_rank(pauses, rows):
        begins = np.maximum(starts[of_rank], covered[place])
        is_in_time = total[place] > begins
        added = np.maximum(ends[of_rank] - begins, 0)
        total[place] += np.where(is_in_time, added, 0)
        is_waiting[pauses.case[of_rank]] |= is_in_time & pauses.is_open[of_rank]
        covered[place] = np.maximum(covered[place], ends[of_rank])
    return total


def _by_rank(pauses: _Pauses, rows: Numbers) -> list[tuple[Numbers, Numbers]]:
    """For the first, second, ... pause of the cases: the pauses, and the places of their cases among `rows`."""
    if not len(rows):
        return []
    place = np.searchsorted(rows, pauses.case)
    is_ours = np.isin(pauses.case, rows)
    chosen = [np.flatnonzero(is_ours & (pauses.rank == rank)) for rank in pauses.ranks]
    return [(of_rank, place[of_rank]) for of_rank in chosen]


def _microseconds(moment: time) -> int:
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) * _SECOND + moment.microsecond
