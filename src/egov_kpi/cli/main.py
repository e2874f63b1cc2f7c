"""`egov-kpi`: the command line. It wires commands to the functions that the Airflow tasks call too.

Heavy imports live inside the commands, so that `egov-kpi --help` answers at once.
"""

import logging
import sys

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError  # typer carries a click of its own

from egov_kpi.cli import admin, claims, deadline, evidence, loads, nights, output, publishing, quarantine, report, trace
from egov_kpi.errors import EgovError, ExitCode


def build_app() -> typer.Typer:
    app = typer.Typer(
        name="egov-kpi",
        help="Kho dữ liệu chỉ số chính quyền điện tử · the e-government KPI warehouse.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for module in (nights, loads, publishing, admin, claims, quarantine, deadline, evidence, trace, report):
        module.register(app)
    return app


def main() -> None:
    """Run one command; its exit code tells a script what happened (docs/reference/cli.md)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command line, errors printed."""
    as_json = "--json" in arguments
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    try:
        code = build_app()(arguments, prog_name="egov-kpi", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        return int(ExitCode.USAGE)
    except ClickException as error:
        return _wrong_usage(error, as_json)
    except EgovError as error:
        output.show_error(error, as_json)
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:  # noqa: BLE001 (the last line of defence: reported in full, exit 3)
        output.show_unexpected(error, as_json)
        return int(ExitCode.COULD_NOT_CHECK)
    return int(code or 0)


def _wrong_usage(error: ClickException, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    if context is not None and not as_json:
        output.note(context.get_usage())
    told = EgovError("EGOV-CLI-002", detail=error.format_message())
    output.show_error(told, as_json)
    return int(told.exit_code)
