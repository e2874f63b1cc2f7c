"""Commands about what BI sees: `build`, `publish`, `rollback`."""

from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import BusinessDate, Json


def register(app: typer.Typer) -> None:
    app.command("build")(build)
    app.command("publish")(publish)
    app.command("rollback")(rollback)


def build(
    business_date: BusinessDate,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Dựng lại từ đầu · from nothing")] = False,
    as_json: Json = False,
) -> None:
    """Dựng kho ở màu đang nghỉ · build the idle colour from the loads that count."""
    from egov_kpi.publish.build import build as from_new_loads
    from egov_kpi.publish.build import rebuild as from_nothing
    from egov_kpi.settings import get_settings

    work = from_nothing if rebuild else from_new_loads
    result = as_dict(work(get_settings(), business_date))
    output.emit(result, _lines(result), as_json)


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
