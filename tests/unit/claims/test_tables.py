"""Tables as reports print them: numbered headers, subtotals, indicators, merged cells, pairs within a cell."""

from pathlib import Path

import docx
import pytest

from egov_kpi.claims.extract import extract_text
from egov_kpi.claims.find import find_claims

Told = tuple[str, float | None, float | None, float | None]

CASES: list[tuple[str, str, list[Told]]] = [
    (
        "a row that numbers the columns is no row of figures",
        "Đơn vị|Tên|Tiếp nhận|Đúng hạn|Tỷ lệ (%)\n(1)|(2)|(3)|(4)|(5)=(4)/(3)\n"
        "1|Sở A|100|90|90\n2|Sở B|200|150|75\n|Tổng cộng|300|240|80\n",
        [
            ("holds", 90, 100, 90), ("holds", 150, 200, 75), ("holds", 240, 300, 80),
            ("holds", 300, None, 300), ("holds", 240, None, 240),
        ],
    ),
    (
        "subtotals are not added to what they are made of",
        "TT|Đơn vị|Hồ sơ\nI|Cấp tỉnh|300\n1|Sở A|100\n2|Sở B|200\nII|Cấp huyện|50\n1|Huyện C|50\n|Tổng cộng|350\n",
        [("holds", 300, None, 300), ("holds", 350, None, 350)],
    ),
    (
        "a subtotal is held against its own rows",
        "TT|Đơn vị|Hồ sơ\nI|Cấp tỉnh|310\n1|Sở A|100\n2|Sở B|200\nII|Cấp huyện|50\n1|Huyện C|50\n|Tổng cộng|360\n",
        [("wrong", 300, None, 310), ("holds", 360, None, 360)],
    ),
    (
        "indicators are no parts of one another unless their numbers say so",
        "STT|Chỉ tiêu|Số liệu\n1|Tổng số hồ sơ|764\n1.1|Phần mềm|244\n1.2|Giấy|530\n2|Tỷ lệ đúng hạn (%)|101,5\n",
        [("wrong", 774, None, 764), ("wrong", None, None, 101.5)],
    ),
    (
        "a pair within a cell, its percent in the next one",
        "Lĩnh vực|Đúng hạn|Tỷ lệ\nHộ tịch|498/500|96,9%\nĐất đai|45/50|90%\n",
        [("wrong", 498, 500, 96.9), ("holds", 45, 50, 90)],
    ),
    (
        "a pair and its percent in one cell",
        "Xã|Hoàn thành\nXã A|12/13 (92,3%)\nXã B|9/13 (69,2%)\n",
        [("holds", 12, 13, 92.3), ("holds", 9, 13, 69.2)],
    ),
    (
        "points of a maximum in one cell",
        "Tiêu chí|Điểm đạt\nThể chế|8/7,5\nThủ tục|14/15\n",
        [("wrong", 8, 7.5, None), ("holds", 14, 15, None)],
    ),
    (
        "a rate of the total row",
        "Mức độ|Số phiếu|Tỷ lệ\nRất hài lòng|270|56,84%\nHài lòng|160|37,3%\nKhông hài lòng|45|9,47%\n"
        "Tổng số|475|100%\n",
        [
            ("holds", 270, 475, 56.84), ("wrong", 160, 475, 37.3), ("holds", 45, 475, 9.47),
            ("holds", 475, None, 475),
        ],
    ),
    (
        "columns of two periods and the change between them",
        "Chỉ tiêu|Năm nay|Năm trước|Tăng/giảm (%)\nTiếp nhận|4.608|4.000|15,2\nTrả kết quả|4.200|4.000|6\n",
        [("holds", 4608, 4000, 15.2), ("wrong", 4200, 4000, 6)],
    ),
    (
        "a rate above 100 in a column of rates",
        "Đơn vị|Tỷ lệ đúng hạn (%)\nSở A|99,5\nSở B|101,5\n",
        [("wrong", None, None, 101.5)],
    ),
    (
        "parts below a total that nothing numbers",
        "Nội dung|Số lượng\nTổng số hồ sơ tiếp nhận|1.208\nTrong đó: Trực tuyến|702\nTrực tiếp|516\n"
        "Tỷ lệ đúng hạn|99,2%\n",
        [("wrong", 1218, None, 1208)],
    ),
    (
        "a count and its percent in one cell",
        "Xã|Tổng số|Đúng hạn (tỷ lệ)\nXã A|200|190 (95%)\nXã B|150|147 (98%)\nXã C|90|80 (90,9%)\n",
        [("holds", 190, 200, 95), ("holds", 147, 150, 98), ("wrong", 80, 90, 90.9)],
    ),
    (
        "changes in number",
        "Chỉ số|Năm 2022|Năm 2021|So sánh\nPAR INDEX|86,2|84,5|+1,7\nSIPAS|82,4|80,1|+2,3\nPAPI|42,8|41,2|1,9\n",
        [("holds", 86.2, 84.5, 1.7), ("holds", 82.4, 80.1, 2.3), ("wrong", 42.8, 41.2, 1.9)],
    ),
    (
        "points of whom the columns name",
        "Tiêu chí|Điểm chuẩn|Huyện A|Huyện B\nChỉ đạo|10|9|10\nThể chế|8|7,5|8,5\nThủ tục|15|14|13\n",
        [
            ("holds", 9, 10, None), ("holds", 10, 10, None), ("holds", 7.5, 8, None), ("wrong", 8.5, 8, None),
            ("holds", 14, 15, None), ("holds", 13, 15, None),
        ],
    ),
    (
        "one percent does not make a column of rates",
        "Nội dung|Quý I|Quý II\nHồ sơ giấy|80|70\nHồ sơ điện tử|120|150\nTỷ lệ điện tử|60%|68%\n"
        "Tổng số hồ sơ|200|220\n",
        [("holds", 200, None, 200), ("holds", 220, None, 220)],
    ),
]  # fmt: skip


def told(text: str) -> list[Told]:
    found = [claim.as_dict("a.txt") for claim in find_claims(text)]
    return sorted([(c["verdict"], c["numerator"], c["denominator"], c["stated"]) for c in found], key=str)


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_table_is_read(text: str, expected: list[Told]) -> None:
    assert told(text) == sorted(expected, key=str)


def test_a_merged_cell_of_html_keeps_the_columns_in_place(tmp_path: Path) -> None:
    page = (
        "<html><meta charset='utf-8'><table><tr><th>STT</th><th>Đơn vị</th><th>Hồ sơ</th></tr>"
        "<tr><td>1</td><td>Xã A</td><td>100</td></tr><tr><td>2</td><td>Xã B</td><td>250</td></tr>"
        "<tr><td colspan='2'>Tổng cộng</td><td>360</td></tr></table></html>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert told(extract_text(tmp_path / "a.html")) == [("wrong", 350, None, 360)]


def test_a_merged_cell_of_docx_keeps_the_columns_in_place(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=4, cols=3)
    for row, texts in enumerate((("STT", "Đơn vị", "Hồ sơ"), ("1", "Xã A", "100"), ("2", "Xã B", "250"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(3, 0).merge(table.cell(3, 1)).text = "Tổng cộng"
    table.cell(3, 2).text = "360"
    document.save(str(tmp_path / "a.docx"))
    assert told(extract_text(tmp_path / "a.docx")) == [("wrong", 350, None, 360)]


def test_a_table_that_sets_out_the_page_is_read_as_text(tmp_path: Path) -> None:
    page = (
        "<html><meta charset='utf-8'><table><tr><td><p>Đã xử lý 26/26 phản ánh, đạt 100%.</p><table><tr><td>A</td>"
        "<td>1</td></tr></table><p>Tổng số 764 hồ sơ, gồm 244 hồ sơ điện tử và 520 hồ sơ giấy.</p></td></tr></table>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert told(extract_text(tmp_path / "a.html")) == [("holds", 26, 26, 100), ("holds", 764, None, 764)]


def test_a_cell_merged_over_rows_keeps_the_columns_in_place(tmp_path: Path) -> None:
    page = (
        "<html><meta charset='utf-8'><table><tr><th rowspan='2'>Đơn vị</th><th colspan='2'>Hồ sơ</th>"
        "<th rowspan='2'>Tỷ lệ (%)</th></tr><tr><th>Tiếp nhận</th><th>Đúng hạn</th></tr>"
        "<tr><td>Xã A</td><td>200</td><td>150</td><td>75</td></tr>"
        "<tr><td>Xã B</td><td>100</td><td>90</td><td>91</td></tr></table></html>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert told(extract_text(tmp_path / "a.html")) == [("holds", 150, 200, 75), ("wrong", 90, 100, 91)]
