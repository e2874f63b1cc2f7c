"""How old the site is: which publish it shows, and since when. Asked by `status` and `doctor`; reads one small file."""

import json
import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from egov_kpi.errors import EgovError
from egov_kpi.report.site import STAMP, Site, build_report, current_dir
from egov_kpi.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SiteState:
    """The site that is shown."""

    publish_no: int
    business_date: date
    built_at: datetime
    path: Path


def site_state(settings: Settings) -> SiteState | None:
    """The site that is shown; None when none was ever built."""
    stamp = current_dir(settings) / STAMP
    if not stamp.exists():
        return None
    told = json.loads(stamp.read_text(encoding="utf-8"))
    return SiteState(
        publish_no=told["publish_no"],
        business_date=date.fromisoformat(told["business_date"]),
        built_at=datetime.fromisoformat(told["built_at"]).astimezone(ZoneInfo(settings.timezone)),
        path=current_dir(settings),
    )


def report_after_publish(settings: Settings) -> None:
    """Build and show the site for a night in this process: a failure is told and undoes nothing."""
    try:
        build_report(settings)
    except EgovError as error:
        log.error("%s %s → %s", error.code, error.text("vi"), error.remedy("vi"))
        log.error("%s %s → %s", error.code, error.text("en"), error.remedy("en"))


def shown_report(settings: Settings, publish_no: int) -> dict[str, Any] | None:
    """The site that is shown, for the result of a night; `error` when it isn't that of the publish, None where it is
    off."""
    if not settings.report_after_publish:
        return None
    state = site_state(settings)
    if state is None or state.publish_no != publish_no:
        error = EgovError("EGOV-REPORT-004", publish_no=publish_no, shown=state.publish_no if state else "–")
        return {"path": None, "error": error.as_dict(), "exit_code": int(error.exit_code)}
    return {"path": str(state.path / "index.html"), "built_at": state.built_at, "error": None, "exit_code": 0}


def told(site: Site) -> dict[str, Any]:
    """A site as the commands print it."""
    return {
        "publish_no": site.publish_no,
        "business_date": site.business_date.isoformat(),
        "path": str(site.path / "index.html"),
        "pages": site.pages,
        "bytes": site.bytes,
        "seconds": site.seconds,
    }
