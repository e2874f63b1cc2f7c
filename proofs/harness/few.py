"""A province of few units with one month behind it: every system sends something, and a night costs seconds."""

from dataclasses import fields, replace
from typing import Any, TypeVar

import pandas as pd

from egov_kpi.simulator.one_stop import OneStop
from egov_kpi.simulator.province import PROVINCE
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.units import tree

SCALE = {"dossiers_per_night": 160, "history_months": 1}
COMMUNES = 4
Told = TypeVar("Told", Records, OneStop)


def few_records(seed: int = 1) -> Records:
    """The records of these units alone, among all units of the province."""
    records = generate("province", seed, **SCALE)
    chosen = few_units(records.units)
    return replace(_of_units(records, chosen), one_stop=_of_units(records.one_stop, chosen), units=records.units)


def few_units(units: pd.DataFrame) -> list[str]:
    """Codes of a province, its departments, its first district and the first communes in that."""
    members = units[units["agency_code"].isin(tree(units, PROVINCE))]
    district = members.loc[members["level"] == "district", "agency_code"].iloc[0]
    communes = members.loc[members["parent_code"] == district, "agency_code"].head(COMMUNES)
    return [PROVINCE, district, *communes, *members.loc[members["level"] == "department", "agency_code"]]


def _of_units(told: Told, agencies: list[str]) -> Told:
    """The rows of these agencies in every frame: those that name any other unit would name one that is in no list."""
    frames = {item.name: getattr(told, item.name) for item in fields(told)}
    kept: dict[str, Any] = {
        name: frame[frame.filter(like="agency_code").isin(agencies).all(axis=1)].reset_index(drop=True)
        for name, frame in frames.items()
        if isinstance(frame, pd.DataFrame)
    }
    return replace(told, **kept)
