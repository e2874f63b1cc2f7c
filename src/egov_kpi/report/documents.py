"""Documents that other tools made, copied into the site: the gate's pages and dbt's own documentation."""

import shutil
from pathlib import Path
from typing import Any

from egov_kpi.gate.docs import docs_dir
from egov_kpi.settings import Settings
from egov_kpi.trace.figure import Connection


def copy_all(conn: Connection, settings: Settings, folder: Path, publish: dict[str, Any]) -> list[dict[str, str]]:
    """The gate's page of each dataset's newest load and of the audit before the publish: dataset, name and address."""
    place = folder / "gate"
    found = []
    for dataset in sorted(path for path in docs_dir(settings).glob("*") if path.is_dir()):
        newest = max(dataset.glob("*.html"), key=lambda page: page.stat().st_mtime_ns, default=None)
        if newest is None:
            continue
        (place / dataset.name).mkdir(parents=True)
        shutil.copyfile(newest, place / dataset.name / newest.name)
        found.append({"dataset": dataset.name, "load": newest.stem, "href": f"gate/{dataset.name}/{newest.name}"})
    return found
