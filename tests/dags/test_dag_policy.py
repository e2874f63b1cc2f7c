"""What every DAG of this project keeps to, whoever wrote it. No scheduler, no database."""

import ast
import copy
import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.quarantine.decision import CHOICES
from egov_kpi.settings import PROJECT_ROOT, get_settings

FILES = sorted((PROJECT_ROOT / "dags").glob("*.py"))
ALLOWED_IMPORTS = {"egov_kpi.night.wiring"}


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All DAGs by id, parsed as the dag processor parses them: by running the files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("EGOV_KPI_FIRST_NIGHT", "2026-01-05")
        get_settings.cache_clear()
        yield {dag.dag_id: dag for path in FILES for dag in _dags_of(path)}
    get_settings.cache_clear()


def _dags_of(path: Path) -> list[Any]:
    from airflow.sdk import DAG

    spec = importlib.util.spec_from_file_location(f"dag_file_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [value for value in vars(module).values() if isinstance(value, DAG)]


def _ingests(dags: dict[str, Any]) -> list[Any]:
    return [dag for dag_id, dag in dags.items() if dag_id.startswith("ingest_")]


def _nightly(dags: dict[str, Any]) -> list[Any]:
    return [dag for dag_id, dag in dags.items() if dag_id != "decide_load"]


def test_there_is_one_ingest_per_system_two_builds_and_the_question(dags: dict[str, Any]) -> None:
    ingests = {f"ingest_{contract.system}" for contract in all_contracts().values()}
    assert set(dags) == ingests | {"build_marts", "build_marts_by_0430", "decide_load"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_wires_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    imported = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert imported <= ALLOWED_IMPORTS
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    assert len(text.splitlines()) < 120
    # Airflow's discovery skips files that lack either word.
    assert "dag" in text.lower() and "airflow" in text.lower()


def test_parsing_reads_no_contract_and_opens_no_connection(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("I/O while a DAG file is parsed")

    monkeypatch.setattr("egov_kpi.contracts.loader.all_contracts", refuse)
    monkeypatch.setattr("psycopg.connect", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    assert sum(len(_dags_of(path)) for path in FILES) == len(dags)


def test_every_dag_says_whose_it_is_and_what_it_does(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert any(tag.startswith("tier:") for tag in dag.tags), dag.dag_id
        assert dag.doc_md and any(letter in dag.doc_md for letter in "ăâđêôơưạảấầệộ"), dag.dag_id
        assert dag.catchup is False and dag.is_paused_upon_creation is False
        assert dag.dagrun_timeout is not None
    assert {dag.max_active_runs for dag in _nightly(dags)} == {1}


def test_every_task_has_an_owner_retries_that_back_off_and_a_timeout(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert task.owner not in ("", "airflow"), task.task_id
            assert task.retries >= 2 and task.retry_exponential_backoff > 1 and task.max_retry_delay, task.task_id
            limit = task.execution_timeout or task.response_timeout
            assert limit is not None and limit <= dag.dagrun_timeout, task.task_id


def test_every_pool_is_one_that_the_platform_makes(dags: dict[str, Any]) -> None:
    from egov_kpi.platform.airflow import POOLS

    used = {task.pool for dag in dags.values() for task in dag.tasks}
    assert used - {"default_pool"} == set(POOLS)


def test_the_tier_is_what_the_contracts_call_critical(dags: dict[str, Any]) -> None:
    critical = {contract.system for contract in all_contracts().values() if contract.critical}
    for system in {contract.system for contract in all_contracts().values()}:
        tier = "tier:1" if system in critical else "tier:2"
        assert tier in dags[f"ingest_{system}"].tags


def test_every_dataset_ends_in_a_verdict_that_is_always_given(dags: dict[str, Any]) -> None:
    outlets = {}
    for dag in _ingests(dags):
        for task in dag.tasks:
            for outlet in task.outlets:
                outlets[outlet.name] = task
    assert set(outlets) == set(all_contracts())
    for task in outlets.values():
        # A teardown runs whatever came before; the run's own colour is that of the tasks before it.
        assert task.is_teardown and not task.on_failure_fail_dagrun
        assert task.trigger_rule == "all_done_setup_success"
        assert not any(upstream.is_setup for upstream in task.upstream_list)


def test_a_blocked_load_is_handed_on_after_its_verdict_and_nothing_waits_for_it(dags: dict[str, Any]) -> None:
    for dag in _ingests(dags):
        for task in (one for one in dag.tasks if one.task_id.endswith(".ask_for_decision")):
            assert task.upstream_task_ids == {"verdict"}
            assert not task.downstream_task_ids
            assert task.is_teardown and not task.on_failure_fail_dagrun
            given = task.partial_kwargs
            assert given["trigger_dag_id"] == "decide_load" and given["skip_when_already_exists"]
            assert not given.get("wait_for_completion")
    asked = [task for dag in _ingests(dags) for task in dag.tasks if task.task_id == "ask_for_decision"]
    assert len(asked) == len(_ingests(dags))


def test_the_question_takes_three_answers_and_is_a_rejection_when_nobody_gives_one(dags: dict[str, Any]) -> None:
    dag = dags["decide_load"]
    question = dag.get_task("decide")
    assert question.options == ["reject", "wait", "propose-waiver"] == list(CHOICES)
    assert question.defaults == ["reject"] and question.response_timeout == timedelta(days=3)
    assert set(question.params) == {"rule", "reason", "expires_on", "agency"}
    # Every dataset blocked in every night that a question may stay open.
    assert dag.max_active_runs >= len(all_contracts()) * (question.response_timeout.days + 1)
    assert not dag.deadline


@pytest.mark.parametrize("conf", [{}, {"dataset": "{{ conf }}", "load_seq": 1}, {"dataset": "a.b", "load_seq": "1"}])
def test_the_question_takes_a_dataset_and_a_number_and_nothing_else(dags: dict[str, Any], conf: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = copy.deepcopy(dags["decide_load"].params)
    with pytest.raises(ParamValidationError):
        params.update(conf)
        params.validate()


def test_the_build_waits_for_every_dataset(dags: dict[str, Any]) -> None:
    condition = dags["build_marts"].timetable.asset_condition
    assert {asset.name for asset in condition.objects} == set(all_contracts())


@pytest.mark.parametrize(("dag_id", "clock"), [("ingest_one_stop", "02:00"), ("build_marts_by_0430", "04:30")])
def test_the_partition_of_a_scheduled_run_is_the_day_before(dags: dict[str, Any], dag_id: str, clock: str) -> None:
    """The first night that the schedule may start is the configured one, at its time in Viet Nam."""
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.trigger import CronPartitionTimetable
    from pendulum import instance

    declared = dags[dag_id].timetable
    core = CronPartitionTimetable(
        declared.expression,
        timezone=declared.timezone,
        run_offset=declared.run_offset,
        key_format=declared.key_format,
    )
    earliest = instance(dags[dag_id].start_date).add(years=100)  # beyond any clock
    first = core.next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(earliest=earliest, latest=None, catchup=False)
    )
    assert first is not None
    local = first.run_after.in_timezone("Asia/Ho_Chi_Minh")
    assert local.format("HH:mm") == clock
    assert first.partition_key == (local.date() - timedelta(days=1)).isoformat() == "2126-01-05"


def test_without_a_first_night_the_schedule_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from egov_kpi.night import wiring

    monkeypatch.delenv("EGOV_KPI_FIRST_NIGHT", raising=False)
    get_settings.cache_clear()
    assert wiring._start() > datetime.now(UTC) + timedelta(days=36_500)
    monkeypatch.setenv("EGOV_KPI_FIRST_NIGHT", "2026-01-05")
    get_settings.cache_clear()
    assert wiring._start().date() == date(2026, 1, 5)
    get_settings.cache_clear()


def test_a_late_night_is_told(dags: dict[str, Any]) -> None:
    hours = {dag.dag_id: dag.deadline[0].interval for dag in _nightly(dags)}
    assert hours.pop("build_marts_by_0430") == timedelta(minutes=90)  # 04:30 + 1:30 = 06:00
    assert hours.pop("build_marts") == timedelta(minutes=90)
    assert set(hours.values()) == {timedelta(hours=4)}  # 02:00 + 4:00 = 06:00
    for dag in _nightly(dags):
        module, name = dag.deadline[0].callback.path.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), name))
