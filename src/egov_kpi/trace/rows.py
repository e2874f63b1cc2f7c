"""The rows behind a numerator or a denominator: the KPI's own query over the facts of a colour, row by row.

Two sums are held against each other: the rows of a unit, day and key against the component that the build made of them,
and the components against the published figure. A trace that doesn't add up is an error, never a shorter list.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from egov_kpi.settings import Settings
from egov_kpi.trace.component import ONE_PER_UNIT, PENDING, Wanted, contributions
from egov_kpi.trace.figure import Figure, Publish

Connection = psycopg.Connection[tuple[Any, ...]]


class Row(NamedTuple):
    """One landed row that counts: where it is, for which unit, on which day (of a flow: the first of the month), what
    it adds. `key` is the thing that is counted once however often it occurs, empty where rows are added up, and
    `pending` where the row counts as open on that day; `is_over` when that ran out before the day on which the figure
    looks. `share` of the unit counts."""

    agency_code: str
    load_seq: int
    file_digest: str
    row_no: int
    observed_date: date
    key: str
    amount: Decimal
    is_over: bool
    share: Decimal
    measure: str


@dataclass(frozen=True)
class Measure:
    """One side of a KPI: what is measured and how it rolls up over time and units; `within` is the other side's measure
    for a numerator that only counts things of the denominator."""

    code: str
    time_rollup: str
    unit_rollup: str
    within: str = ""

    @property
    def is_stock(self) -> bool:
        return self.time_rollup == "last"

    @property
    def is_distinct(self) -> bool:
        return self.unit_rollup.startswith("distinct")


@dataclass(frozen=True)
class Side:
    """A numerator or denominator with its rows. `total` is what the rows give, `stated` what the publish says."""

    measure: Measure
    rows: list[Row]
    total: Decimal
    stated: Decimal
    mismatches: list[str]

    @property
    def adds_up(self) -> bool:
        return self.total == self.stated and not self.mismatches


def sides(conn: Connection, settings: Settings, publish: Publish, figure: Figure) -> dict[str, Side]:
    """Numerator and, for ratios, denominator of a figure of a publish that a colour still holds."""
    wanted = {"numerator": (_measure(figure, "numerator"), figure.numerator)}
    if figure.definition["denominator_measure"] and figure.denominator is not None:
        wanted["denominator"] = (_measure(figure, "denominator"), figure.denominator)
    query = _Query(conn, settings, publish, figure, [measure for measure, _ in wanted.values()])
    return {name: query.side(measure, stated) for name, (measure, stated) in wanted.items()}


def _measure(figure: Figure, side: str) -> Measure:
    told = figure.definition
    unit_rollup = told[f"{side}_unit_rollup"]
    within = told["denominator_measure"] if unit_rollup == "distinct_in_denominator" else ""
    return Measure(told[f"{side}_measure"], told[f"{side}_time_rollup"], unit_rollup, within)


# Where the walk begins: at the unit itself, or at what a unit of today was before, its predecessors all the way back,
# each with the share that was taken over.
_ROOTS = {
    "as_was": """
    root as (
        select a.agency_code, a.valid_from, 1::numeric as share
        from {agency} as a where a.agency_code = %(agency_code)s
    )
""",
    "restated": """
    root as (
        select a.agency_code, a.valid_from, 1::numeric as share
        from {agency} as a where a.agency_code = %(agency_code)s and a.valid_to is null
        union all
        select s.old_code, s.old_valid_from, root.share * s.share
        from root inner join ref.agency_successor as s
            on s.new_code = root.agency_code and s.new_valid_from = root.valid_from
    )
""",
}
# Units below them, for as long as each was: the same line as int_agency__scope draws, walked downwards.
_MEMBERS = """
    member as (
        select a.agency_code, a.valid_from, coalesce(a.valid_to, 'infinity'::date) as valid_to, root.share
        from root inner join {agency} as a using (agency_code, valid_from)
        union all
        select below.agency_code, greatest(member.valid_from, below.valid_from),
            least(member.valid_to, coalesce(below.valid_to, 'infinity'::date)), member.share
        from member inner join {agency} as below
            on below.parent_code = member.agency_code and %(scope)s = 'tree'
            and member.valid_from <= coalesce(below.valid_to, 'infinity'::date) and below.valid_from <= member.valid_to
    )
"""
# Of each unit its last snapshot of the period; the component without a key says that the unit was in it.
_LAST_SEEN = """
    last_seen as (
        select c.measure_code, c.agency_code, max(c.observed_date) as observed_date
        from {component} as c
        where c.distinct_key = '' and c.business_month = any(%(months)s) and c.measure_code = any(%(stocks)s)
            and c.agency_code in (select m.agency_code from member as m)
        group by c.measure_code, c.agency_code
    )
"""
_FLOW = """
    select c.agency_code, c.load_seq, c.file_digest, c.row_no, c.observed_date, c.distinct_key, c.amount,
        coalesce(c.valid_until < %(reference_date)s, false), m.share, c.measure_code
    from contribution as c
    inner join member as m on m.agency_code = c.agency_code and c.observed_date between m.valid_from and m.valid_to
    where c.measure_code = any(%(flows)s)
"""
_STOCK = """
    select c.agency_code, c.load_seq, c.file_digest, c.row_no, c.observed_date, c.distinct_key, c.amount,
        coalesce(c.valid_until < %(reference_date)s, false), m.share, c.measure_code
    from contribution as c
    inner join last_seen as l using (measure_code, agency_code, observed_date)
    inner join member as m on m.agency_code = c.agency_code and c.observed_date between m.valid_from and m.valid_to
    where c.measure_code = %(measure)s
"""
# Of the denominator's things those that the same unit has in the numerator: the rows that make them count.
_MATCHED = """
    select c.agency_code, c.load_seq, c.file_digest, c.row_no, c.observed_date, offered.distinct_key, c.amount, false,
        m.share, c.measure_code
    from contribution as c
    inner join (
        select distinct o.agency_code, o.observed_date, o.distinct_key
        from contribution as o
        inner join last_seen as l using (measure_code, agency_code, observed_date)
        where o.measure_code = %(within)s
    ) as offered on offered.agency_code = c.agency_code and split_part(offered.distinct_key, '|', 1) = c.distinct_key
    inner join member as m
        on m.agency_code = c.agency_code and offered.observed_date between m.valid_from and m.valid_to
    where c.measure_code = %(measure)s
"""


class _Query:
    """The statements about one figure. What both sides count over the period is asked for at once, mostly of one fact;
    a stock, and what counts within the other side, each stand for themselves."""

    def __init__(
        self, conn: Connection, settings: Settings, publish: Publish, figure: Figure, measures: list[Measure]
    ) -> None:
        self.conn, self.settings, self.publish, self.figure = conn, settings, publish, figure
        self.measures = measures
        period = figure.asked.period
        self.parameters: dict[str, Any] = {
            "agency_code": figure.asked.agency_code,
            "scope": figure.asked.scope,
            "months": period.months,
            "stocks": [measure.code for measure in measures if measure.is_stock],
            "flows": [measure.code for measure in measures if not (measure.is_stock or measure.within)],
            "reference_date": min(period.end, publish.as_of),
        }
        self.members = self._members()
        self.flows = self._flows(self.parameters["flows"])

    def side(self, measure: Measure, stated: Decimal) -> Side:
        found = self._rows(measure)
        rows = [row for row in found if not row.is_over]
        components, mismatches = _components(found, self._stored_components(measure), measure)
        counted = {key for row in rows if (key := row.key)} if measure.is_distinct else ()
        total = Decimal(len(counted)) if measure.is_distinct else sum(components.values(), Decimal(0))
        return Side(measure, rows, total, stated, mismatches)

    def _members(self) -> list[str]:
        query = sql.SQL("with recursive {} select distinct agency_code from member").format(self._member_query())
        return [str(row[0]) for row in self.conn.execute(query, self.parameters)]

    def _member_query(self) -> sql.Composed:
        text = f"{_ROOTS[self.figure.asked.unit_basis]}, {_MEMBERS}"
        return sql.SQL(text).format(agency=self._table("dim_agency"))

    def _flows(self, codes: list[str]) -> dict[str, list[Row]]:
        """Rows by measure."""
        found: dict[str, list[Row]] = {code: [] for code in codes}
        for row in self._asked(_FLOW, codes, {}) if codes else ():
            found[row.measure].append(row)
        return found

    def _rows(self, measure: Measure) -> list[Row]:
        if measure.code in self.flows:
            return self.flows[measure.code]
        needed = [code for code in (measure.code, measure.within) if code]
        named = {"measure": measure.code, "within": measure.within}
        return self._asked(_MATCHED if measure.within else _STOCK, needed, named)

    def _asked(self, text: LiteralString, measures: list[str], named: dict[str, Any]) -> list[Row]:
        query = sql.SQL("with recursive {member}, {last_seen}, contribution as ({contributions}) {text}").format(
            member=self._member_query(),
            last_seen=sql.SQL(_LAST_SEEN).format(component=self._table("fct_kpi_component")),
            text=sql.SQL(text),
            contributions=contributions(self.conn, self.settings, self._wanted(measures)),
        )
        # Postgres guesses a handful of rows where there are thousands, and would compare each with each
        self.conn.execute("set local enable_nestloop = off")
        found = self.conn.execute(query, {**self.parameters, **named}).fetchall()
        self.conn.execute("set local enable_nestloop = on")
        return list(map(Row._make, found))

    def _wanted(self, measures: list[str]) -> Wanted:
        datasets = self.conn.execute(
            "select distinct unnest(string_to_array(datasets, ';')) from ref.kpi_measure where measure_code = any(%s)",
            (measures,),
        ).fetchall()
        return Wanted(
            colour=self.publish.colour,
            as_of=self.publish.as_of,
            measures=measures,
            datasets=[str(row[0]) for row in datasets],
            months=self.figure.asked.period.months,
            where=sql.SQL("agency_code = any({})").format(sql.Literal(self.members)),
        )

    def _stored_components(self, measure: Measure) -> dict[tuple[Any, ...], Decimal]:
        query = sql.SQL(
            "select agency_code, observed_date, distinct_key, amount from {} where measure_code = %(measure)s"
            " and business_month = any(%(months)s) and agency_code = any(%(members)s)"
        ).format(self._table("fct_kpi_component"))
        values = {**self.parameters, "measure": measure.code, "members": self.members}
        return {row[:3]: row[3] for row in self.conn.execute(query, values)}

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.publish.colour, name)


def _components(
    found: Iterable[Row], stored: dict[tuple[Any, ...], Decimal], measure: Measure
) -> tuple[dict[tuple[Any, ...], Decimal], list[str]]:
    """What the rows of each unit, day and key give, and where the build's component says something else.

    The rows of a component add up to it. Only where it is one thing (a procedure, a certified unit) does each of them
    show it whole.
    """
    shown: dict[tuple[Any, ...], list[Decimal]] = defaultdict(list)
    shares: dict[tuple[Any, ...], Decimal] = {}
    lasting: set[tuple[Any, ...]] = set()
    for agency_code, _, _, _, observed_date, key, amount, is_over, share, _ in found:
        # matched rows carry the denominator's key: procedure and level
        place = agency_code, observed_date, key.split("|")[0] if measure.within else key
        shown[place].append(amount)
        shares[place] = share
        if not is_over:
            lasting.add(place)
    components, mismatches = {}, []
    for place, amounts in shown.items():
        expected = stored.get(place, Decimal(0))
        is_one_thing = place[2] not in ("", PENDING) or measure.code in ONE_PER_UNIT
        if expected != (max(amounts) if is_one_thing else sum(amounts)):
            mismatches.append(" ".join(map(str, place)))
        # one thing lasts as long as the last of its rows
        components[place] = expected * shares[place] if place in lasting else Decimal(0)
    return components, mismatches
