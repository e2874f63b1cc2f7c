"""What the client of Airflow's REST API makes of Airflow's answers."""

import pytest

from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.platform.airflow import AirflowInfo
from egov_kpi.platform.airflow_api import AirflowApi


def test_a_paused_dag_is_named_before_a_run_of_it_would_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    paused = {"ingest_mail": True, "build_marts": False, "decide_load": True}
    found = [{"dag_id": name, "is_paused": state} for name, state in paused.items()]
    monkeypatch.setattr(AirflowApi, "dags", lambda _: found)
    with AirflowApi(AirflowInfo("http://127.0.0.1:9", "u", "p")) as api:
        api.refuse_paused(["build_marts"])
        with pytest.raises(EgovError, match="EGOV-PLATFORM-026") as caught:
            api.refuse_paused(["ingest_mail", "build_marts"])
    assert caught.value.context == {"dags": "ingest_mail"} and caught.value.exit_code == ExitCode.REFUSED
