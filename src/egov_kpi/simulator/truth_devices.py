"""The oracle of the devices on the network: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.truth import Amounts, Happened, Kpi, _stock


def _on_the_network(rows: pd.DataFrame) -> pd.Series:
    """Connected, and not out of use by the date of the snapshot."""
    gone = rows["retired_date"].notna() & (rows["retired_date"] <= rows["snapshot_date"])
    return rows["is_networked"].astype(bool) & ~gone


def _networked(happened: Happened) -> Amounts:
    rows = happened.snapshots("devices")
    return _stock(happened, rows, _on_the_network(rows).astype(int))


def _secured(happened: Happened) -> Amounts:
    rows = happened.snapshots("devices")
    return _stock(happened, rows, (_on_the_network(rows) & rows["is_secured"].astype(bool)).astype(int))


KPIS: tuple[Kpi, ...] = (Kpi("net_device_secured", _secured, _networked),)
