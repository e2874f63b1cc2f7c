"""Commands about what BI sees: `build`, `reproduce`, `publish`, `rollback`."""

from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import BusinessDate, Json
from egov_kpi.errors import ExitCode


def register(app: typer.Typer) -> None:
    app.command("build")(build)
    app.command("reproduce")(reproduce)
    app.command("publish")(publish)
    app.command("rollback")(rollback)


def build(
    business_date: BusinessDate,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Dựng lại từ đầu · from nothing")] = False,
    without_purged: Annotated[
        bool, typer.Option("--without-purged", help="Bỏ hẳn các lô đã hủy bản gốc · give up purged loads for good")
    ] = False,
    as_json: Json = False,
) -> None:
    """Dựng kho ở màu đang nghỉ · build the idle colour from the loads that count."""
    from egov_kpi.publish.build import build as from_new_loads
    from egov_kpi.publish.build import rebuild as from_nothing
    from egov_kpi.settings import get_settings

    if without_purged and not rebuild:
        raise typer.BadParameter("--without-purged: --rebuild")
    result = as_dict(
        from_nothing(get_settings(), business_date, without_purged=without_purged)
        if rebuild
        else from_new_loads(get_settings(), business_date)
    )
    output.emit(result, _lines(result), as_json)


def reproduce(
    publish_no: Annotated[int, typer.Argument(metavar="N", min=1, help="Số bản công bố · number of the publish")],
    as_json: Json = False,
) -> None:
    """Dựng lại một bản công bố từ raw vào màu đang nghỉ, so mã băm · make a past publish anew, compare its digest."""
    from egov_kpi.publish.reproduce import reproduce as make_anew
    from egov_kpi.settings import get_settings

    found = make_anew(get_settings(), publish_no)
    output.emit({**as_dict(found), "equal": found.equal}, _compared_lines(found), as_json)
    if not found.equal:
        raise typer.Exit(int(ExitCode.BAD_DATA))


def _compared_lines(found: Any) -> list[str]:
    verdict = "khớp · equal" if found.equal else "KHÁC · different"
    differing = ", ".join(f"{relation} {month}" for relation, month in found.differing[:10])
    return [
        f"công bố · publish {found.publish_no}, {found.as_of}, {len(found.loads)} lô · loads → {found.colour}",
        f"  sổ cái · ledger   {found.recorded_digest} code {found.recorded_code_version}",
        f"  dựng lại · anew   {found.mart_digest} code {found.code_version}",
        *([] if found.models_unchanged else ["  ! mô hình nay khác lúc công bố · models are others than then"]),
        verdict + (f": {differing}" if differing else ""),
    ]


def publish(business_date: BusinessDate, as_json: Json = False) -> None:
    """Kiểm toán rồi công bố màu vừa dựng · audit the colour just built and publish it."""
    from egov_kpi.evidence.anchor import anchor_after_publish
    from egov_kpi.publish.publish import publish as audit_and_publish
    from egov_kpi.settings import get_settings

    result = as_dict(audit_and_publish(get_settings(), business_date))
    anchor_after_publish(get_settings())
    output.emit(result, _lines(result), as_json)


def rollback(
    reason: Annotated[str | None, typer.Option("--reason", help="Lý do · why; it is kept in the ledger")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Bỏ tạm giữ · lift the hold")] = False,
    as_json: Json = False,
) -> None:
    """Trở về lần công bố trước và tạm giữ, hoặc bỏ tạm giữ · show the publish before and hold, or lift the hold."""
    from egov_kpi.publish.rollback import resume as lift_hold
    from egov_kpi.publish.rollback import rollback as go_back

    if resume == (reason is not None):
        raise typer.BadParameter("--reason … | --resume")
    result = as_dict(lift_hold() if reason is None else go_back(reason))
    output.emit(result, _lines(result), as_json)


def as_dict(result: Any) -> dict[str, Any]:
    """A result of the publish package as a plain mapping."""
    if result is None:
        return {}
    return asdict(result) if is_dataclass(result) and not isinstance(result, type) else dict(result)


def _lines(result: dict[str, Any]) -> list[str]:
    return [" ".join(f"{name}={value}" for name, value in result.items() if not isinstance(value, list | dict))]
