"""How the report writes and sorts: Vietnamese order, numbers, days."""

from datetime import date
from decimal import Decimal

import pytest

from egov_kpi.report import formats, pages
from egov_kpi.report.collate import sort_key


def test_names_come_in_the_order_of_a_vietnamese_dictionary() -> None:
    in_order = [
        "Xã An Bình", "Xã Ân Thi", "Xã Bình Nhì", "Xã Bình Phú", "Xã Cầu Kè", "Xã Dân Tiến", "Xã Đại An", "Xã Đôn Châu",
        "Xã Lê", "Xã Liên", "Xã Long Bình", "Xã Lô", "Xã Lơ", "Xã Ma", "Xã Mà", "Xã Mả", "Xã Mã", "Xã Má", "Xã Mạ",
        "Xã Thành Công", "Xã Thạnh Trị", "Xã Thành Tuy", "Xã Ưng", "Xã Vĩnh Hựu", "Xã Yên Luông",
    ]  # fmt: skip
    # tones only decide between names whose letters are the same
    assert sorted(set(in_order), key=sort_key) == in_order


def test_numbers_in_names_are_numbers() -> None:
    assert sorted(["Phường 10", "Phường 2", "Phường 1"], key=sort_key) == ["Phường 1", "Phường 2", "Phường 10"]


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [
        (Decimal("1234.5"), "1.234,5", "1,234.5"),
        (Decimal("3.2335069"), "3,23", "3.23"),
        (Decimal("8.475"), "8,48", "8.48"),
        (4608, "4.608", "4,608"),
        (Decimal("100.0000"), "100", "100"),
        (Decimal("-0.5"), "-0,5", "-0.5"),
        (0, "0", "0"),
        (None, "–", "–"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: Decimal | None, vietnamese: str, english: str) -> None:
    assert formats.number(value, "vi") == vietnamese
    assert formats.number(value, "en") == english


def test_days_and_periods() -> None:
    assert formats.day(date(2023, 3, 6)) == "06/03/2023"
    assert formats.period("month", date(2023, 3, 1), "vi") == "03/2023"
    assert [formats.period("quarter", date(2023, 10, 1), language) for language in ("vi", "en")] == [
        "Quý IV/2023",
        "Q4/2023",
    ]


def test_whatever_is_put_into_a_page_is_text() -> None:
    assert str(pages.both("<b>1</b>", "<i>")) == (
        '<span lang="vi">&lt;b&gt;1&lt;/b&gt;</span><span lang="en">&lt;i&gt;</span>'
    )
