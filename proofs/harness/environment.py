"""The environment variables by which this process, and whatever it starts, finds a warehouse."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egov_kpi.settings import Settings, get_settings


@contextmanager
def environment(database_url: str, local_dir: Path, **further: str) -> Iterator[Settings]:
    """Point the process there for the time of the block; `further` are names without EGOV_KPI_.

    Nights make no report there unless they are told to: nobody would read it.
    """
    wanted = {"DATABASE_URL": database_url, "LOCAL_DIR": str(local_dir), "REPORT_AFTER_PUBLISH": "false", **further}
    wanted = {f"EGOV_KPI_{name}": value for name, value in wanted.items()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    get_settings.cache_clear()
    try:
        yield get_settings()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        get_settings.cache_clear()
