"""What each container of docker-compose.yml runs: `python -m egov_kpi.platform.container SERVICE`.

The same functions make the settings as on a machine without Docker; only addresses differ, given by EGOV_KPI_*.
"""

import json
import os
import sys
from collections.abc import Callable

from egov_kpi.platform import airflow, postgres, simulator_service
from egov_kpi.platform.secrets import write_private
from egov_kpi.settings import Settings, get_settings

SIMULATOR_PORT = 8000
ALL_INTERFACES = "0.0.0.0"  # noqa: S104 (of the container, whose port is not published)


def init(settings: Settings) -> None:
    """Runs once, before the services: databases, roles, tables, reference data, pools."""
    from egov_kpi.publish.dbt import migrate_and_seed

    postgres.ensure_running(settings)
    migrate_and_seed(settings)
    airflow.prepare(settings)
    pools = airflow.home(settings) / "pools.json"
    wanted = {name: {"slots": n, "description": "", "include_deferred": False} for name, n in airflow.POOLS.items()}
    write_private(pools, json.dumps(wanted))
    _become([sys.executable, "-m", "airflow", "pools", "import", str(pools)], airflow.environment(settings))


def simulator(settings: Settings) -> None:
    """The simulated sources, reachable for the other containers."""
    import uvicorn

    from egov_kpi.simulator.records import generate
    from egov_kpi.simulator.server import create_app

    records = generate(settings.simulator_profile, settings.simulator_seed)
    app = create_app(records, simulator_service.source_token(settings))
    uvicorn.run(app, host=ALL_INTERFACES, port=SIMULATOR_PORT, log_level="warning", access_log=False)


def service(name: str) -> Callable[[Settings], None]:
    """One of Airflow's services, in the place of this process, so that it gets the container's signals."""
    return lambda settings: _become(airflow.commands(settings)[name], airflow.component_environment(settings, name))


def _become(command: list[str], environment: dict[str, str]) -> None:
    os.execve(command[0], command, environment)  # noqa: S606 (no shell is wanted)


SERVICES: dict[str, Callable[[Settings], None]] = {
    "init": init,
    "simulator": simulator,
    **{name: service(name) for name in airflow.COMPONENTS},
}


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in SERVICES:
        print(f"python -m egov_kpi.platform.container {'|'.join(SERVICES)}", file=sys.stderr)
        return 2
    SERVICES[sys.argv[1]](get_settings())
    return 0


if __name__ == "__main__":
    sys.exit(main())
