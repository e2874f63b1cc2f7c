"""The application that Airflow mounts: nothing of it is read without a login, and nothing beside the site at all."""

import importlib.util
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from egov_kpi.report import serve
from egov_kpi.report.site import current_dir
from egov_kpi.settings import PROJECT_ROOT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(local_dir=tmp_path)
    site = tmp_path / "report" / "sites" / "1"
    (site / "data").mkdir(parents=True)
    (site / "index.html").write_text("Đêm nay", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    current_dir(made).symlink_to(site)
    return made


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/data/", "/docs", "/redoc", "/openapi.json", "/../secret", "/nothing"]
)
def test_no_route_is_open_to_who_is_not_logged_in(settings: Settings, path: str) -> None:
    with TestClient(serve.create_app(settings)) as anonymous:
        answer = anonymous.get(path, follow_redirects=False)
    assert answer.status_code == 401
    assert "Đêm nay" not in answer.text


def test_only_files_of_the_site_are_found(settings: Settings) -> None:
    assert serve._file(settings, "index.html") == (current_dir(settings) / "index.html").resolve()
    for path in ("../secret", "../../../secret", "/etc/passwd", "data", "nothing.html", ""):
        assert serve._file(settings, path) is None, path


def test_scripts_of_other_tools_run_on_their_pages_only() -> None:
    assert "unsafe" not in serve._headers("online_service.html")["Content-Security-Policy"].split("style-src")[0]
    assert "unsafe-inline" in serve._headers("gate/mail.accounts/4.html")["Content-Security-Policy"].split("style")[0]


def test_airflow_s_navigation_leads_to_it() -> None:
    path = PROJECT_ROOT / "plugins" / "report_site.py"
    spec = importlib.util.spec_from_file_location("report_site", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (app,) = module.ReportSite.fastapi_apps
    (view,) = module.ReportSite.external_views
    assert app["url_prefix"].strip("/") == view["href"].strip("/") == serve.PREFIX
    assert view["destination"] == "nav"
    # every process of Airflow loads plugins: what only the API server needs waits for a request
    assert isinstance(app["app"], serve.ReportApp) and app["app"]._made is None
