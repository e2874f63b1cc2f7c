"""The oracle of what the one-stop system keeps of its dossiers: from the records and the definitions alone."""

import pandas as pd

from egov_kpi.simulator.one_stop import PAYMENT_KEY
from egov_kpi.simulator.records import DOSSIER_KEY, effective
from egov_kpi.simulator.truth import NOT_RECEIVED, Amounts, Happened, Kpi, _flow


def _received(happened: Happened) -> pd.DataFrame:
    """Dossiers of the software that were received, with the day."""
    rows = effective(happened.records.dossiers, DOSSIER_KEY, happened.as_of)
    rows = rows[~rows["dossier_status"].isin(NOT_RECEIVED)]
    return rows.assign(received=rows["received_at"].dt.normalize())


# --- payments ---------------------------------------------------------------------------------------------------------


def _items(happened: Happened) -> pd.DataFrame:
    """Items to be paid that are not waived."""
    rows = effective(happened.records.one_stop.payments, PAYMENT_KEY, happened.as_of)
    return rows[rows["amount_due"] > 0]


def _fee_bearing(happened: Happened) -> Amounts:
    """Dossiers, each once, by the day of receipt."""
    rows = _received(happened)
    return _flow(happened, rows[rows["dossier_code"].isin(_items(happened)["dossier_code"])], "received")


def _paid_online(happened: Happened) -> Amounts:
    items, rows = _items(happened), _received(happened)
    online = items[
        (items["payment_method"] == "online") & (items["amount_paid"] > 0) & ~items["is_refunded"].astype(bool)
    ]
    return _flow(happened, rows[rows["dossier_code"].isin(online["dossier_code"])], "received")


KPIS: tuple[Kpi, ...] = (Kpi("payment_online", _paid_online, _fee_bearing),)
