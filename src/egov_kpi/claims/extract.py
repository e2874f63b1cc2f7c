"""The text of a report file: txt, html, docx and pdf with text. All offsets of claims are into what this gives."""

import re
import unicodedata
import zipfile
from pathlib import Path

from egov_kpi.errors import EgovError

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body br caption center dd div dl dt fieldset figcaption figure footer form "
        "h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section select table tbody td tfoot th "
        "thead title tr ul",
    )
)
LONGEST_CELL = 1000  # characters
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "iframe"})


def extract_text(path: Path) -> str:
    """The text of one report, composed (NFC), lines parted by a newline, cells of a table by a tab.

    Raises EGOV-CLAIMS-001 (unreadable), -002 (another format), -003 (no text).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EgovError("EGOV-CLAIMS-001", file=path.name, reason=error.strerror or type(error).__name__) from error
    text = _tidy(_text_of(path, data))
    if not text.strip():
        raise EgovError("EGOV-CLAIMS-003", file=path.name)
    return text


def _text_of(path: Path, data: bytes) -> str:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF"):
        return _pdf(path, data)
    if head.startswith(b"PK\x03\x04"):
        return _docx(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise EgovError("EGOV-CLAIMS-002", file=path.name, found="DOC/XLS (Office 97-2003)")
    if path.suffix.lower() in {".html", ".htm", ".xhtml"} or re.match(rb"(?i)<(?:!doctype html|html)", head):
        return _html(path, data)
    return _plain(path, data)


def _tidy(text: str) -> str:
    text = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").replace("\u00ad", "").replace("\u200b", "")
    )
    return unicodedata.normalize("NFC", text)


def _plain(path: Path, data: bytes) -> str:
    text = _decoded(path, data)
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise EgovError("EGOV-CLAIMS-002", file=path.name, found="nhị phân / binary")
    return text


def _decoded(path: Path, data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, else the Vietnamese code page of Windows, which composing puts right."""
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1258"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            reason = f"{encoding}: {error.reason}"
    raise EgovError("EGOV-CLAIMS-001", file=path.name, reason=reason)


def _html(path: Path, data: bytes) -> str:
    from lxml import etree, html

    try:
        declared = re.search(rb"(?i)charset\s*=\s*[\"']?([\w-]+)", data[:2048])
        known = declared[1].decode() if declared else None
        encoding = known if known and known.lower() not in {"utf-8", "utf8"} else "utf-8"
        root = html.fromstring(data, parser=html.HTMLParser(encoding=encoding, remove_comments=True, remove_pis=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise EgovError("EGOV-CLAIMS-001", file=path.name, reason=str(error)) from error
    pieces: list[str] = []
    _walk(root, pieces, False)
    lines = (
        re.sub(r" ?\t ?", "\t", re.sub(r"[ \r\f\v\n]+", " ", line)).strip(" ") for line in "".join(pieces).split("\x1e")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _walk(element: "object", pieces: list[str], in_cell: bool) -> None:
    """Text in reading order; \\x1e ends a line, within a cell a line end is only a space."""
    tag = getattr(element, "tag", "")
    name = tag.lower() if isinstance(tag, str) else ""
    if name == "table" and not in_cell and not _is_layout(element):
        pieces.append("\x1e" + "\x1e".join(_html_rows(element)) + "\x1e")
    elif name not in _SILENT and name:
        edge = " " if in_cell else "\x1e"
        if name in _BLOCKS:
            pieces.append(edge)
        if name == "li" and not in_cell:
            pieces.append("- ")
        pieces.append(getattr(element, "text", None) or "")
        for child in element:  # type: ignore[attr-defined]
            _walk(child, pieces, in_cell)
        if name in _BLOCKS:
            pieces.append(edge)
    pieces.append(getattr(element, "tail", None) or "")


def _is_layout(table: "object") -> bool:
    """A table that only sets out the page: with tables within, or whole pages of text in one cell."""
    inner = next(table.iterdescendants("table"), None)  # type: ignore[attr-defined]
    return inner is not None or any(
        len(cell.text_content()) > LONGEST_CELL
        for cell in table.iterdescendants("td", "th")  # type: ignore[attr-defined]
    )


def _html_rows(table: "object") -> list[str]:
    """One line per row; what a merged cell covers is empty, so that columns stay below their heads."""
    lines: list[str] = []
    covered: dict[int, int] = {}  # column: rows that a cell above still covers
    for row in table.iterdescendants("caption", "tr"):  # type: ignore[attr-defined]
        if row.tag == "caption":
            lines.append(_cell_text(row))
            continue
        line: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _fill_covered(line, covered)
            wide, high = _spans(cell)
            covered.update({len(line) + column: high for column in range(wide)} if high > 1 else {})
            line.extend([_cell_text(cell), *[""] * (wide - 1)])
        _fill_covered(line, covered)
        covered = {column: high - 1 for column, high in covered.items() if high > 1}
        lines.append("\t".join(line))
    return lines


def _fill_covered(line: list[str], covered: dict[int, int]) -> None:
    while len(line) in covered:
        line.append("")


def _spans(cell: "object") -> tuple[int, int]:
    """How many columns and rows a cell covers; what is no sensible number is one."""
    values = (cell.get("colspan", ""), cell.get("rowspan", ""))  # type: ignore[attr-defined]
    wide, high = (int(value) if re.fullmatch(r"[1-9]\d?", value.strip()) else 1 for value in values)
    return wide, high


def _cell_text(cell: "object") -> str:
    pieces: list[str] = []
    for_cell = [getattr(cell, "text", None) or ""]
    for child in cell:  # type: ignore[attr-defined]
        _walk(child, pieces, True)
    return " ".join("".join([*for_cell, *pieces]).split())


def _docx(path: Path) -> str:
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise EgovError("EGOV-CLAIMS-002", file=path.name, found="ZIP, không phải DOCX / not DOCX") from error
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines.extend(_table_lines(block))
        else:
            numbered = block._p.pPr is not None and block._p.pPr.numPr is not None
            lines.append(("- " if numbered and block.text.strip() else "") + block.text)
    return "\n".join(lines)


def _table_lines(table: "object") -> list[str]:
    """One line per row; what a merged cell covers is empty, so that columns stay below their heads."""
    lines = []
    seen: list[object] = []
    for row in table.rows:  # type: ignore[attr-defined]
        texts = []
        for cell in row.cells:
            texts.append("" if cell._tc in seen[-200:] else " ".join(cell.text.split()))
            seen.append(cell._tc)
        lines.append("\t".join(texts))
    return ["", *lines, ""]


def _pdf(path: Path, data: bytes) -> str:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise EgovError("EGOV-CLAIMS-001", file=path.name, reason=str(error)) from error
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    except pypdfium2.PdfiumError as error:
        raise EgovError("EGOV-CLAIMS-001", file=path.name, reason=str(error)) from error
    finally:
        document.close()
    return "\n".join(_without_page_number(page) for page in pages)


def _without_page_number(page: str) -> str:
    """The page without the number above or below it, which would part a sentence in two."""
    lines = page.replace("\r\n", "\n").replace("\ufffe", "-").strip("\n").split("\n")
    for edge in (0, -1):
        if lines and re.fullmatch(r"\s*[-–]?\s*(?:Trang\s*)?\d{1,3}(?:/\d{1,3})?\s*[-–]?\s*", lines[edge]):
            lines.pop(edge)
    return "\n".join(lines)
