"""Ask a source for what is new, and land it: the one entrance to extraction.

Where a source answers, and its key, come from the settings; a task of Airflow says that it takes them from its
connections instead, with `asking`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.extract.http import Policy, SourceClient, trusting
from egov_kpi.extract.systems import SYSTEMS, Pull
from egov_kpi.landing.model import Delivery
from egov_kpi.settings import Settings, get_settings


@dataclass(frozen=True)
class Endpoint:
    """Where one source system answers, the key that it asks for, and whose word on its certificate counts.

    `ca_file` is a PEM file of authorities; empty: the public ones.
    """

    base_url: str
    token: str = field(repr=False)
    ca_file: str = ""


Lookup = Callable[[str], Endpoint]
_LOOKUP: ContextVar[Lookup | None] = ContextVar("egov_kpi_source_lookup", default=None)


@contextmanager
def asking(lookup: Lookup) -> Iterator[None]:
    """Within it `pull` finds a system's endpoint with this function, at the moment when it asks the source."""
    kept = _LOOKUP.set(lookup)
    try:
        yield
    finally:
        _LOOKUP.reset(kept)


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
    lookup = _LOOKUP.get()
    endpoint = lookup(contract.system) if lookup else _of_settings(settings)
    with SourceClient(endpoint.base_url, policy, trusting(endpoint.ca_file)) as client:
        request = Pull(contract, window_from, business_date, settings, client, endpoint.token)
        return SYSTEMS[contract.system](request)


def _of_settings(settings: Settings) -> Endpoint:
    # Imported late: it knows how to start processes, which a test with an address of its own never needs.
    from egov_kpi.platform import simulator_service

    return Endpoint(
        simulator_service.base_url(settings), simulator_service.source_token(settings), settings.source_ca_file
    )
