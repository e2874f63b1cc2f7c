"""Documents that other tools made, copied into the site: the gate's pages and dbt's own documentation."""

import re
import shutil
from pathlib import Path
from typing import Any

from egov_kpi.gate.docs import docs_dir
from egov_kpi.publish.code import model_digest
from egov_kpi.settings import Settings

DBT = "dbt/index.html"
# dbt's page carries a tracker that it would fetch from a content delivery network if it were told to count its readers.
_TRACKER = re.compile(r"(?:https?:)?//[\w.-]+\.cloudfront\.net/[^\"']*")
_POLICY = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:\">"
)


def copy_gate(settings: Settings, folder: Path) -> list[dict[str, str]]:
    """The gate's page of each dataset's newest load and of the audit before the publish: dataset, load and address."""
    found = []
    for dataset in sorted(path for path in docs_dir(settings).glob("*") if path.is_dir()):
        newest = max(dataset.glob("*.html"), key=lambda page: page.stat().st_mtime_ns, default=None)
        if newest is None:
            continue
        place = folder / "gate" / dataset.name
        place.mkdir(parents=True)
        shutil.copyfile(newest, place / newest.name)
        found.append({"dataset": dataset.name, "load": newest.stem, "href": f"gate/{dataset.name}/{newest.name}"})
    return found


def copy_dbt(settings: Settings, folder: Path, publish: dict[str, Any]) -> str:
    """dbt's documentation of the models as they are; its address in the site."""
    kept = dbt_docs(settings)
    if not kept.exists():
        _make(settings, kept, publish)
    (folder / DBT).parent.mkdir()
    (folder / DBT).write_text(self_contained(kept.read_text(encoding="utf-8")), encoding="utf-8")
    return DBT


def self_contained(page: str) -> str:
    """The page without its tracker, and with the browser told to fetch nothing from elsewhere."""
    return _TRACKER.sub("", page).replace("<head>", f"<head>{_POLICY}", 1)


def dbt_docs(settings: Settings) -> Path:
    """Where the documentation of today's models is kept: it takes seconds to make and changes with them alone."""
    return settings.local_dir / "report" / "dbt-docs" / f"{model_digest(settings)}.html"


def _make(settings: Settings, kept: Path, publish: dict[str, Any]) -> None:
    # dbt takes seconds to import: only who needs it pays for it
    from egov_kpi.publish.dbt import document

    variables = {"colour": publish["colour"], "as_of": publish["business_date"].isoformat()}
    text = document(settings, kept.parent / "target", variables)
    for older in kept.parent.glob("*.html"):
        older.unlink()
    scratch = kept.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(kept)
