"""An installation serves some provinces: units of others are in no list, so that the gate refuses their rows."""

import pytest

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.publish.dbt import seed
from egov_kpi.settings import Settings

pytestmark = pytest.mark.long


def provinces(settings: Settings) -> tuple[set[str], set[str]]:
    """Provinces of the units in the list, and of the units that a source's code stands for."""
    with connect("builder", settings) as conn:
        listed = conn.execute("select distinct province_code from ref.agency").fetchall()
        named = conn.execute(
            "select distinct a.province_code from ref.agency_alias as l left join ref.agency as a using (agency_code)"
        ).fetchall()
    return {row[0] for row in listed}, {row[0] for row in named}


def test_units_of_the_provinces_served_alone_are_in_the_lists(warehouse: Settings) -> None:
    assert provinces(warehouse) == ({"06", "19", "22", "82"}, {"06", "19", "22", "82"})
    with connect("builder", warehouse) as conn:
        heirs = conn.execute("select array_agg(old_code order by 1) from ref.agency_successor where new_code = '82'")
        assert heirs.fetchone() == (["82", "87"],)
    assert not seed(warehouse)

    one = warehouse.model_copy(update={"provinces": "84"})
    assert seed(one)
    assert provinces(one) == ({"84", "86"}, {"84", "86"})

    with pytest.raises(EgovError) as refused:
        seed(warehouse.model_copy(update={"provinces": "84,99"}))
    assert refused.value.code == "EGOV-PUB-012"
    assert refused.value.context["provinces"] == "99"
