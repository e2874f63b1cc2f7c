"""`make clean`: stop everything of this installation and delete what its runs wrote. `.venv` stays."""

import shutil

from egov_kpi.platform import airflow, postgres, simulator_service
from egov_kpi.settings import Settings, get_settings

CACHES = (
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
    ".hypothesis",
    "dbt_project/target",
    "dbt_project/logs",
    "logs",
)


def clean(settings: Settings) -> None:
    """A real server's databases stay as they are: only what is under our own folders is ours to delete."""
    airflow.down(settings)
    simulator_service.stop(settings)
    postgres.remove(settings)
    shutil.rmtree(settings.local_dir)
    for name in CACHES:
        cache = settings.project_root / name
        if cache.exists():
            shutil.rmtree(cache)


if __name__ == "__main__":
    clean(get_settings())
