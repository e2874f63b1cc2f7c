"""What the client of Airflow's REST API makes of Airflow's answers."""

from collections.abc import Iterator

import httpx
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


@pytest.fixture
def unsteady(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[AirflowApi, list[str]]]:
    """A client of a server that dies under the first request, is without its database at the second, and recovers."""
    monkeypatch.setattr("egov_kpi.platform.airflow_api.time.sleep", lambda _: None)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        asked.append(request.method)
        if len(asked) == 1:
            raise httpx.ReadError("connection reset")
        return httpx.Response(500 if len(asked) == 2 else 200, json={"state": "success"})

    with AirflowApi(AirflowInfo("http://127.0.0.1:9", "u", "p")) as api:
        api._client = httpx.Client(base_url="http://127.0.0.1:9", transport=httpx.MockTransport(answer))
        yield api, asked


def test_a_question_is_asked_again_while_the_server_recovers(unsteady: tuple[AirflowApi, list[str]]) -> None:
    api, asked = unsteady
    assert api.dag_run("build_marts", "one")["state"] == "success"
    assert asked == ["GET"] * 3


def test_an_order_is_given_once(unsteady: tuple[AirflowApi, list[str]]) -> None:
    """It may have been carried out before the server died."""
    api, asked = unsteady
    with pytest.raises(EgovError, match="EGOV-PLATFORM-022"):
        api.trigger("build_marts", "2023-03-06")
    assert asked == ["POST"]
