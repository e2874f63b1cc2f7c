"""The privilege matrix of docs/reference/roles.md, asked of Postgres cell by cell."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import psycopg
import pytest

from egov_kpi.db.connect import LOGINS, connect
from egov_kpi.db.migrate import migrate
from egov_kpi.settings import PROJECT_ROOT, Settings

Connection = psycopg.Connection[tuple[Any, ...]]
SCHEMAS = [
    "blue",
    "build",
    "green",
    "inbound",
    "intermediate",
    "ledger",
    "marts",
    "public",
    "publish",
    "quarantine",
    "raw",
    "ref",
    "staging",
]
TABLE_RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
COLUMN_RIGHTS = {"select", "insert", "update", "references"}
# Names that only the builder or the loader fills.
FILLED_LATER = {"staging", "intermediate", "inbound"}


@pytest.fixture(scope="module")
def superuser(shared_warehouse: Settings) -> Iterator[Connection]:
    # rights on the database itself are not part of a template
    migrate(shared_warehouse)
    with connect("superuser", shared_warehouse, autocommit=True) as connection:
        yield connection


def read_matrix() -> dict[str, dict[str, set[str]]]:
    text = (PROJECT_ROOT / "docs" / "reference" / "roles.md").read_text(encoding="utf-8")
    lines = [line for line in text.split("## The matrix")[1].splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    roles = rows[0][1:]
    return {
        row[0]: {role: set(cell.split()) - {"-"} for role, cell in zip(roles, row[1:], strict=True)} for row in rows[2:]
    }


def holds(conn: Connection, function: str, role: str, thing: object, right: str) -> bool:
    query = f"select {function}(%s, %s, %s)"
    row = conn.execute(query.encode(), (f"egov_{role}", thing, right)).fetchone()
    return row is not None and bool(row[0])


def rights_of_table(conn: Connection, role: str, name: str) -> set[str]:
    found = set()
    for right in TABLE_RIGHTS:
        if holds(conn, "has_table_privilege", role, name, right):
            found.add(right)
        elif right in COLUMN_RIGHTS and holds(conn, "has_any_column_privilege", role, name, right):
            found.add(f"{right}*")
    return found


def rights_of(conn: Connection, role: str, kind: str, name: str) -> set[str]:
    if kind == "database":
        return {r for r in ("connect", "create", "temporary") if holds(conn, "has_database_privilege", role, name, r)}
    if kind == "schema":
        return {r for r in ("usage", "create") if holds(conn, "has_schema_privilege", role, name, r)}
    if kind == "function":
        return {"execute"} if holds(conn, "has_function_privilege", role, name, "execute") else set()
    if kind == "S":
        return {r for r in ("usage", "select", "update") if holds(conn, "has_sequence_privilege", role, name, r)}
    return rights_of_table(conn, role, name)


def objects(conn: Connection) -> Iterator[tuple[str, str, str]]:
    """Kind, name for Postgres, name in the matrix of everything in our schemas."""
    yield "database", conn.info.dbname, "database"
    for schema in SCHEMAS:
        yield "schema", schema, f"schema {schema}"
    relations = conn.execute(
        "select c.relkind::text, format('%%I.%%I', n.nspname, c.relname), n.nspname || '.' || c.relname"
        " from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
        " and not (c.relkind = 'S' and exists (select from pg_depend as d where d.objid = c.oid and d.deptype = 'i'))",
        (SCHEMAS,),
    ).fetchall()
    yield from relations
    functions = conn.execute(
        "select p.oid::regprocedure::text, 'function ' || n.nspname || '.' || p.proname, p.prorettype::regtype::text"
        " from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace where n.nspname = any(%s)",
        (SCHEMAS,),
    ).fetchall()
    # a trigger function needs no grant, and nobody may call it
    yield from (("function", name, label if returns != "trigger" else "trigger") for name, label, returns in functions)


def expected(matrix: dict[str, dict[str, set[str]]], label: str, role: str) -> set[str]:
    rows = [row for row in matrix if fnmatchcase(label, row)]
    assert len(rows) == 1, f"{label} has {len(rows)} rows in the matrix"
    cell = matrix[rows[0]][role]
    return set(TABLE_RIGHTS) if cell == {"owner"} else cell


def test_every_cell_of_the_matrix(superuser: Connection) -> None:
    matrix = read_matrix()
    roles = list(next(iter(matrix.values())))
    wrong = []
    checked = 0
    for kind, name, label in objects(superuser):
        for role in roles:
            wanted: set[str] = set() if label == "trigger" else expected(matrix, label, role)
            found = rights_of(superuser, role, kind, name)
            checked += 1
            if found != wanted:
                wrong.append(f"{label} {role}: has {sorted(found)}, matrix says {sorted(wanted)}")
    assert not wrong, "\n".join(wrong)
    assert checked > 400


def test_the_matrix_names_nothing_that_is_not_there(superuser: Connection) -> None:
    labels = [label for _, _, label in objects(superuser)]
    assert [row for row in read_matrix() if not any(fnmatchcase(label, row) for label in labels)] == []


def test_who_owns_what(superuser: Connection) -> None:
    """The owner, whom no task of a night uses; but BI's views a role without a login, and reference data the builder.

    The journal of migrations is the superuser's, who runs them.
    """
    rows = superuser.execute(
        "select distinct n.nspname::text, pg_get_userbyid(c.relowner)::text"
        " from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')",
        (SCHEMAS,),
    ).fetchall()
    others = {"marts": "egov_mart_owner", "ref": "egov_builder", "public": superuser.info.user}
    assert {schema for schema, _ in rows} >= {"blue", "green", "raw", "quarantine", "ledger", "build", *others}
    assert [row for row in rows if row[1] != others.get(row[0], "egov_owner")] == []
    functions = superuser.execute(
        "select p.proname from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace"
        " where n.nspname = any(%s) and pg_get_userbyid(p.proowner) <> 'egov_owner'",
        (SCHEMAS,),
    ).fetchall()
    assert functions == []


def test_no_role_can_raise_itself(superuser: Connection) -> None:
    rows = superuser.execute(
        "select rolname from pg_roles where rolname like 'egov%%'"
        " and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"
    ).fetchall()
    memberships = superuser.execute(
        "select m.roleid::regrole::text, m.member::regrole::text from pg_auth_members as m"
        " where m.member::regrole::text like 'egov%%'"
    ).fetchall()
    assert rows == []
    assert memberships == [("egov_mart_owner", "egov_owner")]


@pytest.mark.parametrize("role", [role for role in LOGINS if role not in {"owner"}])
def test_structure_is_not_theirs(migrated_warehouse: Settings, role: str) -> None:
    for statement in (
        "truncate blue.kpi_value",
        "alter table blue.kpi_value add column extra int",
        "drop view marts.kpi_value",
        "create table marts.own (a int)",
        "create table public.own (a int)",
        "update ledger.event set body = '{}'",
        "insert into ledger.event (event_no, occurred_at, actor, kind, body, prev_hash, event_hash)"
        " values (99, now(), 'x', 'incident', '{}', repeat('0', 64), repeat('0', 64))",
        "delete from ledger.kpi_value_log",
        "update ledger.live set publish_no = 99",
        "select lo_import('/etc/passwd')",
        "copy blue.kpi_value to program 'cat'",
    ):
        with (
            connect(role, migrated_warehouse) as conn,
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
        ):
            if role == "bi":
                conn.execute("set default_transaction_read_only = off")
                conn.commit()
            conn.execute(statement.encode())


@pytest.mark.parametrize(
    "schema", ["raw", "quarantine", "ledger", "ref", "build", "blue", "green", "inbound", "staging"]
)
def test_bi_sees_nothing_under_the_views(shared_warehouse: Settings, superuser: Connection, schema: str) -> None:
    tables = superuser.execute(
        "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = %s", (schema,)
    ).fetchall()
    assert tables or schema in FILLED_LATER
    with connect("bi", shared_warehouse, autocommit=True) as conn:
        for (table,) in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"select * from {table}".encode())


def test_bi_reads_every_view_of_marts(shared_warehouse: Settings, superuser: Connection) -> None:
    views = superuser.execute("select viewname from pg_views where schemaname = 'marts'").fetchall()
    assert len(views) >= 7
    with connect("bi", shared_warehouse) as conn:
        for (view,) in views:
            conn.execute(f'select * from marts."{view}"'.encode())
        assert conn.execute("show statement_timeout").fetchone() == ("1h",)
        assert conn.execute("show timezone").fetchone() == ("Asia/Ho_Chi_Minh",)
