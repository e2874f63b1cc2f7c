"""The provinces of two reports, from pull to mart: An Giang 2023 at one in 500, Trà Vinh's eleven units of 2022."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from egov_kpi.night.ingest import load_files
from egov_kpi.simulator import an_giang, exports, tra_vinh
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth import compare, expected_kpis
from egov_kpi.simulator.truth_units import expected_both
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.world import World

pytestmark = pytest.mark.long

SEED = 20230306
YEAR_2023, YEAR_2022 = date(2023, 12, 31), date(2022, 12, 31)
VALUES = "select * from marts.kpi_value"


@pytest.fixture(scope="module")
def in_an_giang() -> Iterator[World]:
    with cluster_of_tests().world(an_giang.PROFILE, SEED) as world:
        world.night(YEAR_2023)
        yield world


@pytest.fixture(scope="module")
def in_tra_vinh() -> Iterator[World]:
    with cluster_of_tests().world(tra_vinh.PROFILE, SEED) as world:
        world.night(YEAR_2022)
        yield world


def test_an_giang_is_what_the_columns_give(in_an_giang: World) -> None:
    actual = in_an_giang.as_bi(f"{VALUES} where unit_basis = 'as_was'")
    actual = actual[actual["kpi_code"].isin(an_giang.KPIS)]
    differing = compare(expected_kpis(in_an_giang.records, f"{YEAR_2023}", an_giang.KPIS), actual)
    assert differing.empty, differing.head(10).to_string()


@pytest.mark.parametrize(
    ("kpi", "unit", "numerator", "denominator"),
    [
        ("ontime_settled", "89", 2286 - 18, 2286),
        ("ontime_settled", "89.pvhcc", 374 - 1, 374),
        ("apology_coverage", "89", 18, 18),
        ("ontime_settled_vertical", "89.nganhdoc", 10286, 10286),
        ("pakn_handled", "89", 110, 110),
        ("tthc_abolished", "89", 5, 30),
    ],
)
def test_figures_of_an_giang(in_an_giang: World, kpi: str, unit: str, numerator: int, denominator: int) -> None:
    found = in_an_giang.ask(
        "bi",
        f"{VALUES} where kpi_code = %s and agency_code = %s and scope = 'tree' and unit_basis = 'as_was'"
        " and period_grain = 'year' and method in ('C', '-') and due_basis in ('date', '-')",
        kpi,
        unit,
    )
    assert [(row.numerator, row.denominator) for row in found.itertuples()] == [(numerator, denominator)]


def test_vertical_agencies_are_in_no_total_of_the_province(in_an_giang: World) -> None:
    """No dossier of theirs is one of the province's, and nobody but they has their figure."""
    units = in_an_giang.as_bi(f"{VALUES} where kpi_code = 'ontime_settled_vertical'")["agency_code"]
    assert set(units) == {"89.nganhdoc", "89.bhxh", "89.thue", "89.congan"}
    found = in_an_giang.as_bi(f"{VALUES} where kpi_code = 'dossier_settled' and agency_code = '89.nganhdoc'")
    assert set(found["numerator"]) == {0}


def test_each_of_the_eleven_units_has_its_figures(in_tra_vinh: World) -> None:
    assert len(tra_vinh.INSPECTED) == 11
    year = in_tra_vinh.as_bi(f"{VALUES} where unit_basis = 'as_was' and period_grain = 'year' and scope = 'own'")
    for kpi in ("dossier_settled", "doc_signed", "mail_issued", "tthc_posted", "iso_compliance", "net_device_secured"):
        of_kpi = year[(year["kpi_code"] == kpi) & (year["denominator"].fillna(year["numerator"]) > 0)]
        assert set(of_kpi["agency_code"]) == set(tra_vinh.INSPECTED), kpi


def _of_the_inspection(records: Records) -> Records:
    """The same records with the province and the eleven units alone: no other unit has a figure above zero."""
    kept = records.units["agency_code"].isin([*tra_vinh.INSPECTED, "84", "84.bhxh"])
    return replace(records, units=records.units[kept].reset_index(drop=True))


def test_tra_vinh_is_what_the_records_give(in_tra_vinh: World) -> None:
    few = _of_the_inspection(in_tra_vinh.records)
    actual = in_tra_vinh.as_bi(f"{VALUES} where unit_basis = 'as_was'")
    actual = actual[actual["agency_code"].isin(few.units["agency_code"])]
    differing = compare(expected_kpis(few, f"{YEAR_2022}"), actual)
    assert differing.empty, differing.head(10).to_string()


def test_restated_the_eleven_units_are_vinh_long_s(in_tra_vinh: World) -> None:
    """The districts were dissolved: they have no heir but the province; the two departments have one each."""
    expected = expected_both(_of_the_inspection(in_tra_vinh.records), f"{YEAR_2022}")["restated"]
    actual = in_tra_vinh.as_bi(f"{VALUES} where unit_basis = 'restated'")
    assert set(actual["agency_code"]) == {"86", "86.stc", "86.sct"}
    differing = compare(expected, actual)
    assert differing.empty, differing.head(10).to_string()
    settled = actual[(actual["kpi_code"] == "dossier_settled") & (actual["period_grain"] == "year")]
    (whole,) = settled.loc[(settled["agency_code"] == "86") & (settled["scope"] == "tree"), "numerator"]
    as_was = in_tra_vinh.as_bi(
        f"{VALUES} where kpi_code = 'dossier_settled' and period_grain = 'year' and agency_code = '84'"
        " and scope = 'tree' and unit_basis = 'as_was'"
    )
    assert whole == as_was["numerator"].iloc[0] > 0


def test_a_dossier_filed_under_an_old_unit_after_the_merger_is_set_aside(in_tra_vinh: World, tmp_path: Path) -> None:
    rows = exports.dossiers(in_tra_vinh.records, Window(None, pd.Timestamp(YEAR_2022))).head(2).copy()
    for name in ("Ngày kết thúc xử lý", "Ngày trả kết quả", "Hình thức trả"):
        rows[name] = ""
    rows["Mã hồ sơ"] = ["000.00.15.H61-250710-0001", "000.00.15.H61-250710-0002"]
    rows["Mã đơn vị"] = ["842", "86"]
    rows["Trạng thái"] = "2"
    rows["Ngày tiếp nhận"] = rows["Ngày cập nhật"] = "10/07/2025 08:30"
    rows["Ngày hẹn trả"] = "17/07/2025 08:30"
    file = tmp_path / "dossiers.csv"
    file.write_bytes(exports.csv_bytes(rows))
    (load,) = load_files("one_stop.dossiers", [file], business_date=date(2025, 7, 10), settings=in_tra_vinh.settings)
    assert (load["verdict"], load["account"]["accepted"], load["account"]["quarantined"]) == ("quarantined", 1, 1)
    assert [rule["rule_id"] for rule in load["rules"] if not rule["success"]] == ["GATE-DOS-530"]
