"""What is read as a quantity, with which value, and what only looks like one."""

from decimal import Decimal

import pytest

from egov_kpi.claims.numbers import quantities


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("có 1.234,5 điểm", "1234.5", "count"),
        ("đạt 3.23%", "3.23", "percent"),
        ("đạt 36,94 %", "36.94", "percent"),
        ("đạt 86,7 phần trăm", "86.7", "percent"),
        ("đạt 99.125%", "99.125", "percent"),
        ("hơn 1,143 triệu hồ sơ", "1143000", "count"),
        ("1.143 triệu hồ sơ", "1143000", "count"),
        ("1.143 triệu đồng", "1143000000", "count"),
        ("1.143.000 hồ sơ", "1143000", "count"),
        ("4,608 hồ sơ", "4608", "count"),
        ("nộp 1 234 hồ sơ", "1234", "count"),
        ("nộp 1\u00a0234\u00a0567 hồ sơ", "1234567", "count"),
        ("tại 02 xã", "2", "count"),
        ("tăng 3,5 điểm phần trăm", "3.5", "pp"),
        ("trong 15 ngày", "15", "duration"),
        ("1,2 tỷ đồng", "1200000000", "count"),
    ],
)
def test_a_number_is_read_as_printed(text: str, value: str, form: str) -> None:
    (found,) = quantities(text)
    assert (found.value, found.form) == (Decimal(value), form)


@pytest.mark.parametrize(
    "text",
    [
        "Quyết định số 766/QĐ-TTg ngày 23/6/2022",
        "Nghị định 61/2018/NĐ-CP, 107/2021/NĐ-CP",
        "Công văn số 467-CV/TU ngày 12/8/2022",
        "Nghị quyết 30c/NQ-CP",
        "khoản 2 Điều 17",
        "điện thoại 02723.821.333 hoặc (0294) 3855 021",
        "lúc 14h00, từ 7:30 đến 11 giờ 30",
        "quý I/2023, tháng 9/2022, giai đoạn 2021-2025",
        "ngày 09 tháng 12 năm 2024",
        "xếp thứ 3/9, đứng vị trí 12/19, hạng 5/63, nhóm 3/13",
        "TCVN ISO 9001:2015, mã 1.005129, hồ sơ H29-240115-0042",
        "số 12/5 đường Nguyễn Huệ",
        "từ 01/7 đến 30/9",
        "24/7",
    ],
)
def test_look_alikes_are_no_quantities(text: str) -> None:
    assert [(q.written, q.unit) for q in quantities(text)] == []
