"""The calibrated records give the published figures, and no naive count of an export does."""

import io

import pandas as pd
import pytest
from openpyxl import load_workbook

from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator import (
    activities_exports,
    calibrated,
    document_work_exports,
    exports,
    forms_exports,
    office_exports,
)
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.truth import all_kpis, expected_kpis, expected_scorecards
from egov_kpi.simulator.units import tree

NIGHT = "2023-03-06"
DEFINITIONS = pd.read_csv(PROJECT_ROOT / "dbt_project" / "seeds" / "kpi_definition.csv", dtype=str)
RATES = set(DEFINITIONS.loc[DEFINITIONS["unit"] == "percent", "kpi_code"])
DISTRICT = ("823", "quarter", "2023-01-01")
WARD = ("01846", "year", "2022-01-01")
# (unit and period) -> KPI -> numerator and denominator as published; None where a count has no denominator.
PUBLISHED = {
    DISTRICT: {
        "dossier_received": (4608, None),
        "dossier_returned": (4432, None),
        "bcci_received": (149, 4608),
        "bcci_returned": (1637, 4432),
        "settled_share": (4432, 4608),
        "ontime_settled": (4432, 4432),
        "late_external": (0, None),
        "dossier_in_software": (4608, 4608),
        "doc_outgoing": (623, None),
        "doc_signed": (623, 623),
        "doc_signed_dual": (617, 623),
        "tthc_posted": (474, None),
        "dvc_partial": (142, None),
        "dvc_full": (151, None),
        "dvc_partial_active": (31, 142),
        "dvc_full_active": (15, 151),
        "plan_tasks": (43, None),
        "portal_items": (521, None),
        "doc_incoming": (1506, None),
    },
    WARD: {
        "dossier_received": (764, None),
        "dossier_in_software": (244, 764),
        "online_dossier": (9, 764),
        "bcci_received": (13, 764),
        "settled_share": (764, 764),
        "ontime_settled": (244, 764),
        "late_external": (0, None),
        "doc_signed_exchanged": (558, None),
        "doc_signed_interlinked": (221, None),
        "doc_signed_internal": (337, None),
        "task_done": (23, 24),
        "propaganda_meetings": (9, 15),
    },
}
FIGURES = [(*place, kpi, *value) for place, kpis in PUBLISHED.items() for kpi, value in kpis.items()]


@pytest.fixture(scope="module")
def records() -> Records:
    return generate("calibrated")


@pytest.fixture(scope="module")
def truth(records: Records) -> pd.DataFrame:
    return expected_kpis(records, NIGHT)


def _cell(
    truth: pd.DataFrame, agency: str, grain: str, start: str, kpi: str, by: tuple[str, str] = ("C", "date")
) -> pd.Series:
    is_asked = (truth["kpi_code"] != "ontime_settled") | ((truth["method"] == by[0]) & (truth["due_basis"] == by[1]))
    rows = truth[
        is_asked
        & (truth["agency_code"] == agency)
        & (truth["scope"] == "tree")
        & (truth["period_grain"] == grain)
        & (truth["period_start"] == start)
        & (truth["kpi_code"] == kpi)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize(
    ("level", "service_level", "count"),
    [
        ("district", None, 252), ("commune", None, 222),
        ("district", "partial", 90), ("commune", "partial", 52),
        ("district", "full", 112), ("commune", "full", 39),
    ],
)  # fmt: skip
def test_procedures_of_go_cong_tay_by_level(
    records: Records, level: str, service_level: str | None, count: int
) -> None:
    listed = records.procedures[records.procedures["agency_code"].isin(tree(records.units, "823"))]
    last = listed[listed["snapshot_date"] == listed["snapshot_date"].max()]
    counted = last[(last["procedure_status"] == "in_force") & (last["competent_level"] == level)]
    chosen = counted["posted_date"].notna() if service_level is None else counted["service_level"] == service_level
    assert counted.loc[chosen, "procedure_code"].nunique() == count


@pytest.mark.parametrize(("agency", "grain", "start", "kpi", "numerator", "denominator"), FIGURES)
def test_published_figure(
    truth: pd.DataFrame, agency: str, grain: str, start: str, kpi: str, numerator: int, denominator: int | None
) -> None:
    row = _cell(truth, agency, grain, start, kpi)
    assert row["numerator"] == numerator
    assert pd.isna(row["denominator"]) if denominator is None else row["denominator"] == denominator


@pytest.mark.parametrize(
    ("place", "kpi", "percent"),
    [
        (DISTRICT, "bcci_received", 3.23),
        (DISTRICT, "bcci_returned", 36.94),
        (DISTRICT, "doc_signed_dual", 99.04),
        (DISTRICT, "dvc_partial_active", 21.83),
        (DISTRICT, "dvc_full_active", 9.93),
        (WARD, "online_dossier", 1.18),
        (WARD, "dossier_in_software", 31.94),
        (WARD, "bcci_received", 1.70),
    ],
)
def test_published_rate(truth: pd.DataFrame, place: tuple[str, str, str], kpi: str, percent: float) -> None:
    row = _cell(truth, *place, kpi)
    assert round(100 * row["numerator"] / row["denominator"], 2) == percent


def test_429_mailboxes_in_each_snapshot_are_429_in_the_quarter(truth: pd.DataFrame) -> None:
    for month in ("2023-01-01", "2023-02-01", "2023-03-01"):
        assert _cell(truth, "823", "month", month, "mail_issued")["numerator"] == 429
    assert _cell(truth, *DISTRICT, "mail_issued")["numerator"] == 429


def test_more_accounts_than_officials_and_fewer_at_work(records: Records, truth: pd.DataFrame) -> None:
    """The report says that more than 100% of the staff use the system: accounts were counted, not people at work."""
    accounts = document_work_exports.accounts(records, pd.Timestamp(NIGHT))
    accounts = accounts[accounts["MaDonVi"].isin(tree(records.units, "823"))]
    persons = accounts[accounts["LoaiTaiKhoan"] == "CaNhan"]["TenDangNhap"].nunique()
    used = _cell(truth, *DISTRICT, "staff_using_dms")
    assert used["numerator"] < used["denominator"] < persons < len(accounts)


def test_headcount_says_that_it_is_synthetic(records: Records) -> None:
    assert set(records.headcount["headcount_basis"]) == {"synthetic"}


def test_nothing_is_carried_over_from_2022(truth: pd.DataFrame) -> None:
    assert _cell(truth, "823", "year", "2022-01-01", "dossier_received")["numerator"] == 0


def test_the_ward_did_nothing_after_october(truth: pd.DataFrame) -> None:
    for month in ("2022-11-01", "2022-12-01"):
        for kpi in ("dossier_received", "dossier_returned", "doc_outgoing", "ontime_settled"):
            assert _cell(truth, "01846", "month", month, kpi)["numerator"] == 0


def test_more_than_300_came_to_the_ward_s_meetings_on_reform(truth: pd.DataFrame) -> None:
    assert _cell(truth, *WARD, "propaganda_attendees")["numerator"] == 324


def test_software_and_paper_are_disjoint(records: Records) -> None:
    paper = records.paper[records.paper["agency_code"] == "01846"]
    software = records.dossiers[records.dossiers["agency_code"] == "01846"]
    assert paper["register_number"].nunique() == 520
    assert software["dossier_code"].nunique() == 244
    assert not set(paper["register_number"]) & set(software["dossier_code"])


def test_at_most_one_supplement_each(records: Records) -> None:
    assert records.dossiers["supplement_request_count"].max() == 1


def test_no_rate_is_above_100_percent(records: Records, truth: pd.DataFrame) -> None:
    # an average of days is no share of what it is divided by
    shares = {kpi.code for kpi in all_kpis() if kpi.denominator is not None} & RATES
    for night in (truth, expected_kpis(records, "2023-03-08", shares)):
        rates = night[night["denominator"].notna() & night["kpi_code"].isin(RATES)]
        assert (rates["numerator"] <= rates["denominator"]).all()


def test_another_seed_gives_the_same_figures() -> None:
    truth = expected_kpis(calibrated.generate(1), NIGHT, {kpi for _, _, _, kpi, _, _ in FIGURES})
    for agency, grain, start, kpi, numerator, denominator in FIGURES:
        row = _cell(truth, agency, grain, start, kpi)
        assert row["numerator"] == numerator, kpi
        assert denominator is None or row["denominator"] == denominator, kpi


# --- the exports are no mirror of the marts ---------------------------------------------------------------------------


def _naive(records: Records) -> dict[tuple[str, str, str], dict[str, list[int]]]:
    """What counting lines of the exports gives: of whole files, and filtered by unit and the obvious column."""
    backlog = Window(None, pd.Timestamp(NIGHT))
    return {
        DISTRICT: _naive_for(records, backlog, tree(records.units, "823"), "2023"),
        WARD: _naive_for(records, backlog, tree(records.units, "01846"), "2022"),
    }


def _naive_for(records: Records, backlog: Window, units: set[str], year: str) -> dict[str, list[int]]:
    dossiers = exports.dossiers(records, backlog)
    dossiers = dossiers.assign(source="software")
    paper = [exports.paper_file(records, name) for name in exports.paper_files(records, backlog)]
    lines = pd.concat(paper, ignore_index=True).rename(columns={"Hình thức nộp": "Kênh thực hiện"})
    lines = lines.assign(
        source="paper", **{"Kênh thực hiện": lines["Kênh thực hiện"].map({"Trực tiếp": "1"}).fillna("3")}
    )
    software = dossiers[dossiers["Mã đơn vị"].isin(units) & dossiers["Ngày tiếp nhận"].str.contains(year)]
    register = lines[lines["Mã đơn vị"].isin(units)]
    both = pd.concat([software, register], ignore_index=True)
    documents = exports.outgoing_documents(records, backlog)
    documents = documents[documents["MaDonVi"].isin(units) & documents["NgayBanHanh"].str.startswith(year)]
    offers = exports.procedures(records, pd.Timestamp("2023-03-06" if year == "2023" else "2022-10-31"))
    offers = offers[offers["maDonVi"].isin(units)]
    online = both[both["Kênh thực hiện"] == "2"]
    finished = software[software["Ngày kết thúc xử lý"] != ""]
    due = pd.to_datetime(finished["Ngày hẹn trả"], format="%d/%m/%Y %H:%M")
    end = pd.to_datetime(finished["Ngày kết thúc xử lý"], format="%d/%m/%Y %H:%M")
    signed = documents[documents["ThoiDiemKyCoQuan"] != ""]
    dual = signed[signed["ThoiDiemKyCaNhan"] != ""]
    by_level = {level: offers[offers["mucDo"] == code] for level, code in (("partial", "3"), ("full", "4"))}
    used = {level: rows[rows["maTTHC"].isin(online["Mã TTHC"])] for level, rows in by_level.items()}
    return {
        "dossier_received": [len(dossiers), len(both), len(dossiers) + len(lines)],
        "dossier_in_software": [len(software)],
        "dossier_returned": [int((both["Ngày trả kết quả"] != "").sum())],
        "settled_share": [len(finished)],
        "ontime_settled": [int((end <= due).sum()), int((end.dt.date <= due.dt.date).sum()), len(both)],
        "late_external": [int((end > due).sum()), int((end.dt.date > due.dt.date).sum())] if year == "2023" else [],
        "bcci_received": [int((both["Kênh thực hiện"] == "3").sum())],
        "bcci_returned": [int((software["Hình thức trả"] == "3").sum())],
        "online_dossier": [len(online)],
        "doc_outgoing": [len(documents), documents["MaVanBan"].nunique()],
        "doc_signed": [len(signed), signed["MaVanBan"].nunique()],
        "doc_signed_dual": [len(dual), dual["MaVanBan"].nunique()],
        "doc_signed_exchanged": [len(documents), len(signed), signed["MaVanBan"].nunique()],
        "doc_signed_interlinked": [int((signed["PhamViNhan"] == "BenNgoai").sum())],
        "doc_signed_internal": [int((signed["PhamViNhan"] == "NoiBo").sum())],
        "tthc_posted": [len(offers), offers["maTTHC"].nunique()],
        "dvc_partial": [len(by_level["partial"]), by_level["partial"]["maTTHC"].nunique()],
        "dvc_full": [len(by_level["full"]), by_level["full"]["maTTHC"].nunique()],
        "dvc_partial_active": [len(online), len(used["partial"]), used["partial"]["maTTHC"].nunique()],
        "dvc_full_active": [len(used["full"]), used["full"]["maTTHC"].nunique()],
        **_naive_of_offices(records, backlog, units, year),
        **_naive_of_communication(records, backlog, units, year),
        "doc_incoming": _naive_of_incoming(records, backlog, units, year),
    }


def _naive_of_offices(records: Records, backlog: Window, units: set[str], year: str) -> dict[str, list[int]]:
    tasks = office_exports.tasks(records, backlog)
    tasks = tasks[tasks["MaDonVi"].isin(units) & tasks["NgayGiao"].str.startswith(year)]
    planned = tasks[tasks["ThuocKeHoachCCHC"] == "1"]
    done = tasks[(tasks["LoaiNhiemVu"] == "CuThe") & (tasks["NgayHoanThanh"] != "")]
    return {
        "plan_tasks": [len(planned), planned["MaNhiemVu"].nunique()],
        "task_done": [len(done), done["MaNhiemVu"].nunique()],
    }


def _naive_of_communication(records: Records, backlog: Window, units: set[str], year: str) -> dict[str, list[int]]:
    told = activities_exports.activities(records, backlog)
    told = told[told["maDonVi"].isin(units) & told["ngayThucHien"].str.startswith(year)]
    items, meetings = told[told["loaiHoatDong"] == "TinBai"], told[told["loaiHoatDong"] == "HoiNghi"]
    on_reform = meetings[meetings["coNoiDungCCHC"] == "1"]
    held = on_reform[on_reform["trangThai"] == "DaThucHien"]
    return {
        "portal_items": [len(items), items["maHoatDong"].nunique()],
        "propaganda_meetings": [
            len(on_reform),
            len(held),
            *(rows["maHoatDong"].nunique() for rows in (on_reform, held)),
        ],
    }


def _naive_of_incoming(records: Records, backlog: Window, units: set[str], year: str) -> list[int]:
    told = document_work_exports.incoming_documents(records, backlog)
    told = told[told["MaDonVi"].isin(units) & told["NgayDen"].str.startswith(year)]
    public = told[told["DoMat"] == "Thường"]
    entered = public[public["TrangThai"] == "DaVaoSo"]
    counts = [len(entered), *(rows["MaVanBanDen"].nunique() for rows in (told, public, entered))]
    return [*counts, *(len(rows.drop_duplicates("MaVanBanDen", keep="last")) for rows in (told, public))]


@pytest.mark.parametrize("place", [DISTRICT, WARD])
def test_counting_the_exports_misses_every_figure(records: Records, place: tuple[str, str, str]) -> None:
    naive = _naive(records)[place]
    for kpi, (numerator, _) in PUBLISHED[place].items():
        if place == WARD and kpi == "late_external":
            continue  # the ward's report states no late dossier: nothing to miss
        assert naive[kpi], kpi
        assert numerator not in naive[kpi], f"{kpi}: a naive count gives {naive[kpi]}"


@pytest.mark.parametrize("day", calibrated.SNAPSHOTS)
def test_counting_the_mailbox_lines_misses_429(records: Records, day: str) -> None:
    lines = exports.mailboxes(records, pd.Timestamp(day))
    lines = lines[lines["Mã đơn vị"].isin(tree(records.units, "823"))]
    open_lines = lines[lines["Trạng thái"] != "Đã đóng"]
    assert 429 not in (len(lines), len(open_lines), lines["Địa chỉ thư"].nunique())


def test_the_next_night_changes_closed_months(records: Records, truth: pd.DataFrame) -> None:
    later = expected_kpis(records, "2023-03-07", {"dossier_received", "bcci_received"})
    assert _cell(later, "823", "month", "2023-01-01", "dossier_received")["numerator"] == (
        _cell(truth, "823", "month", "2023-01-01", "dossier_received")["numerator"] + 1
    )
    assert _cell(later, *DISTRICT, "bcci_received")["numerator"] == 150
    assert _cell(later, *WARD, "dossier_received")["numerator"] == 764


# --- scorecard of Vân Đồn ---------------------------------------------------------------------------------------------

# Per domain: points of nine months, maximum, expected by the end of the year, waiting for the survey, lost.
VAN_DON = {
    "1": (11.5, 12.5, 11.5, 0, 1.0),
    "2": (4, 7.5, 5, 2.5, 0),
    "3": (4, 4, 4, 0, 0),
    "4": (5.25, 7.75, 5.25, 2.5, 0),
    "5": (8, 12.75, 8, 4, 0.75),
    "6": (5, 7.5, 5, 2, 0.5),
    "7": (6.64, 9.5, 6.85, 1.5, 1.15),
    "8": (5, 6, 5, 1, 0),
    "9": (2, 2.5, 2, 0, 0.5),
    "all": (51.39, 70.0, 52.6, 13.5, 3.9),
}
LAST_BOOK = "203_PAR.H.22.2022_2022-09-30_lan-2.xlsx"


def test_the_scorecard_is_the_published_one(records: Records) -> None:
    totals = expected_scorecards(records, NIGHT)
    rows = totals[totals["agency_code"] == "203"].set_index("domain_code")
    shown = ["self_points", "max_points", "projected_points", "survey_points_pending", "lost_points"]
    assert {code: tuple(row) for code, row in rows[shown].iterrows()} == VAN_DON
    assert rows.loc["all", "self_scorable_points"] == 56.5
    assert rows.loc["all", "self_pct"] == pytest.approx(90.96, abs=0.005)
    assert rows.loc["all", "projected_pct"] == pytest.approx(93.10, abs=0.005)


def test_the_set_has_the_published_shape(records: Records) -> None:
    book = records.scorecards[records.scorecards["agency_code"] == "203"]
    parts = book["criterion_code"].drop_duplicates().str.split(".")
    criteria = parts.str[:2].str.join(".").nunique()
    assert (book["domain_code"].nunique(), criteria, int((parts.str.len() == 3).sum())) == (9, 53, 62)


def test_until_the_correction_came_the_first_scorecard_is_known(records: Records) -> None:
    before = expected_scorecards(records, "2022-11-01")
    first = before[(before["agency_code"] == "203") & (before["domain_code"] == "all")]
    assert first["self_points"].item() == 52.89
    assert expected_scorecards(records, "2022-10-01").empty


def test_no_naive_sum_of_the_workbooks_gives_the_published_points(records: Records) -> None:
    """Neither the rows of all books, nor those of the last one with its repetition, nor a column with its subtotals."""
    names = exports.scorecard_files(records, Window(None, pd.Timestamp(NIGHT)))
    books = [exports.scorecard_file(records, name) for name in names if name.startswith("203_")]
    points = [_numbers(book["Điểm tự chấm"]).sum() for book in books if book is not None]
    workbook = exports.scorecard_workbook(records, LAST_BOOK)
    assert workbook is not None
    sheet = load_workbook(io.BytesIO(workbook))[exports.SCORECARD_SHEET]
    column = [row[7] for row in sheet.iter_rows(values_only=True) if row[7] is not None]
    as_numbers = sum(value for value in column if isinstance(value, float))
    sums = [sum(points), *points, as_numbers, _numbers(pd.Series([str(value) for value in column])).sum()]
    assert len(points) == 2
    assert [total for total in sums if abs(total - 51.39) < 0.005] == []


def _numbers(texts: pd.Series) -> pd.Series:
    return pd.to_numeric(texts.str.replace(",", "."), errors="coerce").dropna()


# --- one-stop unit of Huyền Tụng --------------------------------------------------------------------------------------


def test_all_officials_of_the_ward_have_accounts_and_no_naive_sum_says_so(
    records: Records, truth: pd.DataFrame
) -> None:
    accounts, unit = (_cell(truth, *WARD, kpi) for kpi in ("onegate_accounts", "onegate_consolidated"))
    assert accounts["numerator"] == accounts["denominator"] > 0
    assert unit["numerator"] == unit["denominator"] == 1
    form = forms_exports.FORMS["one-stop-units"]
    names = form.names(records, Window(None, pd.Timestamp("2022-12-31")))
    books = [form.rows(records, name) for name in names]
    rows = pd.concat([book[book["Mã đơn vị"] == "01846"] for book in books if book is not None])
    assert rows["Số cán bộ có tài khoản"].sum() != rows["Số cán bộ được phân công"].sum()
    assert len(rows) > 1


def test_the_page_of_published_figures_tells_what_the_calculation_gives(truth: pd.DataFrame) -> None:
    page = (PROJECT_ROOT / "docs/reference/published-figures.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    given = [row for row in cells if row[0] in ("823", "01846")]
    for agency, period, _, _, kpi, numerator, denominator in given:
        row = _cell(truth, agency, *period.split(), kpi)
        assert row["numerator"] == int(numerator), kpi
        assert not denominator or row["denominator"] == int(denominator), kpi
    told = {(agency, kpi) for agency, _, _, _, kpi, _, _ in given}
    published = {(place[0], kpi) for place, kpis in PUBLISHED.items() for kpi in kpis}
    assert told - published <= {("823", "tthc_replaced"), ("823", "mail_issued")}
    assert len(given) == 24
