"""The site of a publish: what stands in its files, against the marts; how it is shown, and what it never holds."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt.task import docs

from egov_kpi.cli.main import run
from egov_kpi.errors import EgovError
from egov_kpi.report import site as sites
from egov_kpi.report.documents import dbt_docs
from egov_kpi.report.site import Site, build_report, current_dir, report_dir
from egov_kpi.report.state import site_state
from egov_kpi.settings import Settings
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import SEED, published
from proofs.harness.world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    cluster = cluster_of_tests()
    with cluster.world("calibrated", SEED, origin=published(cluster)) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(world: World) -> Site:
    kept = dbt_docs(world.settings)
    kept.parent.mkdir(parents=True)
    # as dbt ships it, without the project's models in it
    kept.write_text((Path(docs.__file__).parent / "index.html").read_text(encoding="utf-8"), encoding="utf-8")
    return build_report(world.settings)


# What a browser fetches by itself: elements with an address, styles, and scripts that set an address. Links are not.
LOADED_FROM_ELSEWHERE = re.compile(
    r"<(?:script|link|img|iframe|frame|embed|object|source|video|audio|track|base)\b[^>]*?"
    r"\b(?:src|href|data|srcset)\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|@import\s*(?:url\()?[\"']?(?:https?:)?//|url\(\s*[\"']?(?:https?:)?//|\.src\s*=\s*[\"'](?:https?:)?//",
    re.IGNORECASE,
)


def told(path: Path) -> Any:
    """What a data file tells: the last argument of its one call."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r'egov\.\w+\((?:\d+,(?:"[^"]*",)*)?(\{.*\})\);\n', text, re.DOTALL).group(1))


@pytest.mark.long
def test_every_figure_of_a_unit_is_that_of_the_marts(world: World, site: Site) -> None:
    contents = told(site.path / "data" / "index.js")
    themes = ("online_service", "settlement")
    shown = {name: figures for theme in themes for name, figures in told(site.path / "data" / theme / "823.js").items()}
    rows = world.as_bi(
        "select v.*, d.theme from marts.kpi_value as v inner join marts.dim_kpi as d"
        " using (kpi_code, kpi_version, method, due_basis) where v.agency_code = '823'"
        f" and d.theme in {themes}"
    )
    rows = rows.astype(object).where(rows.notna(), None)
    assert len(rows) > 500
    places = {(grain, start): place for place, (grain, start, *_) in enumerate(contents["periods"])}
    for row in rows.itertuples():
        name = "|".join((row.kpi_code, row.method, row.due_basis, row.scope, row.unit_basis))
        place = places[row.period_grain, row.period_start.isoformat()]
        (figure,) = (entry for entry in shown[name] if entry[0] == place)
        assert figure[1:3] == [row.numerator, row.denominator], name
        assert figure[3] == (None if row.value is None else pytest.approx(float(row.value), abs=1e-9)), name
        assert figure[4:6] == [row.value_reason, row.target]
        assert figure[8:10] == [row.agencies_reporting, row.agencies_expected]
    assert sum(map(len, shown.values())) == len(rows)


def test_a_unit_without_any_below_it_is_told_once(site: Site) -> None:
    names = told(site.path / "data" / "online_service" / "28651.js")
    assert names
    assert {name.split("|")[3] for name in names} == {"tree"}


def test_old_data_is_called_stale_by_its_contract(site: Site) -> None:
    contents = told(site.path / "data" / "index.js")
    shown = told(site.path / "data" / "iso_compliance" / "82.js")["iso_compliance|-|-|tree|as_was"]
    months = [span[0] for span in contents["periods"]]
    stale = {contents["periods"][entry[0]][1]: entry[11] for entry in shown if months[entry[0]] == "month"}
    # the register's snapshot of 6 March is a day old on 7 March; of a month without one nothing is known at all
    assert stale["2023-03-01"] == 0
    assert stale["2022-06-01"] == 1


def test_units_come_in_vietnamese_order_below_the_one_they_belong_to(site: Site) -> None:
    agencies = told(site.path / "data" / "index.js")["agencies"]
    of_province = [name for _, name, _, depth, parent, *_ in agencies if (depth, parent) == (1, "82")]
    assert of_province == [
        "Huyện Cái Bè", "Huyện Cai Lậy", "Huyện Châu Thành", "Huyện Chợ Gạo", "Huyện Gò Công Đông",
        "Huyện Gò Công Tây", "Huyện Tân Phú Đông", "Huyện Tân Phước", "Thành phố Gò Công", "Thành phố Mỹ Tho",
        "Thị xã Cai Lậy",
    ]  # fmt: skip
    assert told(site.path / "data" / "index.js")["main"] == "82"


def test_a_unit_of_today_is_told_from_the_one_that_had_its_code(world: World, site: Site) -> None:
    agencies = {entry[0]: entry for entry in told(site.path / "data" / "index.js")["agencies"]}
    # Tiền Giang went into the new Đồng Tháp, which has its code; Thái Nguyên, which took over Bắc Kạn, is not there yet
    assert agencies["82"][1:3] + agencies["82"][5:] == [
        "Tỉnh Tiền Giang", "Tien Giang Province", "", "", "Tỉnh Đồng Tháp", "Dong Thap Province"
    ]  # fmt: skip
    assert agencies["19"][6] == "2025-07-01"
    shown = told(site.path / "data" / "online_service" / "82.js")
    assert {"dossier_received|-|-|tree|as_was", "dossier_received|-|-|tree|restated"} <= set(shown)


def test_nothing_is_fetched_from_elsewhere_and_no_pseudonym_is_in_it(world: World, site: Site) -> None:
    hashes = set(world.ask("superuser", "select dossier_hash from blue.fct_dossier limit 500")["dossier_hash"])
    for path in site.path.rglob("*"):
        if path.suffix not in (".html", ".css", ".js") or path.name.startswith("echarts"):
            continue
        is_own = path.relative_to(site.path).parts[0] not in ("gate", "dbt")
        text = path.read_text(encoding="utf-8")
        assert not is_own or not re.search(r"(?:src|href)=[\"']?(?:https?:)?//|url\(|@import|\bfetch\(", text), path
        assert not LOADED_FROM_ELSEWHERE.search(text), path
        assert hashes.isdisjoint(re.findall(r"[0-9a-f]{64}", text)), path


def test_pages_of_other_tools_are_in_it_and_keep_to_themselves(site: Site) -> None:
    gate, (dbt,) = list((site.path / "gate").rglob("*.html")), list((site.path / "dbt").rglob("*.html"))
    assert gate and "Content-Security-Policy" in dbt.read_text(encoding="utf-8")
    assert "cloudfront" not in dbt.read_text(encoding="utf-8")
    # the pattern does find what these tools' own templates would load
    for foreign in (
        '<link rel="stylesheet" href="https://stackpath.bootstrapcdn.com/bootstrap.css"/>', "<img src='//x.vn/a.png'>",
        '<script src="https://cdn.jsdelivr.net/npm/vega@5"></script>', "<style>@import 'https://x.vn/a.css'</style>",
        "i.src='//d1fc8wv8zag5ca.cloudfront.net/2.9.0/sp.js'", "a{background:url(http://x.vn/a.png)}",
    ):  # fmt: skip
        assert LOADED_FROM_ELSEWHERE.search(foreign), foreign


def test_the_charting_library_is_the_one_that_was_reviewed(site: Site) -> None:
    from egov_kpi.report import vendored

    for name, digest in vendored.DIGESTS.items():
        assert vendored.digest(name) == digest, name


def test_a_unit_unknown_to_the_list_is_not_named(world: World, site: Site) -> None:
    refused = world.ask("auditor", "select distinct agency_code from quarantine.overview")["agency_code"]
    known = world.ask("auditor", "select distinct source_code from ref.agency_alias")["source_code"]
    unknown = set(refused.dropna()) - set(known)
    assert unknown
    page = (site.path / "quarantine.html").read_text(encoding="utf-8")
    assert "Đơn vị không có trong danh mục" in page
    assert not any(code in page for code in unknown)


def test_it_is_shown_in_one_step_and_old_ones_go(world: World, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "KEPT", 1)
    before = current_dir(world.settings).resolve()
    (report_dir(world.settings) / "sites" / "making-dead").mkdir()
    (report_dir(world.settings) / "1").symlink_to(before)
    again = build_report(world.settings)
    assert current_dir(world.settings).resolve() == again.path == (report_dir(world.settings) / "2").resolve()
    assert [path.resolve() for path in (report_dir(world.settings) / "sites").iterdir()] == [again.path]
    assert not (report_dir(world.settings) / "1").is_symlink()
    state = site_state(world.settings)
    assert state is not None
    assert (state.publish_no, state.business_date) == (2, date(2023, 3, 7))
    # the tests after this one read the site that is shown now
    object.__setattr__(site, "path", again.path)


def test_a_failing_build_leaves_the_last_site(world: World, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = current_dir(world.settings).resolve()
    monkeypatch.setattr(sites.pages, "asset", lambda name: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(EgovError, match="No space left") as failed:
        build_report(world.settings)
    assert failed.value.code == "EGOV-REPORT-002"
    assert current_dir(world.settings).resolve() == shown


def test_the_command_writes_it_where_it_is_told(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    assert run(["report", "build", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["publish_no"] == 2
    assert (out / "index.html").exists()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine", encoding="utf-8")
    assert run(["report", "build", "--out", str(tmp_path / "letters")]) == 4
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["mine.txt"]


def test_before_the_first_publish_there_is_nothing_to_report(warehouse: Settings) -> None:
    with pytest.raises(EgovError) as refused:
        build_report(warehouse)
    assert refused.value.code == "EGOV-REPORT-001"
    assert not current_dir(warehouse).exists()
    shutil.rmtree(report_dir(warehouse))
