"""Migrations: once each, refused when changed, patient with readers."""

import shutil
import threading
import time
from pathlib import Path

import psycopg
import pytest

from egov_kpi.db import migrate as migrating
from egov_kpi.db.connect import LOGINS, connect, role_url
from egov_kpi.db.migrate import migrate, pending_migrations, schema_version
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings


@pytest.fixture
def own_sql(migrated_warehouse: Settings, tmp_path: Path) -> Settings:
    """The installation with a folder of migrations that a test may change."""
    shutil.copytree(migrated_warehouse.sql_dir, tmp_path / "root" / "sql")
    return migrated_warehouse.model_copy(update={"project_root": tmp_path / "root"})


def test_all_files_apply_to_an_empty_database_and_only_once(empty_warehouse: Settings) -> None:
    names = sorted(path.name for path in empty_warehouse.sql_dir.glob("*.sql"))
    assert migrate(empty_warehouse) == names
    assert migrate(empty_warehouse) == []
    with connect("auditor", empty_warehouse) as conn:
        assert pending_migrations(conn, empty_warehouse.sql_dir) == []
        assert schema_version(conn) == int(names[-1][:4])


def test_every_login_gets_its_password(migrated_warehouse: Settings) -> None:
    migrate(migrated_warehouse)
    for role in LOGINS:
        with connect(role, migrated_warehouse) as conn:
            assert conn.execute("select session_user").fetchone() == (f"egov_{role}",)


def test_a_file_changed_after_it_was_applied_is_refused(own_sql: Settings) -> None:
    path = own_sql.sql_dir / "0002_ledger.sql"
    path.write_text(path.read_text(encoding="utf-8") + "\n-- afterthought\n", encoding="utf-8")
    with pytest.raises(EgovError) as caught:
        migrate(own_sql)
    assert caught.value.code == "EGOV-DB-003"


def test_a_failing_file_leaves_nothing_behind(own_sql: Settings) -> None:
    (own_sql.sql_dir / "9001_broken.sql").write_text("create table ledger.half (a int);\nselect 1 / 0;\n")
    with pytest.raises(EgovError) as caught:
        migrate(own_sql)
    assert caught.value.code == "EGOV-DB-005"
    with connect("auditor", own_sql) as conn:
        assert conn.execute("select to_regclass('ledger.half')").fetchone() == (None,)
        assert pending_migrations(conn, own_sql.sql_dir) == ["9001_broken.sql"]


@pytest.mark.parametrize("name", ["0002_twice.sql", "42_short.sql", "0042 spaces.sql"])
def test_a_name_out_of_pattern_is_refused(own_sql: Settings, name: str) -> None:
    (own_sql.sql_dir / name).write_text("select 1;\n")
    with pytest.raises(EgovError) as caught:
        migrate(own_sql)
    assert caught.value.code == "EGOV-DB-007"


def test_objects_belong_to_the_owner(own_sql: Settings) -> None:
    (own_sql.sql_dir / "9001_more.sql").write_text("create table ledger.more (a int);\n")
    assert migrate(own_sql) == ["9001_more.sql"]
    with connect("auditor", own_sql) as conn:
        row = conn.execute("select tableowner from pg_tables where tablename = 'more'").fetchone()
    assert row == ("egov_owner",)


def test_a_migration_gives_way_to_a_reader_and_succeeds_after_it(
    own_sql: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(migrating, "_PAUSE_SECONDS", 0.1)
    (own_sql.sql_dir / "9001_wider.sql").write_text("alter table blue.kpi_value add column extra int;\n")
    with connect("bi", own_sql) as reader:
        reader.execute("select count(*) from marts.kpi_value")
        runner = threading.Thread(target=migrate, args=(own_sql,))
        runner.start()
        time.sleep(0.5)
        started = time.monotonic()
        with connect("bi", own_sql) as other:
            other.execute("select count(*) from marts.kpi_value")
        waited = time.monotonic() - started
        assert runner.is_alive()
    runner.join(timeout=20)
    assert not runner.is_alive()
    assert waited < 1.0
    with connect("auditor", own_sql) as conn:
        assert pending_migrations(conn, own_sql.sql_dir) == []


def test_a_migration_that_never_gets_its_lock_says_so(own_sql: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "_LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migrating, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(migrating, "_ATTEMPTS", 3)
    (own_sql.sql_dir / "9001_wider.sql").write_text("alter table blue.kpi_value add column extra int;\n")
    with connect("bi", own_sql) as reader:
        reader.execute("select count(*) from marts.kpi_value")
        with pytest.raises(EgovError) as caught:
            migrate(own_sql)
    assert caught.value.code == "EGOV-DB-004"


def test_a_wrong_password_is_a_coded_error(migrated_warehouse: Settings) -> None:
    path = migrated_warehouse.secrets_dir / "role_auditor"
    path.write_text("not-the-password\n")
    with pytest.raises(EgovError) as caught:
        connect("auditor", migrated_warehouse)
    assert caught.value.code == "EGOV-DB-002"
    assert "not-the-password" not in str(caught.value)


def test_an_unknown_role_is_wrong_usage(migrated_warehouse: Settings) -> None:
    with pytest.raises(EgovError) as caught:
        role_url("root", migrated_warehouse)
    assert caught.value.code == "EGOV-DB-006"


def test_the_server_never_sees_a_password_in_clear(migrated_warehouse: Settings) -> None:
    with connect("superuser", migrated_warehouse) as conn:
        rows = conn.execute("select rolpassword from pg_authid where rolname like 'egov%' and rolcanlogin").fetchall()
    assert len(rows) == len(LOGINS)
    assert all(row[0].startswith("SCRAM-SHA-256$") for row in rows)


def test_columns_are_the_same_in_both_colours(migrated_warehouse: Settings) -> None:
    query = (
        "select table_name, column_name, data_type, is_nullable from information_schema.columns"
        " where table_schema = %s order by 1, 2"
    )
    with psycopg.connect(role_url("superuser", migrated_warehouse)) as conn:
        blue = conn.execute(query, ("blue",)).fetchall()
        green = conn.execute(query, ("green",)).fetchall()
    assert blue == green
    assert blue
