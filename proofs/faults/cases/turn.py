"""Around the publish: corrections that arrive late, a candidate that is wrong, a reader who stays for an hour.

One story, told case by case: a second publish with a correction of January in it, built, refused four times, turned,
built from nothing, and rolled back, all under the eyes of a reader who holds his transaction open from the start. What
sixty minutes add to such a reader is only the time-outs of his role, which are read from the catalogue.
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pandas as pd
import psycopg

from egov_kpi.db.connect import role_url
from egov_kpi.publish import publish as publishing
from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import Window
from proofs.faults.book import EXACT, NEUTRALISED, QUARANTINED, REFUSED, Seen, case, demand
from proofs.faults.golden import changed, csv_file, dossiers, replaced, table
from proofs.faults.rig import DAY, NEXT_DAY, Rig, Told, superuser, take_all

GROUP = "turn"
# What a reader may wait when a publish turns.
MOST_SECONDS = 1.0
_FIGURES = "select md5(string_agg(k::text, '|' order by k::text)) from marts.kpi_value as k"
_RETURNED = (
    "select numerator from marts.kpi_value_history where publish_no = %s and kpi_code = 'bcci_returned'"
    " and agency_code = '823' and scope = 'own' and unit_basis = 'as_was' and period_grain = 'month'"
    " and period_start = '2023-01-01'"
)


# ---------------------------------------------------------------------------------------------------------- the story


def _reader(rig: Rig) -> "psycopg.Connection[Any]":
    """A BI tool in the middle of its report; the connection stays open until the warehouse is dropped."""

    def work() -> "psycopg.Connection[Any]":
        connection: psycopg.Connection[Any] = psycopg.connect(role_url("bi", rig.world.settings))
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rig.once("first look", lambda: _look(connection))
        return connection

    return rig.once("reader", work)


def _look(connection: "psycopg.Connection[Any]") -> tuple[int, str]:
    """Publish and digest of all figures, as this reader sees them."""
    number = connection.execute("select publish_no from marts.last_publish").fetchone()
    figures = connection.execute(_FIGURES).fetchone()
    assert number and figures
    return int(number[0]), str(figures[0])


def _new_reader(rig: Rig) -> tuple[int, str, float]:
    """What somebody sees who comes now, and how long it took him."""
    started = time.monotonic()
    with psycopg.connect(role_url("bi", rig.world.settings)) as connection:
        number, figures = _look(connection)
    return number, figures, time.monotonic() - started


def _corrected(rig: Rig) -> int:
    """Number of the load that says that a dossier of January had come back by post; an older version comes after it."""

    def work() -> int:
        rows = exports.dossiers(rig.world.records, Window(None, pd.Timestamp(DAY)))
        returned = pd.to_datetime(rows["Ngày trả kết quả"], format="%d/%m/%Y %H:%M", errors="coerce")
        wanted = rows[
            (rows["Mã đơn vị"] == "823") & (rows["Hình thức trả"] == "1") & (rows["Trạng thái"] == "10")
            & (returned >= "2023-01-10") & (returned < "2023-01-28")
            & ~rows["Mã hồ sơ"].duplicated(keep=False) & ~rows["Mã hồ sơ"].str.contains("THU")
        ].iloc[0]  # fmt: skip
        newer = list(wanted.items())
        load = rig.load(_row(rig, "correction", newer, method="3", updated="07/03/2023 10:00"), day=NEXT_DAY)
        older = rig.load(_row(rig, "older", newer, method="2", updated="05/03/2023 10:00"), day=NEXT_DAY)
        again = rig.load(_row(rig, "again", newer, method="3", updated="07/03/2023 10:00", end="\n"), day=NEXT_DAY)
        demand((load.code, older.code, again.code) == (0, 0, 0), f"{load} / {older} / {again}")
        return int(load.load["load_seq"])

    return rig.once("corrected", work)


def _row(rig: Rig, name: str, cells: list[tuple[Any, Any]], method: str, updated: str, end: str = "") -> Any:
    changed = {**dict(cells), "Hình thức trả": method, "Ngày cập nhật": updated}
    path = csv_file(rig.path(f"{name}.csv"), table([list(changed.values())], list(changed)))
    path.write_bytes(path.read_bytes() + end.encode())
    return path


def _orphans(rig: Rig) -> None:
    """Forty dossiers, one of a unit that nobody knows, another of a procedure of the right form that no list has."""

    def work() -> None:
        rig.once("unmapped before", lambda: _unmapped(rig))
        rows = [changed(row, agency="01846") for row in dossiers(40, first=500_000)]
        rows = replaced(replaced(rows, 7, agency="82999"), 8, procedure="9.999999")
        load = rig.load(csv_file(rig.path("orphans.csv"), table(rows)), day=NEXT_DAY)
        rig.set_aside(load, "GATE-DOS-501", 1, 39)

    rig.once("orphans", work)


def _unmapped(rig: Rig) -> dict[str, int]:
    """What BI sees of dossiers whose codes stand in no list, by the kind of code."""
    query = (
        "select coalesce(sum(row_count), 0) from marts.unmapped_rows"
        " where dataset = 'one_stop.dossiers' and code_of = %s"
    )
    return {kind: int(rig.one(query, kind, role="bi")) for kind in ("agency", "procedure")}


def _built(rig: Rig) -> str:
    """The colour that was built with the correction, while the reader reads."""

    def work() -> str:
        _reader(rig)
        _corrected(rig)
        _orphans(rig)
        told = rig.command("build", "--date", NEXT_DAY.isoformat())
        demand(told.code == 0, f"build: exit {told.code} {told.error}")
        return "green" if rig.one("select colour from ledger.live") == "blue" else "blue"

    return rig.once("built", work)


def _publish(rig: Rig) -> Told:
    return rig.command("publish", "--date", NEXT_DAY.isoformat())


def _published(rig: Rig) -> float:
    """Seconds that the turn of the pointer took, its history of changed figures included."""

    def work() -> float:
        _built(rig)
        taken: list[float] = []
        turn = publishing._turn

        def timed(*arguments: Any) -> Any:
            started = time.monotonic()
            result = turn(*arguments)
            taken.append(time.monotonic() - started)
            return result

        with patch.object(publishing, "_turn", timed):
            told = _publish(rig)
        demand((told.code, rig.publish_no()) == (0, 2), f"publish: exit {told.code} {told.error}")
        return taken[0]

    return rig.once("published", work)


def _refused(rig: Rig, code: str, exit_code: int) -> Seen:
    """R: the publish is refused with that error, and everybody still sees the first one."""
    told = _publish(rig)
    found = (told.error or {}).get("code")
    demand((told.code, found) == (exit_code, code), f"exit {told.code} {found}: exit {exit_code} {code} expected")
    number, figures, _ = _new_reader(rig)
    demand((number, figures) == rig.once("first look", lambda: (0, "")), "the figures have changed")
    return Seen("R", f"exit {told.code} {found}, publish {number} stays, figures equal")


# ---------------------------------------------------------------------------------------------- publishes that must not


@case("D17", "tỷ lệ trên 100 % trong bản sắp công bố", "rate above 100 % in the candidate", REFUSED, group=GROUP)
def above_hundred(rig: Rig) -> Seen:
    with _planted(rig, _built(rig), "numerator = denominator * 2, value = 200"):
        return _refused(rig, "EGOV-PUB-004", 1)


@contextmanager
def _planted(rig: Rig, colour: str, change: str) -> Iterator[None]:
    """One rate of a colour changed by hand, and put back."""
    place = f"{colour}.kpi_value where ctid = %s and tableoid = %s"
    chosen = (
        f"select ctid, tableoid, numerator, value, data_as_of from {colour}.kpi_value"  # noqa: S608
        " where denominator > 1 and numerator between 1 and denominator - 1 and unit = 'percent'"
        " and scope = 'own' and period_grain = 'month' limit 1"
    )
    with superuser(rig) as conn:
        row = conn.execute(chosen.encode()).fetchone()
        assert row is not None
        keys = _key_values(conn, place, row)
        undo = f"update {colour}.kpi_value set numerator = %s, value = %s, data_as_of = %s where {keys}"  # noqa: S608
        conn.execute(f"update {colour}.kpi_value set {change} where {keys}".encode())  # noqa: S608
        try:
            yield
        finally:
            conn.execute(undo.encode(), row[2:])


def _key_values(conn: "psycopg.Connection[tuple[Any, ...]]", place: str, row: tuple[Any, ...]) -> str:
    """The row's key as a condition: an update moves a row to another place."""
    names = ", ".join(publishing.KEYS)
    found = conn.execute(f"select {names} from {place}".encode(), row[:2]).fetchone()  # noqa: S608
    assert found is not None
    return " and ".join(f"{name} = '{value}'" for name, value in zip(publishing.KEYS, found, strict=True))


@case("I20c", "kiểm tra trước công bố bị sập", "the audit's engine crashes", REFUSED, group=GROUP)
def audit_crashes(rig: Rig) -> Seen:
    _built(rig)

    def crash(*_: Any, **__: Any) -> Any:
        raise RuntimeError("planted")

    with patch("egov_kpi.gate.marts.evaluate", crash):
        return _refused(rig, "EGOV-PUB-005", 3)


@case("I21", "nhật ký không ghi được lúc công bố", "the ledger's append fails at the publish", REFUSED, group=GROUP)
def ledger_fails(rig: Rig) -> Seen:
    _built(rig)
    with superuser(rig) as conn:
        conn.execute(
            "create function public.egov_proof_refuse() returns trigger language plpgsql as $$ begin"
            " if new.kind = 'published' then raise exception 'planted'; end if; return new; end $$"
        )
        conn.execute(
            "create trigger egov_proof_refuse before insert on ledger.event"
            " for each row execute function public.egov_proof_refuse()"
        )
        try:
            return _refused(rig, "EGOV-CLI-001", 3)
        finally:
            # to drop it would wait for the reader, who never ends, and whose views look at the ledger
            conn.execute("alter table ledger.event disable trigger egov_proof_refuse")


# ------------------------------------------------------------------------------------------------- publishes that must


@case("I12c", "BI và kiểm toán giữ hết kết nối được phép", "BI and auditors hold all connections that they may",
      EXACT, group=GROUP)  # fmt: skip
def no_connection_left_for_readers(rig: Rig) -> Seen:
    """The publish of the story, with every connection taken that those roles get."""
    _built(rig)
    before = rig.publish_no()
    with contextlib.ExitStack() as held:
        taken = {role: take_all(rig, role, held) for role in ("bi", "auditor")}
        _published(rig)
        demand(rig.publish_no() == before + 1, "another case published before this one")
    number, _, _ = _new_reader(rig)
    demand(number == before + 1, f"readers see publish {number}")
    return Seen("X", ", ".join(f"{role} stopped at {count}" for role, count in taken.items()) + "; published")


@case("D3", "sửa muộn một tháng đã chốt", "late correction to a closed month", EXACT, group=GROUP)
def late_correction(rig: Rig) -> Seen:
    _published(rig)
    before, after = (int(rig.one(_RETURNED, number, role="bi")) for number in (1, 2))
    demand(after == before + 1, f"January by post: {before}, then {after}")
    changed = rig.one("select body_json ->> 'changed_values' from ledger.event where kind = 'published'"
                      " order by event_no desc limit 1")  # fmt: skip
    demand(int(changed) > 0, "the publish says that nothing has changed")
    return Seen("X", f"January by post {before} → {after}; both kept, {changed} changed figures in the ledger")


@case("D2", "cùng khóa, khác nội dung, phiên bản khác", "same key, other content, other version", EXACT, group=GROUP)
def versions(rig: Rig) -> Seen:
    """The newest by the source counts, though an older one came in after it; all of them are kept."""
    _published(rig)
    kept = rig.one(
        "select count(*) from raw.one_stop__dossiers as r where r.dossier_hash ="
        " (select c.dossier_hash from raw.one_stop__dossiers as c where c.load_seq = %s limit 1)",
        _corrected(rig),
    )
    demand(kept >= 4, f"{kept} rows of the key in raw")
    return Seen("X", f"{kept} rows of one key in raw, the newest version counts")


@case("D8b", "mã đơn vị không ai biết, trong số liệu công bố", "unknown agency code, in what is published",
      QUARANTINED, group=GROUP)  # fmt: skip
def unknown_agency_counted(rig: Rig) -> Seen:
    _published(rig)
    return _one_more(rig, "agency")


@case("D14b", "mã thủ tục đúng mẫu nhưng không có trong danh mục", "procedure code of the right form, in no list",
      EXACT, group=GROUP)  # fmt: skip
def orphan_procedure(rig: Rig) -> Seen:
    """Counted by the build and not refused by the gate: docs/decisions/0012-orphans-are-counted.md says why."""
    _published(rig)
    return _one_more(rig, "procedure")


def _one_more(rig: Rig, kind: str) -> Seen:
    before, after = rig.once("unmapped before", lambda: _unmapped(rig))[kind], _unmapped(rig)[kind]
    # the procedures of the other thirty-nine are in no list of these sources either
    added = 1 if kind == "agency" else rig.once("orphan procedures", lambda: _orphan_procedures(rig))
    demand(after == before + added, f"unmapped by {kind}: {before}, then {after}, {added} added")
    return Seen("Q" if kind == "agency" else "X", f"BI sees {before}, then {after} dossiers of no known {kind}")


def _orphan_procedures(rig: Rig) -> int:
    """Dossiers of the load whose procedure no list has, asked of the rows themselves; the planted one is among them."""
    found = rig.one(
        "select count(*) from raw.one_stop__dossiers as d where d.dossier_hash is not null and d.load_seq ="
        " (select max(load_seq) from raw.one_stop__dossiers where procedure_code = '9.999999')"
        " and not exists (select from raw.portal__procedures as p where p.procedure_code = d.procedure_code)"
    )
    demand(found >= 1, "the planted procedure is in a list")
    return int(found)


@case("D17b", "mẫu số bằng không", "zero denominator", EXACT, group=GROUP)
def zero_denominator(rig: Rig) -> Seen:
    _published(rig)
    query = "select count(*) from marts.kpi_value where unit = 'percent' and coalesce(denominator, 0) = 0 and {}"
    wrong = rig.one(query.format("(value is not null or value_reason is null)"), role="bi")
    empty = rig.one(query.format("value is null"), role="bi")
    demand(wrong == 0 and empty > 0, f"{wrong} values without a denominator, {empty} empty ones")
    return Seen("X", f"{empty} empty values, each with its reason; never 100 %")


@case("I13", "BI đọc suốt 60 phút khi dựng và công bố", "60-minute reader during build and publish",
      EXACT, group=GROUP)  # fmt: skip
def long_reader(rig: Rig) -> Seen:
    took = _published(rig)
    reader = _reader(rig)
    demand(_look(reader) == rig.once("first look", lambda: (0, "")), "the reader's figures have changed")
    number, _, waited = _new_reader(rig)
    demand(number == 2, f"who comes now sees publish {number}")
    demand(took <= MOST_SECONDS, f"the publish took {took:.2f} s")
    limits = rig.one("select string_agg(setting, ' ') from pg_roles cross join unnest(rolconfig) as c (setting)"
                     " where rolname = 'egov_bi' and setting like '%timeout%'")  # fmt: skip
    demand("statement_timeout=60min" in limits, limits)
    return Seen("X", f"reader unmoved at publish 1, turn {took:.2f} s, new reader {waited:.2f} s")


# -------------------------------------------------------------------------------------------------- rows edited by hand


@case("S15", "quản trị viên sửa một dòng đã công bố", "a DBA edits a published row", NEUTRALISED, group=GROUP)
def edited_row(rig: Rig) -> Seen:
    """By what an operator runs: the doctor compares the digest of the rows with that of the ledger."""
    colour = rig.one("select colour from ledger.live")
    before, _ = _doctor(rig)
    demand(before == "OK", f"doctor says {before} of the marts to begin with")
    with _planted(rig, colour, "numerator = numerator + 1"):
        edited, detail = _doctor(rig)
    demand(edited == "FAIL", f"doctor says {edited} after the edit")
    after, _ = _doctor(rig)
    demand(after == "OK", "the edit was not undone")
    return Seen("N", f"doctor: FAIL, {detail[:60]}…")


def _doctor(rig: Rig) -> tuple[str, str]:
    """What the doctor says of the marts; of services that don't run here it has other things to say."""
    told = rig.command("doctor")
    found = {check["name"]: (str(check["status"]), str(check["detail_en"])) for check in told.result}
    demand("marts" in found, f"the doctor says nothing of the marts: {sorted(found)}")
    return found["marts"]


@case("S15b", "quản trị viên sửa nhật ký", "a DBA edits the ledger", NEUTRALISED, group=GROUP, quick=True)
def edited_ledger(rig: Rig) -> Seen:
    with superuser(rig) as conn:
        refused = False
        try:
            conn.execute("update ledger.event set actor = 'somebody' where event_no = 3")
        except psycopg.Error:
            refused = True
        demand(refused, "an update of the ledger is taken")
        conn.execute("set session_replication_role = replica")
        actor = conn.execute("select actor from ledger.event where event_no = 3").fetchone()
        assert actor is not None
        conn.execute("update ledger.event set actor = 'somebody' where event_no = 3")
        try:
            told = rig.command("ledger", "verify")
        finally:
            conn.execute("update ledger.event set actor = %s where event_no = 3", actor)
    demand(told.code in (1, 3), f"ledger verify: exit {told.code}")
    demand(rig.command("ledger", "verify").code == 0, "the chain doesn't hold once it is put back")
    return Seen("N", f"update refused by trigger; past the trigger: ledger verify exits {told.code}")


# ----------------------------------------------------------------------------------------------- back, and from nothing


@case("I13b", "BI đang đọc khi quay lại bản trước", "reader during a rollback", EXACT, group=GROUP)
def rollback(rig: Rig) -> Seen:
    """Publish 1 is back at once, with the reader's transaction open; held, lifted, and publish 2 again."""
    _published(rig)
    reader, first = _reader(rig), rig.once("first look", lambda: (0, ""))
    started = time.monotonic()
    told = rig.command("rollback", "--reason", "a proof")
    took = time.monotonic() - started
    demand(told.code == 0, f"rollback: exit {told.code} {told.error}")
    number, figures, _ = _new_reader(rig)
    demand((number, figures) == first == _look(reader), "the rollback shows other figures than publish 1 had")
    held = _publish(rig)
    demand((held.code, (held.error or {}).get("code")) == (4, "EGOV-PUB-001"), "it isn't held afterwards")
    demand(rig.command("rollback", "--resume").code == 0, "the hold can't be lifted")
    return Seen("X", f"publish 1 again after {took:.2f} s, figures equal, held; the reader unmoved")


@case("D5", "dữ liệu đến không theo thứ tự", "delivery out of order", EXACT, group=GROUP)
def out_of_order(rig: Rig) -> Seen:
    """An older version came last, and the same marts come from nothing: digest of a rebuild against the published."""
    _published(rig)
    expected = rig.one("select mart_digest from ledger.publish where publish_no = 2")
    told = rig.command("build", "--rebuild", "--date", NEXT_DAY.isoformat())
    demand(told.code == 0, f"rebuild: exit {told.code} {told.error}")
    from egov_kpi.db.connect import connect
    from egov_kpi.publish.digest import mart_digest

    idle = "green" if rig.one("select colour from ledger.live") == "blue" else "blue"
    with connect("publisher", rig.world.settings) as conn:
        found = mart_digest(conn, idle)
    first = rig.once("first look", lambda: (0, ""))
    demand(_look(_reader(rig)) == first, "the reader's figures have changed by the rebuild")
    demand(found == expected, f"from nothing {found[:12]}, published {expected[:12]}")
    return Seen("X", f"digest {found[:12]} from nothing too; the reader stays unmoved")
