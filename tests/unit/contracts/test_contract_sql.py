"""What is derived from contracts agrees with them."""

import pytest

from egov_kpi.contracts import ddl
from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.sql import inbound_columns, literal, quarantine_ddl, raw_ddl
from egov_kpi.settings import get_settings


def test_migration_is_what_the_contracts_give() -> None:
    written = (get_settings().sql_dir / "0003_raw.sql").read_text(encoding="utf-8")
    assert written == ddl.migration()


def test_the_life_of_refused_rows_is_what_the_contracts_give() -> None:
    written = (get_settings().sql_dir / "0006_quarantine_life.sql").read_text(encoding="utf-8")
    assert ddl.life() in written


def test_what_goes_over_all_datasets_is_what_the_contracts_give() -> None:
    written = (get_settings().sql_dir / "0014_dataset_columns.sql").read_text(encoding="utf-8")
    assert ddl.columns() in written


def test_a_later_dataset_has_the_migration_that_its_contract_gives() -> None:
    written = [path.read_text(encoding="utf-8") for path in get_settings().sql_dir.glob("*.sql")]
    for contract in all_contracts().values():
        if contract.id not in ddl.DATASETS:
            assert [text for text in written if ddl.tables(contract) in text], contract.id


def test_every_dataset_has_a_migration_that_makes_its_tables() -> None:
    migrations = "".join(path.read_text(encoding="utf-8") for path in sorted(get_settings().sql_dir.glob("*.sql")))
    for contract in all_contracts().values():
        assert f'create table raw."{contract.table}"' in migrations
        assert f'create table quarantine."{contract.table}"' in migrations


def test_one_dataset_can_be_written_alone(capsys: pytest.CaptureFixture[str]) -> None:
    ddl.main(["mail.accounts"])
    written = capsys.readouterr().out
    assert 'create table raw."mail__accounts"' in written
    assert "create function" not in written
    assert "add column key_digest" in written and written.rstrip().endswith("select build.refresh_refused_rows();")
    assert "insert into build.dataset_column" in written
    assert "one_stop" not in written


def test_inbound_holds_text_and_nothing_that_is_dropped() -> None:
    columns = inbound_columns(get_contract("ioffice.outgoing_documents"))
    own = {"_row_no": "bigint", "_sheet": "text", "_file": "smallint", "_kind": "text", "_row_digest": "bytea"}
    assert dict(columns[:5]) == own
    names = [name for name, _ in columns]
    assert not {"subject", "certificate_serial", "secrecy_level"} & set(names)
    assert {kind for _, kind in columns[5:]} == {"text"}


def test_raw_and_quarantine_hold_no_dropped_column() -> None:
    for contract in all_contracts().values():
        for column in contract.columns:
            assert (f'"{column.name}" {column.sql_type}' in raw_ddl(contract)) == column.is_kept
            assert (f'"{column.name}" text' in quarantine_ddl(contract)) == column.is_public


def test_literals_can_not_end_early() -> None:
    assert literal("it's") == "'it''s'"
    assert literal("a\\'b").strip() == "E'a\\\\''b'"
