"""What the one-stop system keeps of its dossiers beside them: drawn from the dossiers, with a generator of its own.

One row per record and version, as in `records`; a row never comes after the last change of any dossier. Values are
invented: no report tells them.
"""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from egov_kpi.simulator import progress
from egov_kpi.simulator.data_uses import DATA_USE, data_uses
from egov_kpi.simulator.timetable import NEVER

PAYMENT = (
    "dossier_code", "fee_no", "agency_code", "fee_kind", "amount_due", "amount_paid", "payment_method", "payer_no",
    "charged_at", "paid_at", "is_refunded", "updated_at",
)  # fmt: skip
COMPONENT = (
    "dossier_code", "component_no", "agency_code", "is_digitised", "is_reused", "submitted_at", "updated_at",
)  # fmt: skip
RESULT = (
    "dossier_code", "result_no", "agency_code", "is_written", "is_attached", "signed_at", "issued_at", "updated_at",
)  # fmt: skip
APOLOGY = ("dossier_code", "letter_no", "agency_code", "issued_at", "old_due_at", "new_due_at", "updated_at")
VOTE = ("vote_code", "agency_code", "vote_channel", "rating", "voted_at", "updated_at")

PAYMENT_KEY = ["dossier_code", "fee_no"]
COMPONENT_KEY = ["dossier_code", "component_no"]
RESULT_KEY = ["dossier_code", "result_no"]
APOLOGY_KEY = ["dossier_code", "letter_no"]
VOTE_KEY = ["vote_code"]

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
    components: pd.DataFrame
    results: pd.DataFrame
    apologies: pd.DataFrame
    satisfaction: pd.DataFrame
    handovers: pd.DataFrame
    pauses: pd.DataFrame
    data_uses: pd.DataFrame


NOTHING = OneStop(
    *map(_empty, (PAYMENT, COMPONENT, RESULT, APOLOGY, VOTE, progress.HANDOVER, progress.PAUSE, DATA_USE))
)


def beside(dossiers: pd.DataFrame, seed: int) -> OneStop:
    """All records that belong to the dossiers, of which there may be several versions."""
    rng = np.random.default_rng([seed, _STREAM])
    received = _received(dossiers)
    settled = received[received["dossier_status"].isin(["finished", "returned"])].reset_index(drop=True)
    drawn = OneStop(
        payments=_payments(rng, received),
        components=_components(rng, received),
        results=_results(rng, settled),
        apologies=_apologies(rng, settled),
        satisfaction=_votes(rng, settled),
        handovers=progress.handovers(received, seed),
        pauses=progress.pauses(received, seed),
        data_uses=data_uses(received, seed),
    )
    last = dossiers["updated_at"].max()
    return OneStop(**{item.name: _ordered(getattr(drawn, item.name), last) for item in fields(OneStop)})


def synchronised(dossiers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """What was sent of the dossiers to the national portal."""
    return _ordered(progress.synchronisation(_received(dossiers), seed), dossiers["updated_at"].max())


def _received(dossiers: pd.DataFrame) -> pd.DataFrame:
    """The newest version of each dossier that was received."""
    newest = dossiers.sort_values(["dossier_code", "updated_at"]).drop_duplicates("dossier_code", keep="last")
    return newest[~newest["dossier_status"].isin(_NOT_RECEIVED)].reset_index(drop=True)


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
        paid_at=NEVER,
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


# --- documents and results --------------------------------------------------------------------------------------------


def _components(rng: np.random.Generator, dossiers: pd.DataFrame) -> pd.DataFrame:
    """Versions of one or two documents a dossier: from the store, digitised at the counter or later, or on paper."""
    size = len(dossiers)
    one = _document(rng, dossiers, "1")
    items = pd.concat([one, _document(rng, dossiers[rng.random(size) < 0.4], "2")], ignore_index=True)
    draw = rng.random(len(items))
    items = items.assign(is_reused=draw < 0.15, is_digitised=draw < 0.7)
    later = items[(draw >= 0.7) & (draw < 0.85)]
    scanned = later.assign(
        is_digitised=True, updated_at=later["updated_at"] + _minutes(rng, 5, 200, len(later)).to_numpy()
    )
    return pd.concat([items, scanned], ignore_index=True)[list(COMPONENT)]


def _document(rng: np.random.Generator, dossiers: pd.DataFrame, number: str) -> pd.DataFrame:
    at = dossiers["received_at"] + _minutes(rng, 0, 10, len(dossiers)).to_numpy()
    return dossiers[["dossier_code", "agency_code"]].assign(component_no=number, submitted_at=at, updated_at=at)


def _results(rng: np.random.Generator, settled: pd.DataFrame) -> pd.DataFrame:
    """Versions of one result a settled dossier, for 3% none: signed at the end of processing, scanned later, on paper,
    or nothing in writing."""
    rows = settled[rng.random(len(settled)) < 0.97].reset_index(drop=True)
    draw, issued = pd.Series(rng.random(len(rows))), rows["finished_at"]
    is_signed = draw < 0.6
    first = rows[["dossier_code", "agency_code"]].assign(
        result_no="1",
        is_written=draw < 0.92,
        is_attached=is_signed,
        signed_at=issued.where(is_signed),
        issued_at=issued,
        updated_at=issued,
    )
    scanned = first[(draw >= 0.6) & (draw < 0.8)]
    scanned = scanned.assign(
        is_attached=True, updated_at=scanned["updated_at"] + _minutes(rng, 5, 200, len(scanned)).to_numpy()
    )
    return pd.concat([first, scanned], ignore_index=True)[list(RESULT)]


# --- apologies --------------------------------------------------------------------------------------------------------


def _apologies(rng: np.random.Generator, settled: pd.DataFrame) -> pd.DataFrame:
    """Versions of letters: for four late dossiers of five, a few of them only once the day was over; a second promise
    now and then; and letters for some dossiers that were never late."""
    dated = settled[settled["due_at"].notna()].reset_index(drop=True)
    is_late = dated["finished_at"].dt.normalize() > dated["due_at"].dt.normalize()
    draw = rng.random(len(dated))
    chosen = dated[(is_late & (draw < 0.8)) | (~is_late & (draw < 0.01))]
    drawn = rng.choice([-2, -1, 0, 1], len(chosen), p=[0.4, 0.4, 0.1, 0.1])
    days = np.where(is_late[chosen.index], drawn, -1)
    issued = (chosen["due_at"] + pd.to_timedelta(days, unit="D")).clip(lower=chosen["received_at"])
    first = _letter(chosen, "1", issued, chosen["due_at"])
    again = first[rng.random(len(first)) < 0.12]
    second = _letter(again, "2", again["new_due_at"] - pd.Timedelta(days=1), again["new_due_at"])
    letters = pd.concat([first, second], ignore_index=True)
    mistyped = letters[rng.random(len(letters)) < 0.15]
    before = mistyped.assign(new_due_at=mistyped["new_due_at"] + pd.Timedelta(days=7))
    letters.loc[mistyped.index, "updated_at"] += pd.Timedelta(minutes=25)
    return pd.concat([before, letters], ignore_index=True)[list(APOLOGY)]


def _letter(rows: pd.DataFrame, number: str, issued: pd.Series, old_due: pd.Series) -> pd.DataFrame:
    """A letter that promises five days more."""
    return rows[["dossier_code", "agency_code"]].assign(
        letter_no=number,
        issued_at=issued,
        old_due_at=old_due,
        new_due_at=old_due + pd.Timedelta(days=5),
        updated_at=issued,
    )


# --- satisfaction -----------------------------------------------------------------------------------------------------


def _votes(rng: np.random.Generator, settled: pd.DataFrame) -> pd.DataFrame:
    """Votes of a third of those whose result was returned in the month in which it was ready, minutes after; who votes
    on the portal may think better of it. A vote does not say whose it is."""
    months = [settled[f"{name}_at"].dt.to_period("M") for name in ("finished", "returned")]
    rows = settled[(months[0] == months[1]) & (rng.random(len(settled)) < 0.35)].reset_index(drop=True)
    at = rows["returned_at"] + _minutes(rng, 2, 15, len(rows))
    votes = rows[["agency_code"]].assign(
        vote_code=[f"BT-{number:07d}" for number in rng.permutation(len(rows))],
        vote_channel=np.where(rows["channel"] == "online", "portal", "tablet"),
        rating=rng.choice(["very_satisfied", "satisfied", "dissatisfied"], len(rows), p=[0.55, 0.38, 0.07]),
        voted_at=at,
        updated_at=at.clip(lower=rows["updated_at"]),
    )
    changed = votes[(votes["vote_channel"] == "portal") & (rng.random(len(votes)) < 0.2)]
    changed = changed.assign(rating="dissatisfied", updated_at=changed["updated_at"] + pd.Timedelta(minutes=9))
    both: pd.DataFrame = pd.concat([votes, changed], ignore_index=True)[list(VOTE)]
    return both
