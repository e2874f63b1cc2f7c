"""Ask a source for what is new, and land it: the one entrance to extraction."""

import os
from datetime import date

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.extract.http import Policy, SourceClient
from egov_kpi.extract.systems import SYSTEMS, Pull
from egov_kpi.landing.model import Delivery
from egov_kpi.platform.secrets import secret
from egov_kpi.settings import Settings, get_settings

TOKEN_VARIABLE = "EGOV_KPI_SOURCE_TOKEN"  # noqa: S105 (the name of a variable)


def pull(
    contract: Contract,
    business_date: date,
    window_from: date | None,
    settings: Settings | None = None,
    policy: Policy | None = None,
) -> list[Delivery]:
    """Land everything of a dataset from `window_from` to `business_date`, both included; None asks for the backlog.

    One delivery per load: a window of a delta dataset, a snapshot, a register. An empty list means that the source
    declared that there is nothing. EGOV-NET-... when the source can't be asked or its answer isn't proven whole,
    EGOV-LAND-... when what it sent must not be kept; in both cases nothing has landed of that delivery.
    """
    settings = settings or get_settings()
    if contract.system not in SYSTEMS:
        raise EgovError("EGOV-NET-015", system=contract.system)
    if window_from is not None and window_from > business_date:
        raise EgovError("EGOV-NET-016", window_from=window_from, window_to=business_date)
    with SourceClient(source_base_url(settings), policy) as client:
        request = Pull(contract, window_from, business_date, settings, client, source_token(settings))
        return SYSTEMS[contract.system](request)


def source_base_url(settings: Settings) -> str:
    """Where the sources answer: the configured address, else the simulator that runs beside the warehouse."""
    if settings.source_base_url:
        return settings.source_base_url
    if settings.simulator_port:
        return f"http://127.0.0.1:{settings.simulator_port}"
    raise EgovError("EGOV-NET-014", detail="EGOV_KPI_SOURCE_BASE_URL")


def source_token(settings: Settings) -> str:
    """The token that the sources gave us; the one of this installation's simulator when none is set."""
    return os.environ.get(TOKEN_VARIABLE) or secret(settings, "source_token")
