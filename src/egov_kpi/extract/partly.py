"""A source that sent several deliveries, of which some had to be turned away."""

from dataclasses import dataclass

from egov_kpi.errors import EgovError
from egov_kpi.landing.model import Delivery


@dataclass
class PartlyRefused(Exception):
    """Raised once the others have landed: `deliveries` go on, each of `refusals` is exit 1 and must be told."""

    deliveries: list[Delivery]
    refusals: list[EgovError]

    def __str__(self) -> str:
        return "; ".join(str(refusal) for refusal in self.refusals)
