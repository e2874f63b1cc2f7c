"""How DAGs are put together, so that a DAG file only names what is its own.

Nothing here reads a file, a table or the clock; the functions behind the tasks are imported when a task runs.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import (
    DAG,
    Asset,
    CronPartitionTimetable,
    Param,
    PartitionedAssetTimetable,
    get_current_context,
    task,
)
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from egov_kpi.night.choices import CHOICES, GRACE, REJECT
from egov_kpi.settings import get_settings

INGEST_CRON = "0 2 * * *"
FALLBACK_CRON = "30 4 * * *"
KEY_FORMAT = "%Y-%m-%d"
DECISION_DAG = "decide_load"
# Questions that may be open at one time: every dataset blocked every night, for as long as a question stays open.
OPEN_QUESTIONS = 200

_NEVER = datetime(2999, 1, 1, tzinfo=UTC)


def asset(dataset: str) -> Asset:
    """The asset of a dataset; each of its events belongs to the partition of a business date."""
    system, name = dataset.split(".")
    return Asset(name=dataset, uri=f"egov-kpi://{system}/{name}", group="ingest")


def nightly_timetable(cron: str) -> CronPartitionTimetable:
    """A night's run starts on the day after its business date, which is its partition key."""
    return CronPartitionTimetable(cron, timezone=get_settings().timezone, run_offset=-1, key_format=KEY_FORMAT)


def ingest_dag(system: str, datasets: list[str], *, owner: str, tier: int, doc_md: str) -> DAG:
    """One DAG per source system: pull, gate, and a verdict that is given whatever happened before."""
    with DAG(
        dag_id=f"ingest_{system}",
        schedule=nightly_timetable(INGEST_CRON),
        tags=["ingest", f"system:{system}", f"tier:{tier}"],
        doc_md=doc_md,
        deadline=deadline(f"ingest_{system}", timedelta(hours=4)),
        **_nightly(owner),
    ) as dag:
        _ingest_tasks(datasets)
    return dag


def build_dag(dag_id: str, schedule: Any, *, owner: str, doc_md: str) -> DAG:
    """Build, audit and publish the partition's business date: on the assets, or at 04:30 with those that are in; then
    the report, whatever became of it."""
    with DAG(
        dag_id=dag_id,
        schedule=schedule,
        tags=["marts", "tier:1"],
        doc_md=doc_md,
        deadline=deadline(dag_id, timedelta(minutes=90)),
        **_nightly(owner),
    ) as dag:
        # A teardown: it shows a night that is not published too, and a report that fails undoes no publish.
        _build_task()() >> _report_task()().as_teardown()
    return dag


def decision_dag(*, owner: str, doc_md: str) -> DAG:
    """A question about one blocked load, put to a person in Airflow; unanswered, the load is rejected."""
    patience = get_settings().decision_timeout
    with DAG(
        dag_id=DECISION_DAG,
        schedule=None,
        tags=["quarantine", "tier:2"],
        doc_md=doc_md,
        params={
            "dataset": Param(type="string", pattern=r"^[a-z_]+\.[a-z_]+$"),
            "load_seq": Param(type="integer", minimum=1),
        },
        max_active_runs=OPEN_QUESTIONS,
        dagrun_timeout=patience + GRACE,
        **_common(owner),
    ) as dag:
        _decision_tasks(patience)
    return dag


def on_all(datasets: list[str]) -> PartitionedAssetTimetable:
    """Start when every dataset has given its verdict on the same business date."""
    condition: Any = asset(datasets[0])
    for dataset in datasets[1:]:
        condition = condition & asset(dataset)
    return PartitionedAssetTimetable(assets=condition)


def _nightly(owner: str) -> dict[str, Any]:
    return {
        **_common(owner),
        "start_date": _start(),
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(hours=6),
    }


def _common(owner: str) -> dict[str, Any]:
    return {
        "catchup": False,
        "is_paused_upon_creation": False,
        "default_args": {
            "owner": owner,
            "retries": 3,
            "retry_delay": timedelta(seconds=20),
            "retry_exponential_backoff": 3,
            "max_retry_delay": timedelta(minutes=10),
        },
    }


def _start() -> datetime:
    """Before it the schedule starts nothing by itself, not even the last night that a start would find overdue."""
    first_night = get_settings().first_night
    return datetime.combine(first_night, time(), tzinfo=UTC) if first_night else _NEVER


def deadline(step: str, interval: timedelta) -> DeadlineAlert:
    """An alert, by `egov_kpi.night.alerts`, on a run that has not ended so long after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=interval,
        callback=AsyncCallback("egov_kpi.night.alerts.night_is_late", kwargs={"step": step}),
        name=f"{step} published by 06:00",
    )


def _ingest_tasks(datasets: list[str]) -> None:
    """Three tasks for the system, however many datasets it has: a task costs more than a small dataset's work.

    Where tasks wait for each other, the system with the most datasets goes first: a night is as long as its longest.
    """
    outlets = {dataset: asset(dataset) for dataset in datasets}
    weight = len(datasets)

    @task(pool="sources", priority_weight=weight, execution_timeout=timedelta(hours=2))
    def pull_and_stage() -> list[dict[str, Any]]:
        from egov_kpi.night import tasks

        context = get_current_context()
        return tasks.pull_and_stage(datasets, _partition(context), str(context["run_id"]))

    # What came is decided, whatever did not.
    @task(pool="gate", priority_weight=weight, trigger_rule="all_done", execution_timeout=timedelta(hours=1))
    def gate_and_promote() -> list[dict[str, Any]]:
        from egov_kpi.night import tasks

        return tasks.gate_and_promote(datasets, _partition(get_current_context()))

    # A teardown runs whatever came before and leaves the run's colour to the tasks that did the work.
    @task(outlets=list(outlets.values()), execution_timeout=timedelta(minutes=10))
    def verdict() -> list[dict[str, Any]]:
        from egov_kpi.night import tasks

        context = get_current_context()
        words = {dataset: tasks.verdict(dataset, _partition(context)) for dataset in datasets}
        for dataset, word in words.items():
            context["outlet_events"][outlets[dataset]].extra = word
        return tasks.questions(words, _partition(context))

    given = verdict()
    pull_and_stage() >> gate_and_promote() >> given.as_teardown() >> _hand_on(given).as_teardown()


def _hand_on(questions: Any) -> Any:
    """Start a run of its own for each blocked load, after the verdict is out; nothing blocked, nothing to do."""
    return TriggerDagRunOperator.partial(
        task_id="ask_for_decision",
        trigger_dag_id=DECISION_DAG,
        logical_date=None,
        skip_when_already_exists=True,
        execution_timeout=timedelta(minutes=10),
    ).expand_kwargs(questions)


def _decision_tasks(patience: timedelta) -> None:
    @task(execution_timeout=timedelta(minutes=10))
    def put_question() -> str:
        from egov_kpi.night import tasks

        context = get_current_context()
        return tasks.ask(int(context["params"]["load_seq"]), str(context["run_id"]))

    question = HITLOperator(
        task_id="decide",
        subject="{{ dag_run.conf['dataset'] }}: lần nạp {{ dag_run.conf['load_seq'] }} bị chặn · load blocked",
        body="{{ ti.xcom_pull(task_ids='put_question') }}",
        options=list(CHOICES),
        defaults=[REJECT],
        response_timeout=patience,
        params={
            "rule": Param(None, type=["null", "string"], description="Quy tắc đề nghị miễn trừ · rule to be waived"),
            "reason": Param(None, type=["null", "string"], description="Lý do · reason"),
            "expires_on": Param(None, type=["null", "string"], format="date", description="Ngày hết hạn · expiry"),
            "agency": Param(None, type=["null", "string"], description="Đơn vị, trống: mọi đơn vị · unit, empty: all"),
        },
    )

    @task(execution_timeout=timedelta(minutes=10))
    def write_down() -> dict[str, Any]:
        from egov_kpi.night import tasks

        context = get_current_context()
        given = context["ti"].xcom_pull(task_ids="decide")
        return tasks.answer(int(context["params"]["load_seq"]), given, str(context["run_id"]))

    put_question() >> question >> write_down()


def _build_task() -> Any:
    @task(pool="marts", execution_timeout=timedelta(hours=2))
    def build_and_publish() -> dict[str, Any]:
        from egov_kpi.night import tasks

        context = get_current_context()
        return tasks.build_and_publish(_partition(context), str(context["run_id"]))

    return build_and_publish


def _report_task() -> Any:
    @task(execution_timeout=timedelta(minutes=20))
    def report() -> dict[str, Any]:
        from egov_kpi.night import tasks

        return tasks.report()

    return report


def _partition(context: Any) -> str:
    key = context["dag_run"].partition_key
    if not key:
        raise ValueError("a night needs the partition key of its business date, such as 2023-03-06")
    return str(key)
