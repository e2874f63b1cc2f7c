"""Command about the report: `report build`."""

from pathlib import Path
from typing import Annotated

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import Json


def register(app: typer.Typer) -> None:
    report = typer.Typer(help="Trang báo cáo tĩnh · the static report.", no_args_is_help=True)
    # with one command alone typer would leave its name out
    report.callback()(lambda: None)
    report.command("build")(build)
    app.add_typer(report, name="report")


def build(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Ghi vào thư mục này, không thay trang hiện hành · write it there"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Lập trang báo cáo của bản công bố hiện hành · build the report of the current publish."""
    from egov_kpi.report.site import build_report
    from egov_kpi.report.state import told
    from egov_kpi.settings import get_settings

    site = told(build_report(get_settings(), out))
    lines = [
        f"publish={site['publish_no']} business_date={site['business_date']} pages={site['pages']} "
        f"bytes={site['bytes']} seconds={site['seconds']}",
        site["path"],
    ]
    output.emit(site, lines, as_json)
