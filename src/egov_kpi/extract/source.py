"""Ask a source for what is new, and land it: the one entrance to extraction."""

from datetime import date

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.extract.http import Policy, SourceClient
from egov_kpi.extract.systems import SYSTEMS, Pull
from egov_kpi.landing.model import Delivery
from egov_kpi.settings import Settings, get_settings


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
    # Imported late: it knows how to start processes, which a test with an address of its own never needs.
    from egov_kpi.platform import simulator_service as source

    with SourceClient(source.base_url(settings), policy) as client:
        request = Pull(contract, window_from, business_date, settings, client, source.source_token(settings))
        return SYSTEMS[contract.system](request)
