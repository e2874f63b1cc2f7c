"""The oracle: every KPI calculated in pandas from the records, with nothing in common with the warehouse's SQL.

Grain of the answer: one row per KPI, unit, scope and period, for every unit and every month, quarter and year from
the first record to the as-of date, also where nothing happened (numerator 0, denominator 0 or none). Definitions:
docs/reference/simulator.md.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cache, cached_property

import pandas as pd

from egov_kpi.simulator import truth_office, truth_portal
from egov_kpi.simulator.activities import ACTIVITY_KEY
from egov_kpi.simulator.progress import PAUSE_KEY
from egov_kpi.simulator.records import (
    DOCUMENT_KEY,
    DOSSIER_KEY,
    PAPER_KEY,
    PUBLIC_SECRECY,
    Records,
    effective,
)
from egov_kpi.simulator.truth_clock import by_clock
from egov_kpi.simulator.units import LAST_DAY, closure

COLUMNS = [
    "kpi_code", "method", "due_basis", "agency_code", "scope", "period_grain", "period_start",
    "numerator", "denominator",
]  # fmt: skip
KEY = COLUMNS[:7]
GRAINS = {"month": "M", "quarter": "Q", "year": "Y"}
# Filed or turned away, but never received.
NOT_RECEIVED = ("registered", "refused")
SETTLED = ("finished", "returned")
# Over without having been settled.
ENDED = ("withdrawn", "stopped")
# Registers that are sent whole, as `Records` names them.
SNAPSHOTS = ("mailboxes", "headcount", "procedures", "certificates", "devices", "office_accounts")
# Form II.06a has it among the settled, the other methods among the pending.
WAITING = "supplement_requested"
# Levels at which a procedure is offered online.
ONLINE = ("partial", "full")

Amounts = pd.DataFrame  # agency_code, scope, period_grain, period_start, amount
Measure = Callable[["Happened"], Amounts]


@dataclass(frozen=True)
class Happened:
    """The state of the world at the end of the day `as_of`: one row per record, one export per snapshot date."""

    records: Records
    as_of: pd.Timestamp
    # (unit, scope, member), when not those of the units of the time.
    other_pairs: pd.DataFrame | None = None

    @cached_property
    def documents(self) -> pd.DataFrame:
        """Outgoing documents in scope: electronic, not recalled, not secret."""
        rows = effective(self.records.documents, DOCUMENT_KEY, self.as_of)
        in_scope = (
            (rows["medium"] == "electronic")
            & (rows["document_status"] == "issued")
            & (rows["secrecy_level"] == PUBLIC_SECRECY)
        )
        return rows[in_scope]

    @cached_property
    def dossiers(self) -> pd.DataFrame:
        """Received dossiers of the software and of the paper register: `source`, days instead of times.

        `due_time` and `over_time` are the moments, `over` the day on which it was settled, withdrawn or stopped,
        `done` the day on which form II.06a takes it as settled; `clock_due`, `clock_due_time` what was promised with
        the pauses taken off, `stands_date`, `stands_hour` that the clock stands.
        """
        return pd.concat([self._software(), self._paper()], ignore_index=True)

    def _software(self) -> pd.DataFrame:
        rows = effective(self.records.dossiers, DOSSIER_KEY, self.as_of)
        rows = rows[~rows["dossier_status"].isin(NOT_RECEIVED)]
        days = {name: rows[f"{name}_at"].dt.normalize() for name in ("received", "due", "finished", "returned")}
        kept = rows[["agency_code", "procedure_code", "channel", "return_method"]]
        settled, ended = rows["dossier_status"].isin(SETTLED), rows["dossier_status"].isin(ENDED)
        written = rows["finished_at"].fillna(rows["returned_at"])
        over = written.where(settled, written.fillna(rows["updated_at"]).where(ended))
        pauses = effective(self.records.one_stop.pauses, PAUSE_KEY, self.as_of)
        waiting = rows["dossier_status"] == WAITING
        done = over.fillna(_requested(rows, pauses).where(waiting)).fillna(rows["updated_at"].where(waiting))
        return kept.join(by_clock(rows, pauses)).assign(
            source="software",
            is_settled=settled,
            is_ended=ended,
            requests=rows["supplement_request_count"].fillna(0).astype(int),
            due_time=rows["due_at"],
            over_time=over,
            over=over.dt.normalize(),
            done=done.dt.normalize(),
            **days,
        )

    def _paper(self) -> pd.DataFrame:
        rows = effective(self.records.paper, PAPER_KEY, self.as_of)
        kept = rows[["agency_code", "procedure_code", "channel", "return_method"]]
        never = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[s]")
        over = rows["finished_date"].fillna(rows["returned_date"])
        return kept.assign(
            source="paper",
            is_settled=rows["finished_date"].notna(),
            is_ended=False,
            requests=0,
            due_time=never,
            clock_due=never,
            clock_due_time=never,
            stands_date=False,
            stands_hour=False,
            over_time=over,
            over=over,
            done=over,
            received=rows["received_date"],
            due=never,
            finished=rows["finished_date"],
            returned=rows["returned_date"],
        )

    @cached_property
    def settled(self) -> pd.DataFrame:
        return self.dossiers[self.dossiers["is_settled"]]

    def pending(self, column: str = "over") -> pd.DataFrame:
        """Received dossiers once per period on whose last day, `looked_at`, they were not over yet (by `column`)."""
        rows = self.dossiers
        first = self.as_of if rows.empty else rows["received"].min()
        frames = []
        for grain, letter in GRAINS.items():
            for period in pd.period_range(min(first, self.as_of), self.as_of, freq=letter):
                day = min(period.end_time.normalize(), self.as_of)
                open_then = rows[(rows["received"] <= day) & ~(rows[column] <= day)]
                frames.append(open_then.assign(period_grain=grain, period_start=period.start_time, looked_at=day))
        return pd.concat(frames, ignore_index=True)

    def snapshots(self, name: str) -> pd.DataFrame:
        """A snapshot dataset: of each snapshot date the newest export, all its rows and only its rows."""
        rows: pd.DataFrame = getattr(self.records, name)
        known = rows[rows["exported_at"] < self.as_of + pd.Timedelta(days=1)]
        newest = known.groupby("snapshot_date")["exported_at"].transform("max")
        return known[known["exported_at"] == newest]

    @cached_property
    def procedures(self) -> pd.DataFrame:
        """Offers with `key`, which tells a procedure of one level from the same code at another level."""
        rows = self.snapshots("procedures")
        return rows.assign(key=rows["procedure_code"] + "|" + rows["competent_level"])

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """(unit, scope, member): what belongs to a unit, itself alone or with all units below it."""
        if self.other_pairs is not None:
            return self.other_pairs
        return belonging(self.records.units)

    def amounts(self, measure: Measure) -> Amounts:
        """What a measure comes to, calculated once: several KPIs share a denominator."""
        if measure not in self._amounts:
            self._amounts[measure] = measure(self)
        return self._amounts[measure]

    @cached_property
    def _amounts(self) -> dict[Measure, Amounts]:
        return {}


def _requested(dossiers: pd.DataFrame, pauses: pd.DataFrame) -> pd.Series:
    """When the supplement was asked for that a dossier still waits for."""
    awaited = pauses[(pauses["pause_kind"] == "supplement") & pauses["resumed_at"].isna()]
    newest = awaited.groupby("dossier_code")["paused_at"].max().to_dict()
    asked = pd.to_datetime(dossiers["dossier_code"].map(newest)).astype("datetime64[s]")
    return asked.where(~(asked < dossiers["received_at"]), dossiers["received_at"])


def belonging(units: pd.DataFrame) -> pd.DataFrame:
    """(unit, scope, member): each unit itself, alone or with all units below it."""
    tree = closure(units).assign(scope="tree")
    own = tree[tree["agency_code"] == tree["member_code"]].assign(scope="own")
    return pd.concat([own, tree], ignore_index=True)


# --- periods and roll-ups ---------------------------------------------------------------------------------------------


def _in_periods(rows: pd.DataFrame, days: str) -> pd.DataFrame:
    """The rows once per grain, with the first day of the period that `days` falls into; rows without a day drop out."""
    dated = rows[rows[days].notna()]
    frames = [
        dated.assign(period_grain=grain, period_start=dated[days].dt.to_period(letter).dt.start_time)
        for grain, letter in GRAINS.items()
    ]
    return pd.concat(frames, ignore_index=True)


_PERIOD = ["period_grain", "period_start"]
_CELL = ["agency_code", "scope", *_PERIOD]


def _spread(happened: Happened, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of members under every unit and scope that they belong to."""
    members = rows.rename(columns={"agency_code": "member_code"})
    return happened.pairs.merge(members, on="member_code", how="inner", validate="m:m")


def _sum(happened: Happened, rows: pd.DataFrame) -> Amounts:
    """Adds `amount` over the unit's members; rows carry agency_code, period_grain, period_start."""
    own = rows.groupby(["agency_code", *_PERIOD])["amount"].sum().reset_index()
    return _spread(happened, own).groupby(_CELL)["amount"].sum().reset_index()


def _distinct(happened: Happened, rows: pd.DataFrame) -> Amounts:
    """Counts distinct `key` over the unit's members."""
    own = rows[["agency_code", *_PERIOD, "key"]].drop_duplicates()
    return _spread(happened, own).groupby(_CELL)["key"].nunique().rename("amount").reset_index()


def _flow(happened: Happened, rows: pd.DataFrame, days: str, amount: pd.Series | int = 1) -> Amounts:
    """Counts rows, or adds an amount of each, by the period of a day; of a day first, since a year has millions of rows
    and few days."""
    counted = rows[["agency_code", days]].assign(amount=amount)
    of_day = counted.groupby(["agency_code", days])["amount"].sum().reset_index()
    return _sum(happened, _in_periods(of_day, days))


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of each unit's last snapshot in each period; a unit is in a snapshot when it has any row there."""
    placed = _in_periods(rows, "snapshot_date")
    last = placed.groupby(["agency_code", *_PERIOD])["snapshot_date"].transform("max")
    return placed[placed["snapshot_date"] == last]


def _stock(happened: Happened, rows: pd.DataFrame, amount: pd.Series) -> Amounts:
    """Adds a stock as the last snapshots of the period show it; `amount` is 0 for rows that do not count."""
    return _sum(happened, _last(rows[["agency_code", "snapshot_date"]].assign(amount=amount)))


# --- measures ---------------------------------------------------------------------------------------------------------


def _documents(happened: Happened, counts: Callable[[pd.DataFrame], pd.Series]) -> Amounts:
    rows = happened.documents
    return _flow(happened, rows[counts(rows)], "issued_date")


def _is_signed(rows: pd.DataFrame) -> pd.Series:
    return rows["organisation_signed_at"].notna()


def _is_dual_signed(rows: pd.DataFrame) -> pd.Series:
    return rows["personal_signed_at"].notna() & (rows["personal_signed_at"] <= rows["organisation_signed_at"])


def _mailboxes(happened: Happened, counts: Callable[[pd.DataFrame], pd.Series]) -> Amounts:
    rows = happened.snapshots("mailboxes")
    return _stock(happened, rows, counts(rows).astype(int))


def _is_issued(rows: pd.DataFrame) -> pd.Series:
    return rows["account_status"].isin(["active", "locked"])


def _is_used(rows: pd.DataFrame) -> pd.Series:
    busy = (rows["sent_30d_count"].fillna(0) > 0) | (rows["read_30d_count"].fillna(0) > 0)
    return (rows["account_status"] == "active") & busy


def _headcount(happened: Happened) -> Amounts:
    rows = happened.snapshots("headcount")
    return _stock(happened, rows, rows["headcount"])


def _received(happened: Happened, **values: str) -> Amounts:
    """Dossiers received in the period, those only whose columns have the values."""
    rows = happened.dossiers
    for column, value in values.items():
        rows = rows[rows[column] == value]
    return _flow(happened, rows, "received")


def _received_and_settled(happened: Happened) -> Amounts:
    """Of the dossiers received in the period those settled by the as-of date: never more than were received."""
    return _flow(happened, happened.settled, "received")


def _settled(happened: Happened) -> Amounts:
    return _flow(happened, happened.settled, "finished")


def _returned(happened: Happened, by: str | None = None) -> Amounts:
    """Results returned, papers handed back to who withdrew not among them."""
    rows = happened.dossiers[~happened.dossiers["is_ended"]]
    return _flow(happened, rows if by is None else rows[rows["return_method"] == by], "returned")


def _is_in_force(rows: pd.DataFrame) -> pd.Series:
    return rows["procedure_status"] == "in_force"


def _posted(happened: Happened) -> Amounts:
    rows = _last(happened.procedures)
    return _distinct(happened, rows[_is_in_force(rows) & rows["posted_date"].notna()])


def _in_force_by_level(happened: Happened) -> Amounts:
    rows = _last(happened.procedures)
    return _distinct(happened, rows[_is_in_force(rows)])


def _offered(happened: Happened, *service_levels: str) -> Amounts:
    rows = _last(happened.procedures)
    return _distinct(happened, rows[_is_in_force(rows) & rows["service_level"].isin(service_levels)])


def _active(happened: Happened, *service_levels: str) -> Amounts:
    """Offered procedures for which their own unit received at least one online dossier in the period."""
    rows = _last(happened.procedures)
    offered = rows[_is_in_force(rows) & rows["service_level"].isin(service_levels)]
    online = happened.dossiers[happened.dossiers["channel"] == "online"]
    cell = ["agency_code", "procedure_code", *_PERIOD]
    asked = _in_periods(online, "received")[cell].drop_duplicates()
    return _distinct(happened, offered.merge(asked, on=cell, how="inner", validate="m:1"))


def _in_force(happened: Happened) -> Amounts:
    rows = happened.procedures
    return _stock(happened, rows, _is_in_force(rows).astype(int))


def _certificates(happened: Happened) -> pd.DataFrame:
    """Rows of each unit's last register in each period, with the day on which the period is looked at."""
    rows = _last(happened.snapshots("certificates"))
    ends = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[s]")
    for grain, letter in GRAINS.items():
        of_grain = rows["period_grain"] == grain
        ends[of_grain] = rows.loc[of_grain, "period_start"].dt.to_period(letter).dt.end_time.dt.normalize()
    return rows.assign(looked_at=ends.where(ends <= happened.as_of, happened.as_of))


def _is_valid(rows: pd.DataFrame) -> pd.Series:
    """Announced by the snapshot date, and not expired on the day of looking, which is never before it."""
    begun = rows["announced_date"].notna() & (rows["announced_date"] <= rows["snapshot_date"])
    return begun & (rows["valid_until_date"].isna() | (rows["valid_until_date"] >= rows["looked_at"]))


def _is_of_the_year(rows: pd.DataFrame, column: str) -> pd.Series:
    same_year: pd.Series = rows[column].dt.year == rows["snapshot_date"].dt.year
    return same_year & (rows[column] <= rows["snapshot_date"])


def _certified_units(happened: Happened, counts: Callable[[pd.DataFrame], pd.Series]) -> Amounts:
    """Units, each once, with at least one certificate row that counts."""
    rows = _certificates(happened)
    units = rows.assign(amount=counts(rows).astype(int)).groupby(["agency_code", *_PERIOD])["amount"].max()
    return _sum(happened, units.reset_index())


def _is_mandated(rows: pd.DataFrame) -> pd.Series:
    return rows["is_mandated"].astype(bool)


def _is_compliant(rows: pd.DataFrame) -> pd.Series:
    done = _is_of_the_year(rows, "internal_audit_date") & _is_of_the_year(rows, "management_review_date")
    return _is_mandated(rows) & _is_valid(rows) & done


def _covered(happened: Happened) -> Amounts:
    rows = _certificates(happened)
    return _sum(happened, rows.assign(amount=rows["procedures_covered_count"].fillna(0).where(_is_valid(rows), 0)))


# --- KPIs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kpi:
    """One KPI by one method and due basis: a count has no denominator."""

    code: str
    numerator: Measure
    denominator: Measure | None = None
    method: str = "-"
    due_basis: str = "-"
    # Only units of these levels have it; empty: all.
    levels: tuple[str, ...] = ()


def _outgoing(happened: Happened) -> Amounts:
    return _documents(happened, lambda rows: pd.Series(True, index=rows.index))


def _signed_to(scope: str) -> Measure:
    return lambda happened: _documents(happened, lambda rows: _is_signed(rows) & (rows["recipient_scope"] == scope))


@cache
def _told(rows: truth_portal.Rows) -> Measure:
    """A measure of another module: rows that count on a day, or in a period."""

    def measured(happened: Happened) -> Amounts:
        found = rows(happened.records, happened.as_of)
        placed = found[found["period_grain"].notna()] if "period_grain" in found else found.head(0)
        dated = _in_periods(found.drop(columns=_PERIOD, errors="ignore"), "day")
        return _sum(happened, pd.concat([dated, placed], ignore_index=True))

    return measured


def _family(told: tuple[truth_portal.Told, ...]) -> list[Kpi]:
    return [
        Kpi(kpi.code, _told(kpi.numerator), None if kpi.denominator is None else _told(kpi.denominator)) for kpi in told
    ]


KPIS: tuple[Kpi, ...] = (
    Kpi("doc_outgoing", _outgoing),
    Kpi("doc_signed", lambda h: _documents(h, _is_signed), _outgoing),
    Kpi("doc_signed_dual", lambda h: _documents(h, _is_dual_signed), _outgoing),
    Kpi("doc_signed_exchanged", lambda h: _documents(h, _is_signed)),
    Kpi("doc_signed_interlinked", _signed_to("external")),
    Kpi("doc_signed_internal", _signed_to("internal")),
    Kpi("mail_issued", lambda h: _mailboxes(h, _is_issued), _headcount),
    Kpi("mail_used", lambda h: _mailboxes(h, _is_used), _headcount),
    Kpi("dossier_received", _received),
    Kpi("dossier_returned", _returned),
    Kpi("dossier_in_software", lambda h: _received(h, source="software"), _received),
    Kpi("settled_share", _received_and_settled, _received),
    Kpi("online_dossier", lambda h: _received(h, channel="online"), _received),
    Kpi("bcci_received", lambda h: _received(h, channel="post"), _received),
    Kpi("bcci_returned", lambda h: _returned(h, by="post"), _returned),
    Kpi("tthc_posted", _posted),
    Kpi("dvc_partial", lambda h: _offered(h, "partial")),
    Kpi("dvc_full", lambda h: _offered(h, "full")),
    Kpi("dvc_partial_active", lambda h: _active(h, "partial"), lambda h: _offered(h, "partial")),
    Kpi("dvc_full_active", lambda h: _active(h, "full"), lambda h: _offered(h, "full")),
    Kpi("dvc_online", lambda h: _offered(h, *ONLINE), _in_force_by_level),
    Kpi("dvc_online_active", lambda h: _active(h, *ONLINE), lambda h: _offered(h, *ONLINE)),
    Kpi("iso_compliance", lambda h: _certified_units(h, _is_compliant), lambda h: _certified_units(h, _is_mandated)),
    Kpi("iso_procedures_covered", _covered, _in_force),
    *_family(truth_portal.KPIS),
    *(Kpi(code, _told(part), whole and _told(whole)) for code, part, whole in truth_office.FLOWS),
)


def expected_kpis(records: Records, as_of: str | pd.Timestamp, codes: Container[str] | None = None) -> pd.DataFrame:
    """Every KPI for every unit, own and tree, by month, quarter and year, as known at the end of the day `as_of`.

    `codes`: these KPIs alone, when a caller looks at no other.
    """
    return figures(Happened(records, pd.Timestamp(as_of)), codes)


def figures(happened: Happened, codes: Container[str] | None = None) -> pd.DataFrame:
    """Every KPI for every unit, scope and period of that state of the world."""
    cells = _cells(happened)
    places = pd.MultiIndex.from_frame(cells[_CELL])
    if not places.is_unique:
        raise ValueError("a unit, scope and period is asked for twice")

    @cache
    def amount(measure: Measure) -> pd.Series:
        return _filled(places, happened.amounts(measure))

    frames = [
        cells.assign(
            kpi_code=kpi.code,
            method=kpi.method,
            due_basis=kpi.due_basis,
            numerator=amount(kpi.numerator),
            denominator=float("nan") if kpi.denominator is None else amount(kpi.denominator),
        )[_has(cells, happened.records.units, kpi)]
        for kpi in all_kpis()
        if codes is None or kpi.code in codes
    ]
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _has(cells: pd.DataFrame, units: pd.DataFrame, kpi: Kpi) -> pd.Series:
    """Cells of the units that the KPI is about."""
    if not kpi.levels:
        return pd.Series(True, index=cells.index)
    return cells["agency_code"].isin(units.loc[units["level"].isin(kpi.levels), "agency_code"])


def listed(happened: Happened) -> Amounts:
    """Every unit in a snapshot, whatever its rows are."""
    rows = [happened.snapshots(name)[["agency_code", "snapshot_date"]] for name in SNAPSHOTS]
    return _flow(happened, pd.concat(rows, ignore_index=True), "snapshot_date")


def all_kpis() -> tuple[Kpi, ...]:
    """These, and those of families that have modules of their own, built on this one."""
    from egov_kpi.simulator import (
        truth_activities,
        truth_data_uses,
        truth_devices,
        truth_document_work,
        truth_forms,
        truth_one_stop,
        truth_progress,
        truth_settlement,
        truth_vertical,
    )

    return (
        *KPIS,
        *truth_settlement.KPIS,
        *truth_one_stop.KPIS,
        *truth_data_uses.KPIS,
        *truth_devices.KPIS,
        *truth_activities.KPIS,
        *truth_document_work.KPIS,
        *truth_progress.KPIS,
        *truth_forms.KPIS,
        *truth_vertical.KPIS,
    )


def _filled(cells: pd.MultiIndex, amounts: Amounts) -> pd.Series:
    """The amounts in the order of the cells, zero where nothing happened."""
    filled: pd.Series = amounts.set_index(_CELL)["amount"].reindex(cells)
    return filled.fillna(0).astype(float).reset_index(drop=True)


def _cells(happened: Happened) -> pd.DataFrame:
    """Every unit, scope and period that ends after the first record; units exist until the end of June 2025."""
    from egov_kpi.simulator import truth_document_work

    days = [happened.documents["issued_date"], happened.dossiers["received"]]
    days += [happened.snapshots(name)["snapshot_date"] for name in SNAPSHOTS]
    days.append(truth_portal.first_day(happened.records, happened.as_of))
    days += truth_office.days(happened.records, happened.as_of)
    days.append(effective(happened.records.activities, ACTIVITY_KEY, happened.as_of)["held_date"])
    days += truth_document_work.days(happened)
    first = min(day.min() for day in days if not day.dropna().empty)
    last = min(happened.as_of, LAST_DAY)
    months = pd.DataFrame({"day": pd.date_range(first.replace(day=1), last, freq="MS")})
    periods = _in_periods(months, "day")[_PERIOD].drop_duplicates()
    scopes = happened.pairs[["agency_code", "scope"]].drop_duplicates()
    return scopes.merge(periods, how="cross")


# --- scorecards -------------------------------------------------------------------------------------------------------

SCORECARD_KEY = ["index_code", "agency_code", "as_of", "domain_code"]
SCORES = [
    "max_points", "self_points", "survey_points_pending", "self_scorable_points", "projected_points", "lost_points",
    "self_pct", "projected_pct",
]  # fmt: skip
# Stands for all domains of an index.
WHOLE_INDEX = "all"


def expected_scorecards(records: Records, as_of: str | pd.Timestamp) -> pd.DataFrame:
    """Totals of every scorecard, as known at the end of the day `as_of`: a row per domain and one for the index.

    Of the workbooks that a unit sent for one date the last one counts, whole. Percent are of what the unit can score
    itself; a domain that a survey decides alone has none.
    """
    book = ["index_code", "agency_code", "snapshot_date"]
    rows = records.scorecards
    known = rows[rows["exported_at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    last = known[known["exported_at"] == known.groupby(book)["exported_at"].transform("max")]
    points = ["max_points", "self_points", "survey_points_pending", "projected_points"]
    domains = last.groupby([*book, "domain_code"])[points].sum().reset_index()
    whole = last.groupby(book)[points].sum().reset_index().assign(domain_code=WHOLE_INDEX)
    # Points have two decimals; sums of floats are put back on them.
    summed = pd.concat([domains, whole], ignore_index=True).round(dict.fromkeys(points, 2))
    own = (summed["max_points"] - summed["survey_points_pending"]).round(2)
    base = own.where(own > 0)
    return summed.rename(columns={"snapshot_date": "as_of"}).assign(
        self_scorable_points=own,
        lost_points=(own - summed["projected_points"]).round(2),
        self_pct=100 * summed["self_points"] / base,
        projected_pct=100 * summed["projected_points"] / base,
    )[[*SCORECARD_KEY, *SCORES]]


def compare(expected: pd.DataFrame, actual: pd.DataFrame) -> pd.DataFrame:
    """The cells in which two sets of KPI values differ, with both values: empty when they agree.

    `actual` needs the columns of `expected`; a missing row is a difference, and so is a row too many.
    """
    left, right = (_comparable(frame) for frame in (expected, actual))
    both = left.merge(right, on=KEY, how="outer", suffixes=("_expected", "_actual"), indicator=True, validate="1:1")
    same = pd.Series(both["_merge"] == "both")
    for column in ("numerator", "denominator"):
        ours, theirs = both[f"{column}_expected"], both[f"{column}_actual"]
        same &= (ours == theirs) | (ours.isna() & theirs.isna())
    return both[~same].reset_index(drop=True)


def _comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Same types on both sides, whatever a database driver returned."""
    typed = frame[COLUMNS].astype({"numerator": float, "denominator": float})
    return typed.assign(period_start=pd.to_datetime(typed["period_start"]).astype("datetime64[s]"))
