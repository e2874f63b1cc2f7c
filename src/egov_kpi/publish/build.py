"""Builds into the colour that nobody reads.

The ledger learns of a build twice: before dbt touches the colour (build_planned) and after all of it succeeded
(colour_built). What a killed build may have left behind is thereby known to the next one, which does it again. Rows
change, structure never does: a reader of the other colour holds locks on both.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.ledger.events import append
from egov_kpi.publish import colours, dbt, digest
from egov_kpi.publish.code import code_version, model_parts
from egov_kpi.publish.colours import BuildPlan
from egov_kpi.publish.facts import DOMAIN_OF_TABLE
from egov_kpi.publish.months import KPI
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

# Builds, publishes and rollbacks exclude one another; each takes this fence.
FENCE = "build"
FENCE_WAIT_SECONDS = 0.0
# Seeds have their own step. A unit test asks about the code, not about a night's data: `make test` runs them.
NOT_IN_A_BUILD = ("--exclude-resource-type", "seed", "--exclude-resource-type", "unit_test")
# Views in which nothing of a night has a say, nor has the colour: a quarter of the nodes.
STANDING = ("--exclude", "config.materialized:standing_view", "path:models/staging")


@dataclass(frozen=True)
class BuildResult:
    """Outcome of a build. `built` is False when there was nothing to do; `colour` then holds the state already."""

    colour: str
    business_date: date
    built: bool
    is_live_current: bool
    rebuild: bool
    applied: tuple[int, ...]
    revoked: tuple[int, ...]
    nodes: int


def build(
    settings: Settings, business_date: date, wait_seconds: float = FENCE_WAIT_SECONDS, run_id: str = ""
) -> BuildResult:
    """Bring the idle colour to the loads that count, as of a day; nothing if it or the live one is there.

    `run_id` names the run that asks for it, in the ledger.
    """
    with fence(FENCE, wait_seconds, settings=settings, role="builder"):
        return _build(settings, business_date, rebuild=False, run_id=run_id)


def rebuild(
    settings: Settings, business_date: date, wait_seconds: float = FENCE_WAIT_SECONDS, without_purged: bool = False
) -> BuildResult:
    """The same from nothing: the idle colour is emptied first, by delete.

    `without_purged` gives up the loads whose rows were purged, for this build and all later ones.
    """
    with fence(FENCE, wait_seconds, settings=settings, role="builder"):
        return _build(settings, business_date, rebuild=True, without_purged=without_purged)


def _build(
    settings: Settings, business_date: date, rebuild: bool, run_id: str = "", without_purged: bool = False
) -> BuildResult:
    with connect("builder", settings) as conn:
        colours.require_no_hold(colours.live(conn))
        dbt.seed(settings)
        plan = colours.plan(conn, business_date, settings, rebuild, without_purged)
        if not rebuild and (plan.is_live_current or plan.is_built):
            return _result(plan, built=False, nodes=0)
        nodes = carry_out(conn, settings, plan, {"run_id": run_id or None})
    return _result(plan, built=True, nodes=nodes)


def carry_out(conn: Connection, settings: Settings, plan: BuildPlan, said: dict[str, Any]) -> int:
    """Build what was planned, between the two events that tell of it; how many nodes ran. `said` goes into the last."""
    left_standing = STANDING if _views_stand(conn, plan) else ()
    event_no = append(conn, "build_planned", _event(settings, plan))
    conn.commit()
    _prepare(conn, plan)
    conn.commit()
    results = dbt.run(settings, "build", *NOT_IN_A_BUILD, *left_standing, variables=variables(plan))
    _keep_results(conn, event_no, results)
    conn.commit()
    dbt.require_success(results, plan.colour)
    digest.refresh_leaves(conn, plan.colour, None if plan.rebuild else _all_touched(plan))
    made_by = {**said, "dbt_invocation_id": dbt.last_invocation_id()}
    left_out = {"left_out": list(plan.left_out)} if plan.left_out else {}
    append(conn, "colour_built", {**_event(settings, plan), **left_out, **made_by})
    conn.commit()
    return len(results)


def _views_stand(conn: Connection, plan: BuildPlan) -> bool:
    """Whether the last build, of either colour, ended and was one of these very models; never for a rebuild."""
    last = conn.execute(
        "select kind, body_json ->> 'models' from ledger.event where kind in ('build_planned', 'colour_built')"
        " order by event_no desc limit 1"
    ).fetchone()
    return not plan.rebuild and last == ("colour_built", plan.models)


def _all_touched(plan: BuildPlan) -> set[date]:
    """Months of figures and of the facts that no figure counts."""
    return {month for months in plan.touched_months.values() for month in months}


def variables(plan: BuildPlan) -> dict[str, Any]:
    """What the models are told; dates as text, since dbt takes literals."""
    return {
        "colour": plan.colour,
        "as_of": plan.as_of.isoformat(),
        "touched_loads": list(plan.touched),
        "rebuild": plan.rebuild,
        "months": {domain: [day.isoformat() for day in days] for domain, days in plan.touched_months.items()},
    }


def _event(settings: Settings, plan: BuildPlan) -> dict[str, Any]:
    return {
        "colour": plan.colour,
        "as_of": plan.as_of,
        "applied": [load for load in plan.touched if load in plan.counted],
        "revoked": list(plan.to_unapply),
        "touched": list(plan.touched),
        "rebuild": plan.rebuild,
        "models": plan.models,
        "parts": model_parts(settings),
        "months": plan.touched_months,
        "code_version": code_version(settings),
    }


def _result(plan: BuildPlan, built: bool, nodes: int) -> BuildResult:
    return BuildResult(
        colour=plan.colour,
        business_date=plan.as_of,
        built=built,
        is_live_current=plan.is_live_current,
        rebuild=plan.rebuild,
        applied=plan.to_apply,
        revoked=plan.to_unapply,
        nodes=nodes,
    )


def _prepare(conn: Connection, plan: BuildPlan) -> None:
    """List of loads, partitions, and an empty colour for a rebuild."""
    conn.execute("delete from build.counted_load where colour = %s", (plan.colour,))
    conn.execute(
        "insert into build.counted_load (colour, load_seq) select %s, unnest(%s::bigint[])",
        (plan.colour, list(plan.counted)),
    )
    for table, is_partitioned in _tables(conn, plan.colour):
        if is_partitioned:
            needed = plan.touched_months[DOMAIN_OF_TABLE.get(table, KPI)]
            conn.execute("select publish.ensure_partitions(%s, %s, %s::date[])", (plan.colour, table, needed))
        if plan.rebuild:
            conn.execute(sql.SQL("delete from {}").format(sql.Identifier(plan.colour, table)))


def _tables(conn: Connection, colour: str) -> list[tuple[str, bool]]:
    rows = conn.execute(
        "select c.relname, c.relkind = 'p' from pg_class as c"
        " where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " order by c.relname",
        (colour,),
    ).fetchall()
    return [(str(name), bool(is_partitioned)) for name, is_partitioned in rows]


def _keep_results(conn: Connection, event_no: int, results: list[dbt.NodeResult]) -> None:
    columns = "node, resource_type, status, seconds, rows_affected, failures, message"
    values = "%(node)s, %(resource_type)s, %(status)s, %(seconds)s, %(rows_affected)s, %(failures)s, %(message)s"
    statement = f"insert into build.node_result (build_event_no, {columns}) values (%(event_no)s, {values})"  # noqa: S608
    with conn.cursor() as cursor:
        cursor.executemany(statement.encode(), [{"event_no": event_no, **asdict(item)} for item in results])
