"""Why a date is due: the walk told step by step, in Vietnamese and English."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from egov_kpi.calendar.model import PAUSING_STATUSES, Convention, Pause, Step, Term, Unit, clock, day_of
from egov_kpi.calendar.office import OfficeHours
from egov_kpi.calendar.walk import NO_TIME, Use, first_running
from egov_kpi.calendar.working_days import CalendarDay, WorkingCalendar, basis

_WEEKDAYS_VI = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
_UNITS = {
    Unit.WORKING_DAY: ("ngày làm việc", "working day"),
    Unit.WORKING_HOUR: ("giờ làm việc", "working hour"),
    Unit.SAME_DAY: ("trong ngày", "same day"),
    Unit.DAY: ("ngày", "calendar day"),
    Unit.MONTH: ("tháng", "month"),
}
_CONVENTIONS = {Convention.DATE: ("tính theo ngày", "by date"), Convention.HOUR: ("tính theo giờ", "by hour")}
Moment = date | datetime


def steps(
    received: Moment,
    term: Term,
    by: Convention,
    pauses: Sequence[Pause],
    uses: Sequence[Use],
    due: Moment,
    unpaused: Moment,
    calendar: WorkingCalendar,
    hours: OfficeHours,
) -> list[Step]:
    """All steps in the order in which the days pass, the due date last but for a warning."""
    counts_time = term.unit is not Unit.SAME_DAY and (by is Convention.HOUR or term.unit is Unit.WORKING_HOUR)
    told = [_received(received, term, by)]
    if counts_time and isinstance(received, datetime):
        told += [_office(hours), _clock_starts(received, calendar, hours), *_hour_steps(uses)]
    else:
        told += [_office(hours)] if term.unit is Unit.SAME_DAY else []
        told += [_first_day(received, term, hours, calendar), *_date_steps(_worth_telling(uses, term))]
    told += _pause_steps(pauses, uses, due, unpaused)
    told.append(_due(due, by))
    if not calendar.is_decided(day_of(due)):
        told.append(_provisional(calendar))
    return told


def _received(received: Moment, term: Term, by: Convention) -> Step:
    vi, en = _UNITS[term.unit]
    if term.unit is Unit.SAME_DAY:
        amount_vi, amount_en = vi, en
    else:
        amount_vi, amount_en = f"{term.amount} {vi}", f"{term.amount} {en}{_s(term.amount)}"
    return Step(
        "received",
        f"Nhận {_vi(received)}; thời hạn {amount_vi}, {_CONVENTIONS[by][0]}",
        f"Received {_en(received)}; term {amount_en}, {_CONVENTIONS[by][1]}",
        {"from": received},
    )


def _office(hours: OfficeHours) -> Step:
    sure_vi, sure_en = ("", "") if hours.is_confirmed else ("; chưa xác nhận", "; unconfirmed")
    return Step(
        "office_hours",
        f"Giờ làm việc {hours.text} ({hours.source_vi}{sure_vi}); 1 ngày làm việc = 8 giờ",
        f"Office hours {hours.text} ({hours.source_en}{sure_en}); 1 working day = 8 hours",
        {"slots": hours.text, "is_confirmed": hours.is_confirmed},
    )


def _clock_starts(received: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> Step:
    start = first_running(received, calendar, hours)
    if start == received:
        return Step("clock_start", "Đồng hồ chạy ngay khi nhận", "The clock starts at the receipt", {"from": start})
    why_vi, why_en = _why_not_at_once(received, calendar, hours)
    return Step(
        "clock_start",
        f"Nhận {why_vi}: đồng hồ chạy từ {_vi(start)}",
        f"Received {why_en}: the clock starts {_en(start)}",
        {"from": start},
    )


def _why_not_at_once(received: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> tuple[str, str]:
    if not calendar.day(received.date()).is_working:
        return "vào ngày nghỉ", "on a day off"
    if received.time() < hours.opening:
        return "trước giờ làm việc", "before opening"
    if received.time() >= hours.closing:
        return "sau giờ làm việc", "after hours"
    return "trong giờ nghỉ giữa hai buổi", "between two slots"


def _first_day(received: Moment, term: Term, hours: OfficeHours, calendar: WorkingCalendar) -> Step:
    law = basis()["rules"]["first_day_excluded"]
    if term.unit is Unit.SAME_DAY:
        return _same_day(received, hours, calendar)
    if term.unit is Unit.MONTH:
        return _month(term)
    return Step(
        "clock_start",
        f"Ngày nhận không tính; đếm từ ngày kế tiếp ({law['vi']})",
        f"The day of receipt isn't counted; the count begins on the next day ({law['en']})",
        {"from": day_of(received) + timedelta(days=1)},
    )


def _month(term: Term) -> Step:
    first, rule = basis()["rules"]["first_day_excluded"], basis()["rules"]["month"]
    return Step(
        "clock_start",
        f"Ngày nhận không tính ({first['vi']}); thời hạn hết vào ngày tương ứng, {term.amount} tháng sau; tháng không"
        f" có ngày ấy thì vào ngày cuối tháng ({rule['vi']})",
        f"The day of receipt isn't counted ({first['en']}); the term ends on the corresponding day of month"
        f" {term.amount} after it, or on that month's last day ({rule['en']})",
    )


def _same_day(received: Moment, hours: OfficeHours, calendar: WorkingCalendar) -> Step:
    assert isinstance(received, datetime)
    until = clock(hours.same_day_until)
    if not calendar.day(received.date()).is_working:
        vi = "Nhận vào ngày nghỉ: trả trong ngày làm việc tiếp theo"
        en = "Received on a day off: due on the next working day"
    elif received.time() > hours.same_day_until:
        vi = f"Nhận sau {until}: trả trong ngày làm việc tiếp theo"
        en = f"Received after {until}: due on the next working day"
    else:
        vi, en = f"Nhận không quá {until}: trả ngay trong ngày", f"Received not later than {until}: due on the same day"
    return Step("clock_start", vi, en, {"same_day_until": until})


def _worth_telling(uses: Sequence[Use], term: Term) -> list[Use]:
    """A same-day case has no days to count; its one day is told only where it is a day off that is worked."""
    is_same_day = term.unit is Unit.SAME_DAY
    return [use for use in uses if not is_same_day or use.state == "off" or use.day.kind == "made_up"]


def _date_steps(uses: Sequence[Use]) -> Iterator[Step]:
    for _, run in groupby(uses, key=_date_kind):
        days = list(run)
        match days[0].state:
            case "paused":
                yield _stopped(days)
            case "off":
                yield _skipped(days)
            case "rolled":
                yield _rolled(days[0])
            case _:
                yield _counted_days(days)


def _date_kind(use: Use) -> tuple[Any, ...]:
    is_made_up = use.state == "counted" and use.day.kind == "made_up"
    return (use.state, use.pauses, use.day.day if is_made_up else None)


def _counted_days(uses: Sequence[Use]) -> Step:
    first, last = uses[0], uses[-1]
    numbers = str(first.number) if first is last else f"{first.number}–{last.number}"
    days_vi, days_en = _span([use.day for use in uses])
    made_vi, made_en = _made_up(first.day)
    return Step(
        "counted",
        f"Ngày thứ {numbers}: {days_vi}{made_vi}",
        f"{'Day' if first is last else 'Days'} {numbers}: {days_en}{made_en}",
        {"from": first.day.day, "to": last.day.day, "first_number": first.number, "last_number": last.number},
    )


def _made_up(day: CalendarDay) -> tuple[str, str]:
    if day.kind != "made_up":
        return "", ""
    reason_vi = day.reason_vi[0].lower() + day.reason_vi[1:]
    return f", {reason_vi} ({day.basis_vi})", f", {day.reason_en} ({day.basis_en})"


def _skipped(uses: Sequence[Use]) -> Step:
    groups = [list(run) for _, run in groupby(uses, key=lambda use: (use.day.basis_vi, use.day.kind))]
    vi = "; ".join(f"{_named(group, 'vi')} ({group[0].day.basis_vi})" for group in groups)
    en = "; ".join(f"{_named(group, 'en')} ({group[0].day.basis_en})" for group in groups)
    days = [_off_day(use.day) for use in uses]
    return Step(
        "skipped",
        f"Không tính: {vi}",
        f"Not counted: {en}",
        {"from": uses[0].day.day, "to": uses[-1].day.day, "days": days},
    )


def _named(uses: Sequence[Use], language: str) -> str:
    """The days of one basis. A weekend needs no other name than its weekday, a holiday does."""
    if uses[0].day.kind == "weekend":
        return ", ".join(_vi(use.day.day) if language == "vi" else _en(use.day.day) for use in uses)
    if language == "vi":
        return ", ".join(f"{_vi(use.day.day)} {use.day.reason_vi}" for use in uses)
    return ", ".join(f"{_en(use.day.day)} {use.day.reason_en}" for use in uses)


def _off_day(day: CalendarDay) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "kind": day.kind,
        "reason_vi": day.reason_vi,
        "reason_en": day.reason_en,
        "basis_vi": day.basis_vi,
        "basis_en": day.basis_en,
        "is_confirmed": day.is_confirmed,
    }


def _rolled(use: Use) -> Step:
    law = basis()["rules"]["last_day_off"]
    return Step(
        "rolled",
        f"Thời hạn hết vào ngày nghỉ: chuyển sang ngày làm việc tiếp theo, {_vi(use.day.day)} ({law['vi']})",
        f"The term ends on a day off: it moves to the next working day, {_en(use.day.day)} ({law['en']})",
        {"from": use.day.day},
    )


def _stopped(uses: Sequence[Use]) -> Step:
    pauses = uses[0].pauses
    working = sum(use.day.is_working for use in uses)
    why_vi, why_en = _why_paused(pauses)
    days_vi, days_en = _span([use.day for use in uses])
    return Step(
        "paused",
        f"Đồng hồ dừng{why_vi}: {days_vi} không tính ({working} ngày làm việc)",
        f"The clock stands{why_en}: {days_en} not counted ({working} working day{_s(working)})",
        {
            "from": uses[0].day.day,
            "to": uses[-1].day.day,
            "working_days": working,
            "status": [pause.status for pause in pauses],
        },
    )


def _why_paused(pauses: Sequence[Pause]) -> tuple[str, str]:
    whys = [_why_one(pause) for pause in pauses]
    return " và".join(vi for vi, _ in whys), " and".join(en for _, en in whys)


def _why_one(pause: Pause) -> tuple[str, str]:
    vi, en = f" từ {_vi(pause.start)} đến {_vi(pause.end)}", f" from {_en(pause.start)} to {_en(pause.end)}"
    if pause.status is None:
        return vi, en
    reason_vi, reason_en = PAUSING_STATUSES[pause.status]
    return f"{vi} ({reason_vi})", f"{en} ({reason_en})"


def _hour_steps(uses: Sequence[Use]) -> Iterator[Step]:
    total = NO_TIME
    for _, run in groupby(uses, key=_hour_kind):
        days = list(run)
        total += sum((use.worked for use in days), NO_TIME)
        match days[0].state:
            case "off":
                yield _skipped(days)
            case "closed":
                yield _closed(days[0])
            case "paused":
                yield _stopped(days)
            case _:
                yield _counted_hours(days, total)


def _hour_kind(use: Use) -> tuple[Any, ...]:
    is_run = use.state != "counted" or (use.is_whole and not use.pauses and use.day.kind != "made_up")
    return (use.state, use.pauses, None if is_run else use.day.day)


def _closed(use: Use) -> Step:
    vi, en = f"{_vi(use.day.day)}: đã hết giờ làm việc", f"{_en(use.day.day)}: the office has closed"
    return Step("closed", vi, en, {"from": use.day.day})


def _counted_hours(uses: Sequence[Use], total: timedelta) -> Step:
    first, last = uses[0], uses[-1]
    days_vi, days_en = _span([use.day for use in uses])
    made_vi, made_en = _made_up(first.day)
    times = [f" {clock(start)}-{clock(end)}" for start, end in first.stretches]
    stretches = "" if len(uses) > 1 else ",".join(times)
    stop_vi, stop_en = _why_paused(first.pauses)
    each = first.worked
    per_vi, per_en = ("", "") if len(uses) == 1 else (" mỗi ngày", " each")
    return Step(
        "counted",
        f"{days_vi}{made_vi}:{stretches} = {_length(each, 'vi')}{per_vi}, cộng dồn {_length(total, 'vi')}"
        + (f"; đồng hồ dừng{stop_vi}" if stop_vi else ""),
        f"{days_en}{made_en}:{stretches} = {_length(each, 'en')}{per_en}, {_length(total, 'en')} so far"
        + (f"; the clock stands{stop_en}" if stop_en else ""),
        {"from": first.stretches[0][0], "to": last.stretches[-1][1], "hours_so_far": total / timedelta(hours=1)},
    )


def _pause_steps(pauses: Sequence[Pause], uses: Sequence[Use], due: Moment, unpaused: Moment) -> Iterator[Step]:
    took = {pause for use in uses for pause in use.pauses}
    for pause in pauses:
        if pause not in took:
            yield _idle_pause(pause)
    if not pauses:
        return
    if due == unpaused:
        yield Step("pause_effect", "Việc tạm dừng không dời hạn", "The pauses don't move the due date")
        return
    yield Step(
        "pause_effect",
        f"Nếu không tạm dừng, hạn là {_vi(unpaused)}; tạm dừng dời hạn đến {_vi(due)}",
        f"Without pauses it would be due {_en(unpaused)}; they move it to {_en(due)}",
        {"from": unpaused, "to": due},
    )


def _idle_pause(pause: Pause) -> Step:
    vi, en = _why_one(pause)
    return Step(
        "pause_without_effect",
        f"Tạm dừng{vi}: không lấy đi thời gian nào (ngoài thời gian tính, sau hạn, hoặc trùng khoảng dừng khác)",
        f"Pause{en}: takes no time away (outside counted time, after the due date, or within another pause)",
        {"from": pause.start, "to": pause.end, "status": pause.status},
    )


def _due(due: Moment, by: Convention) -> Step:
    if by is Convention.HOUR:
        return Step("due", f"Hạn trả: {_vi(due)}", f"Due: {_en(due)}", {"from": due})
    return Step("due", f"Hạn trả: hết {_vi(due)}", f"Due: by the end of {_en(due)}", {"from": due})


def _provisional(calendar: WorkingCalendar) -> Step:
    day = calendar.provisional_from
    assert day is not None
    return Step(
        "provisional",
        f"Lịch làm việc từ {_vi(day)} chưa có quyết định: hạn này còn có thể thay đổi",
        f"The working calendar is not decided from {_en(day)} on: this due date may still change",
        {"from": day},
    )


def _s(amount: int) -> str:
    return "" if amount == 1 else "s"


def _span(days: Sequence[CalendarDay]) -> tuple[str, str]:
    first, last = days[0].day, days[-1].day
    if first == last:
        return _vi(first), _en(first)
    return f"{_vi(first)} – {_vi(last)}", f"{_en(first)} – {_en(last)}"


def _vi(moment: Moment) -> str:
    time_of_day = f" {clock(moment)}" if isinstance(moment, datetime) else ""
    return f"{_WEEKDAYS_VI[moment.weekday()]} {moment:%d/%m/%Y}{time_of_day}"


def _en(moment: Moment) -> str:
    time_of_day = f" {clock(moment)}" if isinstance(moment, datetime) else ""
    return f"{moment:%a %Y-%m-%d}{time_of_day}"


def _length(length: timedelta, language: str) -> str:
    hour, minute, second = ("giờ", "phút", "giây") if language == "vi" else ("h", "min", "s")
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    parts = [(minutes // 60, hour), (minutes % 60, minute), (seconds, second)]
    return " ".join(f"{amount} {name}" for amount, name in parts if amount) or f"0 {hour}"
