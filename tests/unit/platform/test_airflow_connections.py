"""Sources as Airflow connections: who is given them, whose win, and what a task makes of one."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.platform import airflow, airflow_connections, postgres
from egov_kpi.settings import Settings

KEY = "canary-key"
SYSTEMS = {"communication", "directory", "feedback", "forms", "ioffice", "iso", "mail", "network", "one_stop", "portal"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", KEY)
    monkeypatch.setattr(postgres, "ensure_running", _no_server)
    monkeypatch.setattr(airflow, "_saved_connections", lambda _: [])
    return Settings(
        local_dir=tmp_path, airflow_port=18080, database_url="", source_base_url="https://sources.example/a"
    )


def test_every_system_has_a_connection(settings: Settings) -> None:
    made = airflow_connections.variables(settings, [])
    assert set(made) == {f"AIRFLOW_CONN_EGOV_{system.upper()}" for system in SYSTEMS}
    value = json.loads(made["AIRFLOW_CONN_EGOV_IOFFICE"])
    assert (value["host"], value["password"]) == ("https://sources.example/a", KEY)


def test_a_connection_saved_in_airflow_is_not_overridden(settings: Settings) -> None:
    made = airflow_connections.variables(settings, ["egov_mail", "somebody_elses"])
    assert len(made) == len(SYSTEMS) - 1 and "AIRFLOW_CONN_EGOV_MAIL" not in made


def test_without_a_known_source_there_is_none(settings: Settings) -> None:
    unknown = settings.model_copy(update={"source_base_url": ""})
    assert airflow_connections.variables(unknown, []) == {}


def test_only_the_api_server_holds_the_key(settings: Settings) -> None:
    holding = {
        name for name in airflow.COMPONENTS if KEY in "".join(airflow.component_environment(settings, name).values())
    }
    assert holding == {"api-server"}
    assert airflow.SOURCE_KEY_VARIABLE not in airflow.component_environment(settings, "api-server")


def test_an_installations_own_file_wins_but_not_over_addresses_and_secrets(settings: Settings) -> None:
    lines = ["# ours", "AIRFLOW__CORE__PARALLELISM=2", "AIRFLOW__API__SECRET_KEY=x", "AIRFLOW_CONN_EGOV_ISO={}"]
    airflow.installation_file(settings).write_text("\n".join(lines), encoding="utf-8")
    found = airflow.component_environment(settings, "api-server")
    assert found["AIRFLOW__CORE__PARALLELISM"] == "2"
    assert found["AIRFLOW__API__SECRET_KEY"] != "x"
    assert found["AIRFLOW_CONN_EGOV_ISO"] == "{}"


@pytest.mark.parametrize(
    ("host", "schema", "port", "base_url"),
    [
        ("http://127.0.0.1:8000", None, None, "http://127.0.0.1:8000"),
        ("https://sources.example/a/", None, None, "https://sources.example/a"),
        ("sources.example", None, None, "https://sources.example"),
        ("sources.example", "http", 8080, "http://sources.example:8080"),
    ],
)
def test_a_host_is_a_url_or_a_bare_name(
    host: str, schema: str | None, port: int | None, base_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _airflow_has(monkeypatch, host=host, schema=schema, port=port, password=KEY)
    found = airflow_connections.endpoint("ioffice")
    assert (found.base_url, found.token) == (base_url, KEY)
    assert KEY not in repr(found)


def test_a_private_authority_goes_with_the_connection(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    named = settings.model_copy(update={"source_ca_file": "ca.pem"})
    value = json.loads(airflow_connections.variables(named, [])["AIRFLOW_CONN_EGOV_MAIL"])
    assert value["extra"] == {"ca_file": str(Path("ca.pem").resolve())}
    _airflow_has(
        monkeypatch, host="https://a.example", schema=None, port=None, password=KEY, extra_dejson=value["extra"]
    )
    assert airflow_connections.endpoint("mail").ca_file == value["extra"]["ca_file"]


@pytest.mark.parametrize(("host", "password", "missing"), [("", KEY, "host"), ("https://a", None, "password")])
def test_a_half_filled_connection_says_what_it_lacks(
    host: str, password: str | None, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _airflow_has(monkeypatch, host=host, schema=None, port=None, password=password)
    with pytest.raises(EgovError, match="EGOV-PLATFORM-033") as caught:
        airflow_connections.endpoint("ioffice")
    assert caught.value.context == {"connection": "egov_ioffice", "missing": missing}


def test_a_missing_connection_is_not_replaced_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    def absent(name: str) -> Any:
        raise AirflowNotFoundException(name)

    monkeypatch.setattr(Connection, "get", absent)
    with pytest.raises(EgovError, match="EGOV-PLATFORM-032"):
        airflow_connections.endpoint("ioffice")


def _airflow_has(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    from airflow.sdk import Connection

    monkeypatch.setattr(Connection, "get", lambda name: SimpleNamespace(**{"extra_dejson": {}, **fields}))


def _no_server(settings: Settings) -> postgres.ServerInfo:
    return postgres.ServerInfo("postgresql://postgres@127.0.0.1:5432/warehouse", "127.0.0.1", 5432, "18.6", True)
