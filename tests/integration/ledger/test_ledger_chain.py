"""The chain: written one way, and every other change to it is noticed."""

import threading
from typing import Any

import psycopg
import pytest

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import GENESIS, append, event_digest, verify
from egov_kpi.settings import Settings


def incident(number: int) -> dict[str, Any]:
    return {"kind": "secret_rows", "dataset": "ioffice.outgoing_documents", "count": number, "detail": "Văn bản mật"}


@pytest.fixture
def three_events(migrated_warehouse: Settings) -> Settings:
    return _with_three_events(migrated_warehouse)


@pytest.fixture(scope="module")
def unchanged_events(shared_migrated_warehouse: Settings) -> Settings:
    """For what must not succeed in changing them."""
    return _with_three_events(shared_migrated_warehouse)


def _with_three_events(settings: Settings) -> Settings:
    with connect("loader", settings) as conn:
        for number in range(3):
            append(conn, "incident", incident(number))
    return settings


def verified(settings: Settings) -> Any:
    with connect("auditor", settings) as conn:
        return verify(conn)


def tamper(settings: Settings, *statements: str) -> None:
    """What a database administrator could do: switch the triggers off and edit."""
    with connect("superuser", settings) as conn:
        conn.execute("set session_replication_role = replica")
        for statement in statements:
            conn.execute(statement.encode())


def test_an_empty_chain_is_whole(migrated_warehouse: Settings) -> None:
    result = verified(migrated_warehouse)
    assert (result.ok, result.events, result.head) == (True, 0, GENESIS)


def test_python_and_postgres_agree_on_every_hash(three_events: Settings) -> None:
    with connect("auditor", three_events) as conn:
        rows = conn.execute(
            "select event_hash, ledger.event_digest(prev_hash, event_no, occurred_at, actor, kind, body),"
            " prev_hash, event_no, occurred_at, actor, kind, body from ledger.event order by event_no"
        ).fetchall()
    assert len(rows) == 3
    for stored, by_postgres, *fields in rows:
        assert stored == by_postgres == event_digest(*fields)
    result = verified(three_events).require()
    assert (result.events, result.head) == (3, rows[-1][0])


@pytest.mark.parametrize(
    ("statement", "broken_at", "reason"),
    [
        ("update ledger.event set body = replace(body, '\"count\":1', '\"count\":7') where event_no = 2", 2, "content"),
        ("update ledger.event set actor = 'egov_owner' where event_no = 2", 2, "content"),
        ("update ledger.event set occurred_at = occurred_at - interval '1 day' where event_no = 1", 1, "content"),
        ("update ledger.event set kind = 'night_failed' where event_no = 3", 3, "content"),
        ("delete from ledger.event where event_no = 2", 2, "missing"),
        ("delete from ledger.event where event_no = 1", 1, "missing"),
        ("update ledger.event set prev_hash = repeat('a', 64) where event_no = 3", 3, "follow"),
        ("update ledger.event set event_no = 9 where event_no = 3", 3, "missing"),
    ],
)
def test_an_edit_behind_the_function_is_found(
    three_events: Settings, statement: str, broken_at: int, reason: str
) -> None:
    tamper(three_events, statement)
    result = verified(three_events)
    assert (result.ok, result.broken_at) == (False, broken_at)
    assert reason in result.reason
    with pytest.raises(EgovError) as caught:
        result.require()
    assert caught.value.code == "EGOV-LEDGER-001"


def test_an_edit_with_a_fitting_hash_breaks_the_next_link(three_events: Settings) -> None:
    tamper(
        three_events,
        "update ledger.event set body = '{\"count\":7}' where event_no = 2",
        "update ledger.event set event_hash = ledger.event_digest(prev_hash, event_no, occurred_at, actor, kind, body)"
        " where event_no = 2",
    )
    assert verified(three_events).broken_at == 3


def test_the_tail_cut_off_changes_the_head_that_the_auditor_noted(three_events: Settings) -> None:
    noted = verified(three_events)
    tamper(three_events, "delete from ledger.event where event_no = 3")
    shortened = verified(three_events)
    assert shortened.ok
    assert (shortened.events, shortened.head) != (noted.events, noted.head)


@pytest.mark.parametrize("role", ["owner", "superuser", "publisher", "loader"])
@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.event set body = '{}'",
        "delete from ledger.event",
        "truncate ledger.event cascade",
        "update ledger.kpi_value_log set value = 0",
        "delete from ledger.kpi_value_log",
        "truncate ledger.kpi_value_log",
        "delete from ledger.live",
        "insert into ledger.live values (true, 'blue', 1, false, null)",
        "update ledger.live set publish_no = 5",
    ],
)
def test_no_role_can_change_what_is_written(unchanged_events: Settings, role: str, statement: str) -> None:
    with connect(role, unchanged_events) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement.encode())


def test_a_body_that_is_not_canonical_is_found(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn:
        conn.execute("select ledger.append('incident', '{\"b\": 1, \"a\": 2}')")
    assert "canonical" in verified(migrated_warehouse).reason


@pytest.mark.parametrize("body", ["[1]", "3", "null", '"text"'])
def test_a_body_is_an_object(unchanged_events: Settings, body: str) -> None:
    with connect("loader", unchanged_events) as conn, pytest.raises(psycopg.errors.CheckViolation):
        conn.execute("select ledger.append('incident', %s)", (body,))


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("loader", "published"),
        ("loader", "colour_built"),
        ("builder", "load_promoted"),
        ("builder", "published"),
        ("publisher", "load_promoted"),
        ("publisher", "colour_built"),
        ("custodian", "load_revoked"),
        ("owner", "published"),
        ("loader", "no_such_kind"),
    ],
)
def test_a_role_writes_its_own_kinds_of_event_only(unchanged_events: Settings, role: str, kind: str) -> None:
    with connect(role, unchanged_events) as conn, pytest.raises(EgovError) as caught:
        append(conn, kind, {"publish_no": 1, "load_seq": 1})
    assert caught.value.code == "EGOV-LEDGER-003"


def test_the_actor_is_the_login_and_cannot_be_borrowed(migrated_warehouse: Settings) -> None:
    with connect("custodian", migrated_warehouse) as conn:
        append(conn, "incident", incident(1))
        row = conn.execute("select actor from ledger.event").fetchone()
    assert row == ("egov_custodian",)


def test_an_event_that_is_rolled_back_leaves_no_gap(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn:
        append(conn, "incident", incident(1))
        conn.rollback()
        assert append(conn, "incident", incident(2)) == 1
    assert verified(migrated_warehouse).require().events == 1


def test_many_writers_at_once_make_one_chain(migrated_warehouse: Settings) -> None:
    writers, each = 8, 25

    def write(role: str) -> None:
        with connect(role, migrated_warehouse) as conn:
            for number in range(each):
                append(conn, "incident", incident(number))
                # every fifth transaction gives up: its number goes to somebody else
                if number % 5 == 4:
                    conn.rollback()
                else:
                    conn.commit()

    threads = [threading.Thread(target=write, args=(role,)) for role in ("loader", "builder") * (writers // 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    result = verified(migrated_warehouse).require()
    assert result.events == writers * each * 4 // 5


def test_a_reader_at_repeatable_read_cannot_write_a_second_event_of_one_number(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as slow, connect("loader", migrated_warehouse) as quick:
        slow.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        slow.execute("select count(*) from ledger.event")
        append(quick, "incident", incident(1))
        quick.commit()
        with pytest.raises(EgovError):
            append(slow, "incident", incident(2))
        slow.rollback()
        append(slow, "incident", incident(2))
    assert verified(migrated_warehouse).require().events == 2
