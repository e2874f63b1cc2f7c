"""The calibrated profile's records, once for all tests of a process: nobody changes them."""

import pytest

from egov_kpi.simulator.records import Records, generate


@pytest.fixture(scope="session")
def known() -> Records:
    return generate("calibrated")
