"""Report files of every kind as text; files that can't be read say so."""

import unicodedata
from pathlib import Path

import docx
import pytest

from egov_kpi.claims.check import check_file
from egov_kpi.claims.extract import extract_text
from egov_kpi.errors import EgovError, ExitCode

SENTENCE = "Hồ sơ trực tuyến đạt 7,87% (11/866 hồ sơ)."


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    assert extract_text(written(tmp_path / "a.txt", SENTENCE.encode(encoding))) == SENTENCE


def test_decomposed_letters_and_windows_line_ends_are_tidied(tmp_path: Path) -> None:
    data = unicodedata.normalize("NFD", f"{SENTENCE}\r\n{SENTENCE}").encode()
    assert extract_text(written(tmp_path / "a.txt", data)) == f"{SENTENCE}\n{SENTENCE}"


def test_html_keeps_rows_and_drops_scripts(tmp_path: Path) -> None:
    page = (
        "<html><head><meta charset='utf-8'><script>var x = '1/2 hồ sơ';</script></head>"
        "<body><p>Hồ sơ <b>trực tuyến</b> đạt\n"
        " 7,87% (11/866 hồ sơ).</p><ul><li>Một</li></ul><table><tr><th>Xã</th><th>Số</th></tr>"
        "<tr><td><p>A</p></td><td>3</td></tr></table></body></html>"
    )
    text = extract_text(written(tmp_path / "a.html", page.encode()))
    assert SENTENCE in text.split("\n")
    assert "- Một" in text and "Xã\tSố" in text and "A\t3" in text and "var x" not in text


def test_docx_in_reading_order_with_tables(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Mở đầu")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Xã A", "98,5%"
    document.add_paragraph(SENTENCE)
    document.save(str(tmp_path / "a.docx"))
    assert [line for line in extract_text(tmp_path / "a.docx").split("\n") if line] == [
        "Mở đầu",
        "Xã A\t98,5%",
        SENTENCE,
    ]


def test_pdf_with_sentences_over_lines_and_pages() -> None:
    report = check_file(Path(__file__).parent / "report.pdf")
    seen = [(claim.numerator, claim.denominator, claim.verdict.value) for claim in report.claims]
    assert seen == [(866, None, "holds"), (11, 866, "wrong"), (26, 26, "holds")]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.txt", b"  \n", "EGOV-CLAIMS-003"),
        ("a.pdf", b"%PDF-1.4 broken", "EGOV-CLAIMS-001"),
        ("a.docx", b"PK\x03\x04 broken", "EGOV-CLAIMS-002"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EGOV-CLAIMS-002"),
        ("a.txt", b"\x00\x01\x02", "EGOV-CLAIMS-002"),
        ("a.html", b"<html><script>1</script></html>", "EGOV-CLAIMS-003"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    with pytest.raises(EgovError) as caught:
        extract_text(written(tmp_path / name, data))
    assert caught.value.code == code and caught.value.exit_code == ExitCode.COULD_NOT_CHECK


def test_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EgovError, match="EGOV-CLAIMS-001"):
        extract_text(tmp_path / "none.txt")
