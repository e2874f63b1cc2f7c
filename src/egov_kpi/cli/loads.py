"""Commands about loads: `load`, `pull`, `gate`, `revoke`, `purge`. They call what the tasks of the ingest DAGs call."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import BusinessDate, Json, OptionalDate, Reason, check_dataset, parse_month
from egov_kpi.errors import EgovError, ExitCode

Dataset = Annotated[str, typer.Argument(callback=check_dataset, help="one_stop.dossiers, …")]
By = Annotated[
    str,
    typer.Option("--by", default_factory=getpass.getuser, help="Người thực hiện, ghi vào sổ cái · who, for the ledger"),
]
SomeDatasets = Annotated[list[str] | None, typer.Argument(help="mặc định: tất cả · default: all")]


def register(app: typer.Typer) -> None:
    app.command("load")(load)
    app.command("pull")(pull)
    app.command("gate")(gate)
    app.command("revoke")(revoke)
    app.command("purge")(purge)


def load(
    dataset: Dataset,
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="tệp · files")],
    business_date: OptionalDate = None,
    as_json: Json = False,
) -> None:
    """Nạp tệp có trong tay theo hợp đồng dữ liệu · load files in hand, the way that the night takes."""
    from egov_kpi.night.ingest import load_files

    _finish(load_files(dataset, files, business_date=business_date), as_json)


def pull(datasets: SomeDatasets = None, *, business_date: BusinessDate, as_json: Json = False) -> None:
    """Lấy kết xuất từ nguồn và nạp vào vùng đệm · pull the exports of a night and stage them."""
    from egov_kpi.night.ingest import pull_and_stage

    results = [pull_and_stage(dataset, business_date) for dataset in _chosen(datasets)]
    lines = [
        f"{item['dataset']} window={item['window_from']}..{item['window_to']} loads={item['loads']}" for item in results
    ]
    output.emit(results, lines, as_json)
    refused = [error for item in results for error in item["refused"]]
    for error in refused:
        output.show_told_error(error, as_json)
    if refused:
        raise typer.Exit(int(ExitCode.BAD_DATA))


def gate(datasets: SomeDatasets = None, *, business_date: BusinessDate, as_json: Json = False) -> None:
    """Kiểm tra các lần nạp đang chờ và đưa vào raw · check the waiting loads and promote what passes."""
    from egov_kpi.night.ingest import gate_and_promote

    loads: list[dict[str, Any]] = []
    errors: list[EgovError] = []
    for dataset in _chosen(datasets):
        try:
            loads += gate_and_promote(dataset, business_date)["loads"]
        except EgovError as error:
            errors.append(error)
            output.show_error(error, as_json)
    _finish(loads, as_json, errors)


def revoke(
    load_seq: Annotated[int, typer.Argument(metavar="LOAD", help="số lần nạp · number of the load")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Thu hồi một lần nạp khỏi mọi số liệu từ lần dựng kế tiếp · take a load out of all figures at the next build."""
    from egov_kpi.publish.revoke import revoke as take_out

    take_out(load_seq, reason)
    output.emit({"load_seq": load_seq, "reason": reason}, [f"load={load_seq} revoked: {reason}"], as_json)


def purge(
    by: By,
    month: Annotated[
        date | None, typer.Argument(parser=parse_month, metavar="[YYYY-MM]", help="tháng nạp · load month")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, ghi vào sổ cái · why; kept in the ledger")] = "",
    as_json: Json = False,
) -> None:
    """Hủy dữ liệu gốc của một tháng hết hạn lưu; không kèm tháng: liệt kê · purge a load month, or list those due."""
    from egov_kpi.raw.purge import past_retention
    from egov_kpi.raw.purge import purge as remove
    from egov_kpi.settings import get_settings

    if month is None:
        found = past_retention(get_settings())
        lines = [f"{entry['month']:%Y-%m} loads={entry['loads']} rows={entry['rows']}" for entry in found]
        output.emit(found, lines or ["chưa tháng nào hết hạn lưu · no month is past its retention"], as_json)
        return
    result = remove(get_settings(), month, reason, by)
    line = f"{month:%Y-%m} loads={len(result.loads)} rows={result.rows} folders={result.folders}"
    output.emit(asdict(result), [f"{line} · sổ cái · ledger event {result.event_no}"], as_json)


def _chosen(datasets: list[str] | None) -> list[str]:
    from egov_kpi.contracts.loader import all_contracts

    return [check_dataset(dataset) for dataset in datasets] if datasets else sorted(all_contracts())


def _finish(loads: list[dict[str, Any]], as_json: bool, errors: Sequence[EgovError] = ()) -> None:
    """Print each load and leave with the worst of their exit codes."""
    lines = [] if as_json else [line for load in loads for line in _load_lines(load)]
    output.emit(loads, lines or ["không có lần nạp nào đang chờ · no load is waiting"], as_json)
    codes = {output.exit_code(load["verdict"]) for load in loads} | {error.exit_code for error in errors}
    if codes - {0}:
        raise typer.Exit(int(max(codes)))


def _load_lines(load: dict[str, Any]) -> list[str]:
    lines = [output.load_line(load)]
    lines += [
        f"  {rule['rule_id']} {rule['severity']} {rule['action']}: {rule['failed_rows']}"
        for rule in load.get("rules", [])
        if not rule["success"]
    ]
    for notice in load.get("notices", []):
        output.note(f"  {notice}")
    for error in [*load.get("refused", []), *([load["error"]] if load.get("error") else [])]:
        for line in output.told_error_lines(error):
            output.note(line)
    return lines
