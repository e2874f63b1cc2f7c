"""Trà Vinh, 2022: the eleven units that the inspection of administrative reform looked at, with invented values.

Decision 1241/QĐ-UBND of 7 July 2022 names all nine district units and two departments; of what they did it publishes no
figure. On 2025-07-01 the province became part of Vĩnh Long (86) and the districts were dissolved: restated, the eleven
units' figures are Vĩnh Long's.
"""

from egov_kpi.simulator import province
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.timetable import working_days
from egov_kpi.simulator.units import load_units

PROFILE = "tra-vinh-2022"
INSPECTED = ("842", "844", "845", "846", "847", "848", "849", "850", "851", "84.skhdt", "84.sct")
FIRST_DAY, LAST_DAY = "2022-01-01", "2022-12-31"
SNAPSHOTS = ["2022-11-30", LAST_DAY]
DOSSIERS_A_DAY = 8


def generate(seed: int) -> Records:
    """All records of the eleven units in 2022: small, and of every system."""
    units = load_units()
    inspected = units[units["agency_code"].isin(INSPECTED)]
    days = working_days(FIRST_DAY, LAST_DAY)
    return province.drawn(PROFILE, seed, inspected, days, SNAPSHOTS, DOSSIERS_A_DAY)
