"""Seconds that pages of a report take to be read from disk in headless Chromium, charts included.

Takes the folder of a site (default: the one that is shown); prints a row per page and the site's size. Exit 1 when the
median of a page is over the limit.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from egov_kpi.platform import browser as browsers
from egov_kpi.report.site import current_dir
from egov_kpi.settings import get_settings

PAGES = ("index", "online_service", "digital_signature", "restatements", "quarantine", "definitions")
DRAWN = "document.body.dataset.ready && document.querySelector('.kpi svg')"
TIMES = 5
LIMIT_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, nargs="?", default=current_dir(get_settings()))
    site = parser.parse_args().site.resolve()
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"{site}: {size / 1e6:.1f} MB")
    medians = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browsers.find(), args=browsers.arguments())
        for name in PAGES:
            seconds = sorted(_seconds(opened, site / f"{name}.html") for _ in range(TIMES))
            medians.append(seconds[TIMES // 2])
            print(f"{name:20} median {seconds[TIMES // 2]:.2f} s, slowest {seconds[-1]:.2f} s", flush=True)
        opened.close()
    print(f"{len(medians)} pages, the slowest {max(medians):.2f} s, limit {LIMIT_SECONDS:.0f} s")
    return int(max(medians) > LIMIT_SECONDS)


def _seconds(opened: Browser, page: Path) -> float:
    """From the navigation to the end of loading, or to the first chart of a page that has charts."""
    context = opened.new_context(viewport={"width": 1280, "height": 900})
    window = context.new_page()
    window.goto(page.as_uri())
    if window.locator("#kpis").count():
        window.wait_for_function(DRAWN)
        taken = window.evaluate("performance.now()")
    else:
        taken = window.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    context.close()
    return float(taken) / 1000


if __name__ == "__main__":
    sys.exit(main())
