"""CSV exports as provinces send them, and the faults that must not pass for data."""

import codecs
import unicodedata
from pathlib import Path

import pytest
from load_exports import DOSSIER_HEADERS, csv_text, dossier

from egov_kpi.errors import EgovError
from egov_kpi.load import csv_file
from egov_kpi.load.pseudonym import pseudonym

DATASET = "one_stop.dossiers"
KEY = bytes(range(32))
PLAIN = csv_text([DOSSIER_HEADERS, dossier(1), dossier(2)], 2)


def _write(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def _data(rows):
    return [row for row in rows if row["_kind"] == "data"]


def _refusal(read, path: Path) -> EgovError:
    with pytest.raises(EgovError) as refusal:
        read(DATASET, path)
    return refusal.value


def test_rows_keep_their_place_and_their_zeros(read, tmp_path) -> None:
    rows, count = read(DATASET, _write(tmp_path, PLAIN))
    assert [(row["_row_no"], row["_kind"]) for row in rows] == [(2, "data"), (3, "data"), (4, "structural")]
    assert rows[0]["agency_code"] == "01846"
    assert rows[0]["procedure_code"] == "1.005129"
    assert (count.data, count.structural, count.total.number) == (2, 1, 2)


def test_identifiers_are_hashed_and_the_rest_of_the_person_is_nowhere(read, tmp_path) -> None:
    rows, _ = read(DATASET, _write(tmp_path, PLAIN))
    assert rows[0]["dossier_hash"] == pseudonym("dossier", "000.00.15.H58-230115-0001", KEY)
    assert rows[0]["applicant_hash"] == pseudonym("citizen", "079000000001", KEY)
    text = repr(rows)
    for personal in ("Nguyễn Văn Thử", "0900000000", "Ấp Thử", "079000000001", "H58-230115"):
        assert personal not in text


def test_a_total_row_carries_nothing_into_the_table(read, tmp_path) -> None:
    rows, _ = read(DATASET, _write(tmp_path, PLAIN))
    assert {value for name, value in rows[-1].items() if not name.startswith("_")} == {None}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
def test_every_usual_encoding_gives_the_same_rows(read, tmp_path, encoding: str) -> None:
    text = PLAIN
    if encoding == "cp1258":
        # The code page holds base letters and tone marks: the shape in which Windows wrote it.
        text = _for_code_page_1258(PLAIN)
    rows, _ = read(DATASET, _write(tmp_path, text, encoding))
    assert _data(rows)[0]["field_name"] == "Hộ tịch"
    assert _data(rows)[0]["channel"] == "Trực tiếp"


def test_decomposed_unicode_is_composed(read, tmp_path) -> None:
    rows, _ = read(DATASET, _write(tmp_path, unicodedata.normalize("NFD", PLAIN)))
    assert _data(rows)[0]["field_name"] == "Hộ tịch"


def test_a_decomposed_identifier_has_the_pseudonym_of_the_composed_one(read, tmp_path) -> None:
    row = dossier(1, **{"Mã hồ sơ": unicodedata.normalize("NFD", "HỒ-SƠ-1 ")})
    rows, _ = read(DATASET, _write(tmp_path, csv_text([DOSSIER_HEADERS, row], 1)))
    assert rows[0]["dossier_hash"] == pseudonym("dossier", "HỒ-SƠ-1", KEY)


def test_ascii_headers_hide_no_code_page_further_down(read, tmp_path) -> None:
    headers = ["MaHoSo", "MaTTHC", "TenLinhVuc", "DonViId", "KenhThucHien", "LoaiDoiTuong", "ChuHoSo", "SoGiayTo"]
    headers += ["SoDienThoai", "DiaChi", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "HinhThucTra"]
    headers += ["TrangThaiHoSoId", "SoLanBoSung", "NgayCapNhat"]
    ascii_only = {"Lĩnh vực": "Ho tich", "Kênh thực hiện": "1", "Đối tượng": "1", "Hình thức trả": "1"}
    ascii_only |= {"Người nộp": "A", "Địa chỉ": "B"}
    plain = csv_text([headers, *(dossier(number, **ascii_only) for number in range(9000))])
    late = csv_text([dossier(9001, **(ascii_only | {"Lĩnh vực": "Hộ tịch"}))], 9001)
    rows, _ = read(DATASET, _write(tmp_path, plain.encode() + _for_code_page_1258(late).encode("cp1258")))
    assert _data(rows)[-1]["field_name"] == "Hộ tịch"


def test_text_of_an_old_font_is_refused_as_such(read, tmp_path) -> None:
    # "Mã hồ sơ" and its neighbours in TCVN3
    header = "M· hå s¬;M· TTHC;LÜnh vùc;M· ®¬n vÞ;Ngµy tiÕp nhËn\n"
    error = _refusal(read, _write(tmp_path, header.encode("latin-1") * 3))
    assert error.code == "EGOV-LOAD-017"


def test_a_byte_that_is_no_utf8_is_named_by_row(read, tmp_path) -> None:
    rows = [DOSSIER_HEADERS, *(dossier(number) for number in range(8000))]
    content = csv_text(rows, 8000).encode().replace(b"-7900;", b"-79\xff0;")
    error = _refusal(read, _write(tmp_path, content))
    assert (error.code, error.context["row"]) == ("EGOV-LOAD-005", 7902)


def test_a_bad_byte_near_the_header_is_no_code_page(read, tmp_path) -> None:
    content = PLAIN.encode().replace("Hộ tịch".encode(), b"\xff")
    assert _refusal(read, _write(tmp_path, content)).exit_code == 1


def test_control_characters_are_refused(read, tmp_path) -> None:
    for control in ("\x00", "\x1f"):
        path = _write(tmp_path, PLAIN.replace("Hộ tịch", f"Hộ{control}tịch"))
        assert _refusal(read, path).code == "EGOV-LOAD-012"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(read, tmp_path, delimiter: str) -> None:
    text = csv_text([DOSSIER_HEADERS, dossier(1)], 1, delimiter)
    rows, _ = read(DATASET, _write(tmp_path, text))
    assert rows[0]["field_name"] == "Hộ tịch"


def test_titles_numbering_and_blank_lines_are_structural(read, tmp_path) -> None:
    numbering = [f"({place})" for place in range(1, len(DOSSIER_HEADERS) + 1)]
    text = "SỞ MẪU;;\nBáo cáo hồ sơ;;\n" + csv_text([DOSSIER_HEADERS, numbering, dossier(1)]) + "\n"
    text += csv_text([dossier(2)], 2)
    rows, count = read(DATASET, _write(tmp_path, text))
    assert [row["_row_no"] for row in _data(rows)] == [5, 7]
    assert sorted(row["_row_no"] for row in rows if row["_kind"] == "structural") == [1, 2, 4, 6, 8]
    assert (count.data, count.structural) == (2, 5)


def test_a_short_total_line_in_the_middle_shifts_no_row_number(read, tmp_path) -> None:
    text = csv_text([DOSSIER_HEADERS, dossier(1)]) + "Cộng;1\n" + csv_text([dossier(2)]) + "Tổng cộng;2\n"
    rows, count = read(DATASET, _write(tmp_path, text))
    assert [row["_row_no"] for row in _data(rows)] == [2, 4]
    assert sorted(row["_row_no"] for row in rows if row["_kind"] == "structural") == [3, 5]
    assert count.total.number == 2


def test_a_procedure_called_total_is_data(read, tmp_path) -> None:
    text = csv_text([DOSSIER_HEADERS, dossier(1, **{"Mã hồ sơ": "Tổng cộng"}), dossier(2)], 2)
    assert len(_data(read(DATASET, _write(tmp_path, text))[0])) == 2


def test_columns_are_found_by_name_in_any_order(read, tmp_path) -> None:
    rows = [list(reversed(row)) for row in (DOSSIER_HEADERS, dossier(1))]
    text = csv_text(rows) + "Tổng cộng;1\n"
    assert read(DATASET, _write(tmp_path, text))[0][0]["agency_code"] == "01846"


def test_headers_differ_in_case_and_space_only(read, tmp_path) -> None:
    text = csv_text([[f" {header.upper()}  " for header in DOSSIER_HEADERS], dossier(1)], 1)
    assert read(DATASET, _write(tmp_path, text))[0][0]["agency_code"] == "01846"


def test_a_column_that_nobody_knows_is_named_and_not_stored(read, tmp_path) -> None:
    rows = [[*DOSSIER_HEADERS, "Số tài khoản"], [*dossier(1), "970400001"]]
    stored, count = read(DATASET, _write(tmp_path, csv_text(rows, 1)))
    assert list(count.added) == ["Số tài khoản"]
    assert "970400001" not in repr(stored)


def test_a_renamed_column_is_refused_with_the_likeliest_name(read, tmp_path) -> None:
    headers = ["Ngày giờ tiếp nhận" if header == "Ngày tiếp nhận" else header for header in DOSSIER_HEADERS]
    error = _refusal(read, _write(tmp_path, csv_text([headers, dossier(1)], 1)))
    assert error.code == "EGOV-LOAD-003"
    assert "Ngày tiếp nhận ← Ngày giờ tiếp nhận" in error.text("vi")


@pytest.mark.parametrize("missing", ["Mã hồ sơ", "Ngày trả kết quả"])
def test_a_missing_column_is_refused_required_or_not(read, tmp_path, missing: str) -> None:
    place = DOSSIER_HEADERS.index(missing)
    rows = [[cell for at, cell in enumerate(row) if at != place] for row in (DOSSIER_HEADERS, dossier(1))]
    error = _refusal(read, _write(tmp_path, csv_text(rows, 1)))
    assert (error.code, error.exit_code) == ("EGOV-LOAD-003", 1)
    assert missing in error.text("en")


def test_a_column_that_is_dropped_anyway_may_be_missing(read, tmp_path) -> None:
    place = DOSSIER_HEADERS.index("Điện thoại")
    rows = [[cell for at, cell in enumerate(row) if at != place] for row in (DOSSIER_HEADERS, dossier(1))]
    assert read(DATASET, _write(tmp_path, csv_text(rows, 1)))[1].data == 1


def test_two_columns_of_one_name_are_refused(read, tmp_path) -> None:
    rows = [[*DOSSIER_HEADERS, "DonViId"], [*dossier(1), "01846"]]
    assert _refusal(read, _write(tmp_path, csv_text(rows, 1))).code == "EGOV-LOAD-004"


def test_another_report_is_refused(read, tmp_path) -> None:
    assert _refusal(read, _write(tmp_path, "a;b\n1;2\n")).code == "EGOV-LOAD-002"


def test_line_breaks_and_quotes_inside_a_value_are_data(read, tmp_path) -> None:
    value = 'Hộ "tịch";\ndòng hai'
    rows, _ = read(
        DATASET, _write(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1, **{"Lĩnh vực": value}), dossier(2)], 2))
    )
    assert rows[0]["field_name"] == value
    assert [row["_row_no"] for row in rows] == [2, 3, 4]


def test_a_header_of_two_lines_in_one_cell_is_found(read, tmp_path) -> None:
    headers = ["Mã\nhồ sơ", *DOSSIER_HEADERS[1:]]
    assert read(DATASET, _write(tmp_path, csv_text([headers, dossier(1)], 1)))[1].data == 1


@pytest.mark.parametrize("field", ["Lĩnh vực", "Người nộp", "Ngày cập nhật"])
def test_an_unterminated_quote_swallows_no_rows(read, tmp_path, field: str) -> None:
    rows = [DOSSIER_HEADERS, dossier(1), dossier(2), dossier(3), dossier(4)]
    text = csv_text(rows, 4)
    line = text.split("\n")[2]
    cells = line.split(";")
    cells[DOSSIER_HEADERS.index(field)] = '"' + cells[DOSSIER_HEADERS.index(field)]
    error = _refusal(read, _write(tmp_path, text.replace(line, ";".join(cells))))
    assert (error.code, error.context["row"]) == ("EGOV-LOAD-006", 3)


def test_two_stray_quotes_swallow_no_rows_either(read, tmp_path) -> None:
    text = csv_text([DOSSIER_HEADERS, dossier(1), dossier(2), dossier(3), dossier(4)], 4)
    lines = text.split("\n")
    lines[2] = lines[2].replace("Hộ tịch", '"Hộ tịch')
    lines[4] = lines[4].replace("Hộ tịch", 'Hộ "tịch')
    assert _refusal(read, _write(tmp_path, "\n".join(lines))).code == "EGOV-LOAD-006"


@pytest.mark.parametrize("tail", ["001;2\n", "a;" * 30 + "\n"])
def test_a_row_of_another_width_is_named(read, tmp_path, tail: str) -> None:
    text = csv_text([DOSSIER_HEADERS, dossier(1), dossier(2)]) + tail
    error = _refusal(read, _write(tmp_path, text))
    assert (error.code, error.context["row"]) == ("EGOV-LOAD-007", 4)


def test_blocks_smaller_than_the_file_change_nothing(read, tmp_path, monkeypatch) -> None:
    text = csv_text([DOSSIER_HEADERS, *(dossier(number) for number in range(300))], 300)
    whole, _ = read(DATASET, _write(tmp_path, text))
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 1000)
    pieces, count = read(DATASET, _write(tmp_path, text))
    assert pieces == whole
    assert count.data == 300


def test_windows_line_ends(read, tmp_path) -> None:
    rows, _ = read(DATASET, _write(tmp_path, PLAIN.replace("\n", "\r\n")))
    assert rows[1]["updated_at"] == "19/01/2023 15:00"
    assert [row["_row_no"] for row in rows] == [2, 3, 4]


def test_a_header_alone_has_no_rows(read, tmp_path) -> None:
    rows, count = read(DATASET, _write(tmp_path, ";".join(DOSSIER_HEADERS)))
    assert (rows, count.data) == ([], 0)


def _for_code_page_1258(text: str) -> str:
    """Tone marks apart from their letters, circumflex, breve and horn together, as the code page wants them."""
    out = []
    for char in text:
        try:
            codecs.encode(char, "cp1258")
            out.append(char)
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", char)
            tones = [part for part in parts[1:] if part in "\u0300\u0301\u0303\u0309\u0323"]
            rest = [part for part in parts[1:] if part not in tones]
            out.append(unicodedata.normalize("NFC", parts[0] + "".join(rest)) + "".join(tones))
    return "".join(out)
