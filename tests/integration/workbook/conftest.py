"""A warehouse in which a file of dossiers left rows in quarantine."""

from pathlib import Path

import pytest
from workbook_world import DAY, DOSSIERS, REFUSED, dossier, write_csv

from egov_kpi.night import ingest
from egov_kpi.settings import Settings


@pytest.fixture
def refused(warehouse: Settings, tmp_path: Path) -> Settings:
    """A warehouse with one load of 300 dossiers, four of them in quarantine."""
    rows = [dossier(number, **REFUSED.get(number, {})) for number in range(2, 302)]
    path = write_csv(tmp_path / "hồ sơ.csv", rows)
    load = ingest.load_files(DOSSIERS, [path], business_date=DAY, settings=warehouse)[0]
    assert (load["verdict"], load["account"]["quarantined"]) == ("quarantined", 4)
    return warehouse
