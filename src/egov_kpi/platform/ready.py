"""The file by which the scheduler says that its workers take tasks; without imports, since both sides read it."""

from pathlib import Path


def workers_ready(home: Path) -> Path:
    """There from the moment on at which the workers wait for tasks; `home` is Airflow's."""
    return home / "workers-ready"
