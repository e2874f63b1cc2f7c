"""Which rows are not data."""

import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.load.structure import Total, is_heading, is_numbering, read_total, total_labels

LABELS = total_labels(get_contract("one_stop.dossiers"))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Tổng cộng", "12"], Total(12, 1)),
        (["TỔNG CỘNG:", None, "4.608"], Total(4608, 2)),
        ([None, "Tổng cộng", "x", "1 143"], Total(1143, 3)),
        (["Tổng cộng: 764 hồ sơ"], Total(764, 0)),
        (["Cộng", None], Total(None, None)),
        (["Tổng cục Thuế", "12"], None),
        (["Cộng hòa", "12"], None),
        (["000.00.15", "Tổng cộng"], None),
        ([None, None], None),
    ],
)
def test_totals(cells, expected) -> None:
    assert read_total(cells, LABELS) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["(1)", "(2)", "(3)=(1)+(2)", "(4)"], True),
        (["A", "B", "1", "2", "3"], True),
        (["1", "2", "3"], True),
        (["1", "3", "5"], False),
        (["01846", "5", "6"], False),
        (["1", "2", None, None, None, None, None], False),
        (["A", "B", "C"], False),
    ],
)
def test_numbering(cells, expected) -> None:
    assert is_numbering(cells) is expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Lĩnh vực 1: Chỉ đạo điều hành", True),
        ("CỘNG LĨNH VỰC 7", True),
        ("Cộng tiêu chí 7.2", True),
        ("Lĩnh vực", True),
        ("Lĩnh vực7", False),
        ("PAR.H.22.2022", False),
        ("Cộng hòa", False),
    ],
)
def test_headings_and_subtotals_of_a_form(label: str, expected: bool) -> None:
    assert is_heading(label, get_contract("forms.par_scorecards")) is expected
    assert not is_heading(label, get_contract("one_stop.dossiers"))
