"""What the wording of a report makes of its figures: which pair, which total, which verdict."""

import pytest

from egov_kpi.claims.find import find_claims

# verdict, numerator, denominator, stated of each claim that is expected; nothing else is said.
Told = tuple[str, float | None, float | None, float | None]

CASES: list[tuple[str, list[Told]]] = [
    # what stands in closed brackets is no pair for a percent after them
    (
        "Tinh giản 15 biên chế (sự nghiệp 10, hành chính 5), đạt 1,8% so với biên chế giao.",
        [("holds", 15, None, 15), ("incomplete", 15, None, 1.8)],
    ),
    (
        "Mở 05 lớp tập huấn (cấp huyện 2, cấp xã 3), đạt 62,5% kế hoạch năm.",
        [("holds", 5, None, 5), ("incomplete", 5, None, 62.5)],
    ),
    (
        "Có 12 xã (3 xã loại I, 9 xã loại II), đạt 92% chỉ tiêu huyện giao.",
        [("holds", 12, None, 12), ("incomplete", 12, None, 92)],
    ),
    ("Kiểm tra 8 đơn vị (4 phòng, 4 xã), đạt 30,8%.", [("holds", 8, None, 8), ("incomplete", 8, None, 30.8)]),
    # points of a maximum and their change
    (
        "Đạt 92/100 điểm, tăng 3 điểm so với năm 2022 (89 điểm).",
        [("holds", 92, 100, None), ("holds", 92, 89, 3)],
    ),
    ("Tự chấm 65 điểm (giảm 3 điểm so với năm 2021), điểm thẩm định 62 điểm.", []),
    # the number of ways is no total of what came by them
    ("Hồ sơ nộp qua 2 kênh: trực tuyến 1.020, trực tiếp 930.", []),
    ("Kinh phí từ 2 nguồn: ngân sách 450 triệu đồng, xã hội hóa 120 triệu đồng.", []),
    ("Gửi theo 02 hình thức: điện tử 540 văn bản, giấy 12 văn bản.", []),
    # received, then settled
    (
        "Tỉnh tiếp nhận 356.789 hồ sơ; đã giải quyết 340.123 hồ sơ (đạt 93,53%), "
        "trong đó trước và đúng hạn 338.900 hồ sơ (đạt 99,46%).",
        [("wrong", 340123, 356789, 93.53), ("wrong", 338900, 340123, 99.46)],
    ),
    ("Tiếp nhận 500 hồ sơ; giải quyết 480 hồ sơ (69%).", [("wrong", 480, 500, 69)]),
    ("Tiếp nhận 500 hồ sơ. Giải quyết 480 hồ sơ (69%).", [("wrong", 480, 500, 69)]),
    ("Số hồ sơ: 1,143 triệu; đúng hạn: 1,134 triệu (99,23%).", [("wrong", 1134000, 1143000, 99.23)]),
    (
        "Giải quyết 340.123 hồ sơ, trong đó đúng hạn 338.900 hồ sơ (99,64%), quá hạn 1.223 hồ sơ (0,36%).",
        [("holds", 340123, None, 340123), ("holds", 338900, 340123, 99.64), ("holds", 1223, 340123, 0.36)],
    ),
    # changes
    (
        "Năm 2023 tiếp nhận 12.600 hồ sơ, tăng 20% so với năm 2022 (10.500 hồ sơ).",
        [("holds", 12600, 10500, 20)],
    ),
    ("Năm 2023: 149 hồ sơ; năm 2022: 120 hồ sơ; tăng 24,17%.", [("holds", 149, 120, 24.17)]),
    (
        "Có 1.020 hồ sơ nộp trực tuyến trong tổng số 1.950 hồ sơ (bằng 52,3%), thấp hơn 2,7% so với chỉ tiêu (55%).",
        [("holds", 1020, 1950, 52.3), ("unit_slip", 52.3, 55, 2.7)],
    ),
    # plan and result
    ("Theo kế hoạch 20 lớp, thực hiện 19 lớp, đạt 95%.", [("holds", 19, 20, 95)]),
    ("Kế hoạch 60, thực hiện 57, đạt 95%.", [("holds", 57, 60, 95)]),
    (
        "Huyện tổ chức được 15 buổi họp báo cáo, trong đó có 09 buổi về cải cách hành chính.",
        [("holds", 9, 15, None)],
    ),
    # sums told afterwards
    (
        "Tiếp nhận trực tiếp 930 hồ sơ, trực tuyến 1.020 hồ sơ, BCCI 210 hồ sơ. Tổng cộng là 2.260 hồ sơ.",
        [("wrong", 2160, None, 2260)],
    ),
    ("Hộ tịch 215 hồ sơ, chứng thực 280 hồ sơ, lao động 55 hồ sơ, cộng 560 hồ sơ.", [("wrong", 550, None, 560)]),
    ("Tổng số 12 xã, thị trấn trong đó có 12 xã, 01 thị trấn.", [("wrong", 13, None, 12)]),
    ("Tổng số hồ sơ: 764\na) Hồ sơ phần mềm: 244\nb) Hồ sơ giấy: 520", [("holds", 764, None, 764)]),
    ("Tổng số hồ sơ: 764\n- Hồ sơ phần mềm: 244\n- Hồ sơ giấy: 530", [("wrong", 774, None, 764)]),
    ("Tổng số hồ sơ: 764\n+ Hồ sơ phần mềm: 244\n+ Hồ sơ giấy: 520", [("holds", 764, None, 764)]),
    ("Tổng số hồ sơ: 764\n1. Hồ sơ phần mềm: 244\n2. Hồ sơ giấy: 520", [("holds", 764, None, 764)]),
    (
        "Tổng kinh phí: 2.350.000.000 đồng (hai tỷ ba trăm năm mươi triệu đồng), trong đó: ngân sách huyện "
        "1.350.000.000 đồng; xã hội hóa 1.000.000.000 đồng.",
        [("holds", 2350000000, None, 2350000000)],
    ),
    ("Tổng điểm 85,5 điểm (thẩm định 60,5; xã hội học 24).", [("wrong", 84.5, None, 85.5)]),
    (
        "Số hồ sơ đúng hạn là 1980 (99,5%), trễ hạn là 10 (0,5%) trong tổng số 1990 hồ sơ.",
        [("holds", 1980, 1990, 99.5), ("holds", 10, 1990, 0.5)],
    ),
    (
        "Thạc sĩ: 32 người (14,4%); đại học: 190 người (85,6%). Tổng số: 222 người.",
        [("holds", 32, 222, 14.4), ("holds", 190, 222, 85.6), ("holds", 222, None, 222)],
    ),
    (
        "Kết quả xếp loại:\n- Xuất sắc: 4 đơn vị (20%).\n- Tốt: 16 đơn vị (85%).\nTổng số: 20 đơn vị.",
        [("holds", 4, 20, 20), ("wrong", 16, 20, 85), ("holds", 20, None, 20)],
    ),
    (
        "Ban hành 42 văn bản (kế hoạch 12, công văn 25, báo cáo 6) về cải cách hành chính.",
        [("wrong", 43, None, 42)],
    ),
    (
        "Tổng số công chức là 145 người, nam 85 người, nữ 61 người; được đào tạo 22 người.",
        [("wrong", 146, None, 145)],
    ),
    (
        "Tỷ lệ giải ngân đạt 92,4%, cao hơn bình quân chung cả tỉnh (88%) là 4,4 điểm phần trăm.",
        [("holds", 92.4, 88, 4.4)],
    ),
    # changes told twice, or against two things
    (
        "Sắp xếp giảm 12 phòng (từ 48 xuống 36 phòng, tương ứng 25%).",
        [("holds", 36, 48, 12), ("holds", 36, 48, 25)],
    ),
    (
        "Chi 5.400 triệu đồng, bằng 90% so với dự toán được giao (6.000 triệu đồng), "
        "tăng 8% so với năm 2022 (5.000 triệu đồng).",
        [("holds", 5400000000, 6000000000, 90), ("holds", 5400000000, 5000000000, 8)],
    ),
    # what each of them has is no share of them
    (
        "Có 14/14 xã bố trí máy tính; 9/14 xã đạt trên 80% hồ sơ trực tuyến.",
        [("holds", 14, 14, None), ("holds", 9, 14, None), ("target", None, None, 80)],
    ),
    ("Sở Tài chính là 1 trong 5 đơn vị dẫn đầu.", []),
    ("Tỷ lệ đúng hạn = 4.802/4.900 x 100% = 98%.", [("holds", 4802, 4900, 98)]),
    # a percent of something that is not told
    ("Tiếp nhận 500 hồ sơ; đúng hạn 450 hồ sơ, đạt 100%.", [("incomplete", 450, None, 100)]),
    # no aims
    ("Công chức cấp xã có 95% có trình độ đại học trở lên.", [("incomplete", None, None, 95)]),
    ("Đã cấp định danh cho 75% người dân từ 18 tuổi trở lên.", [("incomplete", None, None, 75)]),
    ("Tỷ lệ trường đạt chuẩn quốc gia 75%.", [("incomplete", None, None, 75)]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_report_is_read_as_it_is_worded(text: str, expected: list[Told]) -> None:
    found = [claim.as_dict("a.txt") for claim in find_claims(text)]
    seen = [(c["verdict"], c["numerator"], c["denominator"], c["stated"]) for c in found]
    assert sorted(seen, key=str) == sorted(expected, key=str)
