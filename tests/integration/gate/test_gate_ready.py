"""Great Expectations as the gate wants it, in a process that had it in memory before."""

import subprocess
import sys

CODE = """
import great_expectations
from egov_kpi.gate.gx import import_gx
assert import_gx() is great_expectations
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
engine = SqlAlchemyExecutionEngine.__new__(SqlAlchemyExecutionEngine)
provider, _ = get_metric_provider("unexpected_rows_query.table", engine)
print(provider.__module__)
"""


def test_it_is_made_ready_whoever_imported_it_first() -> None:
    """Airflow's workers are forked from a process that did; rows of a rule's query stay unread there too."""
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == "egov_kpi.gate.gx"
