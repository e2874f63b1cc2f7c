"""The oracle's roll-ups on a handful of records whose answers can be checked by eye."""

from dataclasses import dataclass, field, fields, replace

import pandas as pd
import pytest

from egov_kpi.simulator.one_stop import NOTHING
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth import KEY, all_kpis, compare, expected_kpis

DISTRICT, FIRST, SECOND = "823", "28651", "28654"


@pytest.fixture(scope="module")
def empty(known: Records) -> Records:
    """The calibrated profile without a record, and with few units."""
    units = known.units[known.units["agency_code"].isin(["82", DISTRICT, FIRST, SECOND, "06", "058"])]
    names = [item.name for item in fields(known) if isinstance(getattr(known, item.name), pd.DataFrame)]
    names = [name for name in names if name not in ("units", "flaws")]
    return replace(known, units=units, one_stop=NOTHING, **{name: getattr(known, name).head(0) for name in names})


def _rows(like: pd.DataFrame, *rows: dict[str, object]) -> pd.DataFrame:
    """Rows in the types of `like`; what a row does not say is missing."""
    frame = pd.DataFrame(list(rows), columns=like.columns)
    dates = [name for name in like.columns if pd.api.types.is_datetime64_any_dtype(like[name])]
    return frame.astype(dict.fromkeys(dates, "datetime64[s]"))


def _dossier(code: str, **values: object) -> dict[str, object]:
    standard = {
        "dossier_code": code, "procedure_code": "1.000001", "agency_code": FIRST, "channel": "direct",
        "received_at": pd.Timestamp("2023-01-10 09:00"), "due_at": pd.Timestamp("2023-01-20 09:00"),
        "dossier_status": "received", "updated_at": pd.Timestamp("2023-01-10 09:00"),
    }  # fmt: skip
    return {**standard, **values}


def _settled(code: str, finished: str, **values: object) -> dict[str, object]:
    end = pd.Timestamp(finished)
    return _dossier(code, finished_at=end, returned_at=end, dossier_status="returned", updated_at=end, **values)


# Where a KPI has several: what the reports of the provinces mean.
USUAL = {"ontime_settled": ("C", "date"), **dict.fromkeys(("settled_on_time", "settled_late"), ("A", "date"))}
USUAL |= dict.fromkeys(("pending_in_time", "pending_overdue"), ("A", "date"))
KINDS = {**{kpi.code: (kpi.method, kpi.due_basis) for kpi in all_kpis()}, **USUAL}


@dataclass(frozen=True)
class Asked:
    """The oracle, asked for one KPI at a time."""

    records: Records
    day: str = "2023-03-06"
    _told: dict[str, pd.DataFrame] = field(default_factory=dict)

    def of(self, kpi: str) -> pd.DataFrame:
        if kpi not in self._told:
            self._told[kpi] = expected_kpis(self.records, self.day, {kpi})
        return self._told[kpi]


def _value(
    asked: Asked,
    kpi: str,
    agency: str,
    scope: str = "tree",
    grain: str = "quarter",
    start: str = "2023-01-01",
    by: tuple[str, str] | None = None,
) -> tuple[float, float]:
    cell = dict(zip(KEY, (kpi, *(by or KINDS[kpi]), agency, scope, grain, start), strict=True))
    truth = asked.of(kpi)
    rows = truth[(truth[list(cell)].astype(str) == pd.Series(cell)).all(axis=1)]
    assert len(rows) == 1, cell
    return rows.iloc[0]["numerator"], rows.iloc[0]["denominator"]


def test_late_is_by_day_and_nothing_without_a_due_date_is_on_time(empty: Records) -> None:
    dossiers = _rows(
        empty.dossiers,
        _settled("hours late", "2023-01-20 16:00"),
        _settled("a day late", "2023-01-21 08:00"),
        _settled("no due date", "2023-01-12 08:00", due_at=pd.NaT),
    )
    truth = Asked(replace(empty, dossiers=dossiers))
    assert _value(truth, "ontime_settled", DISTRICT) == (1, 3)
    assert _value(truth, "late_external", DISTRICT)[0] == 1


def test_filed_and_refused_are_not_received_and_withdrawn_is_not_settled(empty: Records) -> None:
    dossiers = _rows(
        empty.dossiers,
        _dossier("filed", dossier_status="registered"),
        _dossier("turned away", dossier_status="refused"),
        _dossier("withdrawn", dossier_status="withdrawn", finished_at=pd.Timestamp("2023-01-11 09:00")),
        _settled("done", "2023-01-12 08:00"),
    )
    truth = Asked(replace(empty, dossiers=dossiers))
    assert _value(truth, "dossier_received", DISTRICT)[0] == 2
    assert _value(truth, "settled_share", DISTRICT) == (1, 2)
    assert _value(truth, "ontime_settled", DISTRICT) == (1, 1)


def test_the_newest_version_up_to_the_day_counts(empty: Records) -> None:
    dossiers = _rows(
        empty.dossiers,
        _dossier("moved", channel="post"),
        _dossier("moved", agency_code=SECOND, updated_at=pd.Timestamp("2023-03-07 00:00")),
    )
    records = replace(empty, dossiers=dossiers)
    before, after = Asked(records), Asked(records, "2023-03-07")
    assert _value(before, "bcci_received", FIRST) == (1, 1)
    assert _value(after, "bcci_received", FIRST) == (0, 0)
    assert _value(after, "bcci_received", SECOND) == (0, 1)


def test_three_methods_side_by_side(empty: Records) -> None:
    waits = {"dossier_status": "supplement_requested", "updated_at": pd.Timestamp("2023-01-16 09:00")}
    dossiers = _rows(
        empty.dossiers,
        _settled("hours late", "2023-01-20 16:00"),
        _settled("early", "2023-01-19 16:00"),
        _settled("a day late", "2023-01-21 08:00"),
        _settled("asked twice", "2023-01-12 08:00", supplement_request_count=2),
        _settled("no due date", "2023-01-12 08:00", due_at=pd.NaT),
        _dossier("withdrawn", dossier_status="withdrawn", finished_at=pd.Timestamp("2023-01-25 09:00")),
        _dossier("waits", **waits),
        _dossier("open", due_at=pd.Timestamp("2023-03-06 09:00")),
        _dossier("open for ever", due_at=pd.NaT),
        _dossier("filed", dossier_status="registered"),
    )
    truth = Asked(replace(empty, dossiers=dossiers))
    # A: withdrawn and waiting are on time; what is pending is not looked at
    assert _value(truth, "ontime_settled", DISTRICT, by=("A", "date")) == (5, 7)
    assert _value(truth, "ontime_settled", DISTRICT, by=("A", "hour")) == (4, 7)
    # B: all that was received; withdrawn too late, asked twice, and waiting beyond the due date are late
    assert _value(truth, "ontime_settled", DISTRICT, by=("B", "date")) == (3, 9)
    assert _value(truth, "ontime_settled", DISTRICT, by=("B", "hour")) == (1, 9)
    # C: what was settled, and nothing else
    assert _value(truth, "ontime_settled", DISTRICT, by=("C", "date")) == (3, 5)
    assert _value(truth, "ontime_settled", DISTRICT, by=("C", "hour")) == (2, 5)
    counts = {
        kpi: _value(truth, kpi, DISTRICT)[0]
        for kpi in ("settled_early", "settled_on_time", "settled_late", "pending_in_time", "pending_overdue", "pending")
    }
    assert counts == {
        "settled_early": 2, "settled_on_time": 3, "settled_late": 1, "pending_in_time": 1, "pending_overdue": 0,
        "pending": 3,
    }  # fmt: skip


def _pause(code: str, begun: str, resumed: str | None, kind: str = "supplement") -> dict[str, object]:
    at = pd.Timestamp(begun)
    return {
        "dossier_code": code, "pause_no": "1", "agency_code": FIRST, "pause_kind": kind, "paused_at": at,
        "resumed_at": pd.Timestamp(resumed) if resumed else pd.NaT, "updated_at": at,
    }  # fmt: skip


def test_pauses_are_taken_off_by_method_b_alone(empty: Records) -> None:
    """All promised for Friday 20 January at nine; Tết was from that day to the 26th."""
    dossiers = _rows(
        empty.dossiers,
        _settled("two days", "2023-01-27 16:00"),
        _settled("too late", "2023-01-30 08:00"),
        _settled("stopped meanwhile", "2023-01-27 16:00"),
        _dossier("waits", dossier_status="supplement_requested", updated_at=pd.Timestamp("2023-02-02 09:00")),
    )
    pauses = _rows(
        empty.one_stop.pauses,
        _pause("two days", "2023-01-16 09:00", "2023-01-18 09:00"),
        _pause("too late", "2023-01-16 09:00", "2023-01-17 09:00", "financial_duty"),
        _pause("stopped meanwhile", "2023-01-16 09:00", "2023-01-18 09:00", "stopped"),
        _pause("waits", "2023-01-18 09:00", None),
    )
    truth = Asked(replace(empty, dossiers=dossiers, one_stop=replace(NOTHING, pauses=pauses)))
    assert _value(truth, "ontime_settled", DISTRICT, by=("B", "date")) == (2, 4)
    assert _value(truth, "ontime_settled", DISTRICT, by=("C", "date")) == (0, 3)
    assert _value(truth, "late_excused", DISTRICT, by=("-", "date"))[0] == 1
    # form II.06a has what waits in the month of the request
    form = {"grain": "month", "start": "2023-01-01", "by": ("A", "date")}
    assert _value(truth, "ontime_settled", DISTRICT, **form) == (1, 4)


def test_what_is_pending_is_that_of_the_last_day(empty: Records) -> None:
    dossiers = _rows(
        empty.dossiers,
        _settled("until March", "2023-03-01 09:00"),
        _settled("same month", "2023-01-31 09:00"),
        _dossier("since February", received_at=pd.Timestamp("2023-02-28 16:00")),
    )
    truth = Asked(replace(empty, dossiers=dossiers))
    months = [_value(truth, "pending", DISTRICT, grain="month", start=f"2023-0{month}-01")[0] for month in (1, 2, 3)]
    assert months == [1, 2, 1]
    assert _value(truth, "pending", DISTRICT)[0] == 1
    assert _value(truth, "pending_overdue", DISTRICT, grain="month", start="2023-01-01")[0] == 1


def test_an_empty_unit_has_nothing_and_not_all(empty: Records) -> None:
    dossiers = _rows(empty.dossiers, _settled("elsewhere", "2023-01-12 08:00"))
    truth = Asked(replace(empty, dossiers=dossiers))
    for by in (("A", "date"), ("A", "hour"), ("B", "date"), ("B", "hour"), ("C", "date"), ("C", "hour")):
        assert _value(truth, "ontime_settled", SECOND, by=by) == (0, 0)


def test_own_and_tree(empty: Records) -> None:
    dossiers = _rows(
        empty.dossiers, _dossier("a"), _dossier("b", agency_code=SECOND), _dossier("c", agency_code=DISTRICT)
    )
    truth = Asked(replace(empty, dossiers=dossiers))
    assert _value(truth, "dossier_received", DISTRICT, "own")[0] == 1
    assert _value(truth, "dossier_received", DISTRICT, "tree")[0] == 3
    assert _value(truth, "dossier_received", "82", "own")[0] == 0
    assert _value(truth, "dossier_received", "82", "tree")[0] == 3
    assert _value(truth, "dossier_received", "058", "tree")[0] == 0


def test_settled_share_follows_the_received_and_not_the_month_of_settling(empty: Records) -> None:
    dossiers = _rows(empty.dossiers, _settled("carried over", "2023-02-02 08:00"))
    truth = Asked(replace(empty, dossiers=dossiers))
    assert _value(truth, "settled_share", FIRST, grain="month", start="2023-01-01") == (1, 1)
    assert _value(truth, "settled_share", FIRST, grain="month", start="2023-02-01") == (0, 0)
    assert _value(truth, "ontime_settled", FIRST, grain="month", start="2023-02-01") == (0, 1)


def _mailbox(number: int, day: str, status: str = "active", **values: object) -> dict[str, object]:
    at = pd.Timestamp(day)
    standard = {"mailbox_no": number, "agency_code": FIRST, "account_status": status, "sent_30d_count": 0}
    return {**standard, "snapshot_date": at, "exported_at": at + pd.Timedelta(hours=20), **values}


def test_a_stock_is_the_units_last_snapshot_of_the_period(empty: Records) -> None:
    mailboxes = _rows(
        empty.mailboxes,
        _mailbox(1, "2023-01-31"),
        _mailbox(2, "2023-01-31", sent_30d_count=3),
        _mailbox(1, "2023-02-28", "closed"),
        _mailbox(2, "2023-02-28", "closed"),
        _mailbox(3, "2023-01-31", agency_code=SECOND),
    )
    truth = Asked(replace(empty, mailboxes=mailboxes))
    assert _value(truth, "mail_issued", FIRST, grain="month", start="2023-01-01")[0] == 2
    assert _value(truth, "mail_used", FIRST, grain="month", start="2023-01-01")[0] == 1
    assert _value(truth, "mail_issued", FIRST)[0] == 0
    assert _value(truth, "mail_issued", DISTRICT)[0] == 1, "the other unit's last snapshot is January's"
    assert _value(truth, "mail_issued", FIRST, grain="month", start="2023-03-01") == (0, 0)


def test_a_corrected_snapshot_wins_as_a_whole(empty: Records) -> None:
    again = {"exported_at": pd.Timestamp("2023-02-02 08:00")}
    mailboxes = _rows(
        empty.mailboxes, _mailbox(1, "2023-01-31"), _mailbox(2, "2023-01-31"), _mailbox(1, "2023-01-31", **again)
    )
    records = replace(empty, mailboxes=mailboxes)
    assert _value(Asked(records, "2023-02-01"), "mail_issued", FIRST)[0] == 2
    assert _value(Asked(records, "2023-02-02"), "mail_issued", FIRST)[0] == 1


def _offer(agency: str, code: str, level: str, service: str, **values: object) -> dict[str, object]:
    at = pd.Timestamp("2023-01-31")
    standard = {
        "agency_code": agency, "procedure_code": code, "competent_level": level, "service_level": service,
        "procedure_status": "in_force", "posted_date": at, "snapshot_date": at, "exported_at": at,
    }  # fmt: skip
    return {**standard, **values}


def test_procedures_are_distinct_by_procedure_and_level(empty: Records) -> None:
    procedures = _rows(
        empty.procedures,
        _offer(DISTRICT, "1.000001", "district", "partial"),
        _offer(FIRST, "1.000001", "commune", "partial"),
        _offer(SECOND, "1.000001", "commune", "partial"),
        _offer(SECOND, "1.000002", "commune", "full", posted_date=pd.NaT),
        _offer(SECOND, "1.000003", "commune", "full", procedure_status="abolished"),
    )
    dossiers = _rows(
        empty.dossiers, _dossier("a", channel="online"), _dossier("b", channel="online", agency_code=SECOND)
    )
    truth = Asked(replace(empty, procedures=procedures, dossiers=dossiers))
    assert _value(truth, "tthc_posted", DISTRICT)[0] == 2
    assert _value(truth, "dvc_partial", DISTRICT)[0] == 2
    assert _value(truth, "dvc_full", DISTRICT)[0] == 1
    assert _value(truth, "dvc_partial_active", DISTRICT) == (1, 2)
    assert _value(truth, "dvc_partial_active", DISTRICT, grain="month", start="2023-02-01") == (0, 0)


def _certificate(agency: str, number: str, **values: object) -> dict[str, object]:
    at = pd.Timestamp("2023-01-31")
    standard = {
        "agency_code": agency, "certificate_number": number, "is_mandated": True, "procedures_covered_count": 10,
        "announced_date": pd.Timestamp("2022-05-04"), "internal_audit_date": pd.Timestamp("2023-01-10"),
        "management_review_date": pd.Timestamp("2023-01-20"), "snapshot_date": at, "exported_at": at,
    }  # fmt: skip
    return {**standard, **values}


def test_a_unit_is_compliant_once_and_until_its_announcement_expires(empty: Records) -> None:
    certificates = _rows(
        empty.certificates,
        _certificate(FIRST, "old", valid_until_date=pd.Timestamp("2022-12-31")),
        _certificate(FIRST, "new", valid_until_date=pd.Timestamp("2023-02-20")),
        _certificate(SECOND, "last year's audit", internal_audit_date=pd.Timestamp("2022-12-30")),
        _certificate(DISTRICT, "voluntary", is_mandated=False, valid_until_date=pd.NaT),
    )
    truth = Asked(replace(empty, certificates=certificates))
    assert _value(truth, "iso_compliance", DISTRICT, grain="month", start="2023-01-01") == (1, 2)
    assert _value(truth, "iso_compliance", DISTRICT) == (0, 2), "expired within the quarter"
    assert _value(truth, "iso_procedures_covered", DISTRICT, grain="month", start="2023-01-01")[0] == 30
    assert _value(truth, "iso_procedures_covered", DISTRICT)[0] == 20


def test_compare_finds_a_wrong_value_a_missing_row_and_a_row_too_many(empty: Records) -> None:
    dossiers = _rows(empty.dossiers, _dossier("a"))
    truth = expected_kpis(replace(empty, dossiers=dossiers), "2023-03-06", {"dossier_received", "settled_share"})
    assert compare(truth, truth).empty
    wrong = truth.copy()
    wrong.loc[0, "numerator"] += 1
    assert len(compare(truth, wrong)) == 1
    assert len(compare(truth, truth[1:])) == 1
    extra = pd.concat([truth, truth[:1].assign(agency_code="99")])
    assert len(compare(truth, extra)) == 1


def test_every_unit_has_a_row_for_every_period(empty: Records) -> None:
    dossiers = _rows(empty.dossiers, _dossier("a"))
    truth = expected_kpis(replace(empty, dossiers=dossiers), "2023-03-06")
    periods = 3 + 1 + 1
    # a figure of vertical agencies alone is none of these units'
    figures = [kpi for kpi in all_kpis() if not kpi.levels]
    assert len(truth) == len(figures) * len(empty.units) * 2 * periods
    assert not truth.duplicated(KEY).any()
