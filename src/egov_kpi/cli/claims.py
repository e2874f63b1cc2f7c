"""Commands about published reports: `claims check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import Json
from egov_kpi.errors import EgovError, ExitCode

if TYPE_CHECKING:
    from egov_kpi.claims.check import Report
    from egov_kpi.claims.model import Claim

_LABELS = {
    "holds": "ĐÚNG · holds",
    "wrong": "SAI · wrong",
    "incomplete": "THIẾU · incomplete",
    "unit_slip": "NHẦM ĐƠN VỊ · unit slip",
    "target": "MỤC TIÊU · target",
    "ambiguous": "CHƯA RÕ · ambiguous",
}


def register(app: typer.Typer) -> None:
    claims = typer.Typer(help="Số liệu trong báo cáo · figures in published reports", no_args_is_help=True)
    claims.callback()(_group)
    claims.command("check")(check)
    app.add_typer(claims, name="claims")


def _group() -> None:
    """Số liệu trong báo cáo đã công bố · the figures of published reports."""


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="txt, html, docx, pdf")],
    as_json: Json = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Mã thoát 1 khi có số liệu sai · exit 1 when a claim is wrong")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Chỉ in phần chữ đã đọc · print the extracted text only")
    ] = False,
    warehouse: Annotated[
        bool,
        typer.Option(
            "--warehouse", help="Đối chiếu với kho và lưu kết quả · compare with the warehouse and keep the results"
        ),
    ] = False,
    agency: Annotated[
        str | None, typer.Option("--agency", help="Mã đơn vị của báo cáo · code of the unit reported on")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="2023, 2023Q1, 2023M09")] = None,
) -> None:
    """Tìm, tính lại và kết luận về số liệu trong báo cáo · find, recompute and judge the claims of reports."""
    if warehouse and text:
        raise typer.BadParameter("--warehouse | --text")
    if (agency or period) and not warehouse:
        raise typer.BadParameter("--agency, --period: --warehouse")
    if period:
        _check_period(period)
    reports, errors = _read(files)
    if text:
        _print_texts(reports, as_json)
    else:
        reports = _compared(reports, agency, period) if warehouse else _beside_marts(reports)
        _print_claims(reports, as_json)
    for error in errors:
        output.show_error(error, as_json)
    raise typer.Exit(_exit_code(reports, errors, strict and not text))


def _check_period(period: str) -> None:
    from egov_kpi.claims.marts import parse_period

    try:
        parse_period(period)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _read(files: list[Path]) -> tuple[list["Report"], list[EgovError]]:
    """Every file that can be read, and the error of each that can't: one bad file doesn't hide the others."""
    from egov_kpi.claims.check import check_file

    reports, errors = [], []
    for file in files:
        try:
            reports.append(check_file(file))
        except EgovError as error:
            errors.append(error)
    return reports, errors


def _compared(reports: list["Report"], agency: str | None, period: str | None) -> list["Report"]:
    from egov_kpi.claims.store import compare_and_keep

    return [compare_and_keep(report, agency, period) for report in reports]


def _beside_marts(reports: list["Report"]) -> list["Report"]:
    """With the marts' figures where a warehouse is up; nothing is kept, and without one nothing is different."""
    from egov_kpi.claims.marts import compared_if_reachable

    return [compared_if_reachable(report) for report in reports]


def _exit_code(reports: list["Report"], errors: list[EgovError], strict: bool) -> int:
    if errors:
        return int(max(error.exit_code for error in errors))
    return int(ExitCode.BAD_DATA if strict and any(report.is_wrong for report in reports) else ExitCode.OK)


def _print_texts(reports: list["Report"], as_json: bool) -> None:
    """The text exactly: nothing is added, since offsets are counted in it. Several files are parted by a form feed."""
    import sys

    if as_json:
        output.emit([{"file": report.file, "text": report.text} for report in reports], [], True)
        return
    sys.stdout.write("\f".join(report.text for report in reports))
    sys.stdout.flush()


def _print_claims(reports: list["Report"], as_json: bool) -> None:
    result: list[dict[str, Any]] = [claim for report in reports for claim in report.as_dicts()]
    lines = [line for report in reports for line in _lines(report)]
    output.emit(result, lines, as_json)


def _lines(report: "Report") -> list[str]:
    counts = {label: sum(claim.verdict == verdict for claim in report.claims) for verdict, label in _LABELS.items()}
    summary = (
        ", ".join(f"{count} {label}" for label, count in counts.items() if count)
        or "không có số liệu để kiểm tra · no claims"
    )
    return [f"{report.file}: {summary}", *(line for claim in report.claims for line in _claim_lines(claim))]


def _claim_lines(claim: "Claim") -> list[str]:
    shown = " ".join(claim.text.split())
    return [
        f"  [{claim.start}-{claim.end}] {_LABELS[claim.verdict]}",
        f"    “{shown}”",
        f"    {claim.reason_vi} · {claim.reason_en}",
    ]
