"""Source systems as Airflow connections: one per system, `egov_<system>`, its host an address, its password a key,
and in its extra perhaps the file of a private certificate authority.

`up` gives those that the settings know to the API server alone, as variables of its environment; a task asks for its
connection through Airflow, which masks the key in logs. A connection saved in Airflow under the same name is the
user's own and wins: then no variable is made, because Airflow would prefer it.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from egov_kpi.errors import EgovError
from egov_kpi.extract.source import Endpoint
from egov_kpi.platform import simulator_service
from egov_kpi.settings import Settings

SOURCE_UNKNOWN = "EGOV-PLATFORM-031"
# The field of a connection's extra that names a private authority's PEM file.
CA_FILE = "ca_file"


def connection_id(system: str) -> str:
    return f"egov_{system}"


def variables(settings: Settings, saved: Iterable[str]) -> dict[str, str]:
    """AIRFLOW_CONN_* for every system that has no connection saved in Airflow; none while no source is known."""
    from egov_kpi.extract.systems import SYSTEMS

    try:
        base_url = simulator_service.base_url(settings)
    except EgovError as error:
        # Airflow may be started before its sources are; a pull then says which connection it misses.
        if error.code == SOURCE_UNKNOWN:
            return {}
        raise
    key = simulator_service.source_token(settings)
    value = json.dumps({"conn_type": "generic", "host": base_url, "password": key, **_extra(settings)})
    names = {connection_id(system) for system in SYSTEMS} - set(saved)
    return {f"AIRFLOW_CONN_{name.upper()}": value for name in sorted(names)}


def endpoint(system: str) -> Endpoint:
    """The system's connection as the task that runs sees it; EGOV-PLATFORM-032 when there is none, -033 when it is
    half filled in."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    name = connection_id(system)
    try:
        found = Connection.get(name)
    except AirflowNotFoundException as error:
        raise EgovError("EGOV-PLATFORM-032", connection=name) from error
    if not found.host or not found.password:
        raise EgovError("EGOV-PLATFORM-033", connection=name, missing="password" if found.host else "host")
    ca_file = str(found.extra_dejson.get(CA_FILE) or "")
    return Endpoint(_address(found.host, found.schema, found.port), found.password, ca_file)


def _extra(settings: Settings) -> dict[str, Any]:
    """A private authority, by its absolute path: a task works in a folder of its own."""
    if not settings.source_ca_file:
        return {}
    return {"extra": {CA_FILE: str(Path(settings.source_ca_file).resolve())}}


def _address(host: str, schema: str | None, port: int | None) -> str:
    """The base URL of a connection, whose host may be a whole URL or a bare name."""
    url = httpx.URL(host if "://" in host else f"{schema or 'https'}://{host}")
    return str(url.copy_with(port=port) if port else url).rstrip("/")
