"""Raw and quarantine in a real database: strict dates, exact casts, append-only tables, partitions beside readers."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from psycopg import sql

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.model import Column
from egov_kpi.contracts.sql import (
    QUARANTINE_LIFE_COLUMNS,
    QUARANTINE_OWN_COLUMNS,
    RAW_OWN_COLUMNS,
    cast_expression,
    identifier,
    key_digest_expression,
    source_version_expression,
    validity_expression,
)
from egov_kpi.db.connect import connect
from egov_kpi.settings import Settings

QUARANTINE_OWN = {*QUARANTINE_OWN_COLUMNS, *(name for name, _ in QUARANTINE_LIFE_COLUMNS)}
TYPE_NAMES = {"timestamp with time zone": "timestamptz"}
HANOI = timezone(timedelta(hours=7))


@pytest.fixture
def asked(shared_migrated_warehouse: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The loader's login for tests that write nothing."""
    with connect("loader", shared_migrated_warehouse, autocommit=True) as connection:
        connection.read_only = True
        yield connection


@pytest.fixture
def loader(migrated_warehouse: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect("loader", migrated_warehouse, autocommit=True) as connection:
        yield connection


def _one(connection: psycopg.Connection[Any], query: str, *values: object) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def _column(dataset: str, name: str) -> Column:
    return get_contract(dataset).column(name)


def _is_valid(connection: psycopg.Connection[Any], column: Column, text: str | None) -> bool:
    query = (
        f"select {validity_expression(column, 'given')} from (select %s::text as {identifier(column.name)}) as given"
    )
    result = _one(connection, query, text)
    assert result in (True, False)
    return bool(result)


def _cast(connection: psycopg.Connection[Any], column: Column, text: str | None) -> Any:
    query = f"select {cast_expression(column, 'given')} from (select %s::text as {identifier(column.name)}) as given"
    return _one(connection, query, text)


def _python_accepts(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True


def test_every_day_of_four_years_and_its_neighbours(asked: psycopg.Connection[Any]) -> None:
    texts = [f"{day:02d}/{month:02d}/{year}" for year in range(2023, 2027) for month in range(14) for day in range(33)]
    query = "select t, raw.is_date(t, 'dd/MM/yyyy') from unnest(%s::text[]) as t"
    found = dict(asked.execute(query, [texts]).fetchall())
    assert found == {text: _python_accepts(text, "%d/%m/%Y") for text in texts}
    turned = ["-".join(reversed(text.split("/"))) for text in texts]
    found = dict(asked.execute(query.replace("dd/MM/yyyy", "yyyy-MM-dd"), [turned]).fetchall())
    assert found == {text: _python_accepts(text, "%Y-%m-%d") for text in turned}


@pytest.mark.parametrize("text", ["31/02/2026", "29/02/2023", "3/4/2026", "03/04/26", "2026-04-03", "03/04/2026 ", "x"])
def test_dates_that_are_refused(asked: psycopg.Connection[Any], text: str) -> None:
    assert not _is_valid(asked, _column("forms.paper_register", "received_date"), text)


def test_day_comes_before_month(asked: psycopg.Connection[Any]) -> None:
    column = _column("forms.paper_register", "received_date")
    assert _cast(asked, column, "03/04/2023") == date(2023, 4, 3)
    assert _cast(asked, column, "13/04/2023") == date(2023, 4, 13)
    assert _cast(asked, column, "29/02/2024") == date(2024, 2, 29)


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "UTC", "America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize("style", ["ISO, MDY", "German", "SQL, MDY"])
def test_times_are_those_of_viet_nam_whatever_the_session(
    asked: psycopg.Connection[Any], zone: str, style: str
) -> None:
    asked.execute(sql.SQL("set timezone = {}").format(sql.Literal(zone)))
    asked.execute(sql.SQL("set datestyle = {}").format(sql.Literal(style)))
    dossier = _column("one_stop.dossiers", "received_at")
    # Half past two of 26 March 2023 doesn't exist in Berlin; half past midnight is yesterday in UTC.
    for text, hour in (("26/03/2023 02:30", 2), ("26/03/2023 00:30", 0)):
        expected = datetime(2023, 3, 26, hour, 30, tzinfo=HANOI)
        assert _one(asked, "select extract(epoch from %s::timestamptz)", expected) == _epoch(asked, dossier, text)
    document = _column("ioffice.outgoing_documents", "updated_at")
    expected = datetime(2023, 3, 4, 8, 0, tzinfo=HANOI)
    assert _epoch(asked, document, "2023-03-04T08:00:00+07:00") == int(expected.timestamp())
    assert _epoch(asked, document, "2023-03-04T01:00:00Z") == int(expected.timestamp())


def _epoch(connection: psycopg.Connection[Any], column: Column, text: str) -> Any:
    query = f"select extract(epoch from {cast_expression(column, 'given')}) "
    return _one(connection, f"{query} from (select %s::text as {identifier(column.name)}) as given", text)


@pytest.mark.parametrize(
    "text",
    ["26/03/2023", "26/03/2023 24:00", "26/03/2023 7:30", "31/02/2023 07:30", "26/03/2023T07:30", "26/03/2023 07:60"],
)
def test_times_that_are_refused(asked: psycopg.Connection[Any], text: str) -> None:
    assert not _is_valid(asked, _column("one_stop.dossiers", "received_at"), text)


@pytest.mark.parametrize(
    "text", ["2023-03-04T08:00:00", "2023-02-30T08:00:00Z", "2023-03-04T08:00:00+0700", "2023-03-04"]
)
def test_times_without_an_offset_are_refused(asked: psycopg.Connection[Any], text: str) -> None:
    assert not _is_valid(asked, _column("ioffice.outgoing_documents", "updated_at"), text)


@pytest.mark.parametrize("text", ["1.5", "1,5", "1 000", "+3", "12345678901", "ba", "٣"])
def test_numbers_that_are_refused(asked: psycopg.Connection[Any], text: str) -> None:
    assert not _is_valid(asked, _column("mail.accounts", "sent_30d_count"), text)


def test_codes_become_ours_and_nothing_else_passes(asked: psycopg.Connection[Any]) -> None:
    channel = _column("one_stop.dossiers", "channel")
    assert _cast(asked, channel, "Trực tuyến") == _cast(asked, channel, "2") == "online"
    assert _is_valid(asked, channel, "Trực tuyến") and not _is_valid(asked, channel, "Qua Zalo")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        _cast(asked, channel, "Qua Zalo")
    assert "Zalo" not in str(caught.value)
    mandated = _column("iso.certificates", "is_mandated")
    assert _cast(asked, mandated, "Có") is True
    assert _cast(asked, mandated, "Không") is False


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_nothing_is_valid_and_becomes_null(asked: psycopg.Connection[Any], dataset: str) -> None:
    for column in get_contract(dataset).kept_columns:
        for nothing in (None, ""):
            assert _is_valid(asked, column, nothing)
            assert _cast(asked, column, nothing) is None


NASTY = [
    "'",
    "\\",
    "''); drop table x; --",
    "=cmd|'/c calc'!A1",
    "\t",
    "0x1F",
    "NaN",
    "infinity",
    "now",
    "epoch",
    "T",
    "1e3",
]


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_what_is_valid_can_be_cast(asked: psycopg.Connection[Any], dataset: str) -> None:
    for column in get_contract(dataset).kept_columns:
        for text in NASTY:
            if _is_valid(asked, column, text):
                assert str(_cast(asked, column, text)) == text


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_tables_are_those_of_the_contract(shared_migrated_warehouse: Settings, dataset: str) -> None:
    """Whatever later migrations did: the columns beside the warehouse's own are the contract's, typed as it says."""
    contract = get_contract(dataset)
    own = {name for name, _ in RAW_OWN_COLUMNS} | QUARANTINE_OWN
    expected = {
        "raw": {column.name: column.sql_type for column in contract.kept_columns},
        "quarantine": {column.name: "text" for column in contract.public_columns},
    }
    query = """
        select attname, atttypid::regtype::text from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped
    """
    with connect("owner", shared_migrated_warehouse) as owner:
        for schema, columns in expected.items():
            found = dict(owner.execute(query, [f"{schema}.{contract.table}"]).fetchall())
            found = {name: TYPE_NAMES.get(kind, kind) for name, kind in found.items() if name not in own}
            assert found == columns


# --- append-only


def _insert(connection: psycopg.Connection[Any], month: str = "2023-03-01") -> None:
    connection.execute("select raw.ensure_partition('directory__headcount', %s)", [month])
    connection.execute(
        """
        insert into raw.directory__headcount
            (load_seq, file_digest, row_no, row_digest, is_unchanged, loaded_month, agency_code, headcount)
        values (1, 'x', 1, '\\x00', false, %s, '823', 12)
        """,
        [month],
    )


CHANGES = [
    "update raw.directory__headcount set headcount = 13",
    "delete from raw.directory__headcount",
    "update raw.directory__headcount__202303 set headcount = 13",
    "delete from raw.directory__headcount__202303",
    "truncate raw.directory__headcount",
    "truncate raw.directory__headcount__202303",
]


@pytest.mark.parametrize("role", ["loader", "owner"])
@pytest.mark.parametrize("change", CHANGES)
def test_raw_refuses_every_change(
    migrated_warehouse: Settings, loader: psycopg.Connection[Any], role: Any, change: str
) -> None:
    _insert(loader)
    with (
        connect(role, migrated_warehouse, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(change)
    assert _one(loader, "select headcount from raw.directory__headcount") == 12


def _refuse(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        """
        insert into quarantine.directory__headcount (load_seq, file_digest, row_no, row_digest, rule_ids, headcount)
        values (1, 'x', 1, '\\x00', array['GATE-HC-001'], 'ba')
        """
    )


def test_nobody_changes_a_refused_row_by_hand(migrated_warehouse: Settings, loader: psycopg.Connection[Any]) -> None:
    _refuse(loader)
    changes = ("update {} set headcount = '3'", "update {} set state = 'corrected'", "delete from {}", "truncate {}")
    for role in ("custodian", "loader", "owner"):
        with connect(role, migrated_warehouse, autocommit=True) as connection:  # type: ignore[arg-type]
            for change in changes:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(change.format("quarantine.directory__headcount").encode())
    assert _one(loader, "select state from quarantine.directory__headcount") == "open"


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_text_and_typed_row_of_one_key_share_its_digest(asked: psycopg.Connection[Any], dataset: str) -> None:
    contract = get_contract(dataset)
    right = {"integer": "2023", "date": "05/03/2023", "timestamp": "05/03/2023 07:30"}
    other = {"date": "2023-03-05", "timestamp": "2023-03-05T07:30:00+07:00"}
    columns = [*contract.key_columns, contract.version_column]
    texts = [(other if (column.format or "").startswith("yyyy") else right).get(column.type, "x") for column in columns]
    given = ", ".join(f"%s::text as {identifier(column.name)}" for column in columns)
    typed = ", ".join(f"{cast_expression(column, 'g')} as {identifier(column.name)}" for column in columns)
    expressions = (key_digest_expression, source_version_expression)
    as_text = ", ".join(expression(contract, "g") for expression in expressions)
    as_typed = ", ".join(expression(contract, "t", typed=True) for expression in expressions)
    query = f"with g as (select {given}), t as (select {typed} from g) select {as_text}, {as_typed} from g, t"
    row = asked.execute(query.encode(), texts).fetchone()
    assert row is not None and row[:2] == row[2:] and None not in row
    without = [None if column.key_position == 1 else text for column, text in zip(columns, texts, strict=True)]
    row = asked.execute(query.encode(), without).fetchone()
    assert row is not None and row[0] is None and row[2] is None


def test_a_refused_row_names_its_rules(loader: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        loader.execute(
            "insert into quarantine.directory__headcount (load_seq, file_digest, row_no, row_digest, rule_ids)"
            " values (1, 'x', 1, '\\x00', '{}')"
        )


def test_auditor_sees_public_columns_only(shared_migrated_warehouse: Settings) -> None:
    with connect("auditor", shared_migrated_warehouse, autocommit=True) as auditor:
        auditor.execute("select load_seq, row_digest, agency_code, dossier_status from raw.one_stop__dossiers")
        for column in ("dossier_hash", "applicant_hash", "*"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(sql.SQL(f"select {column} from raw.one_stop__dossiers"))  # type: ignore[arg-type]


def test_bi_sees_nothing(shared_migrated_warehouse: Settings) -> None:
    with connect("bi", shared_migrated_warehouse, autocommit=True) as bi:
        for contract in all_contracts().values():
            for schema in ("raw", "quarantine"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    bi.execute(sql.SQL("select from {}").format(sql.Identifier(schema, contract.table)))


# --- partitions


def test_partition_is_made_once_and_found_again(loader: psycopg.Connection[Any]) -> None:
    for day in ("2023-12-01", "2023-12-31", "2024-01-01"):
        loader.execute("select raw.ensure_partition('one_stop__dossiers', %s)", [day])
    query = "select inhrelid::regclass::text from pg_inherits where inhparent = 'raw.one_stop__dossiers'::regclass"
    made = sorted(row[0] for row in loader.execute(query).fetchall())
    assert made == ["raw.one_stop__dossiers__202312", "raw.one_stop__dossiers__202401"]


@pytest.mark.parametrize("table", ["pg_class", "nothing", "one_stop__dossiers; drop table raw.mail__accounts"])
def test_partition_of_nothing_is_refused(loader: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        loader.execute("select raw.ensure_partition(%s, '2023-03-01')", [table])


def test_partition_does_not_wait_for_a_reader(migrated_warehouse: Settings, loader: psycopg.Connection[Any]) -> None:
    _insert(loader)
    with connect("builder", migrated_warehouse) as reader:
        reader.execute("select count(*) from raw.directory__headcount")
        loader.execute("set lock_timeout = '500ms'")
        _insert(loader, "2023-04-01")
        assert _one(reader, "select count(*) from raw.directory__headcount") == 2


def test_other_roles_make_no_partition(migrated_warehouse: Settings) -> None:
    for role in ("builder", "auditor", "custodian"):
        with (
            connect(role, migrated_warehouse, autocommit=True) as connection,  # type: ignore[arg-type]
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("select raw.ensure_partition('mail__accounts', '2023-03-01')")
