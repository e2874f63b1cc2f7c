"""The oracle of settlement by the methods A, B and C, side by side: from the records and the definitions alone."""

from collections.abc import Callable

import pandas as pd

from egov_kpi.simulator.truth import _CELL, Amounts, Happened, Kpi, Measure, _flow, _settled, _sum


def _settled_on_time(happened: Happened) -> Amounts:
    """Finished on the due day or before it; without a due date never on time."""
    rows = happened.settled
    return _flow(happened, rows[rows["due"].notna() & (rows["finished"] <= rows["due"])], "finished")


def _settled_late(happened: Happened) -> Amounts:
    rows = happened.settled
    return _flow(happened, rows[rows["due"].notna() & (rows["finished"] > rows["due"])], "finished")


def _due_time(rows: pd.DataFrame, basis: str) -> pd.Series:
    """When the promise ends: with its day, or at its minute."""
    return rows["due_time"] if basis == "hour" else rows["due"] + pd.Timedelta(days=1) - pd.Timedelta(seconds=1)


def _kept_promise(rows: pd.DataFrame, basis: str) -> pd.Series:
    """Over by the promised time; a comparison with nothing promised is false."""
    return rows["over_time"] <= _due_time(rows, basis)


def _by_clock(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what was promised once the pauses are taken off."""
    return rows.assign(due=rows["clock_due"], due_time=rows["clock_due_time"])


def _kept_by_clock(rows: pd.DataFrame, basis: str) -> pd.Series:
    """Over by then, or while the clock stood."""
    return _kept_promise(_by_clock(rows), basis) | (rows["over"].notna() & rows[f"stands_{basis}"].astype(bool))


def _broke_promise(rows: pd.DataFrame, basis: str) -> pd.Series:
    return rows["over_time"] > _due_time(rows, basis)


def _settled_as(judge: Callable[[pd.DataFrame, str], pd.Series], basis: str) -> Measure:
    def measured(happened: Happened) -> Amounts:
        rows = happened.settled
        return _flow(happened, rows[judge(rows, basis)], "over")

    return measured


def _settled_early(happened: Happened) -> Amounts:
    rows = happened.settled
    return _flow(happened, rows[rows["over"] < rows["due"]], "over")


def _days_taken(happened: Happened) -> Amounts:
    """Calendar days from receipt to settlement, by the day of the latter."""
    rows = happened.settled
    return _flow(happened, rows, "over", (rows["over"] - rows["received"]).dt.days)


def _form_settled(happened: Happened) -> Amounts:
    """Column 7 of form II.06a."""
    return _flow(happened, happened.dossiers, "done")


def _form_in_time(basis: str, with_early: bool) -> Measure:
    """Columns 8 and 9 of form II.06a, or 9 alone: with what was withdrawn, stopped, or waits for a supplement."""

    def measured(happened: Happened) -> Amounts:
        rows = happened.dossiers
        unsettled = ~rows["is_settled"] & rows["due"].notna()
        settled = rows["is_settled"] & _kept_promise(rows, basis)
        if not with_early:
            settled &= ~(rows["over"] < rows["due"])
        return _flow(happened, rows[settled | unsettled], "done")

    return measured


def _pending(happened: Happened) -> Amounts:
    return _sum(happened, happened.pending().assign(amount=1))


def _end_of_day(rows: pd.DataFrame) -> pd.Series:
    return rows["looked_at"] + pd.Timedelta(days=1)


def _is_still_in_time(rows: pd.DataFrame, basis: str) -> pd.Series:
    """By the day: on the last day itself too; by the hour: when that day is over."""
    if basis == "hour":
        return rows["due_time"] >= _end_of_day(rows)
    return rows["due"] >= rows["looked_at"]


def _is_still_in_time_by_clock(rows: pd.DataFrame, basis: str) -> pd.Series:
    """The same with pauses taken off; no term runs out while the clock stands."""
    return _is_still_in_time(_by_clock(rows), basis) | rows[f"stands_{basis}"].astype(bool)


def _excused(happened: Happened) -> Amounts:
    """Late by the day that the source shows, in time once the pauses are taken off."""
    rows = happened.settled
    return _flow(happened, rows[_broke_promise(rows, "date") & _kept_by_clock(rows, "date")], "over")


def _form_pending(basis: str, in_time: bool) -> Measure:
    """Column 12 or 13 of form II.06a; what has no due date is in neither."""

    def measured(happened: Happened) -> Amounts:
        rows = happened.pending("done")
        still = _is_still_in_time(rows, basis)
        counts = still if in_time else ~still & rows["due"].notna()
        return _sum(happened, rows[counts].assign(amount=1))

    return measured


def _handled(happened: Happened) -> Amounts:
    """All that was in hand: what ended in the period and what was pending on its last day."""
    return _together(_flow(happened, happened.dossiers, "over"), _pending(happened))


def _handled_in_time(basis: str) -> Measure:
    """Of these the punctual ones, pauses taken off; a second request for a supplement makes a dossier late."""

    def measured(happened: Happened) -> Amounts:
        ended, still = happened.dossiers, happened.pending()
        ended = ended[_kept_by_clock(ended, basis) & (ended["requests"] <= 1)]
        still = still[_is_still_in_time_by_clock(still, basis) & (still["requests"] <= 1)]
        return _together(_flow(happened, ended, "over"), _sum(happened, still.assign(amount=1)))

    return measured


def _together(one: Amounts, other: Amounts) -> Amounts:
    return pd.concat([one, other], ignore_index=True).groupby(_CELL)["amount"].sum().reset_index()


KPIS: tuple[Kpi, ...] = (
    Kpi("ontime_settled", _settled_on_time, _settled, method="C", due_basis="date"),
    Kpi("late_external", _settled_late, due_basis="date"),
    Kpi("ontime_settled", _form_in_time("date", with_early=True), _form_settled, method="A", due_basis="date"),
    Kpi("ontime_settled", _form_in_time("hour", with_early=True), _form_settled, method="A", due_basis="hour"),
    Kpi("ontime_settled", _handled_in_time("date"), _handled, method="B", due_basis="date"),
    Kpi("ontime_settled", _handled_in_time("hour"), _handled, method="B", due_basis="hour"),
    Kpi("ontime_settled", _settled_as(_kept_promise, "hour"), _settled, method="C", due_basis="hour"),
    Kpi("dossier_settled", _settled),
    Kpi("settled_early", _settled_early, method="A", due_basis="date"),
    Kpi("settled_on_time", _form_in_time("date", with_early=False), method="A", due_basis="date"),
    Kpi("settled_on_time", _form_in_time("hour", with_early=False), method="A", due_basis="hour"),
    Kpi("settled_late", _settled_as(_broke_promise, "date"), method="A", due_basis="date"),
    Kpi("settled_late", _settled_as(_broke_promise, "hour"), method="A", due_basis="hour"),
    Kpi("late_excused", _excused, due_basis="date"),
    Kpi("settlement_duration", _days_taken, _settled),
    Kpi("pending", _pending),
    Kpi("pending_in_time", _form_pending("date", in_time=True), method="A", due_basis="date"),
    Kpi("pending_in_time", _form_pending("hour", in_time=True), method="A", due_basis="hour"),
    Kpi("pending_overdue", _form_pending("date", in_time=False), method="A", due_basis="date"),
    Kpi("pending_overdue", _form_pending("hour", in_time=False), method="A", due_basis="hour"),
)
