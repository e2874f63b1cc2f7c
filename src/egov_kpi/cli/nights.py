"""Commands about a whole night: `nightly` and `status`."""

from datetime import date
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import BusinessDate, Json

# The cut-off of the published report that the calibrated profile follows.
DEFAULT_NIGHT = date(2023, 3, 6)


def register(app: typer.Typer) -> None:
    app.command("nightly")(nightly)
    app.command("status")(status)


def nightly(
    business_date: BusinessDate = DEFAULT_NIGHT,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Không qua Airflow · in this process, without Airflow")
    ] = False,
    as_json: Json = False,
) -> None:
    """Chạy một đêm qua Airflow và đợi công bố · run one night through Airflow and wait for its publish."""
    from egov_kpi.night.nightly import run_in_process, run_through_airflow
    from egov_kpi.night.progress import Progress

    run = run_in_process if in_process else run_through_airflow
    with Progress() as progress:
        result = run(business_date, progress)
    report = result["report"] or {"path": None, "error": None, "exit_code": 0}
    lines = [_publish_line(result["publish"]), *(output.load_line(load) for load in result["loads"])]
    output.emit(result, [*lines, *([f"report={report['path']}"] if report["path"] else [])], as_json)
    if report["error"]:
        output.show_told_error(report["error"], as_json)
        raise typer.Exit(report["exit_code"])


def status(as_json: Json = False) -> None:
    """Lần nạp cuối của từng bộ dữ liệu và lần công bố hiện hành · each dataset's last load, and the current publish."""
    from egov_kpi.night.status import status as read

    result = read()
    output.emit(result, _status_lines(result), as_json)


def _publish_line(publish: dict[str, Any] | None) -> str:
    if publish is None:
        return "chưa công bố · nothing published yet"
    return (
        f"publish={publish['publish_no']} business_date={publish['business_date']} "
        f"colour={publish['colour']} code_version={publish['code_version']}"
    )


def _report_line(report: dict[str, Any] | None) -> str:
    if report is None:
        return "report=- (chưa lập · none yet: egov-kpi report build)"
    old = "" if report["is_current"] else " (của bản công bố khác · of another publish: egov-kpi report build)"
    return f"report={report['path']} publish={report['publish_no']} built_at={report['built_at']:%Y-%m-%d %H:%M}{old}"


def _status_lines(result: dict[str, Any]) -> list[str]:
    counts = ("received", "accepted", "unchanged", "quarantined")
    headers = ("dataset", "load", "business_date", "verdict", *counts, "critical")
    rows = [
        (
            item["dataset"],
            item["load_seq"],
            item["business_date"],
            item["verdict"],
            *((item["account"] or {}).get(name) for name in counts),
            "yes" if item["critical"] else "no",
        )
        for item in result["datasets"]
    ]
    held = ["đang tạm giữ công bố · publishes are on hold (egov-kpi rollback --resume)"] if result["on_hold"] else []
    incidents = [
        f"! {item['occurred_at']} {item['kind']} {item['dataset'] or ''}".rstrip() for item in result["incidents"]
    ]
    return [
        _publish_line(result["publish"]),
        _report_line(result["report"]),
        *held,
        *output.table(headers, rows),
        *incidents,
    ]
