"""Airflow DAGs that the end-to-end tests put beside the real ones, in a folder of their own."""

import time
from datetime import datetime, timedelta

from airflow.sdk import DAG, task

from egov_kpi.night.wiring import deadline

# It says how long an import takes.
with DAG("probe", schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False) as probe:

    @task
    def import_seconds() -> float:
        began = time.monotonic()
        import dbt.cli.main  # noqa: F401
        import great_expectations  # noqa: F401
        import pandas  # noqa: F401

        return time.monotonic() - began

    import_seconds()

# A run that is late when it has hardly begun.
with DAG(
    "late",
    schedule=None,
    start_date=datetime(2020, 1, 1),
    is_paused_upon_creation=False,
    deadline=deadline("late", timedelta(seconds=2)),
) as late:

    @task
    def dawdle() -> None:
        time.sleep(6)

    dawdle()
