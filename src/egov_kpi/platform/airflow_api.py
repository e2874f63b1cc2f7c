"""Airflow's REST API, as far as the warehouse needs it: start a run for a business date, and watch it.

The command line of Airflow takes 4 s a call; this takes milliseconds.
"""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import httpx

from egov_kpi.errors import EgovError
from egov_kpi.platform.airflow import AirflowInfo, info
from egov_kpi.settings import Settings, get_settings

TERMINAL = frozenset({"success", "failed"})
# A server that is being restarted answers again within this time.
PATIENCE_SECONDS = 60.0
PAGE = 100


class AirflowApi:
    """One session with the API server; the token is fetched when it is first needed, and again when it has expired."""

    def __init__(self, server: AirflowInfo) -> None:
        self._server = server
        # a proxy of the environment has no business between two processes of one machine
        self._client = httpx.Client(base_url=server.url, timeout=30.0, trust_env=False)
        self._token = ""

    @classmethod
    def of(cls, settings: Settings | None = None) -> "AirflowApi":
        return cls(info(settings or get_settings()))

    def __enter__(self) -> "AirflowApi":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def health(self) -> dict[str, dict[str, str | None]]:
        """Status and last heartbeat of each service; empty when the API server itself doesn't answer."""
        try:
            response = self._client.get("/api/v2/monitor/health")
        except httpx.TransportError:
            return {}
        return dict(response.json()) if response.status_code == httpx.codes.OK else {}

    def serves_tasks(self) -> bool:
        """Whether the side of the server that tasks talk to answers.

        Its first answer takes ten seconds, for which nothing else is answered: it then makes its routes, once for each
        version of their interface. Asked here, no night waits for that.
        """
        try:
            return self._client.get("/execution/health", timeout=60.0).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def trigger(self, dag_id: str, partition_key: str | None, conf: dict[str, Any] | None = None) -> dict[str, Any]:
        """Start a run of the DAG for a business date, and give the run as Airflow describes it.

        The key is None for a DAG that isn't partitioned, which would refuse one.
        """
        body = {"logical_date": None, "partition_key": partition_key, "conf": conf or {}}
        return self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)

    def dag_runs(self, dag_id: str = "~", partition_key: str | None = None) -> list[dict[str, Any]]:
        """Runs of a DAG, or of all of them, the newest first; of one business date when it is given."""
        of_date = {} if partition_key is None else {"partition_key_prefix_pattern": partition_key}
        runs = self._pages(f"/api/v2/dags/{dag_id}/dagRuns", "dag_runs", order_by="-run_after", **of_date)
        return [run for run in runs if partition_key is None or run.get("partition_key") == partition_key]

    def dag_run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return self._pages(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def dags(self) -> list[dict[str, Any]]:
        return self._pages("/api/v2/dags", "dags", exclude_stale="true")

    def refuse_paused(self, dag_ids: Iterable[str]) -> None:
        """EGOV-PLATFORM-026 when one of them is paused: a run that is started all the same waits until it isn't."""
        paused = {dag["dag_id"] for dag in self.dags() if dag["is_paused"]} & set(dag_ids)
        if paused:
            raise EgovError("EGOV-PLATFORM-026", dags=", ".join(sorted(paused)))

    def import_errors(self) -> list[dict[str, Any]]:
        """DAG files that Airflow could not read, with the reason."""
        return self._pages("/api/v2/importErrors", "import_errors")

    def unpause(self, dag_id: str) -> None:
        self._ask("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def ensure_pool(self, name: str, slots: int) -> None:
        """Make the pool, or give it that many slots."""
        body = {"name": name, "slots": slots, "include_deferred": False}
        known = {pool["name"]: pool["slots"] for pool in self._pages("/api/v2/pools", "pools")}
        if name not in known:
            self._ask("POST", "/api/v2/pools", json=body)
        elif known[name] != slots:
            self._ask("PATCH", f"/api/v2/pools/{name}", json=body)

    def wait_dags(self, dag_ids: Iterable[str], seconds: float = 120.0) -> None:
        """Wait until Airflow has read all of these DAGs; EGOV-PLATFORM-024 names those that it couldn't."""
        wanted = set(dag_ids)
        until = time.monotonic() + seconds
        while missing := wanted - {dag["dag_id"] for dag in self.dags()}:
            if time.monotonic() > until:
                errors = "; ".join(
                    f"{e['filename']}: {e['stack_trace'].strip().splitlines()[-1]}" for e in self.import_errors()
                )
                raise EgovError("EGOV-PLATFORM-024", dags=", ".join(sorted(missing)), detail=errors or "-")
            time.sleep(0.5)

    def wait_dag_run(self, dag_id: str, run_id: str, seconds: float, pause: float = 0.5) -> dict[str, Any]:
        """The run once it has ended, well or badly; EGOV-PLATFORM-025 when it hasn't within that time."""
        until = time.monotonic() + seconds
        while (run := self.dag_run(dag_id, run_id))["state"] not in TERMINAL:
            if time.monotonic() > until:
                raise EgovError("EGOV-PLATFORM-025", dag=dag_id, run=run_id, state=run["state"], seconds=int(seconds))
            time.sleep(pause)
        return run

    def _pages(self, path: str, key: str, **parameters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask("GET", path, params={**parameters, "limit": PAGE, "offset": len(found)})
            found.extend(page[key])
            if len(found) >= page["total_entries"] or not page[key]:
                return found

    def _ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """One call; waits while the server is being restarted, and logs in again once when the token has expired."""
        response = self._send(method, path, **arguments)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._token = ""
            response = self._send(method, path, **arguments)
        if response.is_error:
            raise EgovError(
                "EGOV-PLATFORM-023", call=f"{method} {path}", status=response.status_code, detail=_detail(response)
            )
        return dict(response.json()) if response.content else {}

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Of a POST only a connection that was never made is tried again: once sent, it may have been carried out.

        A GET is asked again as well when the server dies under it, or is without its database for a while.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        passing = httpx.TransportError if method == "GET" else httpx.ConnectError
        while True:
            try:
                headers = {"Authorization": f"Bearer {self._token or self._log_in()}"}
                response = self._client.request(method, path, headers=headers, **arguments)
                if method != "GET" or not response.is_server_error or time.monotonic() > until:
                    return response
            except httpx.TransportError as error:
                if not isinstance(error, passing) or time.monotonic() > until:
                    raise EgovError("EGOV-PLATFORM-022", detail=str(error)) from error
            time.sleep(0.5)

    def _log_in(self) -> str:
        login = {"username": self._server.user, "password": self._server.password}
        response = self._client.post("/auth/token", json=login)
        if response.is_error:
            raise EgovError(
                "EGOV-PLATFORM-023", call="POST /auth/token", status=response.status_code, detail=_detail(response)
            )
        self._token = str(response.json()["access_token"])
        return self._token


def _detail(response: httpx.Response) -> str:
    return response.text[:300]
