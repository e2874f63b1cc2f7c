"""Checks of an installation. They look and never mend: nothing is started, made or changed by asking.

A check that could not be made is a FAIL, because nobody knows then; WARN is for what works today and may not tomorrow.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Literal

import httpx
import psycopg
from packaging.requirements import Requirement

from egov_kpi.errors import EgovError
from egov_kpi.extract.http import trusting
from egov_kpi.platform import airflow, listening, postgres, processes, simulator_service
from egov_kpi.settings import Settings

Status = Literal["OK", "WARN", "FAIL"]
GIB = 1024**3
LEAST_FREE_GIB = 1
COMFORTABLE_FREE_GIB = 5
# A service beats every 5 s; after so long without a beat it hangs, even if its process lives.
OLDEST_BEAT_SECONDS = 60


@dataclass(frozen=True)
class Check:
    """One finding, in both languages."""

    name: str
    status: Status
    detail_vi: str
    detail_en: str


def checks(settings: Settings) -> list[Check]:
    """All findings, those of the machine first."""
    groups: list[tuple[str, Callable[[Settings], Iterator[Check]]]] = [
        ("python", _python),
        ("packages", _packages),
        ("disk", _disk),
        ("secrets", _secrets),
        ("landing", _landing),
        ("contracts", _contracts),
        ("postgres", _postgres),
        ("sources", _sources),
        ("airflow", _airflow),
        ("airflow login", _airflow_login),
        ("ports", _ports),
    ]
    return [check for name, group in groups for check in _made(name, group, settings)]


def _made(name: str, group: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    """The group's findings; what it could not find out is a finding too."""
    found: list[Check] = []
    try:
        for check in group(settings):
            found.append(check)
    except EgovError as error:
        told = error.as_dict()
        found.append(
            Check(
                name,
                "FAIL",
                f"{error.code} {told['message_vi']} → {told['remedy_vi']}",
                f"{error.code} {told['message_en']} → {told['remedy_en']}",
            )
        )
    # a damaged file of ours shows as a value that can't be read
    except (psycopg.Error, OSError, httpx.HTTPError, ValueError, KeyError) as error:
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        found.append(Check(name, "FAIL", f"không kiểm tra được: {reason}", f"could not be checked: {reason}"))
    return found


# -------------------------------------------------------------------------------------------------------- the machine


def _python(settings: Settings) -> Iterator[Check]:
    number = sys.version.split()[0]
    is_right = sys.version_info[:2] == (3, 11)
    yield Check("python", "OK" if is_right else "FAIL", f"Python {number}, cần 3.11", f"Python {number}, 3.11 needed")


def _packages(settings: Settings) -> Iterator[Check]:
    """Installed versions against the lock: a package changed by hand makes two installations differ."""
    wrong = list(_deviations(settings.project_root / "requirements.lock"))
    if wrong:
        listed = ", ".join(wrong[:5]) + (" …" if len(wrong) > 5 else "")
        yield Check("packages", "FAIL", f"{len(wrong)} gói khác requirements.lock: {listed}; chạy make setup",
                    f"{len(wrong)} packages differ from requirements.lock: {listed}; run make setup")  # fmt: skip
    else:
        yield Check("packages", "OK", "đúng như requirements.lock", "as in requirements.lock")


def _deviations(lock: Path) -> Iterator[str]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker and not requirement.marker.evaluate():
            continue
        found = _installed(requirement.name)
        if not found or not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} {found or '-'} ({requirement.specifier})"


def _installed(name: str) -> str:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return ""


def _disk(settings: Settings) -> Iterator[Check]:
    for name, folder in _written_folders(settings).items():
        free = shutil.disk_usage(folder).free / GIB
        status: Status = "FAIL" if free < LEAST_FREE_GIB else "WARN" if free < COMFORTABLE_FREE_GIB else "OK"
        yield Check(
            f"disk {name}", status, f"còn trống {free:.1f} GiB tại {folder}", f"{free:.1f} GiB free at {folder}"
        )


def _written_folders(settings: Settings) -> dict[str, Path]:
    data = postgres.data_dir(settings)
    local = settings.local_dir if settings.local_dir.exists() else settings.local_dir.parent
    folders = {"local": local}
    # the data folder itself may belong to another user; the one above it is on the same disk
    return {**folders, "postgres": data.parent.parent} if data else folders


def _secrets(settings: Settings) -> Iterator[Check]:
    folder = settings.secrets_dir
    if not folder.exists():
        yield Check("secrets", "WARN", "chưa có; make up sẽ tạo", "none yet; make up makes them")
        return
    open_ones = [path.name for path in [folder, *sorted(folder.iterdir())] if _mode(path) & 0o077]
    if open_ones:
        yield Check("secrets", "FAIL", f"người khác đọc được: {', '.join(open_ones)}",
                    f"others can read: {', '.join(open_ones)}")  # fmt: skip
    else:
        count = len(list(folder.iterdir()))
        yield Check(
            "secrets", "OK", f"{count} tệp, chỉ chủ sở hữu đọc được", f"{count} files, readable by their owner only"
        )


def _landing(settings: Settings) -> Iterator[Check]:
    """Landed files hold personal data as the sources sent it."""
    folder = settings.landing_dir
    if not folder.exists():
        yield Check("landing", "WARN", "chưa có; lần nạp đầu tiên sẽ tạo", "not there yet; the first load makes it")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Check("landing", "FAIL", f"không ghi được vào {folder}", f"{folder} can't be written to")
    too_open = [path for path in [folder, *folder.rglob("*")] if _mode(path) & 0o077]
    if too_open:
        yield Check("landing", "FAIL", f"{len(too_open)} mục người khác đọc được, ví dụ {too_open[0]}",
                    f"{len(too_open)} entries that others can read, such as {too_open[0]}")  # fmt: skip
    else:
        yield Check("landing", "OK", "ghi được, chỉ chủ sở hữu đọc được", "writable, readable by its owner only")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _contracts(settings: Settings) -> Iterator[Check]:
    from egov_kpi.contracts.loader import all_contracts

    count = len(all_contracts(settings))
    yield Check("contracts", "OK" if count else "FAIL", f"{count} hợp đồng hợp lệ", f"{count} valid contracts")


# ------------------------------------------------------------------------------------------------------- the database


def _postgres(settings: Settings) -> Iterator[Check]:
    if not postgres.is_running(settings):
        yield Check("postgres", "FAIL", "không trả lời; chạy make up", "doesn't answer; run make up")
        return
    server = postgres.ensure_running(settings)
    kind_vi, kind_en = ("kèm theo", "embedded") if server.embedded else ("máy chủ riêng", "a server of yours")
    where = f"{server.version}, {server.host}:{server.port}/{server.database}"
    yield Check("postgres", "OK", f"{kind_vi} {where}", f"{kind_en} {where}")
    with psycopg.connect(server.url_superuser, connect_timeout=10) as connection:
        journal = connection.execute("select to_regclass('public.schema_migration')").fetchone()
        if journal is None or journal[0] is None:
            yield Check("migrations", "FAIL", "chưa chạy lần nào; chạy make up", "never run; run make up")
            return
        yield _migrations(settings, connection)
        yield from _roles(connection)
    yield _logins(settings)
    yield _ledger(settings)
    yield from _made("marts", _marts, settings)
    yield from _made("anchor", _anchor, settings)
    yield from _made("report", _report, settings)
    yield _quarantine(settings)


def _report(settings: Settings) -> Iterator[Check]:
    """Whether the report is that of the publish that readers see, and how old it is."""
    from egov_kpi.db.connect import connect
    from egov_kpi.report.state import site_state

    shown = site_state(settings)
    with connect("auditor", settings) as connection:
        row = connection.execute("select publish_no from ledger.live").fetchone()
    live = row[0] if row else 0
    if shown is None:
        status: Status = "WARN" if live else "OK"
        yield Check("report", status, "chưa lập; chạy egov-kpi report build", "none yet; run egov-kpi report build")
        return
    age = str(datetime.now(UTC) - shown.built_at).split(".")[0]
    if live == shown.publish_no:
        yield Check("report", "OK", f"bản công bố {live}, lập cách đây {age}", f"publish {live}, made {age} ago")
    else:
        yield Check("report", "WARN", f"còn là của bản công bố {shown.publish_no}; chạy egov-kpi report build",
                    f"still that of publish {shown.publish_no}; run egov-kpi report build")  # fmt: skip


def _migrations(settings: Settings, connection: "psycopg.Connection[tuple[object, ...]]") -> Check:
    from egov_kpi.db.migrate import pending_migrations

    pending = pending_migrations(connection, settings.sql_dir)
    if pending:
        listed = ", ".join(pending)
        return Check("migrations", "FAIL", f"chưa chạy: {listed}; chạy egov-kpi db migrate",
                     f"not run yet: {listed}; run egov-kpi db migrate")  # fmt: skip
    return Check("migrations", "OK", "đã chạy đủ, không tệp nào bị sửa", "all run, none changed since")


def _roles(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Check]:
    """No login of ours may do what only a superuser may, and BI reads nothing but the published views."""
    powerful = connection.execute(
        "select rolname from pg_roles where rolname like 'egov\\_%' and (rolsuper or rolcreaterole or rolbypassrls)"
    ).fetchall()
    names = ", ".join(str(row[0]) for row in powerful)
    if powerful:
        yield Check("roles", "FAIL", f"quá quyền: {names}", f"too powerful: {names}")
    else:
        yield Check("roles", "OK", "không vai trò nào quá quyền", "no role is too powerful")
    readable = connection.execute(
        "select nspname from pg_namespace where nspname in ('inbound', 'raw', 'quarantine', 'blue', 'green')"
        " and has_schema_privilege('egov_bi', oid, 'usage')"
    ).fetchall()
    open_ones = ", ".join(str(row[0]) for row in readable)
    yield Check("bi", "FAIL" if readable else "OK", f"bi vào được {open_ones}" if readable else "bi chỉ vào được marts",
                f"bi can enter {open_ones}" if readable else "bi can enter marts only")  # fmt: skip


def _logins(settings: Settings) -> Check:
    from egov_kpi.db.connect import LOGINS, connect

    refused = []
    for role in LOGINS:
        try:
            connect(role, settings).close()
        except (EgovError, psycopg.Error):
            refused.append(role)
    listed = ", ".join(refused)
    if refused:
        return Check("logins", "FAIL", f"không đăng nhập được: {listed}; chạy egov-kpi db migrate",
                     f"can't log in: {listed}; run egov-kpi db migrate")  # fmt: skip
    return Check("logins", "OK", f"{len(LOGINS)} vai trò đăng nhập được", f"{len(LOGINS)} roles can log in")


def _ledger(settings: Settings) -> Check:
    from egov_kpi.db.connect import connect
    from egov_kpi.ledger.events import verify

    with connect("auditor", settings) as connection:
        result = verify(connection)
    if not result.ok:
        return Check("ledger", "FAIL", f"chuỗi băm đứt tại sự kiện {result.broken_at}: {result.reason}",
                     f"the hash chain is broken at event {result.broken_at}: {result.reason}")  # fmt: skip
    head = result.head[:12]
    return Check("ledger", "OK", f"{result.events} sự kiện, chuỗi băm đúng, đỉnh {head}",
                 f"{result.events} events, the hash chain holds, head {head}")  # fmt: skip


def _marts(settings: Settings) -> Iterator[Check]:
    """Whether the rows that readers see are those that were published: the digest anew against the ledger's."""
    from egov_kpi.db.connect import connect
    from egov_kpi.db.migrate import schema_version
    from egov_kpi.publish.digest import mart_digest

    with connect("publisher", settings) as connection:
        shown = connection.execute(
            "select v.colour, p.publish_no, p.mart_digest, p.schema_version"
            " from ledger.live as v inner join ledger.publish as p using (publish_no)"
        ).fetchone()
        if shown is None:
            yield Check("marts", "OK", "chưa công bố lần nào", "nothing published yet")
            return
        colour, publish_no, recorded, schema = shown
        if schema != schema_version(connection):
            yield Check("marts", "WARN", f"cấu trúc đã đổi sau bản công bố {publish_no}; bản sau mới so được mã băm",
                        f"structure changed since publish {publish_no}: digests compare from the next on")  # fmt: skip
            return
        found = mart_digest(connection, colour)
    if found == recorded:
        yield Check("marts", "OK", f"bản công bố {publish_no}, mã băm {found[:12]} đúng như sổ cái",
                    f"publish {publish_no}, digest {found[:12]} as in the ledger")  # fmt: skip
    else:
        yield Check("marts", "FAIL", f"bản công bố {publish_no} bị sửa tay: mã băm {recorded[:12]} nay là {found[:12]};"
                    " chạy egov-kpi build --rebuild rồi publish",
                    f"publish {publish_no} was edited by hand: digest {recorded[:12]} is now {found[:12]};"
                    " run egov-kpi build --rebuild, then publish")  # fmt: skip


def _quarantine(settings: Settings) -> Check:
    """Rows whose state no event of the ledger explains: somebody went round the functions."""
    from egov_kpi.db.connect import connect

    with connect("auditor", settings) as connection:
        loads = connection.execute("select dataset, load_seq from quarantine.unexplained order by load_seq").fetchall()
    if loads:
        told = ", ".join(f"{dataset} {load_seq}" for dataset, load_seq in loads)
        return Check("quarantine", "FAIL", f"trạng thái dòng không khớp sổ cái, lần nạp: {told}",
                     f"states of rows that the ledger doesn't explain, loads: {told}")  # fmt: skip
    return Check("quarantine", "OK", "mọi trạng thái đều có trong sổ cái", "the ledger explains every row's state")


def _anchor(settings: Settings) -> Iterator[Check]:
    """Notes of the ledger's head that lie with the ledger can be forged with it."""
    from egov_kpi.db.connect import connect
    from egov_kpi.evidence.anchor import require_agreement, same_volume

    with connect("auditor", settings) as connection:
        notes = require_agreement(connection, settings)
    near = ", ".join(same_volume(settings))
    last = f"{len(notes)} · {notes[-1].event_no}" if notes else "0"
    if near or not notes:
        yield Check("anchor", "WARN", f"số dòng neo, sự kiện cuối: {last}; cùng ổ đĩa với kho: {near or '-'}",
                    f"anchors, last event: {last}; on the warehouse's own volume: {near or '-'}")  # fmt: skip
    else:
        yield Check("anchor", "OK", f"số dòng neo, sự kiện cuối: {last}", f"anchors, last event: {last}")


# -------------------------------------------------------------------------------------------------------- the services


def _sources(settings: Settings) -> Iterator[Check]:
    if settings.source_base_url:
        host = httpx.URL(settings.source_base_url).host
        trusting(settings.source_ca_file)
        yield Check("sources", "OK", f"hệ thống nguồn tại {host}", f"source systems at {host}")
    elif simulator_service.is_running(settings):
        url = simulator_service.base_url(settings)
        yield Check("sources", "OK", f"mô phỏng tại {url}", f"simulated at {url}")
    else:
        yield Check(
            "sources", "FAIL", "hệ thống mô phỏng không chạy; chạy make up", "the simulator doesn't run; run make up"
        )


def _airflow(settings: Settings) -> Iterator[Check]:
    from egov_kpi.platform.airflow_api import AirflowApi

    # where each service has a container of its own, its process can't be seen, only its heartbeat
    in_containers = bool(settings.airflow_url)
    if not in_containers and not airflow.is_supervised(settings):
        yield Check("airflow", "FAIL", "không chạy; chạy make up", "not running; run make up")
        return
    with AirflowApi.of(settings) as api:
        health = api.health()
    found = airflow.component_processes(settings)
    for name in airflow.COMPONENTS:
        process = found.get(name)
        if in_containers or (process and process.alive()):
            yield _component(name, f"pid {process.pid}" if process else "container", health)
        else:
            yield Check(
                f"airflow {name}", "FAIL", "đã chết, đang chờ khởi động lại", "dead, waiting to be started again"
            )


def _component(name: str, where: str, health: dict[str, dict[str, str | None]]) -> Check:
    label = f"airflow {name}"
    if not health:
        return Check(label, "FAIL", "api-server không trả lời", "the API server doesn't answer")
    if name == "api-server":
        is_well = health.get("metadatabase", {}).get("status") == "healthy"
        return Check(label, "OK" if is_well else "FAIL", where, where)
    key = name.replace("-", "_")
    found = health.get(key, {})
    beat = found.get(f"latest_{key}_heartbeat")
    age = (datetime.now(UTC) - datetime.fromisoformat(beat)).total_seconds() if beat else float("inf")
    is_well = found.get("status") == "healthy" and age < OLDEST_BEAT_SECONDS
    return Check(label, "OK" if is_well else "FAIL", f"{where}, nhịp cuối {age:.0f} giây trước",
                 f"{where}, last beat {age:.0f} s ago")  # fmt: skip


def _airflow_login(settings: Settings) -> Iterator[Check]:
    """Airflow writes its generated password world-readable unless it is given one; and admin/admin must not work."""
    generated = airflow.home(settings) / "simple_auth_manager_passwords.json.generated"
    ours = airflow.passwords_file(settings)
    exposed = [path for path in (generated, ours) if path.exists() and _mode(path) & 0o077]
    if exposed:
        yield Check("airflow login", "FAIL", f"người khác đọc được {exposed[0]}", f"others can read {exposed[0]}")
    elif not settings.airflow_url and not airflow.is_supervised(settings):
        yield Check("airflow login", "WARN", "chưa kiểm tra: Airflow không chạy", "not checked: Airflow doesn't run")
    else:
        yield _default_login(airflow.info(settings))


def _default_login(server: airflow.AirflowInfo) -> Check:
    for user in {"admin", "airflow", server.user}:
        answer = httpx.post(
            f"{server.url}/auth/token", json={"username": user, "password": user}, timeout=10, trust_env=False
        )
        if answer.is_success:
            return Check("airflow login", "FAIL", f"đăng nhập được bằng {user}/{user}", f"{user}/{user} can log in")
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            status = answer.status_code
            return Check("airflow login", "FAIL", f"api-server trả lời {status}", f"the API server answered {status}")
    return Check("airflow login", "OK", "không có mật khẩu mặc định", "no default password works")


def _ports(settings: Settings) -> Iterator[Check]:
    """Every listening socket of every process of ours."""
    ours = listening.of_processes(_our_processes(settings))
    exposed = sorted({f"{socket.address}:{socket.port}" for socket in ours if not socket.is_loopback})
    if exposed:
        listed = ", ".join(exposed)
        yield Check("ports", "FAIL", f"mở ra ngoài máy này: {listed}", f"open beyond this machine: {listed}")
    else:
        listed = ", ".join(str(port) for port in sorted({socket.port for socket in ours})) or "-"
        yield Check("ports", "OK", f"chỉ nghe trên máy này: {listed}", f"on loopback only: {listed}")


def _our_processes(settings: Settings) -> list[int]:
    leaders = [process.pid for process in airflow.component_processes(settings).values()]
    leaders += [pid for pid in [simulator_service.pid(settings), postgres.postmaster_pid(settings)] if pid]
    return [member for leader in leaders for member in processes.members(leader)]
