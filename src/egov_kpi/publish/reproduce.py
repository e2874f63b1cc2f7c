"""A past publish made anew from raw, and held against the digest that its event carries.

It is built from nothing, of the loads that the publish counted and as of its day, into the colour that nobody reads.
The colour's record says what it holds then, so the next night brings it to what counts, like any colour that is behind.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError
from egov_kpi.publish import colours, dbt, digest
from egov_kpi.publish.build import FENCE, carry_out
from egov_kpi.publish.code import code_version
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Reproduced:
    """A publish and what came out anew. `differing` are the relations and months whose leaves are not those of then,
    empty for a publish that kept none."""

    publish_no: int
    colour: str
    as_of: date
    loads: tuple[int, ...]
    mart_digest: str
    recorded_digest: str
    code_version: str
    recorded_code_version: str
    models_unchanged: bool
    differing: tuple[tuple[str, date], ...]

    @property
    def equal(self) -> bool:
        return self.mart_digest == self.recorded_digest


@dataclass(frozen=True)
class _Recorded:
    """What the ledger says of a publish."""

    mart_digest: str
    code_version: str
    as_of: date
    models: str
    loads: frozenset[int]


def reproduce(settings: Settings, publish_no: int) -> Reproduced:
    """Build a publish anew in the idle colour and compare.

    EGOV-TRACE-001 when there is none of that number, EGOV-PUB-011 when rows that it counted were purged, EGOV-PUB-001
    while publishing is on hold. Until the next publish no rollback is possible: the colour of the one before is used.
    """
    with fence(FENCE, settings=settings, role="builder"), connect("builder", settings) as conn:
        colours.require_no_hold(colours.live(conn))
        recorded = _recorded(conn, publish_no)
        colours.require_raw(conn, recorded.loads)
        dbt.seed(settings)
        plan = colours.plan_of_publish(conn, settings, recorded.loads, recorded.as_of)
        carry_out(conn, settings, plan, {"run_id": None, "reproduces": publish_no})
        made = digest.stored_digest(conn, plan.colour)
    return Reproduced(
        publish_no=publish_no,
        colour=plan.colour,
        as_of=plan.as_of,
        loads=plan.counted,
        mart_digest=made,
        recorded_digest=recorded.mart_digest,
        code_version=code_version(settings),
        recorded_code_version=recorded.code_version,
        models_unchanged=plan.models == recorded.models,
        differing=() if made == recorded.mart_digest else _differing(settings, publish_no, plan.colour),
    )


def _recorded(conn: Connection, publish_no: int) -> _Recorded:
    row = conn.execute(
        """
        select p.mart_digest, p.code_version, (b.body_json ->> 'as_of')::date, b.body_json ->> 'models',
            array(select ledger.loads_of_publish(p.publish_no))
        from ledger.publish as p
        inner join ledger.event as e on e.event_no = p.event_no
        inner join ledger.event as b on b.event_no = (e.body_json ->> 'build_event_no')::bigint
        where p.publish_no = %s
        """,
        (publish_no,),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-TRACE-001", publish_no=publish_no)
    mart_digest, version, as_of, models, loads = row
    return _Recorded(mart_digest, version, as_of, models, frozenset(loads))


def _differing(settings: Settings, publish_no: int, colour: str) -> tuple[tuple[str, date], ...]:
    with connect("auditor", settings) as conn:
        rows = conn.execute(
            """
            with recorded as (
                select relation, month, row_count, digest from (
                    select distinct on (relation, month) * from ledger.mart_leaf_log where publish_no <= %(publish_no)s
                    order by relation, month, publish_no desc
                ) as newest where op = 'upsert'
            ),
            made as (select relation, month, row_count, digest from build.mart_leaf where colour = %(colour)s)
            select coalesce(r.relation, m.relation), coalesce(r.month, m.month)
            from recorded as r full join made as m using (relation, month)
            where (r.row_count, r.digest) is distinct from (m.row_count, m.digest) order by 1, 2
            """,
            {"publish_no": publish_no, "colour": colour},
        ).fetchall()
    return tuple((str(relation), month) for relation, month in rows)
