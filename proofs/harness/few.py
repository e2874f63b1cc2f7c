"""Worlds of few units: of a province with one month behind it, and of those that the published reports are about."""

from dataclasses import fields, replace
from typing import Any, TypeVar

import pandas as pd

from egov_kpi.db.connect import connect
from egov_kpi.settings import Settings
from egov_kpi.simulator.one_stop import OneStop
from egov_kpi.simulator.province import PROVINCE
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.units import load_units, tree

SCALE = {"dossiers_per_night": 160, "history_months": 1}
COMMUNES = 4
Told = TypeVar("Told", Records, OneStop)


def few_records(seed: int = 1) -> Records:
    """A province that consists of these units alone; of its warehouse, `keep_units` takes out the others."""
    records = generate("province", seed, **SCALE)
    chosen = units_of_a_province()
    return replace(_of_units(records, chosen), one_stop=_of_units(records.one_stop, chosen))


def units_of_a_province() -> list[str]:
    """Codes of a province, its departments, its first district and the first communes in that."""
    units = load_units()
    members = units[units["agency_code"].isin(tree(units, PROVINCE))]
    district = members.loc[members["level"] == "district", "agency_code"].iloc[0]
    communes = members.loc[members["parent_code"] == district, "agency_code"].head(COMMUNES)
    return [PROVINCE, district, *communes, *members.loc[members["level"] == "department", "agency_code"]]


def units_of_reports() -> list[str]:
    """Codes of Gò Công Tây with its communes, of Huyền Tụng, of a neighbour of each, and of what these belong to."""
    return [*tree(load_units(), "823"), "824", "82", "01846", "01837", "058", "06"]


def keep_units(settings: Settings, chosen: list[str]) -> None:
    """Take all other units out of a seeded warehouse, but for the heirs of these."""
    with connect("superuser", settings) as conn:
        conn.execute(
            "delete from ref.agency where not agency_code = any(case when valid_to is null then array("
            "select s.new_code from ref.agency_successor as s where s.old_code = any(%(chosen)s))"
            " else %(chosen)s end)",
            {"chosen": chosen},
        )
        conn.execute("delete from ref.agency_successor where not new_code in (select agency_code from ref.agency)")
        conn.execute("delete from ref.agency_alias where not agency_code = any(%s)", (chosen,))


def _of_units(told: Told, agencies: list[str]) -> Told:
    """The rows of these agencies in every frame: those that name any other unit would name one that is in no list."""
    frames = {item.name: getattr(told, item.name) for item in fields(told)}
    kept: dict[str, Any] = {
        name: frame[frame.filter(like="agency_code").isin(agencies).all(axis=1)].reset_index(drop=True)
        for name, frame in frames.items()
        if isinstance(frame, pd.DataFrame)
    }
    return replace(told, **kept)
