"""The oracle of restated figures: every KPI under the units of today, calculated from the records.

Which unit took over which comes from the reference of administrative units, not from the list that the warehouse builds
with. A today's unit has its figures of a period where one of its predecessors reported anything.
"""

from functools import cache

import pandas as pd

from egov_kpi.simulator import truth
from egov_kpi.simulator.records import Records
from egov_kpi.units.reference import FIRST_DAY, Successor, load

# No reference of communes and provinces has departments and centres; their successors are taken from reports of the
# merger.
DEPARTMENTS = {"84.skhdt": "86.stc", "84.sct": "86.sct", "89.pvhcc": "91.pvhcc"}

# Marks the scopes of today's units where those of both bases stand side by side.
_TODAY = "today "


@cache
def heirs() -> dict[str, str]:
    """By the code of a unit of the first epoch the one unit that took it over whole; divided ones are not in it."""
    whole = {row.old_code: row.new_code for row in load(Successor) if row.old_valid_from == FIRST_DAY and row.share}
    return whole | DEPARTMENTS


def pairs(units: pd.DataFrame) -> pd.DataFrame:
    """(today's unit, scope, member of the first epoch): what each predecessor was alone, and with all below it."""
    both = truth.belonging(units)
    return both.assign(agency_code=both["agency_code"].map(heirs())).dropna(subset=["agency_code"]).drop_duplicates()


def expected_both(records: Records, as_of: str | pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Figures by unit basis, in the columns of `expected_kpis`: of the units of the time, and of today's of which a
    predecessor reported. What happened is looked at once.
    """
    today = pairs(records.units)
    both = pd.concat([truth.belonging(records.units), today.assign(scope=_TODAY + today["scope"])], ignore_index=True)
    happened = truth.Happened(records, pd.Timestamp(as_of), both)
    figures = truth.figures(happened)
    restated = figures["scope"].str.startswith(_TODAY)
    known = _where_reported(happened, figures[restated])
    return {
        "as_was": figures[~restated].reset_index(drop=True),
        "restated": known.assign(scope=known["scope"].str.removeprefix(_TODAY)),
    }


def _where_reported(happened: truth.Happened, figures: pd.DataFrame) -> pd.DataFrame:
    """Figures of units and periods with anything that a KPI counts, also where it came to nothing."""
    cell = ["agency_code", "scope", "period_grain", "period_start"]
    measures = {m for kpi in truth.all_kpis() for m in (kpi.numerator, kpi.denominator) if m is not None}
    cells = [*(happened.amounts(measure)[cell] for measure in measures), truth.listed(happened)[cell]]
    anything = pd.concat(cells, ignore_index=True).drop_duplicates()
    # whatever the scope: a unit that has figures has them in each of its scopes
    of_unit = anything[anything["scope"].isin(figures["scope"])].drop(columns="scope").drop_duplicates()
    return figures.merge(of_unit, on=of_unit.columns.tolist(), how="inner", validate="m:1")


def compare_both(records: Records, as_of: str | pd.Timestamp, actual: pd.DataFrame) -> pd.DataFrame:
    """The cells in which figures differ from the oracle, of the units of the time and of today's; empty when none."""
    return differences(expected_both(records, as_of), actual)


def differences(expected: dict[str, pd.DataFrame], actual: pd.DataFrame) -> pd.DataFrame:
    """The same against what the oracle has said already, by unit basis."""
    found = [
        truth.compare(figures, actual[actual["unit_basis"] == basis]).assign(unit_basis=basis)
        for basis, figures in expected.items()
    ]
    return pd.concat(found, ignore_index=True)
