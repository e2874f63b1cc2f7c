"""Short form of the kill harness, a seed for each step; tests/e2e/test_night_through_airflow.py kills under Airflow."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import PROJECT_ROOT
from proofs.chaos.airflow import VICTIMS, WRITERS, drawn
from proofs.chaos.course import NIGHTS, Command, Course
from proofs.chaos.primitives import install
from proofs.chaos.stage import FIRST, LAST, MIDDLE, pick
from proofs.chaos.watch import Target, Watch, bare, is_writing, name_of
from proofs.harness.cluster import Saved

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
    assert {row["place"] for row in killed} == {FIRST, MIDDLE, LAST}
    assert {row["night"] for row in killed} == {night.isoformat() for night in NIGHTS}


def test_a_promotion_in_two_transactions_is_found_out(rows: list[dict[str, Any]]) -> None:
    """The harness must be able to fail; this row is red of itself, and turned."""
    (row,) = [row for row in rows if row["expected"] == "red"]
    assert "EGOV-RAW-002" in row["seen"]


def test_seeds_in_a_row_meet_every_place_of_every_step_in_both_nights() -> None:
    """Two commands of two nights, each with two steps of three boundaries."""
    labels = ("file data: half of a write", "file data: written, not synced", "folder place: just made")
    staged = ("copy inbound.a__N: block sent", "copy inbound.a__N: done", "copy inbound.a__N: commit sent")
    targets = tuple(Target(label, 1) for label in (*labels, *staged))
    nowhere = Saved("", Path())
    course = Course([Command("pull", night, nowhere, "", "a.a", boundaries=targets) for night in NIGHTS])
    picks = [pick(course, seed) for seed in range(1, 17)]
    assert {(one.step, one.command.night, one.place) for one in picks} == set(
        itertools.product(("land", "stage"), NIGHTS, (FIRST, MIDDLE, LAST))
    )
    ends = {(one.step, one.place): one.target.label for one in picks if one.place != MIDDLE}
    assert ends[("land", FIRST)] == labels[0]
    assert ends[("land", LAST)] == labels[-1]
    assert ends[("stage", LAST)] == staged[-1]


@pytest.mark.parametrize("first", [1, 5, 40])
def test_fifteen_kills_under_airflow_in_a_row_are_each_victim_in_each_step(first: int) -> None:
    assert {drawn(seed) for seed in range(first, first + 15)} == set(itertools.product(VICTIMS, WRITERS))


def test_a_statement_that_writes_nothing_is_no_place_for_a_kill(pg_server: ServerInfo) -> None:
    watch = Watch(pg_server.superuser_url("postgres"), None)
    undo = install(watch, Path("/nowhere"))
    try:
        with psycopg.connect(watch.database_url, autocommit=True) as conn:
            for verb in ("drop table if exists", "create table", "drop table if exists"):
                conn.execute(f"{verb} public.chaos_probe {'(a int)' if verb == 'create table' else ''}".encode())
    finally:
        undo()
        watch.close()
    assert watch.trace == [
        Target("create table public.chaos_probe: sent, unanswered", 1),
        Target("drop table if exists public.chaos_probe: sent, unanswered", 2),
    ]


def test_statements_are_told_apart() -> None:
    assert is_writing('/* {"app": "dbt"} */\n  insert into "blue"."fct" select 1')
    assert is_writing("select ledger.append(%s, %s)")
    assert is_writing("with a as (select 1) insert into t select * from a")
    assert not is_writing("select 1 from ledger.event where kind = 'insert into'")
    assert name_of('delete from "some_database"."blue"."fct"\n where true') == "delete from blue.fct"
    assert name_of('create temporary table "a_unit_test__dbt_tmp043916890251" as (select 1)') == (
        "create temporary table a_unit_test__dbt_tmp"
    )
    assert bare("-- why\nselect  1") == "select 1"
    assert name_of("select ledger.append(%s, %s)", ("published", "{}")) == "event published"
    assert name_of('create unlogged table inbound."dossier__7" (a text)') == "create unlogged table inbound.dossier__N"
