"""Short form of the kill harness: a seed for each step without Airflow, two kills under the real one."""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from egov_kpi.night import decide
from proofs.chaos import airflow, stage
from proofs.chaos.__main__ import prepared, served
from proofs.chaos.course import chaos_records
from proofs.chaos.stage import Setting
from proofs.chaos.watch import Target, bare, is_writing, name_of
from proofs.harness.cluster import cluster_of_tests

# One after another the seeds take the steps in turn.
SEEDS = range(1, 13)


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    """The undisturbed course, with one dataset whose steps are killed: a tenth of the whole course's moments."""
    with prepared(cluster_of_tests(), frozenset({"one_stop.dossiers"})) as found:
        yield found


def test_every_step_has_moments_inside_a_write(setting: Setting) -> None:
    steps = set(setting.course.steps())
    expected = {"land", "register", "stage", "gate", "promote", "build", "audit", "publish", "history", "rollback"}
    assert expected | {"revoke", "replay"} <= steps


def test_a_seed_always_means_the_same_kill(setting: Setting) -> None:
    assert [stage.pick(setting.course, seed) for seed in SEEDS] == [stage.pick(setting.course, seed) for seed in SEEDS]


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_inside_a_write_and_run_again(setting: Setting, seed: int) -> None:
    row = stage.run_seed(setting, seed)
    assert row["ok"], row
    assert re.match(r"transaction \S+ |\d+ bytes in ", row["seen"]), row


def test_a_kill_that_does_not_land_is_red(setting: Setting) -> None:
    picked = stage.pick(setting.course, 1)
    never = stage.Pick(1, picked.step, picked.command, Target("no such boundary", 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "pick", lambda course, seed: never)
        row = stage.run_seed(setting, 1)
    assert not row["ok"]
    assert row["seen"].startswith("not killed")


def test_a_promotion_in_two_transactions_is_red(setting: Setting) -> None:
    """The harness must be able to fail: rows committed before their account are found out."""
    steps = setting.course.steps()["promote"]
    command, label = next((one, label) for one, label in steps if label.startswith("event gate_checked: done"))
    picked = stage.Pick(1, "promote", command, Target(label, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "pick", lambda course, seed: picked)
        patch.setattr(decide, "_promote", _committing_early(decide._promote))
        row = stage.run_seed(setting, 1)
    assert not row["ok"], row
    assert "EGOV-RAW-002" in row["seen"], row


def _committing_early(promote: Callable[..., Any]) -> Callable[..., Any]:
    def promoted(conn: Any, *rest: Any) -> Any:
        account = promote(conn, *rest)
        conn.commit()
        return account

    return promoted


def test_statements_are_told_apart() -> None:
    assert is_writing('/* {"app": "dbt"} */\n  insert into "blue"."fct" select 1')
    assert is_writing("select ledger.append(%s, %s)")
    assert is_writing("with a as (select 1) insert into t select * from a")
    assert not is_writing("select 1 from ledger.event where kind = 'insert into'")
    assert bare("-- why\nselect  1") == "select 1"
    assert name_of("select ledger.append(%s, %s)", ("published", "{}")) == "event published"
    assert name_of('create unlogged table inbound."dossier__7" (a text)') == "create unlogged table inbound.dossier__N"


@pytest.mark.e2e
def test_kills_under_airflow() -> None:
    records, key = chaos_records(), secrets.token_hex(16)
    with served(records, key) as url:
        rows = list(airflow.run_seeds(records, url, key, [1, 4]))
    assert all(row["ok"] for row in rows), rows
