"""The machine: processes killed, a database that goes, disks that fill, connections that run out, clocks and zones."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import sql

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.landing import read_delivery
from egov_kpi.night import ingest
from egov_kpi.platform import postgres
from egov_kpi.simulator.faults import Fault
from proofs.faults import golden
from proofs.faults.book import EXACT, REFUSED, REFUSED_THEN_EXACT, CannotRun, Seen, case, demand
from proofs.faults.golden import csv_file, dossiers, table
from proofs.faults.rig import DOSSIERS, NEXT_DAY, Rig, Told, faulty, superuser, take_all, variables, wait_for
from proofs.harness.cluster import DURABLE

GROUP = "machine"
# Enough that its COPY can be met while it runs.
ROWS = 25_000
# The calibrated sources fall silent after 8 March, and a silent window is refused: the others are earlier nights.
THIRD_DAY, FOURTH_DAY, FIFTH_DAY = date(2023, 3, 8), date(2023, 3, 3), date(2023, 3, 2)
DELIMITERS = {"big": ";", "I6": ",", "I7": "\t", "I8": "|"}
MEGABYTE = 1024 * 1024


def _big(rig: Rig, name: str, encoding: str = "utf-8-sig") -> Path:
    """The large export; another separator or encoding makes it another load of the same rows."""
    rows = rig.once("rows", lambda: table(dossiers(ROWS, first=200_000)))
    return csv_file(rig.path(f"{name}.csv"), rows, encoding, DELIMITERS.get(name, ";"))


def undisturbed(rig: Rig) -> str:
    """Content of the large export when nothing happens to it."""

    def work() -> str:
        told = rig.load(_big(rig, "big"))
        demand(told.code == 0, f"the undisturbed export: {told}")
        return rig.content(told.load["load_seq"])

    return rig.once("undisturbed", work)


def _nothing_left(rig: Rig, rows: int) -> None:
    demand(rig.raw_rows() == rows, f"{rig.raw_rows() - rows} rows of a broken load are visible")
    demand(rig.inbound() == [], f"left in inbound: {rig.inbound()}")


# ---------------------------------------------------------------------------------------------- killed in a COPY


@case("I6", "tiến trình nạp bị kill -9 giữa COPY", "loader killed inside its COPY", EXACT, group=GROUP)
def loader_killed(rig: Rig) -> Seen:
    expected, rows, path = undisturbed(rig), rig.raw_rows(), _big(rig, "I6")
    process = rig.start("load", DOSSIERS, str(path), "--date", "2023-03-06")
    copied = wait_for(lambda: _copying(rig, process), 60, "its COPY")
    process.kill()
    process.communicate()
    _backend_ended(rig, copied[0])
    _nothing_left(rig, rows)
    seen = rig.exact(rig.load(path), expected)
    return Seen(seen.outcome, f"killed at row {copied[1]} of {ROWS}, nothing visible; again: {seen.evidence}")


@case("I7", "tiến trình máy chủ bị kill -9 giữa COPY", "backend killed inside a COPY", EXACT, group=GROUP)
def backend_killed(rig: Rig) -> Seen:
    _own_server(rig)
    expected, rows, path = undisturbed(rig), rig.raw_rows(), _big(rig, "I7")
    process = rig.start("load", DOSSIERS, str(path), "--date", "2023-03-06")
    copied = wait_for(lambda: _copying(rig, process), 60, "its COPY")
    os.kill(copied[0], signal.SIGKILL)
    told, took = rig.ended(process), _answers_again(rig)
    demand(told.code == 3 and told.error_code.startswith("EGOV-"), f"the loader: {told}")
    _nothing_left(rig, rows)
    seen = rig.exact(rig.load(path), expected)
    return Seen(seen.outcome, f"exit 3 {told.error_code}, server back after {took:.1f} s; again: {seen.evidence}")


def _copying(rig: Rig, process: "subprocess.Popen[str]") -> tuple[int, int] | None:
    """Backend and rows so far of a COPY into this warehouse."""
    demand(process.poll() is None, f"the loader ended with {process.returncode} before it was met")
    with superuser(rig) as conn:
        row = conn.execute(
            "select pid, tuples_processed from pg_stat_progress_copy"
            " where datname = current_database() and tuples_processed > 0 and command = 'COPY FROM'"
        ).fetchone()
    return (int(row[0]), int(row[1])) if row else None


_WRITING = "select count(*) from pg_stat_activity where datname = current_database() and backend_xid is not null"


def _backend_ended(rig: Rig, pid: int) -> None:
    """The server notices a client that is gone, and rolls its work back."""
    query = "select true from pg_stat_activity where pid = %s"
    wait_for(lambda: None if rig.one(query, pid) else True, 30, "its backend to end")


# ------------------------------------------------------------------------------------------ a database that goes


@case(
    "I5", "kill -9 máy chủ Postgres giữa đêm", "kill -9 of the postmaster in the night", REFUSED_THEN_EXACT, group=GROUP
)
def postmaster_killed(rig: Rig) -> Seen:
    _own_server(rig)

    def kill() -> None:
        pid = postgres.postmaster_pid(rig.world.cluster.settings)
        demand(pid, "there is no postmaster")
        os.kill(int(pid or 0), signal.SIGKILL)

    return _database_gone(rig, THIRD_DAY, kill)


@case("I5b", "Postgres bị dừng", "a stopped Postgres", REFUSED_THEN_EXACT, group=GROUP)
def stopped(rig: Rig) -> Seen:
    _own_server(rig)
    return _database_gone(rig, FOURTH_DAY, lambda: demand(postgres.stop(rig.world.cluster.settings), "not stopped"))


@case("I16", "bảng UNLOGGED trống sau sự cố", "UNLOGGED staging emptied by a crash", EXACT, group=GROUP)
def unlogged(rig: Rig) -> Seen:
    _own_server(rig)
    with faulty(rig):
        ingest.pull_and_stage(DOSSIERS, NEXT_DAY)
    (waiting,) = rig.inbound()
    before = rig.one(f'select count(*) from inbound."{waiting}"')  # noqa: S608 (a name from the catalogue)
    with superuser(rig) as conn:
        pid = conn.info.backend_pid
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(psycopg.OperationalError):
            conn.execute("select 1")
    _answers_again(rig)
    after = rig.one(f'select count(*) from inbound."{waiting}"')  # noqa: S608 (a name from the catalogue)
    demand(before > 0 and after == 0, f"{before} rows before the crash, {after} after it")
    seen = _decided_exactly(rig, NEXT_DAY)
    return Seen(seen.outcome, f"{before} → {after} rows by the crash; filled again from landing, {seen.evidence}")


def _database_gone(rig: Rig, day: date, strike: Callable[[], None]) -> Seen:
    """R→X: staged, then the database goes; the gate says so, and once it is back decides as if nothing had been."""
    with faulty(rig):
        ingest.pull_and_stage(DOSSIERS, day)
    strike()
    told = rig.command("gate", DOSSIERS, "--date", day.isoformat())
    demand((told.code, told.error_code) == (3, "EGOV-DB-002"), f"without a database: {told}")
    postgres.ensure_running(rig.world.cluster.settings, DURABLE)
    _answers_again(rig)
    seen = _decided_exactly(rig, day)
    return Seen("R→X", f"exit 3 {told.error_code}; back, {seen.evidence}")


def _decided_exactly(rig: Rig, day: date) -> Seen:
    """X: the waiting load is decided, and brings what its landed file brings when loaded by hand."""
    load = ingest.gate_and_promote(DOSSIERS, day)["loads"][0]
    digest = rig.one("select content_digest from ledger.load where load_seq = %s", load["load_seq"])
    landed = read_delivery(rig.world.settings, DOSSIERS, digest).files[0].path
    copy = rig.path(f"{day}.csv")
    copy.write_bytes(landed.read_bytes().decode("utf-8-sig").encode("utf-16"))
    told = rig.load(copy, day=day)
    demand(told.load.get("load_seq"), f"{told}")
    content = rig.content(told.load["load_seq"])
    demand(rig.content(load["load_seq"]) == content, f"load {load['load_seq']} differs from its undisturbed twin")
    demand(rig.inbound() == [], f"left in inbound: {rig.inbound()}")
    return Seen("X", f"load {load['load_seq']}, raw equal")


def _own_server(rig: Rig) -> None:
    if not rig.world.cluster.server.embedded:
        raise CannotRun("máy chủ không phải của phép thử · the server is not the proof's own, so it is not killed")


def _answers_again(rig: Rig) -> float:
    """Seconds until the server takes connections."""
    started = time.monotonic()

    def asked() -> bool | None:
        try:
            rig.one("select 1")
        except (EgovError, psycopg.OperationalError):
            return None
        return True

    wait_for(asked, 60, "the server")
    return time.monotonic() - started


# ----------------------------------------------------------------------------------------------------- full disks


@case("I8a", "đĩa của cơ sở dữ liệu đầy", "the database's disk is full", REFUSED_THEN_EXACT, group=GROUP)
def database_full(rig: Rig) -> Seen:
    """The loader's tables go to a file system of a few megabytes; what it took is free again, then it is enlarged."""
    expected, rows, path = undisturbed(rig), rig.raw_rows(), _big(rig, "I8")
    _own_server(rig)
    with _small_disk(rig, "small", 4, owner="nobody") as disk, _tablespace(rig, disk):
        free = _free(disk)
        refused = rig.refused_file(path, "EGOV-LOAD-015")
        _nothing_left(rig, rows)
        demand(_free(disk) >= free - MEGABYTE // 4, f"{(free - _free(disk)) // 1024} kB stayed used")
        _mounted("-o", "remount,size=256m", str(disk))
        seen = rig.exact(rig.load(path), expected)
    return Seen("R→X", f"{refused.evidence}, its space is free again; with room: {seen.evidence}")


@case("I8b", "đĩa của vùng tiếp nhận đầy", "the landing zone's disk is full", REFUSED_THEN_EXACT, group=GROUP)
def landing_full(rig: Rig) -> Seen:
    expected, path = undisturbed(rig), _big(rig, "I8b", encoding="utf-16")
    with _small_disk(rig, "local", 1) as disk, variables(LOCAL_DIR=str(disk)):
        subprocess.run(["cp", "-a", str(rig.world.settings.secrets_dir), str(disk)], check=True)
        refused = rig.refused_file(path, "EGOV-LAND-015")
        left = [item.name for item in (disk / "landing").rglob("*") if item.is_file()]
        demand(not left, f"left in landing: {left}")
        _mounted("-o", "remount,size=256m", str(disk))
        seen = rig.exact(rig.load(path), expected)
    return Seen("R→X", f"{refused.evidence}; with room: {seen.evidence}")


@contextlib.contextmanager
def _small_disk(rig: Rig, name: str, megabytes: int, owner: str = "root") -> Iterator[Path]:
    """A file system of its own in memory; it takes root to mount one."""
    if os.geteuid() != 0:
        raise CannotRun("cần quyền root để gắn một ổ đĩa nhỏ · mounting a small disk needs root")
    disk = rig.path(name)
    disk.mkdir()
    _mounted("-t", "tmpfs", "-o", f"size={megabytes}m,uid={owner},mode=0700", "egov-kpi-proof", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _mounted(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"không gắn được ổ đĩa · mount refused: {done.stderr.strip()}")


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


@contextlib.contextmanager
def _tablespace(rig: Rig, disk: Path) -> Iterator[None]:
    """The loader's new tables go there, for the time of the block."""
    name, database = sql.Identifier(f"small_{rig.world.saved.database}"), sql.Identifier(rig.world.saved.database)
    with superuser(rig) as conn:
        conn.execute(sql.SQL("create tablespace {} location {}").format(name, sql.Literal(str(disk))))
        conn.execute(sql.SQL("grant create on tablespace {} to egov_loader").format(name))
        role = sql.SQL("alter role egov_loader in database {} ").format(database)
        conn.execute(role + sql.SQL("set default_tablespace = {}").format(name))
        try:
            yield
        finally:
            conn.execute(role + sql.SQL("reset default_tablespace"))
            conn.execute(sql.SQL("drop tablespace {}").format(name))


# ------------------------------------------------------------------------------------ two runs, and no connections


@case("I10", "hai lần chạy cùng một đêm", "two runs of one night", EXACT, group=GROUP)
def two_runs(rig: Rig) -> Seen:
    return _beside(rig, "pull", DOSSIERS, "--date", FIFTH_DAY.isoformat())


@case("I11", "nạp bù bên cạnh lượt chạy đêm", "backfill beside the night's run", EXACT, group=GROUP)
def backfill(rig: Rig) -> Seen:
    path = csv_file(rig.path("backfill.csv"), table(dossiers(5, first=300_000)))
    seen = _beside(rig, "load", DOSSIERS, str(path), "--date", "2023-02-01")
    told = rig.load(path)
    demand(told.code == 0, f"once the night is through: {told}")
    return Seen(seen.outcome, f"{seen.evidence}; the backfill comes in afterwards")


def _beside(rig: Rig, *command: str) -> Seen:
    """While one run waits for its source a second one is refused; the first ends as if alone."""
    with faulty(rig, Fault("timeout", "/one-stop/", seconds=8.0)):
        first = rig.start("pull", DOSSIERS, "--date", FIFTH_DAY.isoformat())
        wait_for(lambda: rig.world.source.requests or None, 30, "the first run's request")
        second = rig.command(*command)
        demand((second.code, second.error_code) == (4, "EGOV-DB-001"), f"the second run: {second}")
        told = rig.ended(first)
    demand(told.code == 0, f"the first run: {told}")
    if rig.inbound():
        _decided_exactly(rig, FIFTH_DAY)
    return Seen("X", f"second exits 4 {second.error_code}, first comes in whole")


@case("I12", "hết kết nối vì công cụ BI", "BI holds all connections that it may", EXACT, group=GROUP)
def bi_connections(rig: Rig) -> Seen:
    with contextlib.ExitStack() as held:
        count = take_all(rig, "bi", held)
        told = rig.load(csv_file(rig.path("I12.csv"), table(dossiers(40, first=310_000))))
        demand(told.code == 0, f"with {count} BI connections: {told}")
    return Seen("X", f"BI is stopped at {count}; the load comes in")


@case("I12b", "hết mọi kết nối của máy chủ", "no connection left on the server", REFUSED_THEN_EXACT, group=GROUP)
def all_connections(rig: Rig) -> Seen:
    path = csv_file(rig.path("I12b.csv"), table(dossiers(40, first=320_000)))
    before = rig.publish_no()
    with contextlib.ExitStack() as held:
        count = take_all(rig, "builder", held)
        told = rig.load(path)
        demand((told.code, told.error_code) == (3, "EGOV-DB-002"), f"with {count} connections taken: {told}")
    _answers_again(rig)
    again = rig.load(path)
    demand(again.code == 0 and again.load["account"]["accepted"] == 40, f"afterwards: {again}")
    return Seen("R→X", f"{count} taken: exit 3 {told.error_code}, publish {before} stays; freed: it comes in")


# ---------------------------------------------------------------------------------------------- memory and clocks


@case("I17", "tiến trình nạp hết bộ nhớ", "loader out of memory", EXACT, group=GROUP)
def out_of_memory(rig: Rig) -> Seen:
    expected, rows, path = undisturbed(rig), rig.raw_rows(), _big(rig, "I17", encoding="utf-8")
    with _memory_cap(120) as (join, how):
        process = subprocess.Popen(
            rig.command_line("load", DOSSIERS, str(path), "--date", "2023-03-06"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=join,
        )  # fmt: skip
        process.communicate(timeout=120)
    demand(process.returncode not in (0, 1), f"it ended with {process.returncode}")
    wait_for(lambda: None if rig.one(_WRITING) else True, 30, "its backend to end")
    _nothing_left(rig, rows)
    seen = rig.exact(rig.load(path), expected)
    return Seen(seen.outcome, f"ended with {process.returncode} ({how}), nothing visible; again: {seen.evidence}")


@contextlib.contextmanager
def _memory_cap(megabytes: int) -> Iterator[tuple[Callable[[], None], str]]:
    """What a child calls to live under the cap: a control group of its own, else a limit on its address space."""
    limits = (_limited_group(parent, name, megabytes) for parent, name in _memory_controllers())
    group = next((group for group in limits if group), None)
    if group is None:
        limit = (megabytes * MEGABYTE, megabytes * MEGABYTE)
        yield lambda: resource.setrlimit(resource.RLIMIT_AS, limit), "address space"
        return
    try:
        yield lambda: _write(group / "cgroup.procs", str(os.getpid())), "control group"
    finally:
        group.rmdir()


def _memory_controllers() -> Iterator[tuple[Path, str]]:
    """Folders of the control groups that this process is in, and what limits memory there: version 2, then 1."""
    lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    for _, names, place in (line.split(":", 2) for line in lines):
        if names == "":
            # a group with processes in it gives none of its own to a controller, the first one excepted
            yield Path(f"/sys/fs/cgroup{place}"), "memory.max"
            yield Path("/sys/fs/cgroup"), "memory.max"
        if "memory" in names.split(","):
            yield Path(f"/sys/fs/cgroup/memory{place}"), "memory.limit_in_bytes"


def _limited_group(parent: Path, name: str, megabytes: int) -> Path | None:
    """A group of our own below that one, with so much memory; None where this isn't allowed."""
    group = parent / f"egov-kpi-proof-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        (group / name).write_text(str(megabytes * MEGABYTE), encoding="ascii")
        if name == "memory.max":
            (group / "memory.swap.max").write_text("0", encoding="ascii")
    except OSError:
        group.rmdir()
        return None
    return group


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")


@case("I15", "00:30 giờ Việt Nam là hôm qua theo UTC", "00:30+07 is yesterday in UTC", EXACT, group=GROUP)
def midnight(rig: Rig) -> Seen:
    rows = [
        golden.dossier(330_000 + number, received=f"01/03/2023 00:{number + 30}", due="", finished="", returned="",
                       method="", status="4", updated="01/03/2023 00:59")
        for number in range(9)
    ]  # fmt: skip
    here = rig.load(csv_file(rig.path("here.csv"), table(rows)))
    demand(here.code == 0, f"{here}")
    path = csv_file(rig.path("there.csv"), table(rows), delimiter="|")
    there = rig.ended(rig.start("load", DOSSIERS, str(path), "--date", "2023-03-06", TZ="America/New_York",
                                PGTZ="America/New_York"))  # fmt: skip
    seen = rig.exact(there, rig.content(here.load["load_seq"]))
    day = rig.one(
        "select string_agg(distinct (received_at at time zone 'Asia/Ho_Chi_Minh')::date || ' ' ||"
        " (received_at at time zone 'UTC')::date, ',') from raw.one_stop__dossiers where load_seq = %s",
        there.load["load_seq"],
    )
    demand(day == "2023-03-01 2023-02-28", f"days here and in UTC: {day}")
    return Seen(seen.outcome, f"{seen.evidence} in New York too; of {day.split()[0]}, not of {day.split()[1]}")


@case("I15b", "ngày nghiệp vụ mặc định lúc nửa đêm", "default business date around midnight", EXACT, group=GROUP)
def business_date(rig: Rig) -> Seen:
    found = []
    for number, moment in enumerate(("2023-03-06T16:59:59", "2023-03-06T17:00:00")):
        path = csv_file(rig.path(f"clock{number}.csv"), table(dossiers(3, first=340_000 + number * 10)))
        with patch("egov_kpi.night.ingest.datetime", _clock(moment)):
            told = rig.command("load", DOSSIERS, str(path))
        demand(told.code == 0, f"{told}")
        found.append(told.load["business_date"])
    demand(found == ["2023-03-06", "2023-03-07"], f"business dates {found}")
    return Seen("X", "16:59:59 UTC is 6 March, 17:00:00 UTC is 7 March")


def _clock(moment: str) -> type[datetime]:
    now_utc = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            there = now_utc.astimezone(tz)
            return cls(there.year, there.month, there.day, there.hour, there.minute, there.second, tzinfo=tz)

    return Clock


# ------------------------------------------------------------------------------------------- a gate without answer


@case("I20", "bộ kiểm tra sập giữa chừng", "the gate's engine crashes", REFUSED_THEN_EXACT, group=GROUP, quick=True)
def gate_crashes(rig: Rig) -> Seen:
    rows = dossiers(40, first=350_000)
    expected = rig.content(_accepted(rig, csv_file(rig.path("quiet.csv"), table(rows))))
    path = csv_file(rig.path("crash.csv"), table(rows), delimiter="|")

    def crash(*_: Any, **__: Any) -> Any:
        raise RuntimeError("planted")

    with patch("egov_kpi.gate.check.evaluate", crash):
        refused = rig.refused_file(path, "EGOV-NIGHT-003")
    seen = rig.exact(rig.load(path), expected)
    return Seen("R→X", f"{refused.evidence}; again: {seen.evidence}")


@case(
    "I20b", "tệp trong vùng tiếp nhận bị sửa", "landed file changed before it is read", REFUSED, group=GROUP, quick=True
)
def landed_file_changed(rig: Rig) -> Seen:
    """Staged again from landing after somebody shortened the file: refused, not read as it is now."""
    rows = dossiers(40, first=360_000)
    path = csv_file(rig.path("changed.csv"), table(rows))

    def crash(*_: Any, **__: Any) -> Any:
        raise RuntimeError("planted")

    with patch("egov_kpi.gate.check.evaluate", crash):
        rig.load(path)
    load_seq = int(rig.one("select max(load_seq) from ledger.load"))
    digest = rig.one("select content_digest from ledger.load where load_seq = %s", load_seq)
    landed = read_delivery(rig.world.settings, DOSSIERS, digest).files[0].path
    whole = landed.read_bytes()
    landed.write_bytes(whole.replace(b";10;0;", b";10;7;", 3))
    rig.drop_inbound(f"{get_contract(DOSSIERS).table}__{load_seq}")

    def gate() -> Told:
        return rig.command("gate", DOSSIERS, "--date", "2023-03-06")

    try:
        seen = rig.refused(gate, "EGOV-LAND-013", "EGOV-NIGHT-004")
    finally:
        landed.write_bytes(whole)
    demand(gate().code == 0, "with the file as it was, it does not come in")
    return seen


def _accepted(rig: Rig, path: Path) -> int:
    told = rig.load(path)
    demand(told.code == 0, f"{told}")
    return int(told.load["load_seq"])
