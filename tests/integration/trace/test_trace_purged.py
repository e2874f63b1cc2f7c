"""After a purge a trace still names file and line of every row, and ends at the certificate."""

import shutil
from collections.abc import Iterator
from datetime import date

import pytest
from psycopg import sql

from egov_kpi.cli import main
from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.publish.build import build
from egov_kpi.quarantine.review import show
from egov_kpi.quarantine.workbook import export_workbook
from egov_kpi.raw.purge import PurgeResult, purge
from egov_kpi.settings import Settings
from egov_kpi.trace.backward import trace
from egov_kpi.trace.figure import Asked
from egov_kpi.trace.forward import trace_row
from egov_kpi.trace.period import parse_period
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import SEED
from proofs.harness.published import published as two_publishes
from proofs.harness.world import World

OLD = date(2021, 1, 1)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    cluster = cluster_of_tests()
    with cluster.world("calibrated", SEED, origin=two_publishes(cluster)) as opened:
        yield opened


@pytest.fixture(scope="module")
def certificate(world: World) -> PurgeResult:
    """Everything that both colours hold, loaded in January 2021 and purged since."""
    # the colour of the first publish learns of the second night, so that both hold all loads
    build(world.settings, date(2023, 3, 8))
    _age(world.settings)
    return purge(world.settings, OLD, "hết hạn lưu", "Giữ")


def _age(settings: Settings) -> None:
    """Give the partitions of today another month: time is what a test lacks."""
    with connect("superuser", settings) as conn:
        conn.execute("set session_replication_role = replica")
        for contract in all_contracts(settings).values():
            found = conn.execute(
                "select c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid"
                " where i.inhparent = to_regclass(%s)",
                (f'raw."{contract.table}"',),
            ).fetchall()
            for (name,) in found:
                old = f"{contract.table}__{OLD:%Y%m}"
                names = {"parent": sql.Identifier("raw", contract.table), "part": sql.Identifier("raw", name),
                         "plain": sql.Identifier(old), "new": sql.Identifier("raw", old)}  # fmt: skip
                for statement in (
                    "alter table {parent} detach partition {part}",
                    "alter table {part} rename to {plain}",
                    "update {new} set loaded_month = '2021-01-01'",
                    "alter table {parent} attach partition {new} for values from ('2021-01-01') to ('2021-02-01')",
                ):
                    conn.execute(sql.SQL(statement).format(**names))


@pytest.mark.long
def test_a_figure_ends_at_the_certificate(world: World, certificate: PurgeResult) -> None:
    asked = Asked("bcci_received", "823", parse_period("2023Q1"))
    told = trace(world.settings, asked, by="test")
    assert told["numerator"]["row_count"] == 150
    row = told["numerator"]["rows"][0]
    assert len(row["file_digest"]) == 64 and row["row"] > 1
    assert {load["purged"]["event_no"] for load in told["loads"]} == {certificate.event_no}
    assert f"(sự kiện {certificate.event_no} của sổ cái)" in told["ends_at"]["vi"]
    assert "purge certificate" in told["ends_at"]["en"] and "custodian" not in told["ends_at"]["en"]
    # the first publish stands in no colour any more: its figure is from the kept history
    older = trace(world.settings, asked, by="test", publish_no=1)
    assert (older["figure"]["numerator"], older["ends_at"]["stored"]) == (149, False)
    assert "purge certificate" in older["ends_at"]["en"]


def test_a_row_is_told_to_be_purged(world: World, certificate: PurgeResult) -> None:
    asked = Asked("bcci_received", "823", parse_period("2023Q1"))
    row = trace(world.settings, asked, by="test")["numerator"]["rows"][0]
    found = trace_row(world.settings, row["dataset"], row["file_digest"], row["row"], by="test")
    assert [entry["fate"] for entry in found["history"]] == ["effective"] and found["figures"]
    assert found["history"][0]["purged_event_no"] == certificate.event_no
    # whether line 1 was a header nobody can tell any more
    gone = trace_row(world.settings, row["dataset"], row["file_digest"], 1, by="test")
    assert [entry["fate"] for entry in gone["history"]] == ["purged"]


def test_refused_rows_and_their_workbook_say_so(
    world: World, certificate: PurgeResult, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    query = "select dataset, quarantine_id, agency_code from quarantine.row where state = 'open' order by 1, 2 limit 1"
    dataset, number, code = world.ask("superuser", query).iloc[0]
    assert show(f"{dataset}:{number}", world.settings)["purged"]["event_no"] == certificate.event_no
    path = tmp_path_factory.mktemp("workbook") / "rows.xlsx"
    told = export_workbook(world.settings, code, None, path)
    assert (told["file"], told["rows"]) == (None, 0) and sum(told["purged"].values()) > 0
    assert main.run(["quarantine", "show", f"{dataset}:{number}"]) == 0
    assert f"event {certificate.event_no}" in capsys.readouterr().out
    shutil.rmtree(path.parent)


@pytest.mark.long
def test_the_next_night_that_needs_no_old_row_goes_on(world: World, certificate: PurgeResult) -> None:
    build(world.settings, date(2023, 3, 9))
    with pytest.raises(EgovError, match="EGOV-PUB-011"):
        from egov_kpi.publish.build import rebuild

        rebuild(world.settings, date(2023, 3, 9))
