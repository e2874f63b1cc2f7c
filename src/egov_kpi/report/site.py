"""Builds the site of the publish that readers see, and shows it in one step.

A site is written beside the ones before it and shown by turning two links: `.local/report/<publish>` and
`.local/report/current`. Whoever has the old one open keeps it, and a build that fails or is killed leaves it in place.
"""

import fcntl
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from jinja2 import TemplateError

from egov_kpi.errors import EgovError
from egov_kpi.report import documents, figures, overview, pages, words
from egov_kpi.report.figures import Agency, Contents
from egov_kpi.report.restated import restated
from egov_kpi.settings import Settings
from egov_kpi.trace.figure import Connection, one_state

# Sites that stay beside the current one; the figures of every publish are in the database.
KEPT = 7
STAMP = "site.json"
_ASSETS = ("site.css", "site.js", "kpi.js", "echarts.common.min.js")
_LICENCES = ("echarts-LICENSE.txt", "echarts-NOTICE.txt", "echarts-LICENSE-d3.txt")
# What may stand in a file name; codes of units are such, and anything else would be a mistake of a seed.
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


@dataclass(frozen=True)
class Site:
    """One built site. `path` is its folder, `pages` and `bytes` its size, `seconds` what it took to build."""

    publish_no: int
    business_date: date
    built_at: datetime
    path: Path
    pages: int
    bytes: int
    seconds: float


def report_dir(settings: Settings) -> Path:
    return settings.local_dir / "report"


def current_dir(settings: Settings) -> Path:
    """The folder of the site that is shown; it may not be there yet."""
    return report_dir(settings) / "current"


def build_report(settings: Settings, out: Path | None = None) -> Site:
    """Build the site of the current publish and show it; with `out` write it there and show nothing.

    EGOV-REPORT-001 before the first publish, -003 when `out` holds something else, -002 for anything that fails.
    """
    if out is not None:
        _require_free(out)
    try:
        with _lock(settings):
            return _build_there(settings, out) if out else _build_and_show(settings)
    except (OSError, psycopg.Error, TemplateError, LookupError, ValueError) as error:
        raise EgovError("EGOV-REPORT-002", reason=f"{type(error).__name__}: {error}") from error


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One build at a time, so that the last one to begin, which sees the newest state, is the last to be shown."""
    folder = report_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _require_free(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / STAMP).exists())):
        raise EgovError("EGOV-REPORT-003", folder=out)


def _build_there(settings: Settings, out: Path) -> Site:
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    return _write(settings, out)


def _build_and_show(settings: Settings) -> Site:
    store = report_dir(settings) / "sites"
    store.mkdir(exist_ok=True)
    _remove_unfinished(store)
    folder = Path(tempfile.mkdtemp(prefix="making-", dir=store))
    site = _write(settings, folder)
    kept = store / f"{site.publish_no}-{site.built_at:%Y%m%dT%H%M%S.%f}"
    folder.rename(kept)
    for name in (str(site.publish_no), "current"):
        _turn(report_dir(settings) / name, kept)
    _remove_old(settings, store)
    return Site(**{**asdict(site), "path": kept})


def _turn(link: Path, target: Path) -> None:
    """Point a link elsewhere in one step."""
    scratch = link.with_name(f".{link.name}.new")
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(target.relative_to(link.parent), target_is_directory=True)
    scratch.replace(link)


def _remove_unfinished(store: Path) -> None:
    for folder in store.glob("making-*"):
        shutil.rmtree(folder)


def _remove_old(settings: Settings, store: Path) -> None:
    """Keep the newest site of each of the newest publishes, and the current one."""
    links = [link for link in report_dir(settings).iterdir() if link.is_symlink() and link.name.isdigit()]
    links.sort(key=lambda link: int(link.name), reverse=True)
    for link in links[KEPT:]:
        link.unlink()
    shown = {link.resolve() for link in (*links[:KEPT], current_dir(settings))}
    for folder in store.iterdir():
        if folder.resolve() not in shown:
            shutil.rmtree(folder)


# ------------------------------------------------------------------------------------------------------- the content


def _write(settings: Settings, folder: Path) -> Site:
    began = datetime.now(UTC)
    with one_state(settings) as conn:
        publish = overview.publish(conn)
        if publish is None:
            raise EgovError("EGOV-REPORT-001")
        found = figures.contents(conn, settings)
        values = _shared_values(publish, found, began.astimezone(publish["published_at"].tzinfo))
        _write_data(conn, folder, publish, found)
        _write_pages(conn, settings, folder, found, values)
    _write_assets(folder)
    return _stamp(folder, publish, began)


def _shared_values(publish: dict[str, Any], found: Contents, built_at: datetime) -> dict[str, Any]:
    present = {kpi.theme for kpi in found.kpis}
    listed = [theme for theme in words.THEMES if theme in present] + sorted(present - set(words.THEMES))
    return {"publish": publish, "built_at": built_at, "theme_list": listed, "main": found.main, "base": ""}


def _write_pages(conn: Connection, settings: Settings, folder: Path, found: Contents, values: dict[str, Any]) -> None:
    publish = values["publish"]
    own: dict[str, dict[str, Any]] = {
        "index": {
            "datasets": overview.datasets(conn, settings),
            "incidents": overview.incidents(conn),
            "headlines": figures.headlines(conn, found, publish["business_date"]),
        },
        "quarantine": {"units": overview.quarantine(conn, settings)},
        "restatements": {
            "restated": restated(conn, publish["publish_no"]),
            "kpi_names": {kpi.kpi_code: (kpi.name_vi, kpi.name_en) for kpi in found.kpis},
            "publishes": overview.publishes(conn),
        },
        "claims": {"files": overview.claims(conn)},
        "definitions": {
            "kpis": found.kpis,
            "gate_pages": documents.copy_gate(settings, folder),
            "dbt_docs": documents.copy_dbt(settings, folder, publish),
        },
        "ledger": {"chain": overview.chain(conn, settings)},
    }
    for name, further in own.items():
        _page(folder / f"{name}.html", pages.render(name, **values, **further))
    for theme in values["theme_list"]:
        listed = [kpi for kpi in found.kpis if kpi.theme == theme]
        text = pages.render("theme", **{**values, "theme": theme, "kpis": listed})
        _page(folder / f"{_plain(theme)}.html", text)


def _write_data(conn: Connection, folder: Path, publish: dict[str, Any], found: Contents) -> None:
    data = folder / "data"
    data.mkdir()
    _page(data / "index.js", pages.script("egov.index", _index(publish, found)))
    for theme, agency_code, told in figures.values(conn, found, publish["business_date"]):
        place = data / _plain(theme)
        place.mkdir(exist_ok=True)
        call = f'egov.unit({publish["publish_no"]},"{theme}","{agency_code}",{told});\n'
        _page(place / f"{_plain(agency_code)}.js", call)


def _agency(agency: Agency) -> list[Any]:
    """A unit as the pages' script reads it, by place."""
    days = [day.isoformat() if day else "" for day in (agency.ended, agency.begins)]
    names = (agency.name_vi, agency.name_en, agency.depth, agency.parent_code)
    return [agency.agency_code, *names, *days, agency.today_vi, agency.today_en]


def _index(publish: dict[str, Any], found: Contents) -> dict[str, Any]:
    names = ("theme", "name_vi", "name_en", "formula_vi", "formula_en", "unit", "versions")
    return {
        "publish_no": publish["publish_no"],
        "business_date": publish["business_date"].isoformat(),
        "main": found.main.agency_code,
        "kpis": [{"key": kpi.key, **{name: getattr(kpi, name) for name in names}} for kpi in found.kpis],
        "agencies": [
            _agency(agency)
            for agency in found.agencies
        ],
        "periods": [[span["grain"], span["start"].isoformat(), span["end"].isoformat(), int(span["is_over"])]
                    for span in found.periods],
        "reasons": words.REASONS,
        "units": words.UNITS,
    }  # fmt: skip


def _write_assets(folder: Path) -> None:
    place = folder / "assets"
    place.mkdir()
    for name in _ASSETS:
        (place / name).write_bytes(pages.asset(name))
    for name in _LICENCES:
        (place / name).write_bytes(pages.asset(f"licences/{name}"))


def _page(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _plain(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"{name!r} can't be a file name")
    return name


def _stamp(folder: Path, publish: dict[str, Any], began: datetime) -> Site:
    """The site's own account, which `status` and `doctor` read; written last, so that it is there or the site isn't."""
    listed = [path for path in folder.rglob("*") if path.is_file()]
    site = Site(
        publish_no=publish["publish_no"],
        business_date=publish["business_date"],
        built_at=began,
        path=folder,
        pages=sum(path.suffix == ".html" for path in listed),
        bytes=sum(path.stat().st_size for path in listed),
        seconds=round((datetime.now(UTC) - began).total_seconds(), 2),
    )
    told = {name: value for name, value in asdict(site).items() if name != "path"}
    _page(folder / STAMP, json.dumps(told, default=_plain_json) + "\n")
    return site


def _plain_json(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value.isoformat()
