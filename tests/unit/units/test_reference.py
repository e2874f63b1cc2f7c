"""The committed reference of administrative units: what it must hold, and that its checks see what is wrong."""

from dataclasses import replace

import pytest

from egov_kpi.units.reference import FIRST_DAY, MERGER, Successor, Unit, faults, load
from egov_kpi.units.sources import resolution

UNITS = load(Unit)
HEIRS = load(Successor)


def heirs(code: str) -> set[str]:
    return {row.new_code for row in HEIRS if row.old_code == code and row.old_valid_from == FIRST_DAY}


def test_reference_holds() -> None:
    """34 provinces and 3,321 communes today; 63, 696 and 10,035 before; one heir, or several without a share."""
    assert faults(UNITS, HEIRS) == []


def test_district_of_go_cong_tay_became_five_communes() -> None:
    names = {unit.code: unit.name_vi for unit in UNITS if unit.valid_from == MERGER}
    communes = [unit.code for unit in UNITS if unit.parent_code == "823"]
    assert len(communes) == 13
    assert {names[new] for code in communes for new in heirs(code)} == {
        "Xã Vĩnh Bình", "Xã Đồng Sơn", "Xã Phú Thành", "Xã Vĩnh Hựu", "Xã Long Bình",
    }  # fmt: skip


def test_code_82_was_kept_by_a_province_of_another_name() -> None:
    assert [(unit.valid_from, unit.name_vi) for unit in UNITS if unit.code == "82"] == [
        (FIRST_DAY, "Tỉnh Tiền Giang"),
        (MERGER, "Tỉnh Đồng Tháp"),
    ]


def test_codes_of_seven_provinces_went_to_another_one() -> None:
    provinces = [unit for unit in UNITS if unit.level == "province"]
    before = {unit.code: unit.name_vi for unit in provinces if unit.valid_from == FIRST_DAY}
    since = {unit.code: unit.name_vi for unit in provinces if unit.valid_from == MERGER}
    short = {code: name.split(" ", 1)[1].removeprefix("phố ") for code, name in before.items()}
    moved = {c for c, name in since.items() if name.split(" ", 1)[1].removeprefix("phố ") != short[c]}
    assert moved == {"15", "24", "44", "52", "80", "82", "91"}


def test_amendments_of_2026_make_a_third_epoch() -> None:
    third = [unit for unit in UNITS if unit.valid_from > MERGER]
    assert len([unit for unit in third if unit.level == "commune"]) == 22
    assert {unit.name_vi for unit in third if unit.level == "province"} == {
        "Thành phố Đồng Nai", "Thành phố Quảng Ninh", "Thành phố Bắc Ninh",
    }  # fmt: skip
    assert [unit.valid_from for unit in third if unit.is_confirmed == "true"] == ["2026-09-01"]


def test_divided_communes_have_no_share() -> None:
    assert len({row.old_code for row in HEIRS if not row.share}) == 471


@pytest.mark.parametrize(
    ("units", "rows"),
    [
        (UNITS[1:], HEIRS),
        ([*UNITS, replace(UNITS[0], valid_from="2020-01-01")], HEIRS),
        (UNITS, [row for row in HEIRS if row.old_code != "01846"]),
        (UNITS, [replace(row, share="") if row.old_code == "01846" else row for row in HEIRS]),
        (UNITS, [replace(row, is_default="false") for row in HEIRS]),
        ([replace(unit, parent_code="999") if unit.code == "01846" else unit for unit in UNITS], HEIRS),
    ],
    ids=["unit missing", "epochs overlap", "no heir", "one heir without a share", "no default", "no parent"],
)
def test_checks_see_what_is_wrong(units: list[Unit], rows: list[Successor]) -> None:
    assert faults(units, rows)


def test_resolution_is_the_last_that_a_note_names() -> None:
    told = resolution("Bỏ cấp huyện. Thành lập phường. Số: 388/NQ-UBTVQH16; Ngày: 04/08/2026")
    assert told is not None and (told.number, told.day, told.is_amendment) == ("388/NQ-UBTVQH16", "2026-08-04", True)
    assert resolution("") is None
