"""One warehouse for all tests of a module: a build takes seconds, the tests read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dbt_world import World

from egov_kpi.platform.postgres import ServerInfo


@pytest.fixture
def world(warehouse) -> World:
    return World(warehouse)
