"""Which errors of a task Airflow may try again, and which it must not."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from egov_kpi.errors import EgovError
from egov_kpi.night import build, tasks


def _fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def build_and_publish(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(build, "build_and_publish", build_and_publish)


@pytest.mark.parametrize(
    "error",
    [
        EgovError("EGOV-NIGHT-001", date="2023-03-06", dataset="one_stop.dossiers"),
        EgovError("EGOV-NIGHT-002", date="2023-03-06", dataset="one_stop.dossiers"),
        EgovError("EGOV-PUB-002", colour="blue", nodes="fct_dossier"),
    ],
)
def test_what_does_not_get_better_fails_for_good(monkeypatch: pytest.MonkeyPatch, error: EgovError) -> None:
    _fail(monkeypatch, error)
    with pytest.raises(AirflowFailException, match=error.code):
        tasks.build_and_publish("2023-03-06")


@pytest.mark.parametrize(
    "error",
    [
        EgovError("EGOV-PUB-003", reason="connection refused", log="dbt.log"),
        EgovError("EGOV-PUB-005", colour="blue", reason="the connection was closed"),
    ],
)
def test_a_build_whose_database_restarts_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: EgovError) -> None:
    _fail(monkeypatch, error)
    with pytest.raises(EgovError, match=error.code):
        tasks.build_and_publish("2023-03-06")
