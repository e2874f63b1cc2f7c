"""Commands about due dates: `deadline`."""

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from egov_kpi.cli import output
from egov_kpi.cli.options import Json
from egov_kpi.errors import EgovError

if TYPE_CHECKING:
    from egov_kpi.calendar import DueDate, OfficeHours, Pause, Term


class _PairedPauses(TyperCommand):
    """`--pause FROM TO`: Typer has no option of two values that repeats, so each pair is read as FROM/TO (ISO 8601)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        left, joined = list(args), []
        while left:
            joined.append(left.pop(0))
            if joined[-1] == "--pause" and left:
                joined.append(left.pop(0))
                if "/" not in joined[-1] and left:
                    joined[-1] += f"/{left.pop(0)}"
        return super().parse_args(ctx, joined)


def register(app: typer.Typer) -> None:
    # A negative term has to reach the error that explains it, so it must not be taken for an option.
    app.command("deadline", cls=_PairedPauses, context_settings={"ignore_unknown_options": True})(deadline)


def deadline(
    received: Annotated[str, typer.Argument(metavar="RECEIVED", help="2023-01-03 | '2023-01-03 09:00'")],
    amount: Annotated[str, typer.Argument(metavar="N", help="Thời hạn · the term (0 = same_day)")],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="working_day, working_hour, same_day, day, month")],
    convention: Annotated[
        str | None,
        typer.Option("--convention", metavar="date|hour", help="Tính theo ngày hay giờ · by date or by hour"),
    ] = None,
    pauses: Annotated[
        list[str] | None,
        typer.Option("--pause", metavar="FROM TO", help="Khoảng dừng đồng hồ, lặp lại được · a pause; repeatable"),
    ] = None,
    slots: Annotated[
        str | None,
        typer.Option("--hours", metavar="SLOTS", help="Giờ làm việc khác · other hours: 07:00-11:00,13:00-17:00"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hạn trả của một hồ sơ và vì sao · the due date of a single case, and why."""
    from egov_kpi.calendar import due_at, load_calendar
    from egov_kpi.settings import get_settings

    moment = parse_moment(received)
    due = due_at(
        moment,
        _term(amount, unit),
        _convention(convention),
        [_pause(text) for text in pauses or []],
        load_calendar(get_settings().dbt_dir / "seeds" / "calendar_day.csv"),
        _hours(slots, moment),
    )
    output.emit(due.as_dict(), _lines(due), as_json)


def parse_moment(text: str) -> date | datetime:
    """A day, or a moment in office time when a time of day is given; EGOV-CAL-006 for anything else."""
    from egov_kpi.calendar.model import local

    try:
        if len(text) == len("2023-01-03"):
            return date.fromisoformat(text)
        return local(datetime.fromisoformat(text))
    except ValueError as error:
        raise EgovError("EGOV-CAL-006", value=text) from error


def _pause(text: str) -> "Pause":
    from egov_kpi.calendar import Pause

    start, slash, end = text.partition("/")
    if not slash:
        raise typer.BadParameter("--pause FROM TO")
    return Pause(parse_moment(start), parse_moment(end))


def _term(amount: str, unit: str) -> "Term":
    from egov_kpi.calendar import Term
    from egov_kpi.calendar.model import parse_unit

    if not re.fullmatch(r"[+-]?[0-9]+", amount):
        raise EgovError("EGOV-CAL-001", value=amount)
    return Term(int(amount), parse_unit(unit))


def _convention(text: str | None) -> Any:
    from egov_kpi.calendar import Convention

    try:
        return None if text is None else Convention(text)
    except ValueError as error:
        raise EgovError("EGOV-CAL-015", value=text, known=", ".join(Convention)) from error


def _hours(text: str | None, received: date) -> "OfficeHours | None":
    from dataclasses import replace

    from egov_kpi.calendar.model import day_of
    from egov_kpi.calendar.office import office_hours, parse_slots

    if text is None:
        return None
    usual = office_hours(day_of(received))
    return replace(usual, slots=parse_slots(text), source_vi="--hours", source_en="--hours")


def _lines(due: "DueDate") -> list[str]:
    lines = [str(due.as_dict()["due"])]
    for number, step in enumerate(due.explanation, start=1):
        lines += [f"{number:>3}. {step.vi}", f"     {step.en}"]
    return lines
