"""What a command says and where: results on stdout, everything else on stderr, errors in both languages.

Everything that a command prints goes through here, so that `--json` means the same for all of them.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from egov_kpi.errors import EgovError, ExitCode

# Where an error lies, in the order in which a clerk looks for it.
_ACCOUNT = ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural")
_PLACE = ("dataset", "file", "sheet", "row", "column", "value", "rule")


def emit(result: Any, lines: Iterable[str], as_json: bool) -> None:
    """The result of a command: one JSON document, or lines for people."""
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=_plain, sort_keys=True) + "\n")
    else:
        for line in lines:
            sys.stdout.write(line + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Progress and remarks: never part of the result."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def show_error(error: EgovError, as_json: bool) -> None:
    show_told_error(error.as_dict(), as_json)


def show_told_error(error: Mapping[str, Any], as_json: bool) -> None:
    """The same of an error that arrives as part of a result."""
    if as_json:
        sys.stderr.write(json.dumps(error, ensure_ascii=False, default=_plain, sort_keys=True) + "\n")
        return
    for line in told_error_lines(error):
        note(line)


def error_lines(error: EgovError) -> list[str]:
    """The error in Vietnamese, then English, then its place and what to do about it."""
    return told_error_lines(error.as_dict())


def show_unexpected(error: BaseException, as_json: bool) -> None:
    """An error nobody foresaw. It says nothing about the data, so it is 'could not check', never 'bad data'."""
    import traceback

    if not as_json:
        traceback.print_exception(error, file=sys.stderr)
    show_error(EgovError("EGOV-CLI-001", kind=type(error).__name__), as_json)


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Plain aligned columns, the same on a terminal and in a log."""
    cells = [[_cell(value) for value in row] for row in [headers, *rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(headers))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def told_error_lines(error: Mapping[str, Any]) -> list[str]:
    """The same of an error that arrives as part of a result."""
    place = [f"{name}={error[name]}" for name in _PLACE if error.get(name) not in (None, "", "None")]
    lines = [f"{error['code']} {error['message_vi']}", f"{error['code']} {error['message_en']}"]
    if place:
        lines.append("  " + " · ".join(place))
    return [*lines, f"  → {error['remedy_vi']}", f"  → {error['remedy_en']}"]


def load_line(load: Mapping[str, Any]) -> str:
    """One load in one line: number, verdict and account."""
    account = load.get("account") or {}
    counts = " ".join(f"{name}={account[name]}" for name in _ACCOUNT if name in account)
    return f"{load['dataset']} load={load['load_seq']} {load['verdict']} {counts}".rstrip()


def exit_code(verdict: str) -> ExitCode:
    """The exit code of one verdict; part of the data refused and all of it refused are both 'bad data'."""
    if verdict in ("quarantined", "blocked"):
        return ExitCode.BAD_DATA
    if verdict in ("could_not_check", "missing", "pending"):
        return ExitCode.COULD_NOT_CHECK
    return ExitCode.OK


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
