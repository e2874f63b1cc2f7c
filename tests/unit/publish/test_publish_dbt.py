"""What is kept of a dbt run."""

from types import SimpleNamespace

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.publish.dbt import NodeResult, _node_result, require_success


def result(node: str, status: str, message: str = "") -> NodeResult:
    return NodeResult(node, "model", status, 0.1, None, None, message)


def test_values_of_a_refused_row_are_not_kept() -> None:
    item = SimpleNamespace(
        node=SimpleNamespace(unique_id="model.a", resource_type="model"),
        adapter_response=None,
        status="error",
        execution_time=0.2,
        failures=None,
        message="Database Error\n  duplicate key\n  DETAIL:  Key (dossier_hash)=(ab12) exists.\n  in a.sql",
    )
    kept = _node_result(item)
    assert "ab12" not in kept.message
    assert "duplicate key" in kept.message and "a.sql" in kept.message


def test_skipped_nodes_are_not_blamed() -> None:
    results = [result("model.a", "success"), result("model.b", "error", "boom"), result("model.c", "skipped")]
    with pytest.raises(EgovError) as caught:
        require_success(results, "green")
    assert caught.value.code == "EGOV-PUB-002"
    assert "model.b" in str(caught.value) and "model.c" not in str(caught.value)


@pytest.mark.parametrize("status", ["success", "pass", "warn", "no-op"])
def test_a_warning_is_no_failure(status: str) -> None:
    require_success([result("model.a", status)], "green")


@pytest.mark.parametrize("status", ["error", "fail", "runtime error", "skipped", "something new"])
def test_anything_else_is(status: str) -> None:
    with pytest.raises(EgovError):
        require_success([result("model.a", status)], "green")
