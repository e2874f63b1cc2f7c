"""Serves the site inside Airflow's API server, to whoever is logged in there and may see its pages.

Airflow guards none of what a plugin mounts. So the guard is a dependency of the whole application: no route is without
it, be it added later. An application of its own for static files would not have it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egov_kpi.settings import Settings, get_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "egov-kpi-report"
# Our pages load their own scripts and nothing else; charts set styles. Pages of other tools have scripts in themselves.
_OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_OTHERS = _OWN.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")
_FOLDERS_OF_OTHERS = ("gate", "dbt")
_MISSING = "Chưa có trang này: chạy `egov-kpi report build` · not there: run `egov-kpi report build`"


class ReportApp:
    """The application, made at its first request: every process of Airflow loads plugins, and only one serves pages."""

    def __init__(self) -> None:
        self._made: FastAPI | None = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        self._made = self._made or create_app(get_settings())
        await self._made(scope, receive, send)


def create_app(settings: Settings) -> "FastAPI":
    """The application; every request to it needs a login of Airflow's."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import requires_access_view
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import FileResponse, RedirectResponse, Response

    guard = [Depends(requires_access_view(AccessView.WEBSITE))]
    # no pages of its own about itself: they would be outside the guard
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=guard)

    @app.get("/")
    def first() -> Response:
        return RedirectResponse("index.html")

    @app.get("/{path:path}")
    def file(path: str) -> Response:
        found = _file(settings, path)
        if found is None:
            raise HTTPException(status_code=404, detail=_MISSING)
        return FileResponse(found, headers=_headers(path))

    return app


def _file(settings: Settings, path: str) -> Path | None:
    """The file of the site that is shown; None for what is not there or not in it."""
    from egov_kpi.report.site import current_dir

    site = current_dir(settings).resolve()
    found = (site / path).resolve()
    return found if found.is_relative_to(site) and found.is_file() else None


def _headers(path: str) -> dict[str, Any]:
    """Nobody keeps a copy for whoever sits down next, and a page runs no script but the site's own."""
    policy = _OTHERS if path.split("/")[0] in _FOLDERS_OF_OTHERS else _OWN
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
