"""Figures and publishes: which colour still holds a publish, and one figure of it with its definition."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from egov_kpi.db.connect import connect
from egov_kpi.db.rows import dicts
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings
from egov_kpi.trace.period import Period

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Publish:
    """One publish. `colour` is empty once a later build has begun where it stood; `as_of` is its day; `run_id` is
    Airflow's, empty where a person ran it by hand; `parts` are digests of the lists of units and of all other models,
    None of a build that did not say."""

    publish_no: int
    published_at: datetime
    published_by: str
    business_date: date
    code_version: str
    mart_digest: str
    colour: str
    as_of: date
    models: str
    event_no: int
    build_event_no: int
    audit_event_no: int
    run_id: str
    dbt_invocation_id: str
    is_live: bool
    parts: dict[str, str] | None = None


@dataclass(frozen=True)
class Asked:
    """One cell of the marts. `method` and `due_basis` are only needed where a KPI has several; `unit_basis` is `as_was`
    (units of the time) or `restated` (units of today)."""

    kpi_code: str
    agency_code: str
    period: Period
    scope: str = "tree"
    method: str | None = None
    due_basis: str | None = None
    unit_basis: str = "as_was"


@dataclass(frozen=True)
class Figure:
    """One figure of one publish: `values` as `marts.kpi_value` has them, `definition` as `marts.dim_kpi` had it."""

    asked: Asked
    values: dict[str, Any]
    definition: dict[str, Any]

    @property
    def numerator(self) -> Decimal:
        return Decimal(self.values["numerator"])

    @property
    def denominator(self) -> Decimal | None:
        found = self.values["denominator"]
        return None if found is None else Decimal(found)


@contextmanager
def one_state(settings: Settings) -> Iterator[Connection]:
    """A connection of the auditor to one state of the warehouse: a build that begins meanwhile changes nothing."""
    with connect("auditor", settings) as conn:
        conn.execute("set transaction isolation level repeatable read read only")
        # Some hundred thousand rows are grouped one by one.
        conn.execute("select set_config('work_mem', '256MB', true), set_config('jit', 'off', true)")
        yield conn


def find_publish(conn: Connection, publish_no: int | None) -> Publish:
    """A publish by its number, the one that BI sees without; EGOV-TRACE-001 when there is none."""
    row = conn.execute(
        """
        select p.publish_no, p.published_at, p.published_by, p.business_date, p.code_version, p.mart_digest,
            case when exists (
                select from ledger.event as later
                where later.kind = 'build_planned' and later.event_no > p.event_no
                    and later.body_json ->> 'colour' = p.colour
            ) then '' else p.colour end as colour,
            (b.body_json ->> 'as_of')::date, b.body_json ->> 'models', p.event_no, b.event_no,
            (e.body_json ->> 'audit_event_no')::bigint, coalesce(e.body_json ->> 'run_id', ''),
            coalesce(b.body_json ->> 'dbt_invocation_id', ''), p.publish_no = v.publish_no, b.body_json -> 'parts'
        from ledger.live as v
        inner join ledger.publish as p on p.publish_no = coalesce(%s, v.publish_no)
        inner join ledger.event as e on e.event_no = p.event_no
        inner join ledger.event as b on b.event_no = (e.body_json ->> 'build_event_no')::bigint
        """,
        (publish_no,),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-TRACE-001", publish_no=publish_no or "?")
    return Publish(*row)


def find_figure(conn: Connection, publish: Publish, asked: Asked) -> Figure:
    """The figure as the publish showed it; EGOV-TRACE-002 when it showed none, -003 when it showed several, -008 when
    it showed that there can be none."""
    found = _stored(conn, publish, asked) if publish.colour else _kept(conn, publish, asked)
    place = {
        "kpi": asked.kpi_code, "agency": asked.agency_code, "period": asked.period, "scope": asked.scope,
        "publish_no": publish.publish_no,
    }  # fmt: skip
    if not found:
        raise EgovError("EGOV-TRACE-002", **place)
    if len(found) > 1:
        known = ", ".join(f"{values['method']}/{values['due_basis']}" for values in found)
        raise EgovError("EGOV-TRACE-003", known=known, **place)
    if found[0]["numerator"] is None:
        raise EgovError("EGOV-TRACE-008", reason=found[0]["value_reason"], **place)
    return Figure(asked, found[0], _definition(conn, publish, found[0]))


_CELL = sql.SQL("""
    kpi_code = %(kpi_code)s and agency_code = %(agency_code)s and scope = %(scope)s and unit_basis = %(unit_basis)s
    and period_grain = %(grain)s and period_start = %(start)s
    and method = coalesce(%(method)s, method) and due_basis = coalesce(%(due_basis)s, due_basis)
""")


def _parameters(publish: Publish, asked: Asked) -> dict[str, Any]:
    return {
        "kpi_code": asked.kpi_code, "agency_code": asked.agency_code, "scope": asked.scope,
        "grain": asked.period.grain, "start": asked.period.start, "method": asked.method,
        "due_basis": asked.due_basis, "unit_basis": asked.unit_basis, "publish_no": publish.publish_no,
    }  # fmt: skip


def _stored(conn: Connection, publish: Publish, asked: Asked) -> list[dict[str, Any]]:
    query = sql.SQL("select * from {table} where {cell} order by method, due_basis").format(
        table=sql.Identifier(publish.colour, "kpi_value"), cell=_CELL
    )
    return dicts(conn, query, _parameters(publish, asked))


def _kept(conn: Connection, publish: Publish, asked: Asked) -> list[dict[str, Any]]:
    """From the history of all figures: of each version the last word up to that publish."""
    query = sql.SQL(
        "select * from (select distinct on (kpi_version, method, due_basis) * from ledger.kpi_value_log"
        " where {} and publish_no <= %(publish_no)s order by kpi_version, method, due_basis, publish_no desc) as k"
        " where op = 'upsert' order by method, due_basis"
    ).format(_CELL)
    return [
        {name: value for name, value in found.items() if name not in ("publish_no", "op")}
        for found in dicts(conn, query, _parameters(publish, asked))
    ]


def _definition(conn: Connection, publish: Publish, values: dict[str, Any]) -> dict[str, Any]:
    """The version's definition: of the colour, else as kept with the publish, else as it is today."""
    key = {name: values[name] for name in ("kpi_code", "kpi_version", "method", "due_basis")}
    query = sql.SQL(
        "select * from {} where kpi_code = %(kpi_code)s and kpi_version = %(kpi_version)s and method = %(method)s"
        " and due_basis = %(due_basis)s"
    ).format(sql.Identifier(publish.colour or "marts", "dim_kpi"))
    found = dicts(conn, query, key)
    if not publish.colour:
        found = _kept_definition(conn, publish, key) or found
    return found[0] if found else {}


def _kept_definition(conn: Connection, publish: Publish, key: dict[str, Any]) -> list[dict[str, Any]]:
    row = conn.execute(
        """
        select k.definition from ledger.kpi_definition_log as k
        where k.definition @> %(key)s and k.leaf_digest = (
            select l.digest from ledger.mart_leaf_log as l
            where l.relation = 'dim_kpi' and l.publish_no <= %(publish_no)s order by l.publish_no desc limit 1
        )
        """,
        {"key": Jsonb(key), "publish_no": publish.publish_no},
    ).fetchone()
    return [row[0]] if row else []
