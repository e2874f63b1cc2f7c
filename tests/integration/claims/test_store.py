"""Claims beside the warehouse's own figures, kept where nothing is ever changed."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from egov_kpi.claims.check import Report, check_file
from egov_kpi.claims.marts import Period, compared_if_reachable, parse_period, period_of
from egov_kpi.claims.store import compare_and_keep
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

TEXT = (
    "UBND Huyện Gò Công Tây báo cáo quý I năm 2023.\n"
    "Tiếp nhận qua BCCI 149/4.608 hồ sơ, đạt 3.23%.\nĐúng hạn đạt 99%.\n"
)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    path = tmp_path / "báo cáo.txt"
    path.write_text(TEXT, encoding="utf-8")
    return check_file(path)


@pytest.fixture
def published(warehouse: Settings) -> Iterator[Settings]:
    """A warehouse whose live colour knows one unit and one value of it."""
    with connect("superuser", warehouse) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute(
            "insert into blue.dim_agency (agency_code, valid_from, name_vi, name_en, level, province_code, "
            "is_iso_mandated) values ('823', '2016-01-01', 'Huyện Gò Công Tây', 'Go Cong Tay District', 'district', "
            "'82', true)"
        )
        conn.execute(
            "insert into blue.kpi_value (kpi_code, kpi_version, method, due_basis, agency_code, scope, unit_basis, "
            "period_grain, period_start, numerator, denominator, value, unit, agencies_reporting, "
            "agencies_expected, quarantined_share) values ('bcci_received', 1, '-', '-', '823', "
            "'tree', 'as_was', 'quarter', '2023-01-01', 150, 4608, 3.2552083333, 'percent', 13, 13, 0), "
            "('dossier_received', 1, '-', '-', '823', 'tree', 'as_was', 'quarter', '2023-01-01', 4600, null, 4600, "
            "'count', 13, 13, 0), ('mail_issued', 1, '-', '-', '823', 'tree', 'as_was', 'quarter', '2023-01-01', 95, "
            "96, 98.9583333333, 'percent', 13, 13, 0)"
        )
    yield warehouse


def test_the_marts_are_told_beside_the_verdict(published: Settings, report: Report) -> None:
    told = compare_and_keep(report, settings=published)
    assert "Kho số liệu: 150/4.608 = 3,26%" in told.claims[0].reason_vi
    assert "Warehouse: 150/4,608 = 3.26%" in told.claims[0].reason_en
    assert told.claims[0].verdict == report.claims[0].verdict
    with connect("bi", published) as conn:
        rows = conn.execute(
            "select kpi_code, agency_code, period_grain, numerator, kpi_numerator, verdict "
            "from marts.mart_reported_claim order by claim_no"
        ).fetchall()
    assert rows == [
        ("bcci_received", "823", "quarter", 149, 150, "holds"),
        ("ontime_settled", "823", "quarter", None, None, "incomplete"),
    ]


COUNTS = (
    "UBND Huyện Gò Công Tây báo cáo quý I năm 2023.\n"
    "Tiếp nhận 4.608 hồ sơ, gồm 4.000 hồ sơ giấy và 608 hồ sơ điện tử.\n"
    "Đã cấp 96 hộp thư công vụ, gồm 80 hộp thư cá nhân và 16 hộp thư tổ chức.\n"
    "Tiếp nhận 4.608 hồ sơ, tăng 20% so với cùng kỳ (3.840 hồ sơ).\n"
)


def test_totals_are_compared_by_what_they_count(published: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(COUNTS, encoding="utf-8")
    told = compared_if_reachable(check_file(tmp_path / "a.txt"), published)
    beside = [claim.reason_vi.rpartition("Kho số liệu: ")[2] for claim in told.claims]
    assert beside == ["4.600", "95", "4.600"]
    with connect("auditor", published) as conn:
        assert conn.execute("select count(*) from ledger.reported_claim").fetchone() == (0,)


def test_without_a_warehouse_a_report_is_checked_as_it_is(report: Report, tmp_path: Path) -> None:
    nowhere = Settings(local_dir=tmp_path, database_url="postgresql://egov@127.0.0.1:9/warehouse")
    assert compared_if_reachable(report, nowhere) is report
    assert compared_if_reachable(report, Settings(local_dir=tmp_path, database_url="")) is report


def test_a_second_check_replaces_the_first_in_the_mart_and_keeps_it_in_the_ledger(
    warehouse: Settings, report: Report
) -> None:
    for _ in range(2):
        compare_and_keep(report, settings=warehouse)
    with connect("auditor", warehouse) as conn:
        assert conn.execute("select count(*), count(distinct check_no) from marts.mart_reported_claim").fetchone() == (
            2,
            1,
        )
        assert conn.execute("select count(*) from ledger.reported_claim").fetchone() == (4,)
        kinds = conn.execute(
            "select body_json ->> 'file_digest' from ledger.event where kind = 'report_checked'"
        ).fetchall()
        assert kinds == [(report.digest,)] * 2
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("delete from ledger.reported_claim")
    with connect("superuser", warehouse) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("update ledger.reported_claim set verdict = 'holds'")


def test_an_unknown_unit_is_said(warehouse: Settings, report: Report) -> None:
    with pytest.raises(EgovError, match="EGOV-CLAIMS-004"):
        compare_and_keep(report, agency="99999", period="2023Q1", settings=warehouse)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("báo cáo quý III/2023", "2023Q3"),
        ("kết quả 9 tháng năm 2022, ngày 03 tháng 11 năm 2022", "2022"),
        ("tháng 10/2023", "2023M10"),
        ("Tiền Giang, ngày 20 tháng 3 năm 2023\nKết quả năm 2022", "2022"),
        ("không có kỳ", None),
    ],
)
def test_the_period_that_a_report_names(text: str, expected: str | None) -> None:
    wanted: Period | None = parse_period(expected) if expected else None
    assert period_of(text) == wanted
