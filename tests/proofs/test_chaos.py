"""Short form of the kill harness, a seed for each step; tests/e2e/test_night_through_airflow.py kills under Airflow."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import PROJECT_ROOT
from proofs.chaos.watch import bare, is_writing, name_of

SEEDS = 12
STEPS = {"land", "register", "stage", "gate", "promote", "build", "audit", "publish", "history", "rollback"}


@pytest.fixture(scope="module")
def rows(pg_server: ServerInfo) -> list[dict[str, Any]]:
    """The rows of a dozen seeds, which take the steps in turn, from a process of their own: it forks all the time."""
    command = [sys.executable, "-m", "proofs.chaos", "--short", "--json", "--workers", "1", "--seeds", str(SEEDS)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return list(json.loads(done.stdout))


def test_killed_inside_a_write_and_run_again(rows: list[dict[str, Any]]) -> None:
    assert [row for row in rows if not row["ok"]] == []
    assert len(rows) == SEEDS + 1
    killed = [row for row in rows if row["expected"] == "X"]
    assert {row["case"].split()[1] for row in killed} == STEPS
    assert all(re.match(r"transaction \S+ |\d+ bytes in ", row["seen"]) for row in killed)


def test_a_promotion_in_two_transactions_is_found_out(rows: list[dict[str, Any]]) -> None:
    """The harness must be able to fail; this row is red of itself, and turned."""
    (row,) = [row for row in rows if row["expected"] == "red"]
    assert "EGOV-NIGHT-002" in row["seen"]


def test_statements_are_told_apart() -> None:
    assert is_writing('/* {"app": "dbt"} */\n  insert into "blue"."fct" select 1')
    assert is_writing("select ledger.append(%s, %s)")
    assert is_writing("with a as (select 1) insert into t select * from a")
    assert not is_writing("select 1 from ledger.event where kind = 'insert into'")
    assert name_of('delete from "some_database"."blue"."fct"\n where true') == "delete from blue.fct"
    assert bare("-- why\nselect  1") == "select 1"
    assert name_of("select ledger.append(%s, %s)", ("published", "{}")) == "event published"
    assert name_of('create unlogged table inbound."dossier__7" (a text)') == "create unlogged table inbound.dossier__N"
