"""docker-compose.yml: valid by the compose standard's own schema, and the same warehouse as without Docker."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from egov_kpi.platform import airflow, container, postgres
from egov_kpi.settings import PROJECT_ROOT, Settings

# Settings of the embedded server that a container's own address and init take care of.
OF_THE_PLACE = {"listen_addresses", "unix_socket_directories", "log_line_prefix"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The compose specification's schema as the package check-jsonschema carries it."""
    spec = find_spec("check_jsonschema")
    assert spec is not None and spec.origin is not None
    carried = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    return dict(json.loads(carried.read_text(encoding="utf-8")))


def test_it_is_valid_by_the_compose_schema(compose: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.validators.validator_for(schema)(schema).validate(compose)


def test_the_schema_would_refuse_a_slip(compose: dict[str, Any], schema: dict[str, Any]) -> None:
    slipped = {**compose, "services": {**compose["services"], "postgres": {"imagee": "postgres:18"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validators.validator_for(schema)(schema).validate(slipped)


def test_every_service_but_postgres_runs_a_service_that_exists_from_one_image(compose: dict[str, Any]) -> None:
    ours = {name: service for name, service in compose["services"].items() if name != "postgres"}
    assert {service["image"] for service in ours.values()} == {"egov-kpi-warehouse"}
    assert {name: service["command"] for name, service in ours.items()} == {name: [name] for name in container.SERVICES}


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_no_password_stands_in_the_file(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    urls = {service["environment"]["EGOV_KPI_DATABASE_URL"] for name, service in compose["services"].items()
            if name != "postgres"}  # fmt: skip
    assert len(urls) == 1
    assert "${POSTGRES_PASSWORD:?" in urls.pop()


def test_postgres_has_the_embedded_servers_settings(compose: dict[str, Any]) -> None:
    command = compose["services"]["postgres"]["command"]
    given = dict(item.split("=", 1) for item in command if "=" in item)
    assert given == {name: value for name, value in postgres.SERVER_OPTIONS.items() if name not in OF_THE_PLACE}
    assert compose["services"]["postgres"]["image"] == "postgres:18"
    arguments = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    # the image itself trusts who is inside its container; beyond it the same holds as for the embedded server
    assert arguments == [f"--auth-host={postgres.AUTHENTICATION}", *postgres.INITDB_OPTIONS]


def test_the_variables_are_settings(compose: dict[str, Any]) -> None:
    names = {name for service in compose["services"].values() for name in service["environment"]}
    ours = {name for name in names if name.startswith("EGOV_KPI_")}
    assert ours <= {f"EGOV_KPI_{name.upper()}" for name in Settings.model_fields}


def test_airflow_differs_from_the_embedded_way_by_addresses_only(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ensure_running", _no_server)
    here = airflow.environment(Settings(local_dir=tmp_path, airflow_port=18080))
    there = airflow.environment(_container_settings(compose, tmp_path))
    differing = {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)}
    airflows = {name for name in differing if name.startswith("AIRFLOW")}
    assert airflows == {"AIRFLOW__API__BASE_URL", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"}
    assert there["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://api-server:8080/execution/"


def test_the_api_server_listens_to_the_other_containers(compose: dict[str, Any], tmp_path: Path) -> None:
    command = airflow.commands(_container_settings(compose, tmp_path))["api-server"]
    assert command[-4:] == ["--host", "0.0.0.0", "--port", "8080"]


def _container_settings(compose: dict[str, Any], local_dir: Path) -> Settings:
    """The settings that a container reads, its variables without an outer value filled with their defaults."""
    given = compose["services"]["scheduler"]["environment"]
    plain = {name: re.sub(r"\$\{\w+(?::-|:\?)([^}]*)\}", r"\1", str(value)) for name, value in given.items()}
    values = {name.removeprefix("EGOV_KPI_").lower(): value for name, value in plain.items()}
    return Settings(**{**values, "local_dir": local_dir, "database_url": ""})


def _no_server(settings: Settings) -> postgres.ServerInfo:
    return postgres.ServerInfo("postgresql://postgres@127.0.0.1:5432/warehouse", "127.0.0.1", 5432, "18.6", True)
