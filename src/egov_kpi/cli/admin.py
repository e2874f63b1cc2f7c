"""Commands about the installation: `doctor`, `db`, `up`, `down`, `simulate`, `ledger`, `backup`, `restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egov_kpi.cli import evidence, output
from egov_kpi.cli.options import Json
from egov_kpi.errors import ExitCode

if TYPE_CHECKING:
    from egov_kpi.platform.backup import BackupResult

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Thư mục của bản sao lưu · folder of the backup")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys", metavar="DIR", help="Thư mục khóa, mặc định DIR.keys · folder of the keys, DIR.keys if not given"
    ),
]


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("up")(up)
    app.command("down")(down)
    app.command("backup")(backup)
    app.command("restore")(restore)
    db = typer.Typer(help="Cơ sở dữ liệu · the database.", no_args_is_help=True)
    db.command("migrate")(db_migrate)
    db.command("url")(db_url)
    app.add_typer(db, name="db")
    ledger = typer.Typer(help="Sổ cái · the ledger.", no_args_is_help=True)
    ledger.command("verify")(ledger_verify)
    ledger.command("anchor")(evidence.ledger_anchor)
    app.add_typer(ledger, name="ledger")
    simulate = typer.Typer(help="Hệ thống nguồn mô phỏng · simulated source systems.", no_args_is_help=True)
    simulate.command("serve")(simulate_serve)
    app.add_typer(simulate, name="simulate")


def doctor(as_json: Json = False) -> None:
    """Kiểm tra cài đặt · check the installation; exit 1 when anything is FAIL."""
    from egov_kpi.platform import doctor as checking
    from egov_kpi.settings import get_settings

    checks = [asdict(check) for check in checking.checks(get_settings())]
    rows = [(check["status"], check["name"], f"{check['detail_vi']} · {check['detail_en']}") for check in checks]
    output.emit(checks, output.table(("status", "check", "detail"), rows), as_json)
    if any(check["status"] == "FAIL" for check in checks):
        raise typer.Exit(int(ExitCode.BAD_DATA))


def up(as_json: Json = False) -> None:
    """Khởi động Postgres, hệ thống mô phỏng và Airflow · start Postgres, the simulated sources and Airflow."""
    from egov_kpi.platform import airflow, postgres, simulator_service
    from egov_kpi.publish.dbt import migrate_and_seed
    from egov_kpi.settings import get_settings

    settings = get_settings()
    postgres.ensure_running(settings)
    migrate_and_seed(settings)
    if not settings.source_base_url:
        simulator_service.start(settings)
    server = airflow.up(settings, quiet=as_json)
    output.emit({"url": server.url, "user": server.user}, [], as_json)


def down(as_json: Json = False) -> None:
    """Dừng những gì đã khởi động · stop what `up` started."""
    from egov_kpi.platform import airflow, postgres, simulator_service
    from egov_kpi.settings import get_settings

    settings = get_settings()
    airflow.down(settings)
    simulator_service.stop(settings)
    postgres.stop(settings)
    output.emit({"stopped": True}, [], as_json)


def backup(folder: Folder, keys: Keys = None, as_json: Json = False) -> None:
    """Sao lưu kho, vùng tiếp nhận và khóa · back up warehouse, landing zone and keys while everything goes on."""
    from egov_kpi.platform import backup as backups
    from egov_kpi.settings import get_settings

    _tell_backup(backups.backup(get_settings(), folder.absolute(), keys.absolute() if keys else None), as_json)


def restore(folder: Folder, keys: Keys = None, as_json: Json = False) -> None:
    """Khôi phục vào bản cài chưa có dữ liệu, rồi đối chiếu · restore into an installation without data, and compare."""
    from egov_kpi.platform import backup as backups
    from egov_kpi.settings import get_settings

    _tell_backup(backups.restore(get_settings(), folder.absolute(), keys.absolute() if keys else None), as_json)


def _tell_backup(result: "BackupResult", as_json: bool) -> None:
    state = result.state
    lines = [
        f"folder={result.folder} keys={result.keys} files={result.landed_files} bytes={result.bytes}",
        f"publish={state.publish_no} business_date={state.business_date or '-'} mart_digest={state.mart_digest or '-'}",
        f"events={state.events} head={state.head}",
    ]
    output.emit(asdict(result), lines, as_json)


def db_migrate(as_json: Json = False) -> None:
    """Chạy các bước nâng cấp lược đồ còn thiếu · run the numbered migrations that have not run yet."""
    from egov_kpi.publish.dbt import migrate_and_seed
    from egov_kpi.settings import get_settings

    applied = migrate_and_seed(get_settings())
    output.emit({"applied": applied}, applied or ["không có gì mới · nothing new"], as_json)


def db_url(
    role: Annotated[str, typer.Option("--role", help="owner, loader, builder, publisher, custodian, bi, auditor")],
    as_json: Json = False,
) -> None:
    """Địa chỉ kết nối của một vai trò · the address with which a role connects; it holds the role's password."""
    from egov_kpi.db.connect import role_url

    url = role_url(role)
    output.emit({"role": role, "url": url}, [url], as_json)


def ledger_verify(as_json: Json = False) -> None:
    """Kiểm tra chuỗi băm của sổ cái · check the hash chain of the ledger; EGOV-LEDGER-001 when it is broken."""
    from egov_kpi.db.connect import connect
    from egov_kpi.ledger.events import verify

    with connect("auditor") as conn:
        result = verify(conn).require()
    output.emit(asdict(result), [f"events={result.events} head={result.head}"], as_json)


def simulate_serve(
    port: Annotated[int, typer.Option("--port", help="0: một cổng trống · a free one")] = 0,
    profile: Annotated[
        str | None, typer.Option("--profile", help="calibrated, province, an-giang-2023, tra-vinh-2022")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    dossiers_per_night: Annotated[int | None, typer.Option("--dossiers-per-night")] = None,
    history_months: Annotated[int | None, typer.Option("--history-months")] = None,
    as_json: Json = False,
) -> None:
    """Phục vụ kết xuất mô phỏng tại 127.0.0.1 · serve simulated exports on 127.0.0.1 until stopped.

    Its one line, the address, is JSON in any case: it is read by whoever started it.
    """
    from egov_kpi.settings import get_settings
    from egov_kpi.simulator.server import serve

    settings = get_settings()
    scale = {"dossiers_per_night": dossiers_per_night, "history_months": history_months}
    serve(
        profile or settings.simulator_profile,
        settings.simulator_seed if seed is None else seed,
        port,
        **{name: value for name, value in scale.items() if value is not None},
    )
