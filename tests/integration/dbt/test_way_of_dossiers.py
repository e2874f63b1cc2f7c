"""The way of dossiers through the offices: internal deadlines, and what the national portal has accepted."""

import pandas as pd
import pytest
from dbt_world import World, hashed
from test_models_incremental import COMMUNE, DISTRICT, FEBRUARY, JANUARY, dossiers, same_as_rebuild

pytestmark = pytest.mark.usefixtures("few_units")


def steps(*rows: tuple[str, str, str, str | None, str]) -> pd.DataFrame:
    """(dossier, unit, internal deadline, handed on, version) each: the first step, received on 30 January."""
    frame = pd.DataFrame(rows, columns=["code", "agency_code", "internal_due_at", "handed_on_at", "updated_at"])
    for column in ("internal_due_at", "handed_on_at", "updated_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.assign(
        dossier_hash=hashed(frame["code"]),
        step_no="1",
        from_agency_code=COMMUNE,
        received_at=pd.Timestamp("2023-01-30 08:00"),
    )


def late_internal(world: World, agency_code: str, period: tuple[str, str], scope: str = "own") -> tuple[float, float]:
    row = world.kpi("green", "late_internal", agency_code, *period, scope=scope)
    return float(row["numerator"]), float(row["denominator"])


@pytest.mark.long
def test_a_step_is_late_from_the_day_after_its_own_deadline(world: World) -> None:
    first = world.load(
        "one_stop.handovers",
        steps(
            ("a", COMMUNE, "2023-01-31 17:00", None, "2023-01-30 08:00"),
            ("b", DISTRICT, "2023-01-31 17:00", "2023-01-31 18:00", "2023-01-31 18:00"),
        ),
        "2023-01-31",
    )
    world.build("green", [first], "2023-01-31", rebuild=True)
    assert late_internal(world, COMMUNE, JANUARY) == (0, 1)

    # by time alone; the hour after the deadline is still its day
    world.build("green", [first], "2023-02-01")
    assert late_internal(world, COMMUNE, JANUARY) == (1, 1)
    assert late_internal(world, DISTRICT, JANUARY) == (0, 1)
    assert late_internal(world, DISTRICT, JANUARY, "tree") == (1, 2)
    same_as_rebuild(world, [first], "2023-02-01")

    # handed on at last, late all the same; the deadline of the other was mistyped and lies in February
    second = world.load(
        "one_stop.handovers",
        steps(
            ("a", COMMUNE, "2023-01-31 17:00", "2023-02-02 08:00", "2023-02-02 08:00"),
            ("b", DISTRICT, "2023-02-01 17:00", "2023-01-31 18:00", "2023-02-02 09:00"),
        ),
        "2023-02-02",
        "2023-02-01",
    )
    world.build("green", [first, second], "2023-02-02")
    assert late_internal(world, DISTRICT, JANUARY, "tree") == (1, 1)
    assert late_internal(world, DISTRICT, FEBRUARY) == (0, 1)
    same_as_rebuild(world, [first, second], "2023-02-02")

    # revoked: as the first load had them
    world.build("green", [first], "2023-02-02")
    assert late_internal(world, DISTRICT, JANUARY, "tree") == (1, 2)
    same_as_rebuild(world, [first], "2023-02-02")


def sent(code: str, status: str, version: str) -> pd.DataFrame:
    """What the national portal says of a dossier that was sent on 10 January."""
    at = pd.Timestamp(version)
    is_accepted = status == "accepted"
    row = {
        "dossier_hash": hashed(pd.Series([code]))[0],
        "agency_code": COMMUNE,
        "sync_status": status,
        "error_kind": "format" if status == "rejected" else None,
        "sent_at": pd.Timestamp("2023-01-10 09:00"),
        "accepted_at": at if is_accepted else pd.NaT,
        "updated_at": at,
    }
    return pd.DataFrame([row])


@pytest.mark.long
def test_a_dossier_is_synchronised_in_the_month_of_its_receipt(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", None, "2023-01-10 08:00"),
            ("b", COMMUNE, "2023-01-11 08:00", None, "2023-01-11 08:00"),
        ),
        "2023-02-28",
    )
    refused = world.load("portal.synchronisation", sent("a", "rejected", "2023-01-10 09:20"), "2023-02-28")
    world.build("green", [first, refused], "2023-02-28", rebuild=True)
    row = world.kpi("green", "tthc_sync", COMMUNE, *JANUARY)
    assert (row["numerator"], row["denominator"]) == (0, 2)

    # sent again in March
    taken = world.load("portal.synchronisation", sent("a", "accepted", "2023-03-01 09:20"), "2023-03-01", "2023-02-28")
    everything = [first, refused, taken]
    world.build("green", everything, "2023-03-01")
    assert world.kpi("green", "tthc_sync", COMMUNE, *JANUARY)["value"] == 50
    (indicator,) = world.query(
        "select points::float from green.index_766"
        f" where indicator_code = '1.4' and agency_code = '{COMMUNE}' and period_start = '2023-01-01'"
    )["points"]
    assert indicator == 3
    same_as_rebuild(world, everything, "2023-03-01")

    # revoked: the rejection is the newest word again
    world.build("green", [first, refused], "2023-03-01")
    assert world.kpi("green", "tthc_sync", COMMUNE, *JANUARY)["value"] == 0
    same_as_rebuild(world, [first, refused], "2023-03-01")


def pauses(*rows: tuple[str, str, str, str, str | None, str]) -> pd.DataFrame:
    """(dossier, number, kind, from, to, version) each."""
    frame = pd.DataFrame(rows, columns=["code", "pause_no", "pause_kind", "paused_at", "resumed_at", "updated_at"])
    for column in ("paused_at", "resumed_at", "updated_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.assign(dossier_hash=hashed(frame["code"]), agency_code=COMMUNE, reason_code=None)


@pytest.mark.long
def test_pauses_count_once_for_each_dossier_and_requests_each(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", None, "2023-01-10 08:00"),
            ("b", COMMUNE, "2023-01-11 08:00", None, "2023-01-11 08:00"),
        ),
        "2023-02-28",
    )
    told = world.load(
        "one_stop.pauses",
        pauses(
            ("a", "1", "supplement", "2023-01-12 08:00", "2023-01-16 08:00", "2023-01-16 08:00"),
            ("a", "2", "supplement", "2023-02-01 08:00", None, "2023-02-01 08:00"),
            ("b", "1", "financial_duty", "2023-02-02 08:00", None, "2023-02-02 08:00"),
        ),
        "2023-02-28",
    )
    world.build("green", [first, told], "2023-02-28", rebuild=True)
    paused = world.kpi("green", "paused_dossiers", COMMUNE, *JANUARY)
    assert (paused["numerator"], paused["denominator"]) == (2, 2)
    assert world.kpi("green", "pause_requests", COMMUNE, *JANUARY)["value"] == 1
    assert world.kpi("green", "pause_requests", COMMUNE, *FEBRUARY)["value"] == 1

    # the duty was none: the request was typed under the wrong kind, and a day later
    mended = world.load(
        "one_stop.pauses",
        pauses(("b", "1", "supplement", "2023-03-01 08:00", None, "2023-03-01 09:00")),
        "2023-03-01",
        "2023-02-28",
    )
    world.build("green", [first, told, mended], "2023-03-01")
    assert world.kpi("green", "pause_requests", COMMUNE, "quarter", "2023-01-01")["value"] == 3
    same_as_rebuild(world, [first, told, mended], "2023-03-01")

    # revoked: b stands still no more
    world.build("green", [first], "2023-03-01")
    assert world.kpi("green", "paused_dossiers", COMMUNE, *JANUARY)["value"] == 0
    same_as_rebuild(world, [first], "2023-03-01")


def in_time(world: World, period: tuple[str, str], by: str = "B/date") -> int:
    return int(world.kpi("green", "ontime_settled", COMMUNE, *period, by=by)["numerator"])


@pytest.mark.long
def test_a_pause_told_later_moves_what_was_pending_at_past_month_ends(world: World) -> None:
    """Both were promised for 31 January; one still waits, the other was settled on 1 March."""
    march = ("month", "2023-03-01")
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("waited", COMMUNE, "2023-01-26 08:00", None, "2023-01-26 08:00"),
            ("settled", COMMUNE, "2023-01-26 08:00", "2023-03-01 08:00", "2023-03-01 08:00"),
        ),
        "2023-03-06",
    )
    world.build("green", [first], "2023-03-06", rebuild=True)
    assert [in_time(world, month) for month in (JANUARY, FEBRUARY, march)] == [2, 0, 0]
    assert world.kpi("green", "late_external", COMMUNE, *march)["value"] == 1

    # due on 31 January: what stood from the 30th to 24 February is due on the 27th, what still stands is not due
    told = world.load(
        "one_stop.pauses",
        pauses(
            ("waited", "1", "supplement", "2023-01-30 08:00", None, "2023-01-30 08:00"),
            ("settled", "1", "financial_duty", "2023-01-30 08:00", "2023-02-27 08:00", "2023-02-27 08:00"),
        ),
        "2023-03-06",
        "2023-03-05",
    )
    world.build("green", [first, told], "2023-03-06")
    assert [in_time(world, month) for month in (JANUARY, FEBRUARY, march)] == [2, 2, 1]
    same_as_rebuild(world, [first, told], "2023-03-06")

    # it went on later than was told first: the settled one was in time, as the source's own date doesn't have it
    mended = world.load(
        "one_stop.pauses",
        pauses(
            ("waited", "1", "supplement", "2023-01-30 08:00", "2023-02-01 08:00", "2023-03-06 08:00"),
            ("settled", "1", "financial_duty", "2023-01-30 08:00", "2023-02-28 08:00", "2023-03-06 08:00"),
        ),
        "2023-03-06",
        "2023-03-05",
    )
    world.build("green", [first, told, mended], "2023-03-06")
    assert [in_time(world, month) for month in (JANUARY, FEBRUARY, march)] == [2, 1, 1]
    assert world.kpi("green", "late_excused", COMMUNE, *march)["value"] == 1
    assert in_time(world, march, "C/date") == 0
    same_as_rebuild(world, [first, told, mended], "2023-03-06")

    world.build("green", [first], "2023-03-06")
    assert [in_time(world, month) for month in (JANUARY, FEBRUARY, march)] == [2, 0, 0]
    same_as_rebuild(world, [first], "2023-03-06")


def form_settled(world: World, period: tuple[str, str]) -> int:
    return int(world.kpi("green", "ontime_settled", COMMUNE, *period, by="A/date")["denominator"])


def test_the_form_has_what_waits_in_the_month_of_the_request_until_it_goes_on(world: World) -> None:
    """Requested in January, told by the dossier in February alone, withdrawn in March while the pause stands."""

    def seen(status: str, version: str) -> pd.DataFrame:
        rows = dossiers(("a", COMMUNE, "2022-12-20 08:00", None, version))
        return rows.assign(dossier_status=status)

    begun = world.load("one_stop.dossiers", seen("processing", "2022-12-20 08:00"), "2023-02-28")
    asked = world.load(
        "one_stop.pauses", pauses(("a", "1", "supplement", "2023-01-10 08:00", None, "2023-01-10 08:00")), "2023-02-28"
    )
    world.build("green", [begun, asked], "2023-02-28", rebuild=True)
    assert [form_settled(world, month) for month in (JANUARY, FEBRUARY)] == [0, 0]

    waits = world.load(
        "one_stop.dossiers", seen("supplement_requested", "2023-02-03 08:00"), "2023-03-01", "2023-02-28"
    )
    world.build("green", [begun, asked, waits], "2023-03-01")
    assert [form_settled(world, month) for month in (JANUARY, FEBRUARY)] == [1, 0]

    over = world.load("one_stop.dossiers", seen("withdrawn", "2023-03-05 08:00"), "2023-03-05", "2023-03-01")
    world.build("green", [begun, asked, waits, over], "2023-03-05")
    assert [form_settled(world, month) for month in (JANUARY, FEBRUARY, ("month", "2023-03-01"))] == [0, 0, 1]
    same_as_rebuild(world, [begun, asked, waits, over], "2023-03-05")
