"""The site of two publishes of the calibrated profile, built once for all workers, and a browser to read it with."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from egov_kpi.cli.main import run
from egov_kpi.platform import browser as browsers
from egov_kpi.report.documents import dbt_docs
from egov_kpi.report.site import build_report
from egov_kpi.settings import Settings
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import SEED, published

# A checked report: one figure that is wrong, one that holds.
CHECKED = (
    "Từ đầu năm 2022, phường tiếp nhận 764 hồ sơ, trong đó hồ sơ trực tuyến 9/764 đạt 8,48%.\n"
    "Trong quý I, huyện trả 1.637/4.432 kết quả qua bưu chính, đạt 36,94%.\n"
)


def keep_dbt_docs(settings: Settings) -> None:
    """dbt's documentation as an earlier report made it: the end-to-end night makes it for real, which takes seconds."""
    kept = dbt_docs(settings)
    kept.parent.mkdir(parents=True)
    kept.write_text("<!doctype html><html lang='en'><title>dbt docs</title><h1>dbt docs</h1></html>", encoding="utf-8")


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the site, with refused rows, restatements and a checked report."""
    cluster = cluster_of_tests()
    place = cluster.root / "report-site"
    with (cluster.root / "report-site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            with cluster.world("calibrated", SEED, origin=published(cluster)) as world:
                report = tmp_path_factory.mktemp("claims") / "bao-cao.txt"
                report.write_text(CHECKED, encoding="utf-8")
                assert run(["claims", "check", "--warehouse", str(report)]) == 0
                keep_dbt_docs(world.settings)
                making = cluster.root / "report-site-making"
                build_report(world.settings, making)
            making.rename(place)
    return place


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Without one these tests fail and say how to get it: `make browser`."""
    found = browsers.find()
    assert found, "no Chromium: make browser"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=browsers.arguments())
        yield opened
        opened.close()
