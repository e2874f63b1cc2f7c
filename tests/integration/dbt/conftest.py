"""Fixtures of the tests of the models."""

import pytest
from dbt_world import World

from egov_kpi.settings import Settings


@pytest.fixture
def world(warehouse: Settings) -> World:
    """A seeded warehouse without any row."""
    return World(warehouse)
