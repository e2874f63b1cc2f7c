"""Commands of the auditor: `trace`, `restatements`."""

import getpass
from decimal import Decimal
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import Json, check_dataset

By = Annotated[
    str,
    typer.Option("--by", default_factory=getpass.getuser, help="Người truy vết, ghi vào sổ cái · who, for the ledger"),
]
PublishNo = Annotated[
    int | None,
    typer.Option("--publish", min=1, help="Số bản công bố · number of the publish; default: the current one"),
]
PURGED = "đã hủy bản gốc, chứng nhận: sự kiện · originals purged, certificate: event {}"
_SIDES = {"numerator": "tử số · numerator", "denominator": "mẫu số · denominator"}


def register(app: typer.Typer) -> None:
    app.command("trace")(trace)
    app.command("restatements")(restatements)


def trace(
    by: By,
    kpi: Annotated[str | None, typer.Argument(metavar="KPI", help="bcci_received, …")] = None,
    agency: Annotated[str | None, typer.Argument(metavar="AGENCY", help="Mã đơn vị · code of the unit")] = None,
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help="2022, 2023Q1, 2023-03")] = None,
    row: Annotated[
        tuple[str, str, int] | None,
        typer.Option("--row", metavar="DATASET FILE_DIGEST ROW", help="Dòng này được tính ở đâu · where a row counts"),
    ] = None,
    publish_no: PublishNo = None,
    scope: Annotated[str, typer.Option("--scope", help="tree (mặc định · default), own")] = "tree",
    method: Annotated[str | None, typer.Option("--method", help="A, B, C, -")] = None,
    due_basis: Annotated[str | None, typer.Option("--due-basis", help="date, hour, -")] = None,
    restated: Annotated[
        bool, typer.Option("--restated", help="Theo đơn vị hiện nay · under the units of today")
    ] = False,
    show: Annotated[int, typer.Option("--show", min=0, help="Số dòng in ra mỗi vế · rows printed per side")] = 10,
    as_json: Json = False,
) -> None:
    """Số liệu này từ dòng nào của tệp nào · from a figure to the lines of the files behind it, or the other way."""
    given = (kpi, agency, period)
    if row is not None and not any(given):
        _row(row, publish_no, by, as_json)
        return
    if row is not None or kpi is None or agency is None or period is None:
        raise typer.BadParameter("KPI AGENCY PERIOD | --row DATASET FILE_DIGEST ROW")
    if scope not in ("own", "tree"):
        raise typer.BadParameter("--scope own | tree")
    asked = _asked(kpi, agency, period, scope, method, due_basis, "restated" if restated else "as_was")
    _figure(asked, publish_no, by, show, as_json)


def _asked(
    kpi: str, agency: str, period: str, scope: str, method: str | None, due_basis: str | None, unit_basis: str
) -> Any:
    from egov_kpi.trace.figure import Asked
    from egov_kpi.trace.period import parse_period

    try:
        return Asked(kpi, agency, parse_period(period), scope, method, due_basis, unit_basis)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _figure(asked: Any, publish_no: int | None, by: str, show: int, as_json: bool) -> None:
    from egov_kpi.settings import get_settings
    from egov_kpi.trace.backward import trace as follow

    found = follow(get_settings(), asked, by=by, publish_no=publish_no)
    output.emit(found, _figure_lines(found, show), as_json)


def _figure_lines(found: dict[str, Any], show: int) -> list[str]:
    figure, kpi, publish = found["figure"], found["kpi"], found["publish"]
    parts = [_number(figure[name]) for name in ("numerator", "denominator") if figure[name] is not None]
    confirmed = "" if kpi["is_confirmed"] else " (chưa đối chiếu văn bản · not checked against the text)"
    return [
        f"{figure['kpi_code']} v{figure['kpi_version']} · {figure['agency_code']} ({figure['scope']}"
        f"{', ' + figure['unit_basis'] if figure['unit_basis'] != 'as_was' else ''}) · "
        f"{figure['period']}: {_number(figure['value'])} {figure['unit']} = {' / '.join(parts)}",
        f"  {kpi['name_vi']} · {kpi['name_en']}",
        f"  {kpi['formula_vi']}",
        f"  {kpi['formula_en']}",
        f"  {kpi['legal_basis']}{confirmed}",
        f"  số liệu đến · data as of {figure['data_as_of'] or '-'} · đơn vị báo cáo · units reporting "
        f"{figure['agencies_reporting']}/{figure['agencies_expected']} · bị cách ly · quarantined "
        f"{100 * figure['quarantined_share']:.2f}%{' · ' + figure['value_reason'] if figure['value_reason'] else ''}",
        f"  công bố · publish {publish['publish_no']}: {publish['published_at']:%Y-%m-%d %H:%M:%S} · "
        f"{publish['published_by']} · code {publish['code_version']} · mart {publish['mart_digest'][:16]}…",
        f"  Airflow: {publish['run_id'] or '(chạy tay · by hand)'} · dbt {publish['dbt_invocation_id'] or '-'}",
        f"  lô nạp · loads: {', '.join(publish['run_ids']) or '(chạy tay · by hand)'}",
        *([] if publish["models_unchanged"] else ["  ! mô hình đã đổi từ lần dựng · models have changed since"]),
        *(line for name in _SIDES if name in found for line in _side_lines(name, found[name], show)),
        "lô · loads",
        *(line for load in found["loads"] for line in _load_lines(load)),
        *_since_lines(found["restatements_since"]),
        f"{found['ends_at']['vi']}",
        f"{found['ends_at']['en']}",
        f"sổ cái · ledger event {found['event_no']}",
    ]


def _side_lines(name: str, side: dict[str, Any], show: int) -> list[str]:
    shown = [
        (entry["dataset"], entry["load_seq"], entry["file"], entry["sheet"], entry["row"], entry["agency_code"],
         entry["key"], _number(entry["amount"]))
        for entry in side["rows"][:show]
    ]  # fmt: skip
    more = side["row_count"] - len(shown)
    return [
        f"{_SIDES[name]} {side['measure']} = {_number(side['stated'])} · {side['row_count']} dòng · rows",
        *(
            f"  {entry['rows']} dòng · rows: {entry['dataset']} load {entry['load_seq']} {entry['file']}"
            f" {entry['sheet'] or ''} {entry['file_digest']}"
            for entry in side["files"]
        ),
        *(f"    {line}" for line in output.table(_ROW, shown) if shown),
        *([f"    … {more} (--show, --json)"] if more else []),
    ]


_ROW = ("dataset", "load", "file", "sheet", "row", "agency", "key", "amount")


def _load_lines(load: dict[str, Any]) -> list[str]:
    account = " ".join(f"{name}={count}" for name, count in load["account"].items() if count is not None)
    rules, manifest = load["rules"], load["manifest"]
    revoked = f" · thu hồi · revoked: {load['revoked_because']}" if load["revoked_because"] else ""
    return [
        f"  {load['load_seq']} {load['dataset']} {load['verdict']} {load['business_date']} {account}{revoked}",
        *([f"    {PURGED.format(load['purged']['event_no'])}: {load['purged']['reason']}"] if load["purged"] else []),
        f"    manifest {manifest['content_digest']} · run {load['run_id'] or '-'} · code {load['code_version']}",
        *(
            f"    {entry['name']} {entry['bytes']} B {entry['sha256_landed']}"
            for entry in manifest["files"]
        ),
        f"    {len(rules['passed'])} quy tắc đạt · rules passed",
        *(f"    {rule['rule_id']} không đạt · failed: {rule['failed_rows']} dòng · rows" for rule in rules["failed"]),
        *(
            f"    {rule['rule_id']} miễn trừ · waived: {rule['waived_rows']} dòng · rows ({rule['waivers']})"
            for rule in rules["waived"]
        ),
    ]  # fmt: skip


def _since_lines(entries: list[dict[str, Any]]) -> list[str]:
    if not entries:
        return ["chưa bị điều chỉnh · never restated"]
    return ["điều chỉnh sau đó · restated since", *(line for entry in entries for line in _restated_lines(entry))]


# ------------------------------------------------------------------------------------------------------- from a row


def _row(row: tuple[str, str, int], publish_no: int | None, by: str, as_json: bool) -> None:
    from egov_kpi.settings import get_settings
    from egov_kpi.trace.forward import trace_row

    dataset, file_digest, row_no = row
    found = trace_row(get_settings(), check_dataset(dataset), file_digest, row_no, by=by, publish_no=publish_no)
    output.emit(found, _row_lines(found), as_json)


def _row_lines(found: dict[str, Any]) -> list[str]:
    from egov_kpi.trace.forward import FATES

    history = [
        f"  load {entry['load_seq']} {entry['file']}: {' · '.join(FATES[entry['fate']])}"
        + (f" ({', '.join(entry['rule_ids'])}, {entry['state']})" if entry["rule_ids"] else "")
        + (f" · {PURGED.format(entry['purged_event_no'])}" if entry["purged_event_no"] else "")
        for entry in found["history"]
    ]
    figures = [
        (
            entry["kpi_code"], entry["agency_code"], entry["scope"], entry["unit_basis"], entry["period_grain"],
            entry["period_start"],
            "+".join(entry["counts_in"]), _number(entry["amount"]), _number(entry["value"]),
        )
        for entry in found["figures"]
    ]  # fmt: skip
    row = found["row"]
    return [
        f"{row['dataset']} {row['file_digest']} {row['row']} · công bố · publish {found['publish_no']}",
        *history,
        *output.table(("kpi", "agency", "scope", "units", "grain", "period", "counts in", "amount", "value"), figures),
        f"{len(figures)} số liệu · figures · sổ cái · ledger event {found['event_no']}",
    ]


# --------------------------------------------------------------------------------------------------- restatements


def restatements(
    publish_no: PublishNo = None,
    closed: Annotated[bool, typer.Option("--closed", help="Chỉ kỳ đã kết thúc · only periods that were over")] = False,
    as_json: Json = False,
) -> None:
    """Bản công bố này sửa số nào của bản trước, vì sao · what a publish changed against the one before, and why."""
    from egov_kpi.settings import get_settings
    from egov_kpi.trace.restatement import restatements as compare

    found = compare(get_settings(), publish_no)
    if closed:
        found["restatements"] = [entry for entry in found["restatements"] if entry["is_period_over"]]
    output.emit(found, _restatement_lines(found), as_json)


def _restatement_lines(found: dict[str, Any]) -> list[str]:
    loads = [
        f"  load {load['load_seq']} {load['dataset']} {load['change']}: "
        + ", ".join(f"{kind} {rows}" for kind, rows in load["rows"].items())
        for load in found["loads"]
    ]
    return [
        f"công bố · publish {found['publish_no']} / {found['previous_publish_no']}: {found['values']} số liệu thay đổi "
        f"· figures changed, {found['closed_periods']} của kỳ đã kết thúc · of periods that were over",
        *loads,
        *(line for entry in found["restatements"] for line in _restated_lines(entry)),
    ]


def _restated_lines(entry: dict[str, Any]) -> list[str]:
    change = _number(entry["value_change"], sign="+")
    figures = f"{_pair(entry, '_before')} → {_pair(entry)} ({change})"
    return [
        f"  {entry['kpi_code']} {entry['agency_code']} {entry['scope']} {entry['unit_basis']} {entry['period_grain']} "
        f"{entry['period_start']}: {figures} · công bố · publish {entry['publish_no']}",
        *(f"    {_cause_line(cause)}" for cause in entry["causes"]),
    ]


def _pair(entry: dict[str, Any], suffix: str = "") -> str:
    numerator, denominator = entry[f"numerator{suffix}"], entry[f"denominator{suffix}"]
    return _number(numerator) if denominator is None else f"{_number(numerator)}/{_number(denominator)}"


def _cause_line(cause: dict[str, Any]) -> str:
    rows = f", {cause['rows']} dòng · rows" if cause.get("rows") else ""
    where = f" (load {cause['load_seq']} {cause['dataset']}{rows})" if "load_seq" in cause else ""
    return f"{cause['cause']}: {cause['vi']} · {cause['en']}{where} {cause.get('detail', '')}".rstrip()


def _number(value: Decimal | None, sign: str = "") -> str:
    """Whole numbers without decimals, others with four: the exact value is in --json."""
    if value is None:
        return "-"
    whole = value.to_integral_value()
    return format(whole, f"{sign}f") if value == whole else format(value, f"{sign}.4f")
