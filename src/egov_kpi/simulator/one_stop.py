"""What the one-stop system keeps of its dossiers beside them: drawn from the dossiers, with a generator of its own.

One row per record and version, as in `records`; a row never comes after the last change of any dossier. Values are
invented: no report tells them.
"""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

PAYMENT = (
    "dossier_code", "fee_no", "agency_code", "fee_kind", "amount_due", "amount_paid", "payment_method", "payer_no",
    "charged_at", "paid_at", "is_refunded", "updated_at",
)  # fmt: skip
PAYMENT_KEY = ["dossier_code", "fee_no"]

_NOT_RECEIVED = ("registered", "refused")
# Keeps these draws apart from those of the dossiers, which a new dataset must not change.
_STREAM = 766


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """No record, in the types of the records."""
    kinds = {name: "datetime64[s]" for name in columns if name.endswith("_at")}
    kinds |= {name: "int64" for name in columns if name.startswith("amount_")}
    return pd.DataFrame(columns=list(columns)).astype(kinds)


@dataclass(frozen=True)
class OneStop:
    """The records beside the dossiers, by dataset."""

    payments: pd.DataFrame


NOTHING = OneStop(payments=_empty(PAYMENT))


def beside(dossiers: pd.DataFrame, seed: int) -> OneStop:
    """All records that belong to the dossiers, of which there may be several versions."""
    rng = np.random.default_rng([seed, _STREAM])
    newest = dossiers.sort_values(["dossier_code", "updated_at"]).drop_duplicates("dossier_code", keep="last")
    received = newest[~newest["dossier_status"].isin(_NOT_RECEIVED)].reset_index(drop=True)
    drawn = OneStop(payments=_payments(rng, received))
    last = dossiers["updated_at"].max()
    return OneStop(**{item.name: _ordered(getattr(drawn, item.name), last) for item in fields(OneStop)})


def _ordered(versions: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    known = versions[versions["updated_at"] <= last]
    return known.sort_values(["updated_at", *known.columns[:2]]).reset_index(drop=True)


def _minutes(rng: np.random.Generator, low: int, high: int, size: int) -> pd.Series:
    return pd.Series(pd.to_timedelta(rng.integers(low, high, size), unit="min"))


# --- payments ---------------------------------------------------------------------------------------------------------

# Of a dossier: no item, one that is waived, one to pay, a fee and a charge, a fee beside a waived charge.
_ITEMS = {"none": 0.4, "waived": 0.1, "one": 0.34, "two": 0.1, "half": 0.06}


def _payments(rng: np.random.Generator, dossiers: pd.DataFrame) -> pd.DataFrame:
    """Versions of all items: set, then paid; a few given back, or waived when it is found that nothing was due."""
    kind = pd.Series(rng.choice(list(_ITEMS), len(dossiers), p=list(_ITEMS.values())))
    first = _item(rng, dossiers[kind != "none"], "1", "fee").assign(kind=kind[kind != "none"])
    second = _item(rng, dossiers[kind.isin(["two", "half"])], "2", "charge").assign(
        kind=kind[kind.isin(["two", "half"])]
    )
    items = pd.concat([first, second], ignore_index=True)
    waived = (items["kind"] == "waived") | ((items["kind"] == "half") & (items["fee_no"] == "2"))
    items["amount_due"] = items["amount_due"].where(~waived, 0)
    paid = _paid(rng, items)
    versions = pd.concat([items, paid, _given_back(rng, paid), _waived_later(rng, items, paid)], ignore_index=True)
    times = dict.fromkeys(("charged_at", "paid_at", "updated_at"), "datetime64[s]")
    return versions[list(PAYMENT)].astype(times)


def _item(rng: np.random.Generator, dossiers: pd.DataFrame, number: str, fee_kind: str) -> pd.DataFrame:
    """One item per dossier, set minutes after the receipt and not paid yet."""
    charged = dossiers["received_at"] + _minutes(rng, 1, 12, len(dossiers)).to_numpy()
    return dossiers[["dossier_code", "agency_code", "channel"]].assign(
        fee_no=number,
        fee_kind=np.where(rng.random(len(dossiers)) < 0.06, "duty", fee_kind),
        amount_due=rng.choice([8000, 15000, 30000, 50000, 150000, 500000], len(dossiers)),
        amount_paid=0,
        payment_method=None,
        payer_no=dossiers["applicant_no"].astype(int),
        charged_at=charged,
        paid_at=pd.NaT,
        is_refunded=False,
        updated_at=charged,
    )


def _paid(rng: np.random.Generator, items: pd.DataFrame) -> pd.DataFrame:
    """Nine tenths of what is due is paid within hours, online mostly by who applied online."""
    due = items[(items["amount_due"] > 0) & (rng.random(len(items)) < 0.9)]
    paid_at = due["charged_at"] + _minutes(rng, 2, 90, len(due)).to_numpy()
    online = rng.random(len(due)) < np.where(due["channel"] == "online", 0.8, 0.15)
    method = np.where(online, "online", "direct")
    return due.assign(amount_paid=due["amount_due"], payment_method=method, paid_at=paid_at, updated_at=paid_at)


def _given_back(rng: np.random.Generator, paid: pd.DataFrame) -> pd.DataFrame:
    given = paid[rng.random(len(paid)) < 0.02]
    return given.assign(is_refunded=True, updated_at=given["updated_at"] + pd.Timedelta(days=1))


def _waived_later(rng: np.random.Generator, items: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """Of what was never paid a third turns out not to have been due at all."""
    unpaid = items[(items["amount_due"] > 0) & ~items.index.isin(paid.index)]
    waived = unpaid[rng.random(len(unpaid)) < 0.33]
    return waived.assign(amount_due=0, updated_at=waived["updated_at"] + pd.Timedelta(hours=5))
