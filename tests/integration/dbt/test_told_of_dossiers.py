"""What is told of a dossier counts in the months of the dossier, whichever of the two comes first."""

from datetime import date

import pandas as pd
import pytest
from dbt_world import World, hashed
from test_models_incremental import COMMUNE, JANUARY, dossiers, same_as_rebuild

pytestmark = pytest.mark.usefixtures("few_units")

WINDOW = "2023-02-27"


def payments(*rows: tuple[str, str, int, str | None, str]) -> pd.DataFrame:
    """(dossier, item, amount due, method of payment, version) each; set in February, paid in full or not at all."""
    frame = pd.DataFrame(rows, columns=["code", "fee_no", "amount_due", "payment_method", "updated_at"])
    is_paid = frame["payment_method"].notna()
    charged = pd.Timestamp("2023-02-10 08:00")
    return frame.assign(
        dossier_hash=hashed(frame["code"]),
        agency_code=COMMUNE,
        fee_kind="fee",
        amount_paid=frame["amount_due"].where(is_paid, 0),
        charged_at=charged,
        paid_at=pd.Series(charged, index=frame.index).where(is_paid),
        is_refunded=False,
        updated_at=pd.to_datetime(frame["updated_at"]),
    )


def paid_online(world: World, colour: str = "green") -> tuple[float, float]:
    row = world.kpi(colour, "payment_online", COMMUNE, *JANUARY)
    return float(row["numerator"]), float(row["denominator"])


@pytest.mark.long
def test_a_fee_counts_in_the_month_of_its_dossier(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(
            ("a", COMMUNE, "2023-01-10 08:00", "2023-01-12 08:00", "2023-01-12 08:00"),
            ("b", COMMUNE, "2023-01-11 08:00", None, "2023-01-11 08:00"),
        ),
        "2023-02-28",
    )
    world.build("green", [first], "2023-02-28", rebuild=True)
    assert paid_online(world) == (0, 0)

    # several items a dossier, one of a dossier that is not known yet
    fees = world.load(
        "one_stop.payments",
        payments(
            ("a", "1", 50000, "online", "2023-03-01 08:00"),
            ("a", "2", 8000, "online", "2023-03-01 08:00"),
            ("b", "1", 0, None, "2023-03-01 08:00"),
            ("c", "1", 8000, "direct", "2023-03-01 08:00"),
        ),
        "2023-03-01",
        WINDOW,
    )
    world.build("green", [first, fees], "2023-03-01")
    assert paid_online(world) == (1, 1)
    same_as_rebuild(world, [first, fees], "2023-03-01")

    # the dossier arrives after its fee; another item of b is set
    second = world.load(
        "one_stop.dossiers",
        dossiers(("c", COMMUNE, "2023-01-31 08:00", None, "2023-03-02 08:00")),
        "2023-03-02",
        WINDOW,
    )
    more = world.load("one_stop.payments", payments(("b", "2", 8000, None, "2023-03-02 08:00")), "2023-03-02", WINDOW)
    everything = [first, fees, second, more]
    world.build("green", everything, "2023-03-02")
    assert paid_online(world) == (1, 3)
    same_as_rebuild(world, everything, "2023-03-02")

    # revoked: what it told is gone, the dossiers stay
    world.build("green", [first, second, more], "2023-03-02")
    assert paid_online(world) == (0, 1)
    same_as_rebuild(world, [first, second, more], "2023-03-02")


def test_the_reasons_of_a_restatement_look_at_the_days_of_the_dossier(world: World) -> None:
    """A fee of February that is paid in March changes the figures of January, where its dossier was received."""
    row = ("a", COMMUNE, "2023-01-10 08:00", "2023-01-12 08:00", "2023-01-12 08:00")
    first = world.load("one_stop.dossiers", dossiers(row), "2023-02-28")
    fee = payments(("a", "1", 8000, None, "2023-02-10 08:00"), ("z", "1", 8000, None, "2023-02-10 08:00"))
    told = world.load("one_stop.payments", fee, "2023-02-28")
    paid = world.load(
        "one_stop.payments", payments(("a", "1", 8000, "online", "2023-03-01 08:00")), "2023-03-01", WINDOW
    )

    contents = {load: world.query("select * from ledger.load_content(%s)", (load,)) for load in (first, told, paid)}
    of_dossier = {date(2023, 1, 10), date(2023, 1, 12)}
    assert set(contents[first]["days"].iloc[0]) == of_dossier
    days = sorted((set(days) for days in contents[told]["days"]), key=len)
    # nothing is known of the other dossier but the day of its fee
    assert days == [{date(2023, 2, 10)}, of_dossier | {date(2023, 2, 10)}]
    assert set(contents[paid]["days"].iloc[0]) == of_dossier | {date(2023, 2, 10)}
    assert contents[paid]["is_known"].all()


def _told(code: str, version: str, **values: object) -> pd.DataFrame:
    """One row about a dossier."""
    at = pd.Timestamp(version)
    row = {"dossier_hash": hashed(pd.Series([code]))[0], "agency_code": COMMUNE, "updated_at": at, **values}
    return pd.DataFrame([row])


@pytest.mark.long
def test_results_and_letters_count_when_their_dossier_was_settled(world: World) -> None:
    first = world.load(
        "one_stop.dossiers",
        dossiers(("a", COMMUNE, "2023-01-10 08:00", "2023-01-20 08:00", "2023-01-20 08:00")),
        "2023-02-28",
    )
    world.build("green", [first], "2023-02-28", rebuild=True)
    assert figures(world) == dict.fromkeys(figures(world), 0)
    told = {
        "components": _told(
            "a", "2023-03-01 08:00", component_no="1", is_digitised=True, is_reused=True,
            submitted_at=pd.Timestamp("2023-01-10 08:05"),
        ),
        "results": _told(
            "a", "2023-03-01 08:00", result_no="1", is_written=True, is_attached=True,
            signed_at=pd.Timestamp("2023-01-20 08:00"), issued_at=pd.Timestamp("2023-01-20 08:00"),
        ),
        "apologies": _told(
            "a", "2023-03-01 08:00", letter_no="1", issued_at=pd.Timestamp("2023-01-12 08:00"),
            old_due_at=pd.Timestamp("2023-01-15 08:00"), new_due_at=pd.Timestamp("2023-01-22 08:00"),
        ),
        "data_uses": _told(
            "a", "2023-03-01 08:00", is_population_used=True, is_taken_from_store=False, is_result_stored=True,
            certified_copy="electronic", recorded_at=pd.Timestamp("2023-01-10 08:05"),
        ),
    }  # fmt: skip
    loads = [world.load(f"one_stop.{name}", rows, "2023-03-01", WINDOW) for name, rows in told.items()]
    world.build("green", [first, *loads], "2023-03-01")
    assert figures(world) == dict.fromkeys(figures(world), 100)
    copies = world.kpi("green", "certified_copy", COMMUNE, *JANUARY)
    assert (copies["numerator"], copies["denominator"]) == (1, 1)
    same_as_rebuild(world, [first, *loads], "2023-03-01")


@pytest.mark.long
def test_shared_data_are_corrected_and_revoked(world: World) -> None:
    """What is told before its dossier, told otherwise later, and taken back; a firm asks for no citizen's procedure."""
    of_firm = dossiers(("b", COMMUNE, "2023-01-11 08:00", None, "2023-01-11 08:00")).assign(
        applicant_type="organisation", procedure_code="1.000002"
    )
    recorded = pd.Timestamp("2023-01-10 08:05")
    used = {"is_taken_from_store": False, "is_result_stored": False, "recorded_at": recorded}
    early = pd.concat(
        [
            _told("a", "2023-02-01 08:00", is_population_used=True, certified_copy="paper", **used),
            _told("b", "2023-02-01 08:00", is_population_used=True, certified_copy="none", **used),
        ]
    )
    told = world.load("one_stop.data_uses", early, "2023-02-28")
    world.build("green", [told], "2023-02-28", rebuild=True)
    known = pd.concat([dossiers(("a", COMMUNE, "2023-01-10 08:00", None, "2023-01-10 08:00")), of_firm])
    first = world.load("one_stop.dossiers", known, "2023-03-01", WINDOW)
    world.build("green", [told, first], "2023-03-01")
    assert _pairs(world) == {"population_dossier": (2, 2), "population_procedure": (1, 1), "certified_copy": (0, 1)}
    mended = _told("a", "2023-03-02 08:00", is_population_used=False, certified_copy="electronic", **used)
    second = world.load("one_stop.data_uses", mended, "2023-03-02", WINDOW)
    world.build("green", [told, first, second], "2023-03-02")
    assert _pairs(world) == {"population_dossier": (1, 2), "population_procedure": (0, 1), "certified_copy": (1, 1)}
    same_as_rebuild(world, [told, first, second], "2023-03-02")
    world.build("green", [first, second], "2023-03-02")
    assert _pairs(world) == {"population_dossier": (0, 2), "population_procedure": (0, 1), "certified_copy": (1, 1)}
    same_as_rebuild(world, [first, second], "2023-03-02")


def _pairs(world: World) -> dict[str, tuple[float, float]]:
    rows = {
        code: world.kpi("green", code, COMMUNE, *JANUARY)
        for code in ("population_dossier", "population_procedure", "certified_copy")
    }
    return {code: (float(row["numerator"]), float(row["denominator"])) for code, row in rows.items()}


@pytest.mark.long
def test_a_unit_whose_last_fee_is_gone_has_none(world: World) -> None:
    def listed(day: str, *has_fee: bool) -> pd.DataFrame:
        at = pd.Timestamp(day)
        return pd.DataFrame(
            {
                "agency_code": COMMUNE,
                "procedure_code": [f"1.{number:06d}" for number in range(len(has_fee))],
                "competent_level": "commune",
                "has_fee": has_fee,
                "synced_date": [pd.Timestamp("2022-05-04") if fee else pd.NaT for fee in has_fee],
                "snapshot_date": at,
                "exported_at": at + pd.Timedelta(hours=20),
            }
        )

    loads = [
        world.load("portal.fees", listed("2023-01-31", True, False), "2023-02-28", None, "2023-01-31"),
        world.load("portal.fees", listed("2023-02-28", False, False), "2023-02-28", None, "2023-02-28"),
    ]
    world.build("green", loads, "2023-02-28", rebuild=True)
    january = world.kpi("green", "fee_payable", COMMUNE, *JANUARY)
    quarter = world.kpi("green", "fee_payable", COMMUNE, "quarter", "2023-01-01")
    assert [(row["numerator"], row["denominator"]) for row in (january, quarter)] == [(1, 1), (0, 0)]


def figures(world: World) -> dict[str, float]:
    codes = (
        "e_result", "dossier_digitised", "component_reused", "apology_coverage", "personal_store", "population_dossier",
        "population_procedure",
    )  # fmt: skip
    return {code: float(world.kpi("green", code, COMMUNE, *JANUARY)["value"]) for code in codes}
