"""Commands about refused rows and originals: `quarantine`, `waiver`, `decision`, `open-row`."""

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import Json, OptionalDate, Reason, check_dataset, parse_date
from egov_kpi.errors import ExitCode

LoadNumber = Annotated[int, typer.Argument(metavar="LOAD", help="số lần nạp · number of the load")]
WaiverNumber = Annotated[int, typer.Argument(metavar="WAIVER", help="số miễn trừ · number of the waiver")]
By = Annotated[
    str,
    typer.Option("--by", default_factory=getpass.getuser, help="Người thực hiện, ghi vào sổ cái · who, for the ledger"),
]
Expiry = Annotated[
    date | None,
    typer.Option("--expires", parser=parse_date, metavar="YYYY-MM-DD", help="Hết hạn, tối đa 90 ngày · last day"),
]
Agency = Annotated[str | None, typer.Option("--agency", help="Mã đơn vị · code of the unit")]
RuleId = Annotated[str | None, typer.Option("--rule", help="Mã quy tắc · rule, GATE-…")]


def _known_dataset(dataset: str | None) -> str | None:
    return check_dataset(dataset) if dataset else None


def _known_state(state: str | None) -> str | None:
    from egov_kpi.contracts.sql import QUARANTINE_STATES

    if state and state not in (*QUARANTINE_STATES, "all"):
        raise typer.BadParameter(f"{state!r}: {', '.join(QUARANTINE_STATES)}, all")
    return state


OneDataset = Annotated[str | None, typer.Option("--dataset", callback=_known_dataset, help="one_stop.dossiers, …")]
State = Annotated[str, typer.Option("--state", callback=_known_state, help="open (mặc định · default), …, all")]


def register(app: typer.Typer) -> None:
    rows = typer.Typer(help="Dòng bị cách ly · refused rows.", no_args_is_help=True)
    rows.command("list")(list_rows)
    rows.command("show")(show)
    rows.command("export")(export)
    rows.command("return")(take_return)
    rows.command("replay")(replay)
    rows.command("reject")(reject)
    app.add_typer(rows, name="quarantine")
    waivers = typer.Typer(help="Miễn trừ quy tắc · waivers of rules.", no_args_is_help=True)
    waivers.command("propose")(propose)
    waivers.command("approve")(approve)
    waivers.command("withdraw")(withdraw)
    waivers.command("list")(list_waivers)
    app.add_typer(waivers, name="waiver")
    app.command("decision")(decision)
    app.command("open-row")(open_row)


# ----------------------------------------------------------------------------------------------------------- quarantine


def list_rows(
    dataset: OneDataset = None,
    agency: Agency = None,
    state: State = "open",
    rule: RuleId = None,
    as_json: Json = False,
) -> None:
    """Dòng cách ly theo đơn vị, kèm cách khắc phục · refused rows by unit, with the remedy."""
    from egov_kpi.quarantine.review import overview

    found = overview(dataset, agency, None if state == "all" else state, rule)
    output.emit(found, _overview_lines(found), as_json)


def _overview_lines(found: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    unit: str | None = ""
    for row in found:
        if row["agency_code"] != unit:
            unit = row["agency_code"]
            lines.append(f"{unit or '(không rõ đơn vị · unit unknown)'}")
        lines.append(
            f"  {row['dataset']} {row['rule_id']} {row['state']}: {row['rows']} (từ · since {row['oldest']:%Y-%m-%d})"
        )
        lines += [f"    {row['reason_vi']}", f"    → {row['remediation_vi']}"] if row["reason_vi"] else []
        more = " …" if row["rows"] > len(row["named"]) else ""
        lines.append(f"    {' '.join(row['named'])}{more} · load {', '.join(map(str, row['loads']))}")
    return lines or ["không có dòng nào · no row"]


def show(
    row: Annotated[str, typer.Argument(metavar="ID", help="bộ_dữ_liệu:số · dataset:number")], as_json: Json = False
) -> None:
    """Một dòng cách ly và lịch sử của nó · one refused row and its history."""
    from egov_kpi.quarantine.review import show as look

    found = look(row)
    gone = found["purged"]
    lines = [
        f"{found['row']} {found['state']} · load {found['load_seq']} · {_place(found)} · dòng {found['row_no']}",
        *([f"  đã hủy bản gốc, chứng nhận: sự kiện · purged, certificate: event {gone['event_no']}"] if gone else []),
        *(f"  {name} = {value}" for name, value in found["values"].items() if value is not None),
        *(f"  {rule['rule_id']}: {rule['reason_vi']} → {rule['remediation_vi']}" for rule in found["rules"]),
        *output.table(
            ("state", "since", "event", "login", "by", "by load", "cause"),
            [[entry[name] for name in _HISTORY] for entry in found["history"]],
        ),
    ]
    output.emit(found, lines, as_json)


def _place(found: dict[str, Any]) -> str:
    return " ".join(str(part) for part in (found["file"], found["sheet"]) if part)


_HISTORY = ("state", "since", "event_no", "actor", "by_name", "by_load", "cause")


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="tệp sẽ ghi · file to write")],
    agency: Annotated[str, typer.Option("--agency", help="Mã đơn vị · code of the unit")],
    dataset: OneDataset = None,
    as_json: Json = False,
) -> None:
    """Bảng tính dòng lỗi để đơn vị nguồn sửa · workbook of refused rows for the source unit."""
    from egov_kpi.quarantine.workbook import export_workbook
    from egov_kpi.settings import get_settings

    result = export_workbook(get_settings(), agency, [dataset] if dataset else None, file)
    counts = ", ".join(f"{name} {rows}" for name, rows in result["datasets"].items())
    nothing = f"đơn vị {agency} không có dòng nào đang chờ · no open row of unit {agency}"
    output.emit(result, [f"{result['file']}: {counts}" if result["file"] else nothing], as_json)
    for load_seq, rows in result["purged"].items():
        output.note(f"  load {load_seq}: {rows} dòng đã hủy bản gốc vì hết hạn lưu · rows whose originals were purged")


def take_return(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", exists=True, dir_okay=False, readable=True)],
    business_date: OptionalDate = None,
    as_json: Json = False,
) -> None:
    """Nạp bảng tính đơn vị đã sửa · load the workbook that the unit has corrected."""
    from egov_kpi.quarantine.workbook import load_return
    from egov_kpi.settings import get_settings

    _finish(load_return(get_settings(), file, business_date), as_json)


def replay(load_seq: LoadNumber, reason: Reason = "replay", as_json: Json = False) -> None:
    """Xét lại một lần nạp theo quy tắc hiện tại, thành một lần nạp mới · hear a load again, as a load of its own."""
    from egov_kpi.quarantine.replay import replay as hear_again

    _finish([hear_again(load_seq, reason)], as_json)


def reject(
    reason: Reason,
    by: By,
    rows: Annotated[list[str] | None, typer.Argument(metavar="[ROW]…", help="bộ_dữ_liệu:số · dataset:number")] = None,
    load_seq: Annotated[int | None, typer.Option("--load", help="số lần nạp · number of the load")] = None,
    rule: RuleId = None,
    as_json: Json = False,
) -> None:
    """Loại hẳn dòng cách ly · reject refused rows for good."""
    from egov_kpi.quarantine.review import reject_load, reject_rows

    if bool(rows) == (load_seq is not None) or (rule and load_seq is None):
        raise typer.BadParameter("ROW… hoặc · or --load N [--rule R]")
    result = reject_load(load_seq, rule, reason, by) if load_seq is not None else reject_rows(rows or [], reason, by)
    output.emit(result, [f"{dataset}: {count} rejected" for dataset, count in result.items()], as_json)


def _finish(loads: list[dict[str, Any]], as_json: bool) -> None:
    """Print each load and leave with the worst of their exit codes."""
    lines: list[str] = []
    for load in loads:
        lines.append(output.load_line(load))
        lines += [f"  corrected={load['corrected']}"] if "corrected" in load else []
        lines += [f"  replay of load {load['replay_of']}"] if "replay_of" in load else []
        for notice in load.get("notices", []):
            output.note(f"  {notice}")
        for error in [*load.get("refused", []), *([load["error"]] if load.get("error") else [])]:
            for line in output.told_error_lines(error):
                output.note(line)
    output.emit(loads, lines, as_json)
    worst = max((output.exit_code(load["verdict"]) for load in loads), default=ExitCode.OK)
    if worst:
        raise typer.Exit(int(worst))


def open_row(
    dataset: Annotated[str, typer.Argument(callback=check_dataset, help="one_stop.dossiers, …")],
    file_digest: Annotated[str, typer.Argument(metavar="FILE_DIGEST", help="mã băm của tệp · digest of the file")],
    row: Annotated[int, typer.Argument(metavar="ROW", min=1, help="số dòng trong tệp · number of the row")],
    reason: Reason,
    by: By,
    as_json: Json = False,
) -> None:
    """Mở một dòng gốc, đủ mọi ô; ghi sổ cái trước khi mở · one original row in full, logged before it is opened."""
    from egov_kpi.quarantine.original import open_row as look
    from egov_kpi.settings import get_settings

    found = look(get_settings(), dataset, file_digest, row, reason=reason, by=by)
    lines = [
        f"{found['file']} · dòng · row {row} · load {found['load_seq']} · sổ cái · ledger event {found['event_no']}",
        *(f"  {header} = {text}" for header, text in {**found["cells"], **found["added"]}.items()),
    ]
    output.emit(found, lines, as_json)


# --------------------------------------------------------------------------------------------------------------- waiver


def propose(
    dataset: Annotated[str, typer.Argument(callback=check_dataset, help="one_stop.dossiers, …")],
    rule: Annotated[str, typer.Argument(metavar="RULE", help="GATE-…")],
    reason: Reason,
    expires: Annotated[
        date,
        typer.Option("--expires", parser=parse_date, metavar="YYYY-MM-DD", help="Hết hạn, tối đa 90 ngày · last day"),
    ],
    by: By,
    agency: Agency = None,
    as_json: Json = False,
) -> None:
    """Đề nghị miễn trừ một quy tắc · propose to waive a rule."""
    from egov_kpi.quarantine import waiver

    _emit_waivers([waiver.propose(dataset, rule, reason, expires, by, agency_code=agency)], as_json, single=True)


def approve(waiver_no: WaiverNumber, by: By, as_json: Json = False) -> None:
    """Duyệt miễn trừ, bằng người khác và tài khoản khác · approve a waiver, by another person with another login."""
    from egov_kpi.quarantine import waiver

    _emit_waivers([waiver.approve(waiver_no, by)], as_json, single=True)


def withdraw(waiver_no: WaiverNumber, reason: Reason, by: By, as_json: Json = False) -> None:
    """Rút miễn trừ · withdraw a waiver."""
    from egov_kpi.quarantine import waiver

    _emit_waivers([waiver.withdraw(waiver_no, reason, by)], as_json, single=True)


def list_waivers(business_date: OptionalDate = None, as_json: Json = False) -> None:
    """Mọi miễn trừ; trạng thái tính theo ngày nghiệp vụ · all waivers, their state on a business date."""
    from egov_kpi.quarantine import waiver

    _emit_waivers(waiver.waivers(business_date), as_json)


_WAIVER = (
    "waiver_no",
    "state",
    "dataset",
    "rule_id",
    "agency_code",
    "expires_on",
    "proposed_by_name",
    "approved_by_name",
    "reason",
)


def _emit_waivers(found: list[dict[str, Any]], as_json: bool, single: bool = False) -> None:
    lines = output.table(_WAIVER, [[waiver[name] for name in _WAIVER] for waiver in found])
    output.emit(found[0] if single else found, lines, as_json)


# ------------------------------------------------------------------------------------------------------------- decision


def decision(
    load_seq: LoadNumber,
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help="reject | wait | propose-waiver")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, ghi vào sổ cái · why; kept in the ledger")] = "",
    rule: RuleId = None,
    expires: Expiry = None,
    agency: Agency = None,
    as_json: Json = False,
) -> None:
    """Quyết định về một lần nạp bị chặn · decide about a blocked load."""
    from egov_kpi.quarantine.decision import record

    params = {"reason": reason, "rule": rule, "expires_on": expires, "agency": agency}
    result = record(load_seq, choice, by, {name: value for name, value in params.items() if value})
    line = f"load={result['load_seq']} {result['choice']} by={result['by']} rejected={result['rejected_rows']}"
    waiver = f" waiver={result['waiver_no']}" if result["waiver_no"] else ""
    output.emit(result, [line + waiver], as_json)
