"""Rows moved, corrected, revoked, late, refused after they were built: each state equals that of a rebuild."""

from collections.abc import Sequence

import pandas as pd
import pytest
from dbt_world import World, hashed

pytestmark = pytest.mark.usefixtures("few_units")

JANUARY, FEBRUARY = ("month", "2023-01-01"), ("month", "2023-02-01")
DISTRICT, COMMUNE, TOWN = "823", "28651", "28654"


def dossiers(*rows: tuple[str, str, str, str | None, str]) -> pd.DataFrame:
    """(code, unit, received, settled, version) each; due five days after receipt, by post."""
    frame = pd.DataFrame(rows, columns=["code", "agency_code", "received_at", "finished_at", "updated_at"])
    for column in ("received_at", "finished_at", "updated_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.assign(
        dossier_hash=hashed(frame["code"]),
        applicant_hash=None,
        procedure_code="1.000001",
        field_name=None,
        channel="online",
        applicant_type="citizen",
        due_at=frame["received_at"] + pd.Timedelta(days=5),
        returned_at=frame["finished_at"],
        return_method="post",
        dossier_status=["received" if pd.isna(day) else "returned" for day in frame["finished_at"]],
        supplement_request_count=0,
    )


def mailboxes(day: str, exported: str, units: Sequence[str]) -> pd.DataFrame:
    """One active mailbox per entry of `units`."""
    names = pd.Series([f"{unit}-{place}" for place, unit in enumerate(units)])
    return pd.DataFrame(
        {
            "mailbox_hash": hashed(names),
            "agency_code": list(units),
            "issued_date": pd.Timestamp("2022-01-01"),
            "account_status": "active",
            "last_used_at": pd.NaT,
            "sent_30d_count": 1,
            "read_30d_count": 0,
            "snapshot_date": pd.Timestamp(day),
            "exported_at": pd.Timestamp(exported),
        }
    )


def certificates(day: str, valid_until: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "agency_code": [DISTRICT],
            "certificate_number": ["1/QĐ"],
            "is_mandated": [True],
            "announced_date": [pd.Timestamp("2022-01-01")],
            "internal_audit_date": [pd.Timestamp("2023-01-10")],
            "management_review_date": [pd.Timestamp("2023-01-12")],
            "valid_until_date": [pd.Timestamp(valid_until)],
            "procedures_covered_count": [10],
            "snapshot_date": [pd.Timestamp(day)],
            "exported_at": [pd.Timestamp(day)],
        }
    )


def received(world: World, period: tuple[str, str], agency_code: str = DISTRICT, colour: str = "green") -> float:
    return float(world.kpi(colour, "dossier_received", agency_code, *period)["numerator"])


def same_as_rebuild(world: World, counted: Sequence[int], as_of: str) -> None:
    world.build("blue", counted, as_of, rebuild=True)
    assert world.digest("green") == world.digest("blue")


@pytest.mark.long
def test_moved_late_revoked(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", "2023-01-12 08:00", "2023-01-12 08:00"),
            ("b", COMMUNE, "2023-02-10 08:00", None, "2023-02-10 08:00"),
            ("c", TOWN, "2023-02-11 08:00", "2023-02-20 08:00", "2023-02-20 08:00"),
        ),
        "2023-02-28",
    )
    world.build("green", [first], "2023-02-28", rebuild=True)
    assert (received(world, JANUARY), received(world, FEBRUARY)) == (1, 2)
    assert world.kpi("green", "late_external", DISTRICT, *FEBRUARY)["numerator"] == 1
    assert world.kpi("green", "ontime_settled", DISTRICT, *FEBRUARY, by="C/date")["value"] == 0
    for by in ("A/date", "C/date", "C/hour"):
        empty = world.kpi("green", "ontime_settled", COMMUNE, *FEBRUARY, by=by)
        assert (empty["value_reason"], pd.isna(empty["value"])) == ("denominator_zero", True)

    # b moves to January; a's old version arrives after its newer one; d is new, and of a later day than the build's
    moved = world.load(
        "one_stop.dossiers",
        dossiers(
            ("b", COMMUNE, "2023-01-31 15:00", "2023-02-14 08:00", "2023-03-01 08:00"),
            ("a", TOWN, "2023-01-10 08:00", None, "2023-01-10 08:00"),
            ("d", COMMUNE, "2023-03-02 08:00", None, "2023-03-02 08:00"),
        ),
        "2023-03-01",
        window_from="2023-02-28",
    )
    world.build("green", [first, moved], "2023-03-01")
    assert (received(world, JANUARY), received(world, FEBRUARY)) == (2, 1)
    assert received(world, JANUARY, TOWN) == 0
    assert received(world, ("month", "2023-03-01")) == 0
    assert received(world, ("quarter", "2023-01-01")) == 3
    rows = world.query("select count(*) as n from green.fct_dossier")
    assert rows["n"].item() == 4
    same_as_rebuild(world, [first, moved], "2023-03-01")

    # the next day d counts by time alone
    world.build("green", [first, moved], "2023-03-02")
    assert received(world, ("month", "2023-03-01")) == 1

    # revoked: d vanishes, a and b are as the first load had them
    world.build("green", [first], "2023-03-02")
    assert (received(world, JANUARY), received(world, FEBRUARY)) == (1, 2)
    assert received(world, ("month", "2023-03-01")) == 0
    same_as_rebuild(world, [first], "2023-03-02")


@pytest.mark.long
def test_snapshots_win_as_a_whole_and_refused_rows_are_told(world: World) -> None:
    late = world.load(
        "mail.accounts",
        mailboxes("2023-01-31", "2023-02-02 08:00", [COMMUNE, COMMUNE]),
        "2023-02-02",
        None,
        "2023-01-31",
    )
    early = world.load(
        "mail.accounts",
        mailboxes("2023-01-31", "2023-01-31 20:00", [COMMUNE, COMMUNE, TOWN]),
        "2023-02-02",
        "2023-01-31",
        "2023-01-31",
    )
    certificate = world.load(
        "iso.certificates", certificates("2023-01-31", "2023-02-20"), "2023-02-02", None, "2023-01-31"
    )
    cases = world.load(
        "one_stop.dossiers",
        dossiers(
            *((f"x{i}", COMMUNE, "2023-01-10 08:00", None, "2023-01-10 08:00") for i in range(3)),
        ),
        "2023-02-02",
    )
    world.refuse(cases, COMMUNE, "12/01/2023 08:00")
    loads = [late, early, certificate, cases]
    world.build("green", loads, "2023-02-02", rebuild=True)
    issued = world.kpi("green", "mail_issued", DISTRICT, *JANUARY)
    assert issued["numerator"] == 2
    assert (issued["value_reason"], issued["denominator"]) == ("denominator_unknown", 0)
    assert str(issued["data_as_of"]) == "None"
    counted = world.kpi("green", "dossier_received", DISTRICT, *JANUARY)
    assert counted["quarantined_share"] == pytest.approx(0.25)
    assert world.kpi("green", "dossier_received", DISTRICT, *FEBRUARY)["quarantined_share"] == 0
    assert world.kpi("green", "iso_compliance", DISTRICT, "quarter", "2023-01-01")["value"] == 100

    # the certificate runs out while nothing new arrives; January, when it was good, stays as it was
    world.build("green", loads, "2023-02-21")
    assert world.kpi("green", "iso_compliance", DISTRICT, "quarter", "2023-01-01")["value"] == 0
    assert world.kpi("green", "iso_compliance", DISTRICT, *JANUARY)["value"] == 100
    same_as_rebuild(world, loads, "2023-02-21")

    # the correction is taken back: the earlier export speaks again, all of it
    world.build("green", loads[1:], "2023-02-21")
    assert world.kpi("green", "mail_issued", DISTRICT, *JANUARY)["numerator"] == 3
    same_as_rebuild(world, loads[1:], "2023-02-21")


MONTHS = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01")


def pending(world: World, agency_code: str = DISTRICT, code: str = "pending", by: str = "") -> list[float]:
    """At the end of each month of the series, as far as the colour has it."""
    found = world.query(
        "select period_start::text, numerator::float from green.kpi_value where kpi_code = %s and agency_code = %s"
        " and period_grain = 'month' and scope = 'tree' and unit_basis = 'as_was'"
        " and %s in ('', method || '/' || due_basis) order by 1",
        (code, agency_code, by),
    )
    assert found["period_start"].tolist() == list(MONTHS[: len(found)])
    return found["numerator"].tolist()


@pytest.mark.long
def test_pending_at_every_month_end_in_between(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", None, "2023-01-10 08:00"),
            ("b", COMMUNE, "2023-02-27 08:00", "2023-04-03 08:00", "2023-04-03 08:00"),
            ("c", TOWN, "2023-03-01 08:00", None, "2023-03-01 08:00"),
        ),
        "2023-04-28",
    )
    world.build("green", [first], "2023-04-28", rebuild=True)
    assert pending(world) == [1, 2, 3, 2]
    assert pending(world, code="pending_overdue", by="A/date") == [1, 1, 3, 2]
    assert pending(world, code="pending_in_time", by="A/date") == [0, 1, 0, 0]
    quarter = world.kpi("green", "ontime_settled", DISTRICT, "quarter", "2023-01-01", by="B/date")
    assert (quarter["numerator"], quarter["denominator"]) == (0, 3), "three in hand, though none was settled"
    assert world.kpi("green", "pending", DISTRICT, "year", "2023-01-01")["numerator"] == 2

    # a ended in February, which is told in May; c was received in January
    late = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", "2023-02-20 08:00", "2023-05-02 08:00"),
            ("c", TOWN, "2023-01-31 08:00", None, "2023-05-02 08:00"),
        ),
        "2023-05-02",
        window_from="2023-04-28",
    )
    world.build("green", [first, late], "2023-05-02")
    assert pending(world) == [2, 2, 2, 1, 1]
    assert pending(world, TOWN) == [1, 1, 1, 1, 1]
    same_as_rebuild(world, [first, late], "2023-05-02")

    # taken back: a is open again at every month-end, c's is none before March; by time alone May's moves on
    world.build("green", [first], "2023-05-20")
    assert pending(world) == [1, 2, 3, 2, 2]
    same_as_rebuild(world, [first], "2023-05-20")
