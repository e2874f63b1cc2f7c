"""Airflow plugin: the report in Airflow's navigation, behind its login. Wiring only; the work is in `report.serve`."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from egov_kpi.report.serve import PREFIX, ReportApp


class ReportSite(AirflowPlugin):
    """A page of the navigation that shows the site, and the application that serves it."""

    name = "egov_kpi_report"
    fastapi_apps: ClassVar[list[Any]] = [{"app": ReportApp(), "url_prefix": f"/{PREFIX}", "name": "egov-kpi report"}]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Báo cáo",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "egov_kpi_report",
        }
    ]
