"""A seed says everything: the same one gives the same bytes, another one other records."""

import pandas as pd
import pytest

from egov_kpi.simulator import calibrated, exports, province
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records

NIGHT = pd.Timestamp("2023-03-06")


@pytest.mark.parametrize("profile", ["calibrated", "province"])
def test_the_same_seed_gives_the_same_bytes(profile: str) -> None:
    def build() -> Records:
        return calibrated.generate(7) if profile == "calibrated" else province.generate(7, 20, 1)

    one, other = build(), build()
    window = Window(pd.Timestamp("2023-02-27"), NIGHT)
    assert exports.csv_bytes(exports.dossiers(one, window)) == exports.csv_bytes(exports.dossiers(other, window))
    assert exports.dossiers_workbook(one, window) == exports.dossiers_workbook(other, window)
    assert exports.outgoing_documents(one, window).equals(exports.outgoing_documents(other, window))


def test_another_seed_gives_other_records() -> None:
    assert not calibrated.generate(1).dossiers.equals(calibrated.generate(2).dossiers)
