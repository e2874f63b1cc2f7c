"""How dossiers went through the offices: steps that one unit hands on to the next, each with a deadline of its own.

Drawn from the dossiers, each dataset with a generator of its own, so that a further one changes none of the others. One
row per record and version, as in `records`. Values are invented: no report tells them.
"""

import numpy as np
import pandas as pd

from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, count_working_days, office_time
from egov_kpi.simulator.units import load_units

HANDOVER = (
    "dossier_code", "step_no", "agency_code", "from_agency_code", "received_at", "internal_due_at", "handed_on_at",
    "updated_at",
)  # fmt: skip
HANDOVER_KEY = ["dossier_code", "step_no"]
PAUSE = (
    "dossier_code", "pause_no", "agency_code", "pause_kind", "reason_code", "paused_at", "resumed_at", "updated_at",
)  # fmt: skip
PAUSE_KEY = ["dossier_code", "pause_no"]
SYNCHRONISATION = (
    "dossier_code", "agency_code", "sync_status", "error_kind", "sent_at", "accepted_at", "updated_at",
)  # fmt: skip
SYNCHRONISATION_KEY = ["dossier_code"]

_HANDOVERS, _SYNCHRONISATION, _PAUSES = 1, 2, 3
_BROKEN_OFF = ("withdrawn", "stopped")
# Internal deadlines end with the working day.
_EVENING = pd.Timedelta(hours=17)


def _generator(seed: int, dataset: int) -> np.random.Generator:
    # 61: the decree on the one-stop mechanism; keeps these draws apart from all others.
    return np.random.default_rng([seed, 61, dataset])


def _days(times: pd.Series) -> Days:
    return np.asarray(times.to_numpy(), dtype="datetime64[D]")


# --- hand-overs -------------------------------------------------------------------------------------------------------


def handovers(received: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Versions of the steps of half of the received dossiers: one at the unit itself, and of some a second one at the
    district above it. A step is told when it is received and again when it is handed on; open dossiers have steps that
    nobody handed on. A twelfth of the steps takes longer than its deadline, whatever became of the dossier."""
    rng = _generator(seed, _HANDOVERS)
    rows = received[rng.random(len(received)) < 0.5].reset_index(drop=True)
    broken_off = rows["updated_at"].where(rows["dossier_status"].isin(_BROKEN_OFF))
    rows = rows.assign(ended_at=rows["finished_at"].fillna(broken_off))
    first = _step(rng, rows, "1", rows["agency_code"], rows["received_at"] + pd.Timedelta(minutes=15))
    passed = first["handed_on_at"].notna() & (rng.random(len(first)) < 0.3)
    further, before = rows[passed].reset_index(drop=True), first[passed].reset_index(drop=True)
    second = _step(rng, further, "2", _above(further["agency_code"]), before["handed_on_at"])
    steps = pd.concat([first, second], ignore_index=True)
    opened = steps.assign(handed_on_at=NEVER, updated_at=steps["received_at"])
    handed_on = steps[steps["handed_on_at"].notna()]
    versions = pd.concat([opened, handed_on.assign(updated_at=handed_on["handed_on_at"])], ignore_index=True)
    return versions[list(HANDOVER)].astype({name: "datetime64[s]" for name in HANDOVER if name.endswith("_at")})


def _above(codes: pd.Series) -> pd.Series:
    """The district of a commune; any other unit itself."""
    units = load_units()
    communes = units[units["level"] == "commune"].set_index("agency_code")["parent_code"]
    return codes.map(communes).fillna(codes)


def _step(
    rng: np.random.Generator, rows: pd.DataFrame, number: str, holder: pd.Series, received: pd.Series
) -> pd.DataFrame:
    """One step per dossier, received then by `holder`."""
    handed_on = _handed_on(rng, rows, received)
    return rows[["dossier_code"]].assign(
        step_no=number,
        agency_code=holder,
        from_agency_code=rows["agency_code"],
        received_at=received,
        internal_due_at=_deadline(rng, received, handed_on),
        handed_on_at=handed_on,
    )


def _handed_on(rng: np.random.Generator, rows: pd.DataFrame, received: pd.Series) -> pd.Series:
    """Within the time that the dossier took; of an open one two steps of three, within days."""
    begun = _days(received)
    last = _days(rows["ended_at"].fillna(received))
    room = np.maximum(count_working_days(begun, last), 0)
    taken = np.floor(rng.random(len(rows)) * (room + 1)).astype(np.int64)
    is_over = rows["ended_at"].notna()
    taken = np.where(is_over, taken, rng.integers(0, 4, len(rows)))
    at = pd.Series(office_time(rng, add_working_days(begun, taken)).astype("datetime64[s]"), index=rows.index)
    # never after the end of the dossier, and always after the receipt
    at = at.where(~(at > rows["ended_at"]), rows["ended_at"])
    at = at.where(at > received, received + pd.Timedelta(minutes=5))
    return at.where(is_over | (rng.random(len(rows)) < 0.67))


def _deadline(rng: np.random.Generator, received: pd.Series, handed_on: pd.Series) -> pd.Series:
    """The evening of the day on which the step was handed on or of one soon after it, of a few the evening before; of a
    step in hand that of the second working day."""
    begun = _days(received)
    done = _days(handed_on.fillna(received))
    late = (rng.random(len(received)) < 0.08) & handed_on.notna().to_numpy() & (done > begun)
    slack = np.where(handed_on.notna(), rng.integers(0, 3, len(received)), 2)
    day = np.where(late, done - np.timedelta64(1, "D"), add_working_days(done, slack))
    due = pd.Series(day.astype("datetime64[s]"), index=received.index) + _EVENING
    return due.where(due > received, received + pd.Timedelta(minutes=30))


# --- synchronisation --------------------------------------------------------------------------------------------------

_ERRORS = ["format", "unknown_procedure", "unknown_agency", "duplicate", "system"]


def synchronisation(received: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Versions of what was sent to the national portal: 97% of the received dossiers, minutes after their receipt. Most
    are accepted at once, some rejected, of which two thirds are accepted when they are sent again; some wait."""
    rng = _generator(seed, _SYNCHRONISATION)
    rows = received[rng.random(len(received)) < 0.97].reset_index(drop=True)
    sent_at = rows["received_at"] + _minutes(rng, 2, 30, len(rows))
    sent = rows[["dossier_code", "agency_code"]].assign(
        sync_status="waiting", error_kind=None, sent_at=sent_at, accepted_at=NEVER, updated_at=sent_at
    )
    draw = rng.random(len(sent))
    accepted = _accepted(sent[draw < 0.9], _minutes(rng, 1, 20, len(sent)))
    rejected = sent[(draw >= 0.9) & (draw < 0.97)]
    rejected = rejected.assign(
        sync_status="rejected",
        error_kind=rng.choice(_ERRORS, len(rejected)),
        updated_at=rejected["sent_at"] + pd.Timedelta(minutes=21),
    )
    again = _accepted(rejected[rng.random(len(rejected)) < 0.67], _minutes(rng, 30, 200, len(sent)))
    versions = pd.concat([sent, accepted, rejected, again], ignore_index=True)[list(SYNCHRONISATION)]
    return versions.astype({name: "datetime64[s]" for name in SYNCHRONISATION if name.endswith("_at")})


def _minutes(rng: np.random.Generator, low: int, high: int, size: int) -> pd.Series:
    return pd.Series(pd.to_timedelta(rng.integers(low, high, size), unit="min"))


def _accepted(rows: pd.DataFrame, later: pd.Series) -> pd.DataFrame:
    """The rows as they are once the national portal has taken them, so much later."""
    at = rows["updated_at"] + later.loc[rows.index]
    return rows.assign(sync_status="accepted", error_kind=None, accepted_at=at, updated_at=at)


# --- pauses -----------------------------------------------------------------------------------------------------------


def pauses(received: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Versions of the intervals in which a clock stood still: of every dossier of which a supplement was requested or
    is awaited, of some a duty to be paid besides, before it; and of those that were stopped. What is told when the
    clock stops is told again when it goes on."""
    rng = _generator(seed, _PAUSES)
    rows = received.assign(begun=received["received_at"] + _minutes(rng, 20, 60, len(received)))
    asked = (rows["supplement_request_count"] > 0) & rows["finished_at"].notna()
    waiting = rows["dossier_status"] == "supplement_requested"
    in_part = (rows["finished_at"] - rows["begun"]) * rng.uniform(0.1, 0.3, len(rows))
    dutiable = rows["finished_at"].notna() & (in_part > pd.Timedelta(hours=3)) & (rng.random(len(rows)) < 0.04)
    stopped = rows["dossier_status"] == "stopped"
    duty = _pause(rows[dutiable], "1", "financial_duty", rows["begun"], rows["begun"] + in_part)
    second = asked & dutiable
    later = rows["begun"] + in_part + pd.Timedelta(minutes=30)
    frames = [
        duty,
        _pause(rows[second], "2", "supplement", later, later + in_part),
        _pause(rows[asked & ~dutiable], "1", "supplement", rows["begun"], rows["begun"] + in_part),
        _pause(rows[waiting], "1", "supplement", rows["begun"], None),
        _pause(rows[stopped], "1", "stopped", rows["updated_at"], None),
    ]
    intervals = pd.concat(frames, ignore_index=True)
    begun = intervals.assign(resumed_at=NEVER, updated_at=intervals["paused_at"])
    over = intervals[intervals["resumed_at"] > intervals["paused_at"]]
    versions = pd.concat([begun, over.assign(updated_at=over["resumed_at"])], ignore_index=True)
    return versions[list(PAUSE)].astype({name: "datetime64[s]" for name in PAUSE if name.endswith("_at")})


_REASONS = {"supplement": "BS01", "financial_duty": "TC01", "stopped": "DX01"}


def _pause(
    rows: pd.DataFrame, number: str, kind: str, paused_at: pd.Series, resumed_at: pd.Series | None
) -> pd.DataFrame:
    """One interval per dossier, open where it has no end; times are whole minutes."""
    ends = pd.Series(NEVER, index=rows.index) if resumed_at is None else resumed_at.loc[rows.index].dt.floor("min")
    return rows[["dossier_code", "agency_code"]].assign(
        pause_no=number,
        pause_kind=kind,
        reason_code=_REASONS[kind],
        paused_at=paused_at.loc[rows.index].dt.ceil("min"),
        resumed_at=ends,
    )
