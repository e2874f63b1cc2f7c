"""Extraction: ask the source systems over HTTP, prove the answers whole, and land them."""

from egov_kpi.extract.source import pull

__all__ = ["pull"]
