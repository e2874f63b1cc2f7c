"""A build changes rows and never structure: an open reader of both colours neither waits nor is waited for."""

import pytest
from dbt_world import World
from test_models_incremental import COMMUNE, dossiers

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError

pytestmark = pytest.mark.usefixtures("few_units")


def _one(world: World, statement: str) -> object:
    return world.query(statement).iloc[0, 0]


def test_colours_have_one_structure(world: World) -> None:
    structure = """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attnum,
            coalesce(pg_get_partkeydef(c.oid), '')
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = '{}'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1, 5
    """
    blue, green = world.query(structure.format("blue")), world.query(structure.format("green"))
    assert len(blue) > 150
    assert blue.equals(green)
    indexes = "select replace(indexdef, '{0}.', '') as d from pg_indexes where schemaname = '{0}'"
    plain = [
        sorted(world.query(indexes.format(colour))["d"].str.replace(r"INDEX \S+ ON", "INDEX ON", regex=True))
        for colour in ("blue", "green")
    ]
    assert plain[0] == plain[1]


def test_build_beside_an_open_reader(world: World) -> None:
    first = world.load("one_stop.dossiers", dossiers(("a", COMMUNE, "2023-01-10", None, "2023-01-10")), "2023-01-31")
    second = world.load("one_stop.dossiers", dossiers(("b", COMMUNE, "2023-02-10", None, "2023-02-10")), "2023-02-28")
    world.build("green", [first], "2023-01-31", rebuild=True)
    tables = "select string_agg(oid::text, ',' order by oid) from pg_class where relnamespace = 'green'::regnamespace"
    before = _one(world, f"{tables} and not relispartition")
    with connect("bi", world.settings) as reader:
        reader.execute("begin isolation level repeatable read read only")
        reader.execute("select count(*) from marts.kpi_value")
        # a new partition, new rows, then everything anew: the reader holds a lock on every table of both colours
        world.build("green", [first, second], "2023-02-28")
        world.build("green", [first, second], "2023-02-28", rebuild=True)
        assert reader.execute("select count(*) from marts.kpi_online_service").fetchone() == (0,)
        reader.rollback()
    assert _one(world, f"{tables} and not relispartition") == before
    assert world.kpi("green", "dossier_received", COMMUNE, "quarter", "2023-01-01")["numerator"] == 2


def test_unknown_unit_is_no_figure(world: World) -> None:
    """The gate refuses an unknown unit; should one come through, the build fails and nothing is counted wrongly."""
    load = world.load("one_stop.dossiers", dossiers(("a", "99999", "2023-01-10", None, "2023-01-10")), "2023-01-31")
    with pytest.raises(EgovError, match="agency_code"):
        world.build("green", [load], "2023-01-31", rebuild=True)


def test_bi_reads_marts_only(world: World) -> None:
    with connect("bi", world.settings) as reader:
        views = ("kpi_value", "kpi_value_history", "last_publish", "dim_kpi", "dim_procedure", "data_freshness")
        for view in (*views, "unmapped_rows"):
            reader.execute(f"select * from marts.{view}")
        denied = reader.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname in ('blue', 'green', 'raw', 'staging', 'intermediate', 'ref', 'build', 'ledger')"
            " and c.relkind in ('r', 'v', 'p') and has_table_privilege(c.oid, 'select')"
            " and has_schema_privilege(n.oid, 'usage')"
        ).fetchone()
        assert denied == (0,)


def test_unit_tests_of_the_models(world: World) -> None:
    """dbt's own, which no night runs: they ask about the code."""
    world.build("green", [], "2023-03-06", rebuild=True)
    told = world.unit_tests()
    assert len(told) == 7
    assert set(told.values()) == {"pass"}
