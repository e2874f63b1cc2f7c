"""The figures of the publish: definitions, units, periods, and all values of one unit in one theme as compact JSON.

Everything is read from `marts` by the auditor's login in one transaction, so all pages show one publish.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.rows import dicts
from egov_kpi.report.collate import sort_key
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

_GRAINS = ("month", "quarter", "year")


@dataclass(frozen=True)
class Kpi:
    """One KPI by one method, in its newest definition; its data is stale when it is more than `lag_days` old."""

    kpi_code: str
    method: str
    due_basis: str
    theme: str
    name_vi: str
    name_en: str
    formula_vi: str
    formula_en: str
    unit: str
    target: Any
    direction: str | None
    legal_basis: str
    is_confirmed: bool
    owner: str
    versions: int
    datasets: tuple[str, ...]
    lag_days: int

    @property
    def key(self) -> str:
        """Name of the KPI in the data files and in addresses."""
        return "|".join((self.kpi_code, self.method, self.due_basis))


@dataclass(frozen=True)
class Agency:
    """One unit with figures. `depth` is 0 for a province; `ended` when it is no more, `begins` when it is not yet:
    figures are restated to units of today, whatever the business date. `today_vi` and `today_en` name the unit that
    has the code today, where that is another one."""

    agency_code: str
    name_vi: str
    name_en: str
    level: str
    parent_code: str
    depth: int
    ended: date | None
    begins: date | None
    today_vi: str
    today_en: str


@dataclass(frozen=True)
class Contents:
    """What there are figures of: KPIs, units, periods; and the unit to begin with."""

    kpis: list[Kpi]
    agencies: list[Agency]
    periods: list[dict[str, Any]]
    main: Agency


def contents(conn: Connection, settings: Settings) -> Contents:
    listed = agencies(conn)
    return Contents(kpis(conn, settings), listed, periods(conn), main_agency(conn, listed))


def kpis(conn: Connection, settings: Settings) -> list[Kpi]:
    """The KPIs that have figures, in Vietnamese order within their theme."""
    rows = dicts(
        conn,
        """
        select distinct on (d.kpi_code, d.method, d.due_basis)
            d.kpi_code, d.method, d.due_basis, d.theme, d.name_vi, d.name_en, d.formula_vi, d.formula_en, d.unit,
            d.target, d.direction, d.legal_basis, d.is_confirmed, d.owner,
            count(*) over (partition by d.kpi_code, d.method, d.due_basis) as versions,
            array(
                select distinct needed.dataset
                from ref.kpi_measure as m
                cross join lateral unnest(string_to_array(m.datasets, ';')) as needed (dataset)
                where m.measure_code in (d.numerator_measure, d.denominator_measure)
                order by 1
            ) as datasets
        from marts.dim_kpi as d
        where exists (
            select from marts.kpi_value as v
            where v.kpi_code = d.kpi_code and v.method = d.method and v.due_basis = d.due_basis
        )
        order by d.kpi_code, d.method, d.due_basis, d.kpi_version desc
        """,
    )
    contracts = all_contracts(settings)
    found = [
        Kpi(
            **{**row, "datasets": tuple(row["datasets"])},
            lag_days=max((contracts[name].freshness_hours + 23) // 24 for name in row["datasets"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda kpi: (kpi.theme, sort_key(kpi.name_vi), kpi.method, kpi.due_basis))


def agencies(conn: Connection) -> list[Agency]:
    """The units that have figures, each below the one that it belongs to, neighbours in Vietnamese order."""
    rows = dicts(
        conn,
        """
        select distinct on (a.agency_code) a.agency_code, a.name_vi, a.name_en, a.level,
            coalesce(a.parent_code, '') as parent_code,
            case when a.valid_to < p.business_date then a.valid_to end as ended,
            case when a.valid_from > p.business_date then a.valid_from end as begins,
            case when t.valid_from > a.valid_from then t.name_vi else '' end as today_vi,
            case when t.valid_from > a.valid_from then t.name_en else '' end as today_en
        from marts.dim_agency as a
        cross join marts.last_publish as p
        left join marts.dim_agency as t on t.agency_code = a.agency_code and t.valid_to is null
        where a.agency_code in (select v.agency_code from marts.kpi_value as v)
        order by a.agency_code, (a.valid_from <= p.business_date) desc, a.valid_from desc
        """,
    )
    known = {row["agency_code"] for row in rows}
    children: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        children.setdefault(row["parent_code"] if row["parent_code"] in known else "", []).append(row)
    return list(_below("", children, 0))


def _below(parent: str, children: dict[str, list[dict[str, Any]]], depth: int) -> Iterator[Agency]:
    for row in sorted(children.get(parent, []), key=lambda child: sort_key(child["name_vi"])):
        yield Agency(**{**row, "parent_code": parent}, depth=depth)
        yield from _below(row["agency_code"], children, depth + 1)


def main_agency(conn: Connection, listed: list[Agency]) -> Agency:
    """The unit to begin with: of those that belong to no other, the one with most units reporting."""
    roots = [agency for agency in listed if agency.depth == 0]
    rows = conn.execute(
        "select v.agency_code, sum(v.agencies_reporting) from marts.kpi_value as v"
        " where v.scope = 'tree' and v.period_grain = 'year' and v.unit_basis = 'as_was' and v.agency_code = any(%s)"
        " group by v.agency_code",
        ([agency.agency_code for agency in roots],),
    ).fetchall()
    reporting: dict[str, int] = dict(rows)
    return max(roots, key=lambda agency: reporting.get(agency.agency_code, 0))


def periods(conn: Connection) -> list[dict[str, Any]]:
    """Every period with figures, by grain and start; `is_over` unless it was still running on the business date."""
    return dicts(
        conn,
        """
        with period as (
            select
                v.period_grain as grain,
                v.period_start as start,
                (v.period_start + case v.period_grain
                    when 'month' then interval '1 month' when 'quarter' then interval '3 months' else interval '1 year'
                end)::date - 1 as "end"
            from marts.kpi_value as v
            group by v.period_grain, v.period_start
        )

        select p.grain, p.start, p."end", p."end" <= l.business_date as is_over
        from period as p
        cross join marts.last_publish as l
        order by array_position(%s, p.grain), p.start
        """,
        [list(_GRAINS)],
    )


FIGURE = (
    "place", "numerator", "denominator", "value", "value_reason", "target", "target_met", "data_as_of",
    "agencies_reporting", "agencies_expected", "quarantined_share", "is_stale", "kpi_version",
)  # fmt: skip
# One array per figure, its parts in the order of FIGURE; `place` is that of the period. A figure is stale when its data
# is older than the contracts of its datasets allow.
_VALUES = """
    with kpi as (
        select k.kpi_code, k.method, k.due_basis, k.theme, k.lag_days
        from unnest(%(codes)s::text[], %(methods)s::text[], %(bases)s::text[], %(themes)s::text[], %(lags)s::int[])
            as k (kpi_code, method, due_basis, theme, lag_days)
    ),

    period as (
        select p.grain, p.start, p.last_day, p.place - 1 as place
        from unnest(%(grains)s::text[], %(starts)s::date[], %(ends)s::date[]) with ordinality
            as p (grain, start, last_day, place)
    ),

    series as (
        select
            k.theme,
            v.agency_code,
            concat_ws('|', v.kpi_code, v.method, v.due_basis, v.scope, v.unit_basis) as name,
            json_agg(json_build_array(
                p.place, trim_scale(v.numerator), trim_scale(v.denominator), trim_scale(round(v.value, 10)),
                v.value_reason, trim_scale(v.target), v.target_met::int, v.data_as_of, v.agencies_reporting,
                v.agencies_expected, trim_scale(round(v.quarantined_share, 6)),
                (coalesce(v.data_as_of + k.lag_days < least(p.last_day, %(business_date)s), true))::int, v.kpi_version
            ) order by p.place) as figures
        from marts.kpi_value as v
        inner join kpi as k using (kpi_code, method, due_basis)
        inner join period as p on p.grain = v.period_grain and p.start = v.period_start
        -- a unit that has none below it says the same twice
        where (v.scope = 'tree' or v.agency_code = any(%(parents)s))
            and (%(agency_code)s::text is null or v.agency_code = %(agency_code)s)
        group by k.theme, v.agency_code, name
    )

    select s.theme, s.agency_code, json_object_agg(s.name, s.figures)::text
    from series as s
    group by s.theme, s.agency_code
"""


def values(
    conn: Connection, contents: Contents, business_date: date, agency_code: str | None = None
) -> Iterator[tuple[str, str, str]]:
    """Theme, unit and its figures as a JSON object: an array of figures by `kpi|method|due_basis|scope|unit_basis`.

    Of a unit without any below it there is the scope `tree` alone.
    """
    listed, spans = contents.kpis, contents.periods
    parameters = {
        "codes": [kpi.kpi_code for kpi in listed],
        "methods": [kpi.method for kpi in listed],
        "bases": [kpi.due_basis for kpi in listed],
        "themes": [kpi.theme for kpi in listed],
        "lags": [kpi.lag_days for kpi in listed],
        "grains": [span["grain"] for span in spans],
        "starts": [span["start"] for span in spans],
        "ends": [span["end"] for span in spans],
        "business_date": business_date,
        "parents": [agency.parent_code for agency in contents.agencies],
        "agency_code": agency_code,
    }
    yield from conn.execute(_VALUES, parameters)


def headlines(conn: Connection, contents: Contents, business_date: date) -> list[dict[str, Any]]:
    """The main unit's rates, with all units below it, in the newest year: each with its KPI and how far to trust it."""
    span = [place for place, period in enumerate(contents.periods) if period["grain"] == "year"][-1]
    known = {
        name: entry
        for _, _, told in values(conn, contents, business_date, contents.main.agency_code)
        for name, entries in json.loads(told, parse_float=Decimal, parse_int=Decimal).items()
        for entry in entries
        if entry[0] == span
    }
    return [
        {"kpi": kpi, **contents.periods[span], **_named(known[name])}
        for kpi in contents.kpis
        if kpi.unit != "count" and (name := f"{kpi.key}|tree|as_was") in known
    ]


def _named(entry: list[Any]) -> dict[str, Any]:
    """One figure of a data file, its parts by name."""
    return {**dict(zip(FIGURE, entry, strict=True)), "data_as_of": date.fromisoformat(entry[7]) if entry[7] else None}
