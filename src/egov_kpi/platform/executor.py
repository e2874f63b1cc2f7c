"""Airflow's LocalExecutor whose workers have the heavy libraries in memory before their first task.

A task process is a fork of a worker, and a worker is a fork of the scheduler, so what is imported here is imported once
and not once per task (docs/reference/installation.md has measured figures). Only what survives a fork may be listed: no
connection, and no thread but jemalloc's own, which its fork handler looks after. Our own modules stay out: a task reads
them anew, so that the code of a new version is used without a restart.
"""

import gc
import importlib
import logging
import os
import time
from pathlib import Path

from airflow.executors.local_executor import LocalExecutor

from egov_kpi.platform.ready import workers_ready

PRELOADED = (
    "great_expectations",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "pandas",
    "pyarrow.csv",
    "psycopg",
    "pydantic_settings",
    "jsonschema_rs",
    "python_calamine",
    "httpx",
    "dbt.cli.main",
    "dbt.adapters.postgres",
)

# With so much in memory, a search for cycles at every 700 new objects was a tenth of a gate's processor time.
NEW_OBJECTS_PER_SEARCH = 50_000

log = logging.getLogger(__name__)


class PreloadedExecutor(LocalExecutor):
    """LocalExecutor that imports `PRELOADED` before it forks its workers."""

    def start(self) -> None:
        # it tells of each of some hundred functions that it has no page of documentation for
        logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
        began = time.monotonic()
        for name in PRELOADED:
            importlib.import_module(name)
        gc.set_threshold(NEW_OBJECTS_PER_SEARCH)
        gc.freeze()
        log.info("Imported %d libraries for the workers in %.1f s", len(PRELOADED), time.monotonic() - began)
        super().start()
        workers_ready(Path(os.environ["AIRFLOW_HOME"])).touch()
