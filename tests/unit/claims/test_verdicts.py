"""One sentence each for what the checker has to tell apart."""

from decimal import Decimal

import pytest

from egov_kpi.claims.find import find_claims

CASES = [
    ("Qua BCCI là 187/5.214 hồ sơ, đạt 3,58%.", "ratio", "holds", 187, 5214, 3.58),
    ("Qua BCCI là 187/5.214 hồ sơ, đạt 3.59%.", "ratio", "holds", 187, 5214, 3.59),  # 3.5865 rounded; 3.58 is cut
    ("Hồ sơ trực tuyến đạt 8,5% (12/882 hồ sơ).", "ratio", "wrong", 12, 882, 8.5),
    ("Có 39/35 người dùng chữ ký số.", "ratio", "wrong", 39, 35, None),
    ("Tỷ lệ tái sử dụng đạt 0,42% (42/100 hồ sơ).", "ratio", "unit_slip", 42, 100, 0.42),
    ("Tỷ lệ dịch vụ có phát sinh hồ sơ là 34 thủ tục.", "count_as_rate", "unit_slip", 34, None, 34),
    ("Tổng số 764 hồ sơ, gồm 244 hồ sơ điện tử và 520 hồ sơ giấy.", "sum", "holds", 764, None, 764),
    ("Tổng số 798 hồ sơ, gồm 244 hồ sơ điện tử và 520 hồ sơ giấy.", "sum", "wrong", 764, None, 798),
    ("Tiếp nhận 764 thủ tục (hồ sơ điện tử 244, hồ sơ giấy 520).", "sum", "unit_slip", 764, None, 764),
    ("Kết quả tự chấm đạt 51,25/68 điểm.", "points", "holds", 51.25, 68, None),
    ("Lĩnh vực thể chế đạt 8/7,5 điểm.", "points", "wrong", 8, 7.5, None),
    ("Số cán bộ dùng phần mềm đạt trên 100%.", "share", "wrong", None, None, 100),
    ("Tỷ lệ hài lòng đạt 96,7%.", "share", "incomplete", None, None, 96.7),
    ("Phấn đấu 100% văn bản được ký số.", "share", "target", None, None, 100),
    ("Số hồ sơ tăng 12,5% (từ 800 lên 900 hồ sơ).", "increase", "holds", 900, 800, 12.5),
    ("Tỷ lệ đúng hạn tăng 5% (từ 90% lên 95%).", "increase", "unit_slip", 95, 90, 5),
    ("Đã giải quyết 0/0 hồ sơ, đạt 100%.", "ratio", "ambiguous", 0, 0, 100),
]


@pytest.mark.parametrize(("text", "kind", "verdict", "numerator", "denominator", "stated"), CASES)
def test_a_sentence_is_judged(
    text: str, kind: str, verdict: str, numerator: float, denominator: float, stated: float
) -> None:
    (found,) = [claim.as_dict("a.txt") for claim in find_claims(text)]
    seen = (found["kind"], found["verdict"], found["numerator"], found["denominator"], found["stated"])
    assert seen == (kind, verdict, numerator, denominator, stated)
    assert found["text"] == text[found["start"] : found["end"]]
    assert found["reason_vi"] and found["reason_en"] and found["reason_vi"] != found["reason_en"]


def test_the_right_value_is_told() -> None:
    (found,) = find_claims("Hồ sơ trực tuyến đạt 8,5% (12/882 hồ sơ).")
    assert found.recomputed is not None and round(found.recomputed, 4) == Decimal("1.3605")
    assert "1,36%" in found.reason_vi and "1.36%" in found.reason_en


def test_claims_of_neighbours_are_kept_apart() -> None:
    text = "BCCI đạt 3.25% (163/5.012 hồ sơ).Trả kết quả 1.750/4.871 hồ sơ, đạt 35,93%; đúng hạn 98,1%."
    seen = [(claim.numerator, claim.denominator, claim.stated) for claim in find_claims(text)]
    assert seen == [
        (163, 5012, Decimal("3.25")),
        (1750, 4871, Decimal("35.93")),
        (None, None, Decimal("98.1")),
    ]


def test_a_total_of_points_is_held_against_its_items() -> None:
    text = "Huyện đạt 24,75/30 điểm; cụ thể:\n- A: 11,5/12,5 điểm.\n- B: 4/7,5 điểm.\n- C: 9,25/12 điểm.\n"
    total, *items = find_claims(text)
    assert total.verdict == "wrong" and "32" in total.reason_vi
    assert [item.verdict for item in items] == ["holds"] * 3


def test_a_table_is_read_by_its_columns() -> None:
    text = "Đơn vị\tSố hồ sơ\tĐúng hạn\tTỷ lệ\nXã A\t300\t150\t50%\nXã B\t420\t105\t25%\nXã C\t260\t91\t53%\n"
    verdicts = [(claim.numerator, claim.denominator, claim.verdict.value) for claim in find_claims(text)]
    assert verdicts == [(150, 300, "holds"), (105, 420, "holds"), (91, 260, "wrong")]


def test_a_list_of_parts_under_its_total() -> None:
    text = "Tổng số người: 246. Trong đó:\n- Công chức: 82 người;\n- Viên chức: 150 người;\n- Hợp đồng: 16 người.\n"
    assert [(claim.numerator, claim.stated, claim.verdict.value) for claim in find_claims(text)] == [
        (248, 246, "wrong")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Bố trí 3 công chức trực, trang bị 02 máy vi tính.",
        "Thời gian rút ngắn từ 15 ngày xuống còn 10 ngày.",
        "Tiếp từ 30 đến 40 lượt công dân mỗi ngày.",
        "Đã rà soát 85 văn bản, đề nghị sửa đổi 4 văn bản, bãi bỏ 2 văn bản.",
        "Lũy kế tạo mới 250, nâng tổng số lên 1.900 tài khoản.",
        "Nhiệm vụ chậm từ 5% trở xuống trừ 1/2 số điểm.",
        "",
    ],
)
def test_what_claims_nothing(text: str) -> None:
    assert find_claims(text) == []


def test_the_same_text_gives_the_same_claims() -> None:
    text = "\n".join(case[0] for case in CASES)
    assert find_claims(text) == find_claims(text)
