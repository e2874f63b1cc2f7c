"""What a container's own start leaves behind, without Docker: the same warehouse as `egov-kpi up` makes."""

import pytest

from egov_kpi.db.connect import connect
from egov_kpi.platform import airflow, container
from egov_kpi.settings import Settings


def test_init_leaves_a_warehouse_whose_gate_can_check(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(airflow, "prepare", lambda settings: airflow.home(settings).mkdir(parents=True))
    monkeypatch.setattr(container, "_become", lambda command, environment: became.append(command))
    container.init(empty_warehouse)
    with connect("loader", empty_warehouse) as conn:
        # the units that every suite looks up
        assert conn.execute("select count(*) > 20 from ref.agency_alias").fetchone() == (True,)
    assert [command[2:5] for command in became] == [["airflow", "pools", "import"]]
