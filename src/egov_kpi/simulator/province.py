"""A province at any scale: synthetic values over the real units of Trà Vinh (84)."""

from egov_kpi.simulator.records import Records


def generate(seed: int, dossiers_per_night: int, history_months: int) -> Records:
    raise NotImplementedError
