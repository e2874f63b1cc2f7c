"""Security: what a file, a source or a login may not bring about."""

import ast
import contextlib
import json
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import role_url
from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator.faults import Fault
from proofs.faults import golden
from proofs.faults.book import NEUTRALISED, REFUSED, Seen, case, demand
from proofs.faults.golden import csv_file, dossiers, edited, replaced, table, workbook
from proofs.faults.rig import DOSSIERS, NEXT_DAY, Rig, faulty, hasty, superuser, take_all, variables

GROUP = "security"
# Words that stand nowhere else: a token, a person, an identity number, an address.
CANARIES = {
    "token": "kanari-token-7f3a",
    "name": "Kanari Thi Bi Mat",
    "citizen": "099111222333",
    "address": "Ap Kanari",
}


@case("S1", "tiêu đề cột mang lệnh SQL", "header that is an SQL statement", NEUTRALISED, group=GROUP, quick=True)
def evil_header(rig: Rig) -> Seen:
    evil = 'x"; drop table ledger.event cascade; --'
    lines = [[*row, evil if number == 0 else "x"] for number, row in enumerate(table(dossiers(40)))]
    before = rig.one("select count(*) from ledger.event")
    told = rig.load(csv_file(rig.path("S1.csv"), lines))
    demand(told.code == 0 and evil in str(told.load["notices"]), f"{told}")
    demand(rig.one("select count(*) from ledger.event") > before, "the ledger is gone")
    return Seen("N", "a name like any other: told, not stored, not run")


@case("S1b", "mã đơn vị mang lệnh SQL", "value that is an SQL statement", NEUTRALISED, group=GROUP)
def evil_value(rig: Rig) -> Seen:
    rows = replaced(dossiers(40, first=3000), 3, agency="'); drop table raw.one_stop__dossiers; --")
    seen = rig.set_aside(rig.load(csv_file(rig.path("S1b.csv"), table(rows))), "GATE-DOS-501", 1, 39)
    return Seen("N", seen.evidence)


@case("S4", "bí mật lọt vào nhật ký", "secrets in what is logged", NEUTRALISED, group=GROUP)
def canaries(rig: Rig) -> Seen:
    """Failing runs with canaries in token and rows; then everything that is written anywhere is searched for them."""
    told = []
    rows = replaced(dossiers(40, first=4000), 5, name=CANARIES["name"], citizen=CANARIES["citizen"],
                    address=CANARIES["address"], received="31/02/2023 08:00")  # fmt: skip
    for name, lines in (("S4", table(rows)), ("S4b", table(rows, total=7)), ("S4c", table(rows)[1:])):
        process = rig.start("load", DOSSIERS, str(csv_file(rig.path(f"{name}.csv"), lines)), "--date", "2023-03-06")
        told.append(rig.ended(process))
    with faulty(rig, Fault("login_page", "/", times=99)):
        told.append(rig.ended(rig.start("pull", DOSSIERS, "--date", NEXT_DAY.isoformat(),
                                        EGOV_KPI_SOURCE_TOKEN=CANARIES["token"])))  # fmt: skip
    demand(all(item.code in (1, 3) for item in told), f"{told}")
    said = " ".join(f"{item.stderr} {item.result}" for item in told)
    demand(not _found_in(said), f"printed: {_found_in(said)}")
    files = _written(rig)
    hits = [f"{path.name}: {_found_in(text)}" for path, text in files if _found_in(text)]
    demand(not hits, f"written: {hits[:3]}")
    tables, rows_hit = _tables_with_canaries(rig)
    demand(not rows_hit, f"in the database: {rows_hit[:3]}")
    return Seen("N", f"0 hits in {len(told)} runs, {len(files)} files, {tables} tables")


def _found_in(text: str) -> list[str]:
    return [word for word in CANARIES.values() if word in text]


def _written(rig: Rig) -> list[tuple[Path, str]]:
    """Every file of the installation but secrets, the landing zone and the exports that the cases made."""
    own = rig.world.settings.local_dir
    left_out = (rig.world.settings.secrets_dir, rig.world.settings.landing_dir, rig.folder)
    paths = [
        path for path in own.rglob("*") if path.is_file() and not any(path.is_relative_to(out) for out in left_out)
    ]
    logs = [log for log in rig.world.cluster.settings.local_dir.rglob("*.log") if log.is_file()]
    return [(path, path.read_bytes().decode("utf-8", errors="replace")) for path in [*paths, *logs]]


def _tables_with_canaries(rig: Rig) -> tuple[int, list[str]]:
    """How many tables there are, and those with a canary in any column."""
    pattern = "|".join(CANARIES.values())
    with superuser(rig) as conn:
        names = conn.execute(
            "select n.nspname, c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog',"
            " 'information_schema') and n.nspname not like 'pg_%'"
        ).fetchall()
        hits = []
        for schema, name in names:
            query = sql.SQL("select exists (select from {} as t where t::text ~ %s)").format(
                sql.Identifier(schema, name)
            )
            row = conn.execute(query, (pattern,)).fetchone()
            hits += [f"{schema}.{name}"] if row and row[0] else []
    return len(names), hits


@case("S5", "BI đọc raw, nhật ký, cách ly", "BI reads raw, ledger, quarantine", NEUTRALISED, group=GROUP,
      quick=True)  # fmt: skip
def bi_reads(rig: Rig) -> Seen:
    """Asked by doing it, read-only switched off by the role itself; each table of each schema but marts."""
    with superuser(rig) as conn:
        tables = conn.execute(
            "select n.nspname, c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('marts', 'information_schema')"
            " and n.nspname not like 'pg_%'"
        ).fetchall()
    readable = []
    with psycopg.connect(role_url("bi", rig.world.settings), autocommit=True) as bi:
        bi.execute("set default_transaction_read_only = off")
        for schema, name in tables:
            if _allowed(bi, sql.SQL("select 1 from {} limit 1").format(sql.Identifier(schema, name))):
                readable.append(f"{schema}.{name}")
        view = sql.Identifier("marts", "kpi_value")
        writable = [
            word
            for word in ("delete from {}", "update {} set value = 0", "truncate {}", "drop view {}")
            if _allowed(bi, sql.SQL(word).format(view))
        ]
        acts = ["create table marts.x (a int)", "create temp table x (a int)", "set role egov_owner",
                "select pg_read_file('/etc/passwd')", "copy (select 1) to program 'true'"]  # fmt: skip
        allowed = [act for act in acts if "temp" not in act and _allowed(bi, sql.SQL(act))]  # type: ignore[arg-type]
    demand(not readable and not writable and not allowed, f"BI may: {readable[:3]} {writable} {allowed}")
    return Seen("N", f"{len(tables)} tables denied, no write, no change of role, no file")


def _allowed(connection: "psycopg.Connection[Any]", statement: "sql.SQL | sql.Composed") -> bool:
    try:
        connection.execute(statement)
    except psycopg.Error:
        return False
    return True


@case(
    "S7", "mật khẩu Airflow ai cũng đọc được", "Airflow's generated password readable by all", NEUTRALISED, group=GROUP
)
def airflow_password(rig: Rig) -> Seen:
    from egov_kpi.platform import airflow
    from egov_kpi.platform.doctor import _airflow_login

    home = airflow.home(rig.world.settings)
    home.mkdir(parents=True, exist_ok=True)
    generated = home / "simple_auth_manager_passwords.json.generated"
    generated.write_text('{"admin": "x"}', encoding="utf-8")
    generated.chmod(0o644)
    try:
        (found,) = _airflow_login(rig.world.settings)
    finally:
        generated.unlink()
    demand(found.status == "FAIL", f"doctor says {found.status}")
    return Seen("N", f"doctor: FAIL, {found.detail_en[:40]}…")


# What somebody with the right to trigger might send; the last one is as it should be.
CONFS: tuple[dict[str, Any], ...] = (
    {"dataset": "{{ var.value.get('x') }}", "load_seq": 1},
    {"dataset": "$(id).x", "load_seq": 1},
    {"dataset": "one_stop.dossiers; id", "load_seq": 1},
    {"dataset": "one_stop.dossiers", "load_seq": "{{ 7 * 7 }}"},
    {"dataset": "one_stop.dossiers", "load_seq": 0},
    {"load_seq": 1},
    {"dataset": "one_stop.dossiers", "load_seq": 1},
)
_VALIDATED = """
import copy, json, os, sys
os.environ["AIRFLOW_HOME"] = sys.argv[1]
from airflow.sdk.exceptions import ParamValidationError
from egov_kpi.night.wiring import decision_dag
dag, taken = decision_dag(owner="proof", doc_md=""), []
for conf in json.loads(sys.argv[2]):
    params = copy.deepcopy(dag.params)
    try:
        params.update(conf)
        params.validate()
    except ParamValidationError:
        taken.append(False)
    else:
        taken.append(True)
print(json.dumps(taken))
"""


@case("S8", "lệnh trong tham số khi kích hoạt DAG", "commands in a trigger's conf", NEUTRALISED, group=GROUP)
def trigger_conf(rig: Rig) -> Seen:
    """By Airflow's own validation; and nothing that a DAG is made of runs a shell, or renders conf but as a heading."""
    told = rig.program(_VALIDATED, str(rig.path("airflow")), json.dumps(CONFS), seconds=300)
    taken = json.loads(told.splitlines()[-1])
    demand(taken == [False] * (len(CONFS) - 1) + [True], f"taken: {taken}")
    files = [*sorted((PROJECT_ROOT / "dags").rglob("*.py")), PROJECT_ROOT / "src/egov_kpi/night/wiring.py"]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    words = ("BashOperator", "task.bash", "SSHOperator", "PythonVirtualenvOperator", "subprocess", "os.system")
    found = [f"{name}: {word}" for name, text in texts.items() for word in words if word in text]
    rendered = sorted({place for text in texts.values() for place in _rendered(ast.parse(text))})
    demand(not found and rendered == ["HITLOperator.body", "HITLOperator.subject"], f"{found} {rendered}")
    return Seen(
        "N", f"{len(CONFS) - 1} refused by Airflow's validation; no shell in {len(files)} files, templates: text"
    )


def _rendered(tree: ast.AST) -> list[str]:
    """Arguments that hold a template; a template anywhere else is told as such."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    as_argument = {
        id(word.value): f"{_called(call)}.{word.arg}"
        for call in calls
        for word in call.keywords
        if word.arg is not None
    }
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and "{{" in str(node.value)]
    return [as_argument.get(id(node), f"line {node.lineno}") for node in texts]


@case("S9a", "XXE trong xlsx", "external entity in a workbook", REFUSED, group=GROUP, quick=True)
def external_entity(rig: Rig) -> Seen:
    secret = rig.path("secret.txt")
    secret.write_text("KANARI", encoding="utf-8")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><worksheet'.encode()
    path = edited(workbook(rig.path("plain.xlsx"), table(dossiers(3))), "xxe.xlsx", (b"<worksheet", doctype))
    return rig.refused_file(path, "EGOV-LAND-017")


@case("S9b", "bom thực thể trong xlsx", "billion laughs in a workbook", REFUSED, group=GROUP)
def entity_bomb(rig: Rig) -> Seen:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    doctype = f"<!DOCTYPE x [{entities}]><worksheet".encode()
    plain = workbook(rig.path("plain2.xlsx"), table(dossiers(3)))
    path = edited(plain, "laughs.xlsx", (b"<worksheet", doctype), (b"1.005129", b"&e9;"))
    return rig.refused_file(path, "EGOV-LAND-017")


@case("S10", "pickle, yaml.load", "pickle, yaml.load", NEUTRALISED, group=GROUP, quick=True)
def unsafe_readers(rig: Rig) -> Seen:
    files = [path for folder in ("src", "dags") for path in sorted((PROJECT_ROOT / folder).rglob("*.py"))]
    found = [f"{path.name}:{line}" for path in files for line in _unsafe(ast.parse(path.read_text(encoding="utf-8")))]
    demand(files and not found, f"{found[:5]}")
    return Seen("N", f"none in {len(files)} files")


def _unsafe(tree: ast.AST) -> list[int]:
    """Lines that unpickle, evaluate text, or read YAML with a loader that makes objects."""
    imports = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and {alias.name.split(".")[0] for alias in node.names} & imports:
            lines.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in imports:
            lines.append(node.lineno)
        if isinstance(node, ast.Call) and _called(node) in ("yaml.load", "yaml.unsafe_load", "eval", "exec"):
            is_safe = "SafeLoader" in ast.unparse(node)
            lines += [] if is_safe else [node.lineno]
    return lines


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func)


@case("S11", "kết quả kiểm tra giữ dữ liệu cá nhân", "gate results hold personal data", NEUTRALISED, group=GROUP)
def gate_results(rig: Rig) -> Seen:
    rows = [
        golden.changed(row, name=CANARIES["name"], citizen=CANARIES["citizen"], updated="32/13/2023 00:00")
        for row in dossiers(40, first=5000)
    ]
    told = rig.load(csv_file(rig.path("S11.csv"), table(rows)))
    demand((told.code, told.load["verdict"]) == (1, "blocked"), f"{told}")
    folder = rig.world.settings.local_dir / "gate"
    pages = [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file()]
    events = str(rig.one("select string_agg(body, ' ') from ledger.event where kind = 'gate_checked'"))
    demand(pages and not any(_found_in(text) for text in [*pages, events, told.stderr, str(told.result)]), "it leaks")
    return Seen("N", f"0 hits in {len(pages)} pages and the ledger")


# Hours of processor, and gigabytes of disk, for anybody who may send a statement.
_PROCESSOR = "select count(*) from generate_series(1, 1000000) as a cross join generate_series(1, 1000000) as b"
_DISK = "select count(*) from (select md5(g.n::text) as a from generate_series(1, 100000000) as g (n) order by 1) as s"


@case("S13", "BI gửi câu lệnh làm nghẽn máy chủ", "BI floods the server", NEUTRALISED, group=GROUP)
def statement_bomb(rig: Rig) -> Seen:
    """Two bombs, by a role that has switched its own time-out off, which it may.

    What holds: the number of connections, the limit of temporary files, and an administrator who ends the session; a
    load comes in meanwhile. What no right in Postgres limits is the processor.
    """
    with ThreadPoolExecutor(2) as beside, _temporary_files(rig, "64MB"):
        bombs = [_unlimited(rig) for _ in range(2)]
        raised = [name for name in ("temp_file_limit", "log_statement") if _allowed(bombs[0], _set_off(name))]
        demand(not raised, f"BI raises its own {raised}")
        answers = [
            beside.submit(_state_of, bomb, query) for bomb, query in zip(bombs, (_PROCESSOR, _DISK), strict=True)
        ]
        with contextlib.ExitStack() as held:
            count = take_all(rig, "bi", held) + len(bombs)
            demand(count <= 40, f"{count} connections of BI")
            told = rig.load(csv_file(rig.path("S13.csv"), table(dossiers(40, first=13_000))))
        demand(told.code == 0, f"beside the bombs: {told}")
        disk = answers[1].result(timeout=120)
        demand(not answers[0].done(), f"the bomb is over: {answers[0]}")
        rig.one("select pg_terminate_backend(%s)", bombs[0].info.backend_pid)
        ended = answers[0].result(timeout=30)
    demand((ended, disk) == ("57P01", "53400"), f"the bombs ended with {ended} and {disk}")
    return Seen(
        "N", f"{count} connections at most, temporary files limited, a load comes in; ended by an administrator"
    )


def _unlimited(rig: Rig) -> "psycopg.Connection[Any]":
    connection: psycopg.Connection[Any] = psycopg.connect(role_url("bi", rig.world.settings), autocommit=True)
    demand(_shown(connection, "statement_timeout") == "1h", "BI has no time-out to begin with")
    connection.execute("set statement_timeout = 0")
    return connection


def _set_off(name: str) -> sql.Composed:
    return sql.SQL("set {} = -1").format(sql.Identifier(name))


def _state_of(connection: "psycopg.Connection[Any]", query: str) -> str:
    """The error with which a statement ends."""
    try:
        connection.execute(query.encode())
    except psycopg.Error as error:
        return str(error.sqlstate)
    return "it ended"


@contextlib.contextmanager
def _temporary_files(rig: Rig, size: str) -> Iterator[None]:
    """BI's own limit, 4 GB, made small enough to be met."""
    role = sql.SQL("alter role egov_bi in database {} ").format(sql.Identifier(rig.world.saved.database))
    with superuser(rig) as conn:
        conn.execute(role + sql.SQL("set temp_file_limit = {}").format(sql.Literal(size)))
        try:
            yield
        finally:
            conn.execute(role + sql.SQL("reset temp_file_limit"))


def _shown(connection: "psycopg.Connection[Any]", name: str) -> str:
    row = connection.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
    connection.rollback()
    return str(row[0]) if row else ""


@case("S14", "gói cài đặt bị tráo", "tampered wheel", NEUTRALISED, group=GROUP)
def tampered_wheel(rig: Rig) -> Seen:
    folder = rig.path("wheels")
    folder.mkdir()
    wheel = _wheel(folder)
    locked = f"egov_proof_wheel==1.0 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"
    requirements = rig.path("wheel.txt")
    requirements.write_text(locked, encoding="utf-8")
    demand(_installs(rig, folder, requirements), "the wheel as it was locked is refused")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("egov_proof_extra.py", "print('tampered')\n")
    demand(not _installs(rig, folder, requirements), "the tampered wheel is installed")
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = [line for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    demand(pinned and lock.count("--hash=sha256:") >= len(pinned), "a package of the lock has no hash")
    return Seen("N", f"refused by its hash; {len(pinned)} packages locked by hash")


def _wheel(folder: Path) -> Path:
    path = folder / "egov_proof_wheel-1.0-py3-none-any.whl"
    info = "egov_proof_wheel-1.0.dist-info"
    members = {
        "egov_proof_wheel.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: egov_proof_wheel\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: proof\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_record(text)},{len(text)}\n" for name, text in members.items())
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**members, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return path


def _record(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")


def _installs(rig: Rig, folder: Path, requirements: Path) -> bool:
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--require-hashes", "--quiet",
               "--disable-pip-version-check", "--find-links", str(folder), "--target", str(rig.path("target")),
               "--upgrade", "-r", str(requirements)]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0


@case("S2", "mật khẩu nguồn sai", "wrong key for a source", REFUSED, group=GROUP)
def wrong_key(rig: Rig) -> Seen:
    before = rig.publish_no()
    with variables(SOURCE_TOKEN=CANARIES["token"]), hasty():
        told = rig.command("pull", DOSSIERS, "--date", NEXT_DAY.isoformat())
    code = (told.error or {}).get("code")
    demand((told.code, code) in ((3, "EGOV-NET-006"), (4, "EGOV-NET-006")), f"exit {told.code} {code}")
    demand(not _found_in(told.stderr) and rig.publish_no() == before, "the key is told")
    return Seen("R", f"exit {told.code} {code}, key not told, publish {before} stays")
