"""A warehouse whose loads come from memory."""

from collections.abc import Iterator

import pytest
from life_rig import Rig, rigged

from egov_kpi.settings import Settings


@pytest.fixture
def rig(migrated_warehouse: Settings) -> Iterator[Rig]:
    with rigged(migrated_warehouse) as made:
        yield made
