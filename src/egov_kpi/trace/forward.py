"""`egov-kpi trace --row DATASET FILE_DIGEST ROW`: every figure in which one landed row counts.

The figures' own query runs over that row alone; what it contributes is carried up through units and periods in the way
that each KPI declares. A row that counts nowhere is told what became of it instead.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.publish.facts import FACT_OF_DATASET
from egov_kpi.settings import Settings
from egov_kpi.trace.component import Wanted, contributions
from egov_kpi.trace.figure import Publish, find_publish, one_state

Connection = psycopg.Connection[tuple[Any, ...]]

# A contribution counts in a KPI under every unit above its own, in every month, quarter and year around its day: of
# stocks only where the unit has no later snapshot within the period, and whatever hasn't run out by then (what was
# pending on a day counts where that is the day of looking).
_COUNTS_IN = """
    with recursive contribution as materialized ({contributions}),
    line as (
        select distinct c.agency_code as member_code, a.agency_code, a.parent_code, a.valid_from,
            coalesce(a.valid_to, 'infinity'::date) as valid_to, a.valid_from as version_from
        from contribution as c inner join {agency} as a on a.agency_code = c.agency_code
        union all
        select line.member_code, above.agency_code, above.parent_code, greatest(line.valid_from, above.valid_from),
            least(line.valid_to, coalesce(above.valid_to, 'infinity'::date)), above.valid_from
        from line inner join {agency} as above on above.agency_code = line.parent_code
            and line.valid_from <= coalesce(above.valid_to, 'infinity'::date) and above.valid_from <= line.valid_to
    ),
    -- each unit of the line, and the units that took it over since, up to today's
    heir as (
        select distinct agency_code as old_code, version_from as old_from, agency_code, version_from as unit_from,
            1::numeric as share
        from line
        union all
        select heir.old_code, heir.old_from, s.new_code, s.new_valid_from, heir.share * s.share
        from heir inner join ref.agency_successor as s
            on s.old_code = heir.agency_code and s.old_valid_from = heir.unit_from
    ),
    known as (
        select member_code, agency_code, valid_from, valid_to, agency_code as old_code, 'as_was' as unit_basis,
            1::numeric as share
        from line
        union all
        select line.member_code, heir.agency_code, line.valid_from, line.valid_to, line.agency_code, 'restated',
            heir.share
        from line
        inner join heir on heir.old_code = line.agency_code and heir.old_from = line.version_from
        inner join {agency} as today
            on today.agency_code = heir.agency_code and today.valid_from = heir.unit_from and today.valid_to is null
    ),
    scope as (
        select known.*, 'tree' as scope from known
        union all
        select known.*, 'own' from known where known.old_code = known.member_code
    ),
    side as (
        select k.*, s.side, s.measure_code, s.time_rollup, s.unit_rollup
        from {definition} as k
        cross join lateral (values
            ('numerator', k.numerator_measure, k.numerator_time_rollup, k.numerator_unit_rollup),
            ('denominator', k.denominator_measure, k.denominator_time_rollup, k.denominator_unit_rollup)
        ) as s (side, measure_code, time_rollup, unit_rollup)
    )
    select v.kpi_code, v.kpi_version, v.method, v.due_basis, v.agency_code, v.scope, v.unit_basis, v.period_grain,
        v.period_start, array_agg(distinct side.side order by side.side desc) as counts_in,
        max(c.amount * scope.share) as amount,
        max(c.distinct_key) as key, v.numerator, v.denominator, v.value, v.unit
    from contribution as c
    inner join side on side.measure_code = c.measure_code
    inner join scope on scope.member_code = c.agency_code
        and c.observed_date between scope.valid_from and scope.valid_to
    cross join lateral (values
        ('month', date_trunc('month', c.observed_date)::date, interval '1 month'),
        ('quarter', date_trunc('quarter', c.observed_date)::date, interval '3 months'),
        ('year', date_trunc('year', c.observed_date)::date, interval '1 year')
    ) as period (grain, first_day, length)
    inner join {value} as v on v.kpi_code = side.kpi_code and v.kpi_version = side.kpi_version
        and v.method = side.method and v.due_basis = side.due_basis and v.agency_code = scope.agency_code
        and v.scope = scope.scope and v.unit_basis = scope.unit_basis and v.period_grain = period.grain
        and v.period_start = period.first_day
    where (side.time_rollup <> 'last' or not exists (
            select from {component} as later
            where later.measure_code = c.measure_code and later.agency_code = c.agency_code
                and later.distinct_key = '' and later.observed_date > c.observed_date
                and later.business_month < (period.first_day + period.length)::date
        ))
        and coalesce(c.valid_until >= least((period.first_day + period.length)::date - 1, {as_of}), true)
        and (side.unit_rollup <> 'distinct_in_denominator' or exists (
            select from {component} as offered
            where offered.measure_code = side.denominator_measure and offered.agency_code = c.agency_code
                and split_part(offered.distinct_key, '|', 1) = c.distinct_key and offered.amount <> 0
                and offered.observed_date = (
                    select max(last_seen.observed_date) from {component} as last_seen
                    where last_seen.measure_code = side.denominator_measure
                        and last_seen.agency_code = c.agency_code and last_seen.distinct_key = ''
                        and last_seen.business_month >= period.first_day
                        and last_seen.business_month < (period.first_day + period.length)::date
                )
        ))
    group by v.kpi_code, v.kpi_version, v.method, v.due_basis, v.agency_code, v.scope, v.unit_basis, v.period_grain,
        v.period_start, v.numerator, v.denominator, v.value, v.unit
    order by v.kpi_code, v.agency_code, v.scope, v.unit_basis, v.period_start, v.period_grain
"""


FATES = {
    "effective": ("được tính", "counts"),
    "superseded": ("đã có phiên bản mới hơn", "a newer version of it counts"),
    "unchanged": (
        "không đổi so với lô trước, dòng của lô trước được tính",
        "unchanged; the row of an earlier load counts",
    ),
    "quarantined": ("bị cách ly", "in quarantine"),
    "blocked": ("lô bị chặn", "its load was blocked"),
    "revoked": ("lô đã bị thu hồi", "its load was revoked"),
    "not_in_publish": ("lô chưa có trong bản công bố này", "its load is not part of this publish"),
    "purged": ("dữ liệu gốc đã hủy, xem chứng nhận", "its source data was purged, see the certificate"),
    "left_out": (
        "dòng lặp, dòng tiêu đề hay dòng tổng, hoặc không có dòng này trong tệp",
        "a repetition, a title or total row, or no row of this file",
    ),
}


def trace_row(
    settings: Settings, dataset: str, file_digest: str, row_no: int, *, by: str, publish_no: int | None = None
) -> dict[str, Any]:
    """Where a landed row counts in a publish (default: the one shown), and what became of it in each load; logged.

    EGOV-TRACE-005 when no load brought that file, EGOV-TRACE-007 when neither colour holds the publish any more.
    """
    with one_state(settings) as conn:
        publish = find_publish(conn, publish_no)
        if not publish.colour:
            raise EgovError("EGOV-TRACE-007", publish_no=publish.publish_no)
        history = _history(conn, publish, dataset, file_digest, row_no)
        if not history:
            raise EgovError("EGOV-TRACE-005", dataset=dataset, digest=file_digest, row=row_no)
        figures = _counts_in(conn, settings, publish, dataset, file_digest, row_no)
    result = {
        "row": {"dataset": dataset, "file_digest": file_digest, "row": row_no},
        "publish_no": publish.publish_no,
        "business_date": publish.business_date,
        "history": history,
        "figures": figures,
    }
    return {**result, "event_no": _log(settings, result, by)}


def _counts_in(
    conn: Connection, settings: Settings, publish: Publish, dataset: str, file_digest: str, row_no: int
) -> list[dict[str, Any]]:
    measures = conn.execute(
        "select measure_code from ref.kpi_measure where %s = any(string_to_array(datasets, ';'))", (dataset,)
    ).fetchall()
    wanted = Wanted(
        colour=publish.colour,
        as_of=publish.as_of,
        measures=[str(row[0]) for row in measures],
        datasets=[dataset],
        months=None,
        where=sql.SQL("file_digest = {} and row_no = {}").format(sql.Literal(file_digest), sql.Literal(row_no)),
    )
    query = sql.SQL(_COUNTS_IN).format(
        contributions=contributions(conn, settings, wanted),
        as_of=sql.Literal(publish.as_of),
        **{
            name: sql.Identifier(publish.colour, table)
            for name, table in (
                ("agency", "dim_agency"), ("definition", "dim_kpi"), ("value", "kpi_value"),
                ("component", "fct_kpi_component"),
            )
        },
    )  # fmt: skip
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _history(conn: Connection, publish: Publish, dataset: str, file_digest: str, row_no: int) -> list[dict[str, Any]]:
    """What each load of that file did with the row, oldest first."""
    query = sql.SQL(
        """
        select f.load_seq, f.name as file, coalesce(r.sheet, q.sheet) as sheet, q.quarantine_id, q.state, q.rule_ids,
            p.event_no as purged_event_no, p.purged_at,
            case
                when q.quarantine_id is not null then 'quarantined'
                when not a.is_promoted then 'blocked'
                when exists (select from ledger.revoked_load as v where v.load_seq = f.load_seq) then 'revoked'
                when x.load_seq is not null then 'effective'
                when p.load_seq is not null then 'purged'
                when r.load_seq is null then 'left_out'
                when f.load_seq not in (select ledger.loads_of_publish(%(publish_no)s)) then 'not_in_publish'
                when r.is_unchanged then 'unchanged'
                else 'superseded'
            end as fate
        from ledger.load_file as f
        inner join ledger.load as l on l.load_seq = f.load_seq and l.dataset = %(dataset)s
        left join ledger.account as a on a.load_seq = f.load_seq
        left join {raw} as r
            on r.load_seq = f.load_seq and r.file_digest = f.sha256_landed and r.row_no = %(row_no)s
        left join {fact} as x
            on x.load_seq = f.load_seq and x.file_digest = f.sha256_landed and x.row_no = %(row_no)s
        left join ledger.purged_load as p on p.load_seq = f.load_seq
        left join quarantine.row as q
            on q.dataset = %(dataset)s and q.load_seq = f.load_seq and q.file_digest = f.sha256_landed
            and q.row_no = %(row_no)s
        where f.sha256_landed = %(digest)s
        order by f.load_seq, f.file_no
        """
    ).format(
        raw=sql.Identifier("raw", dataset.replace(".", "__")),
        fact=sql.Identifier(publish.colour, FACT_OF_DATASET[dataset].table),
    )
    values = {"dataset": dataset, "digest": file_digest, "row_no": row_no, "publish_no": publish.publish_no}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def _log(settings: Settings, result: dict[str, Any], by: str) -> int:
    body = {**result["row"], "publish_no": result["publish_no"], "figures": len(result["figures"]), "by": by}
    with connect("auditor", settings) as conn:
        return append(conn, "traced", body)
