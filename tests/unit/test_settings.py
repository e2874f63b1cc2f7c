"""Which provinces an installation serves."""

import pytest

from egov_kpi.settings import PROVINCES_OF_PROFILE, Settings
from egov_kpi.simulator.units import PROVINCES


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_KPI_PROVINCES", raising=False)


def test_the_simulated_profile_says_which_provinces_are_served() -> None:
    assert Settings().served_provinces == ("06", "22", "82")
    assert Settings(simulator_profile="province").served_provinces == ("84",)


def test_the_simulator_and_the_settings_agree_on_the_provinces_of_a_profile() -> None:
    assert PROVINCES == PROVINCES_OF_PROFILE


def test_with_sources_of_ones_own_all_are_unless_some_are_named() -> None:
    assert Settings(source_base_url="http://127.0.0.1:1").served_provinces == ()
    assert Settings(source_base_url="http://127.0.0.1:1", provinces="82, 06,").served_provinces == ("06", "82")
