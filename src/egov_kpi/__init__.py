"""Data warehouse of a province's e-government KPIs: from a source's export to a published mart."""
