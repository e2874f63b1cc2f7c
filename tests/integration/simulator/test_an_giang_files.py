"""The files of An Giang 2023 are the exports of its records, and hold what was published at every scale."""

from pathlib import Path

import pandas as pd
import pytest

from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator import an_giang, an_giang_files, exports, petitions, publications, vertical
from egov_kpi.simulator.an_giang import Columns
from egov_kpi.simulator.records import Records

SEED = 3


@pytest.fixture(scope="module")
def columns() -> Columns:
    return an_giang.columns(SEED, 1000)


@pytest.fixture(scope="module")
def records(columns: Columns) -> Records:
    return an_giang.records(columns, SEED, 1000)


def test_what_was_published_is_rounded_and_nothing_is_carried_over(columns: Columns) -> None:
    is_centre = columns.agency == 0
    assert (len(columns), is_centre.sum()) == (1143, 187)
    assert (columns.is_late.sum(), (columns.is_late & is_centre).sum()) == (9, 1)
    assert columns.received.min() >= pd.Timestamp("2023-01-01")
    assert columns.returned.max() < pd.Timestamp("2023-12-30")
    assert (columns.received < columns.finished).all() and (columns.finished < columns.returned).all()


def test_parts_written_one_after_another_are_the_export_of_the_whole(
    columns: Columns, records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(an_giang_files, "ROWS_AT_ONCE", 100)
    written = an_giang_files.write_dossiers(tmp_path / "dossiers.csv", columns, SEED).read_bytes()
    whole = exports.csv_bytes(exports.dossiers(records, an_giang_files.BACKLOG))
    # flawed rows come last in the one, in order of time in the other
    assert sorted(written.split(b"\r\n")) == sorted(whole.split(b"\r\n"))
    assert written.split(b"\r\n")[0] == whole.split(b"\r\n")[0]


def test_counting_the_export_s_rows_misses_every_figure(records: Records) -> None:
    rows = exports.dossiers(records, an_giang_files.BACKLOG)
    centre = rows[rows["Mã đơn vị"] == an_giang.CENTRE]
    assert len(rows) > 1143 and len(centre) != 187
    done, due = (
        pd.to_datetime(rows[name], format="%d/%m/%Y %H:%M") for name in ("Ngày kết thúc xử lý", "Ngày hẹn trả")
    )
    assert (done.dt.normalize() > due.dt.normalize()).sum() > 9


def test_without_codes_the_records_say_the_same(columns: Columns, records: Records) -> None:
    """At full size a number stands for the code."""
    numbered = an_giang.records(columns, SEED, 1000, coded=False)
    rest = [name for name in records.dossiers.columns if name != "dossier_code"]
    pd.testing.assert_frame_equal(numbered.dossiers[rest], records.dossiers[rest])
    assert numbered.dossiers["dossier_code"].nunique() == records.dossiers["dossier_code"].nunique() == 1143


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (
        an_giang_files.write_dossiers(tmp_path / name, an_giang.columns(SEED, 5000), SEED).read_bytes()
        for name in ("one.csv", "other.csv")
    )
    assert one == other


def test_the_page_of_published_figures_tells_the_profile_s() -> None:
    """Late ones follow from the published rates; every other number stands in the report."""
    page = (PROJECT_ROOT / "docs/reference/published-figures.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    told = {(row[0], row[4]): (int(row[5]), int(row[6])) for row in cells if row[0].startswith("89")}
    assert told == {
        ("89", "ontime_settled"): (an_giang.DOSSIERS - an_giang.LATE, an_giang.DOSSIERS),
        ("89.pvhcc", "ontime_settled"): (an_giang.AT_CENTRE - an_giang.LATE_AT_CENTRE, an_giang.AT_CENTRE),
        ("89.nganhdoc", "ontime_settled_vertical"): (vertical.SETTLED_IN_AN_GIANG, vertical.SETTLED_IN_AN_GIANG),
        ("89", "apology_coverage"): (an_giang.LATE, an_giang.LATE),
        ("89", "pakn_handled"): (petitions.AN_GIANG_2023, petitions.AN_GIANG_2023),
        ("89", "tthc_abolished"): (publications.AN_GIANG_ABOLISHED, publications.AN_GIANG_REVIEWED),
    }
    assert round(100 * told["89", "ontime_settled"][0] / an_giang.DOSSIERS, 2) == 99.23
    assert round(100 * told["89.pvhcc", "ontime_settled"][0] / an_giang.AT_CENTRE, 2) == 99.98
