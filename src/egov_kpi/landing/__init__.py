"""The landing zone: what a source sent, less secret rows, with a manifest, by atomic rename, named by content."""

from egov_kpi.landing.model import Delivery, LandedFile
from egov_kpi.landing.store import file_digest, land_file, open_landed, read_delivery

__all__ = ["Delivery", "LandedFile", "file_digest", "land_file", "open_landed", "read_delivery"]
