"""Files of others that the site carries: Apache ECharts from its npm package. docs/decisions/0009-the-report.md."""

import hashlib

from egov_kpi.report import pages

# Package, version and integrity as the registry states them, for whoever renews the file.
PACKAGE = "echarts@6.1.0"
INTEGRITY = "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA=="
DIGESTS = {
    "echarts.common.min.js": "61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5",
}


def digest(name: str) -> str:
    """SHA-256 of an asset as it stands in the package."""
    return hashlib.sha256(pages.asset(name)).hexdigest()
