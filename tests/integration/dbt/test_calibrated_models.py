"""Three nights of the calibrated profile, built night by night and from nothing, against the oracle and the reports."""

import pytest
from dbt_nights import calibrated, night
from dbt_world import World

from egov_kpi.db.connect import connect
from egov_kpi.simulator.truth_units import compare_both

# As published; Huyền Tụng's report printed 8.48 for the online share and 598 for the signed documents.
QUARTER = {
    "dossier_received": (4608, None, 4608),
    "dossier_settled": (4432, None, 4432),
    "ontime_settled C/date": (4432, 4432, 100),
    "settled_late A/date": (0, None, 0),
    "dossier_returned": (4432, None, 4432),
    "bcci_received": (149, 4608, 3.23),
    "bcci_returned": (1637, 4432, 36.94),
    "settled_share": (4432, 4608, 96.18),
    "late_external": (0, None, 0),
    "doc_outgoing": (623, None, 623),
    "doc_signed": (623, 623, 100),
    "doc_signed_dual": (617, 623, 99.04),
    "tthc_posted": (474, None, 474),
    "dvc_partial": (142, None, 142),
    "dvc_full": (151, None, 151),
    "dvc_partial_active": (31, 142, 21.83),
    "dvc_full_active": (15, 151, 9.93),
    "tthc_replaced": (65, None, 65),
    "plan_tasks": (43, None, 43),
    "portal_items": (521, None, 521),
    "doc_incoming": (1506, None, 1506),
}
THEMES = (
    "digital_signature", "official_mail", "online_service", "settlement", "iso_compliance", "payment", "digitisation",
    "apology", "satisfaction", "publicity", "feedback", "task", "infrastructure", "communication",
    "document_management",
    "one_stop",
)  # fmt: skip
YEAR = {
    "dossier_received": (764, None, 764),
    "dossier_in_software": (244, 764, 31.94),
    "online_dossier": (9, 764, 1.18),
    "bcci_received": (13, 764, 1.70),
    "dossier_settled": (764, None, 764),
    "ontime_settled C/date": (244, 764, 31.94),
    "ontime_settled A/date": (244, 764, 31.94),
    "ontime_settled B/date": (244, 764, 31.94),
    "pending": (0, None, 0),
    "doc_signed_exchanged": (558, None, 558),
    "doc_signed_interlinked": (221, None, 221),
    "doc_signed_internal": (337, None, 337),
    "task_done": (23, 24, 95.83),
    "propaganda_meetings": (9, 15, 60),
}


def test_the_night_of_the_reports_agrees_with_them_and_with_the_oracle(world: World) -> None:
    loads = night(world, calibrated(), "2023-03-06")
    world.build("green", loads, "2023-03-06", rebuild=True)
    _agree(world, "green", "2023-03-06")
    _published_figures(world)
    _replaced_as_published(world)
    _themes_hold_the_same_rows(world)


@pytest.mark.long
def test_nights_agree_with_the_oracle_and_with_a_rebuild(world: World) -> None:
    records = calibrated()
    loads = night(world, records, "2023-03-06")
    world.build("green", loads, "2023-03-06", rebuild=True)
    for before, day in (("2023-03-06", "2023-03-07"), ("2023-03-07", "2023-03-08")):
        loads += night(world, records, day, window_from=before)
        world.build("green", loads, day)
        _agree(world, "green", day)

    world.build("blue", loads, "2023-03-08", rebuild=True)
    assert world.digest("blue") == world.digest("green")
    _identities_are_asked(world)


def _agree(world: World, colour: str, as_of: str) -> None:
    differences = compare_both(calibrated(), as_of, world.kpis(f"{colour}.kpi_value"))
    assert differences.empty, differences.head(20).to_string()


def _published_figures(world: World) -> None:
    for figures, cell in ((QUARTER, ("823", "quarter", "2023-01-01")), (YEAR, ("01846", "year", "2022-01-01"))):
        for code, (numerator, denominator, value) in figures.items():
            name, _, by = code.partition(" ")
            row = world.kpi("green", name, *cell, by=by)
            assert row["numerator"] == numerator, code
            assert denominator is None or row["denominator"] == denominator, code
            assert row["value"] == pytest.approx(value, abs=0.005), code
    _asked_under_today_s_units(world)
    mailboxes = [world.kpi("green", "mail_issued", "823", "quarter", "2023-01-01")]
    mailboxes += [world.kpi("green", "mail_issued", "823", "month", f"2023-0{month}-01") for month in (1, 2, 3)]
    assert [row["numerator"] for row in mailboxes] == [429] * 4
    assert {row["value_reason"] for row in mailboxes} == {"denominator_synthetic"}
    assert world.kpi("green", "late_external", "823", "quarter", "2023-01-01")["target_met"]


def _asked_under_today_s_units(world: World) -> None:
    """Figures of 2023 under the new Đồng Tháp, and of the ward under Đức Xuân, which took it over."""
    for agency, year in (("82", "2023-01-01"), ("01840", "2022-01-01")):
        rows = world.query(
            "select unit_basis, numerator, agencies_reporting, agencies_expected from green.kpi_value"
            " where kpi_code = 'dossier_received' and scope = 'tree' and period_grain = 'year'"
            " and agency_code = %s and period_start = %s",
            (agency, year),
        ).set_index("unit_basis")
        assert set(rows.index) == {"as_was", "restated"}
        assert rows.loc["restated", "numerator"] > 0
        if agency == "82":
            # The old Đồng Tháp (87) sends nothing here, and is expected all the same.
            assert rows.loc["restated", "agencies_expected"] == rows.loc["as_was", "agencies_expected"] + 1


def _identities_are_asked(world: World) -> None:
    """A figure that does not fit the others would stop a build."""
    for grain, scope, change in (("month", "tree", 1), ("quarter", "own", 99999)):
        _add(world, grain, scope, change)
        assert world.ask("blue", "kpi_identities") == "fail", grain
        _add(world, grain, scope, -change)
    assert world.ask("blue", "kpi_identities") == "pass"


def _add(world: World, grain: str, scope: str, change: int) -> None:
    with connect("superuser", world.settings) as conn:
        changed = conn.execute(
            "update blue.kpi_value set numerator = numerator + %s where kpi_code = 'dossier_received'"
            " and agency_code = '823' and period_start = '2023-01-01' and period_grain = %s and scope = %s",
            (change, grain, scope),
        )
        assert changed.rowcount == 1


def _replaced_as_published(world: World) -> None:
    """32 of civil status, and of land 9 of the district and 24 of the communes: 33."""
    found = world.query(
        "select decision_number, field_name, competent_level, count(*)::int as n from green.fct_publication"
        " where agency_code = '823' and change_kind = 'replaced' group by 1, 2, 3"
    ).set_index(["field_name", "competent_level"])["n"]
    assert (found["Hộ tịch"].sum(), found[("Đất đai", "district")], found[("Đất đai", "commune")]) == (32, 9, 24)


def _themes_hold_the_same_rows(world: World) -> None:
    themes = " union all ".join(f"select * from green.kpi_{name}" for name in THEMES)
    for one, other in (("green.kpi_value", f"({themes})"), (f"({themes})", "green.kpi_value")):
        left = world.query(
            f"select count(*) as n from (select * from {one} as a except all select * from {other} as b) d"
        )
        assert left["n"].item() == 0
