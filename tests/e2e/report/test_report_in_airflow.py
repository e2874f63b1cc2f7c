"""The report inside Airflow: a night makes it, whoever is logged in reads it, and nobody else does."""

from datetime import date

import httpx
import pytest

from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.night.progress import Progress
from egov_kpi.platform import airflow
from egov_kpi.report.serve import PREFIX
from egov_kpi.settings import Settings

pytestmark = pytest.mark.e2e

PATHS = ("", "index.html", "online_service.html", "data/index.js", "assets/site.css", "site.json", "nothing.html")


@pytest.fixture
def made(running: Settings) -> dict[str, object]:
    """The report as the night of 6 March left it; run again, the night changes no figure."""
    with Progress(interactive=False) as progress:
        return dict(run_through_airflow(date(2023, 3, 6), progress, running)["report"])


def test_only_who_is_logged_in_reads_it(running: Settings, made: dict[str, object]) -> None:
    assert made["error"] is None
    server = airflow.info(running)
    address = f"{server.url}/{PREFIX}"
    anonymous = [httpx.get(f"{address}/{path}", trust_env=False) for path in PATHS]
    assert [answer.status_code for answer in anonymous] == [401] * len(PATHS)
    assert not any("html" in answer.text or "egov" in answer.text for answer in anonymous)
    for cookie in ("", "not-a-token"):
        answer = httpx.get(f"{address}/index.html", cookies={"_token": cookie}, trust_env=False)
        assert answer.status_code in (401, 403), cookie
    login = {"username": server.user, "password": server.password}
    token = httpx.post(f"{server.url}/auth/token", json=login, trust_env=False).json()["access_token"]
    with httpx.Client(base_url=address, cookies={"_token": token}, trust_env=False) as reader:
        page = reader.get("/", follow_redirects=True)
        assert page.status_code == 200
        assert "Đêm nay" in page.text
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "EGOV" in reader.get("/dbt/index.html").text.upper()
        assert reader.get("/data/index.js").text.startswith("egov.index(")
        assert reader.get("/..%2f..%2fports.json").status_code == 404
        assert reader.get("/%2fetc%2fpasswd").status_code == 404
