"""Secret rows never reach the disk; everything else does, byte for byte."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.landing import land_file
from egov_kpi.landing.secrecy import CsvFilter, JsonFilter, item_spans
from egov_kpi.landing.tally import tally_csv
from egov_kpi.settings import Settings

CANARY = "KHONG-DUOC-LUU"
HEADER = "Mã văn bản;Độ mật;Trích yếu\r\n"
OPEN_ROW = 'VB1;Thường;"hai dòng\r\ncó ""ngoặc"";"\r\n'
SECRET_ROW = f'VB2;Mật;"{CANARY}\r\ndòng hai"\r\n'
TOTAL = "Tổng cộng;2;\r\n"


def _page(*items: dict[str, object]) -> bytes:
    return json.dumps({"total": len(items), "items": list(items)}, ensure_ascii=False, indent=1).encode()


def _on_disk(settings: Settings, text: str) -> list[Path]:
    found = [path for path in settings.local_dir.rglob("*") if path.is_file()]
    return [
        path for path in found if text.encode() in path.read_bytes() or text.encode("utf-16-le") in path.read_bytes()
    ]


def test_secret_items_leave_a_page_and_the_rest_keeps_its_bytes() -> None:
    filter_ = JsonFilter(get_contract("ioffice.outgoing_documents"), "page")
    page = b'{"total":3, "note":[1.10],\n "items":[{"DoMat":"Th\\u01b0\\u1eddng","x":1.50}, {"DoMat":"M\\u1eadt"},'
    page += b'\n{"DoMat":"","y":1e2}], "page": 1}'
    assert filter_.feed(page) == b""
    landed = filter_.finish()
    assert filter_.withheld == 1
    assert landed.startswith(b'{"total":3, "note":[1.10],\n "items":[{"DoMat":"Th\\u01b0\\u1eddng","x":1.50},')
    assert landed.endswith(b'{"DoMat":"","y":1e2}], "page": 1}')
    assert len(json.loads(landed)["items"]) == 2


def test_page_without_secrets_is_not_touched() -> None:
    filter_ = JsonFilter(get_contract("ioffice.outgoing_documents"), "page")
    page = b'\xef\xbb\xbf[ {"DoMat" : "Kh\xc3\xb4ng"} ]\n'
    filter_.feed(page)
    assert filter_.finish() == page


def test_page_with_nothing_but_secrets() -> None:
    filter_ = JsonFilter(get_contract("ioffice.outgoing_documents"), "page")
    filter_.feed(_page({"DoMat": "Mật", "TrichYeu": CANARY}, {"DoMat": None, "TrichYeu": CANARY}))
    landed = filter_.finish()
    assert filter_.withheld == 2
    assert json.loads(landed) == {"total": 2, "items": []}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"items":[{"MaVanBan":"1"}]}', "EGOV-LAND-009"),
        (b'{"items":[{"DoMat":"Th', "EGOV-LAND-010"),
        (b'{"rows":[]}', "EGOV-LAND-010"),
        (b'{"items":[], "items":[{"DoMat":"x"}]}', "EGOV-LAND-010"),
        (b'{"items":[]} {"items":[]}', "EGOV-LAND-010"),
        (b"{}", "EGOV-LAND-010"),
        (b'{"items":[{"DoMat":"\xff"}]}', "EGOV-LAND-010"),
    ],
)
def test_page_that_can_not_be_judged_is_refused(content: bytes, code: str) -> None:
    filter_ = JsonFilter(get_contract("ioffice.outgoing_documents"), "page")
    filter_.feed(content)
    with pytest.raises(EgovError) as caught:
        filter_.finish()
    assert caught.value.code == code


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda part: st.lists(part), max_leaves=6)


@given(st.lists(st.dictionaries(st.text(), _JSON), max_size=8), st.sampled_from([None, 2]))
@hypothesis_settings(max_examples=50, deadline=None)
def test_item_spans_are_the_items(items: list[dict[str, object]], indent: int | None) -> None:
    text = json.dumps({"a": 1, "items": items, "b": [{}]}, indent=indent)
    spans = item_spans(text)
    assert [item for item, _, _ in spans] == items
    assert [json.loads(text[start:end]) for _, start, end in spans] == items


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_csv_in_every_encoding(any_format: Contract, settings: Settings, tmp_path: Path, codec: str) -> None:
    text = "Danh sách văn bản;;\r\n" + HEADER + OPEN_ROW + SECRET_ROW + "\r\n" + TOTAL
    if codec == "cp1258":
        # Windows-1258 writes the tone marks as characters of their own.
        text = _cp1258(text)
    path = tmp_path / "vanban.csv"
    path.write_bytes(text.encode(codec))
    delivery = land_file(any_format, path, settings)
    file = delivery.files[0]
    secret = _cp1258(SECRET_ROW) if codec == "cp1258" else SECRET_ROW
    assert file.path.read_bytes() == text.replace(secret, "").encode(codec)
    assert (file.rows_withheld, file.rows_declared) == (1, 2)
    assert delivery.rows_withheld == 1
    assert file.sha256_received != file.sha256_landed
    assert not _on_disk(settings, CANARY)


def _cp1258(text: str) -> str:
    import unicodedata

    marks = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
    out = ""
    for character in text:
        parts = unicodedata.normalize("NFD", character)
        tones = "".join(part for part in parts if part in marks)
        out += unicodedata.normalize("NFC", "".join(part for part in parts if part not in marks)) + tones
    return out


@given(data=st.data())
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_csv_cut_does_not_depend_on_chunks(any_format: Contract, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from([OPEN_ROW, SECRET_ROW, "VB3;thường;x\r\n", "VB4\r\n"]), max_size=12))
    content = ("\ufeff" + HEADER + "".join(rows) + TOTAL).encode()
    filter_ = CsvFilter(any_format, "vanban.csv")
    landed = b""
    while content:
        cut = data.draw(st.integers(1, len(content)))
        landed, content = landed + filter_.feed(content[:cut]), content[cut:]
    landed += filter_.finish()
    kept = [row for row in rows if row not in (SECRET_ROW, "VB4\r\n")]
    assert landed == ("\ufeff" + HEADER + "".join(kept) + TOTAL).encode()
    assert filter_.withheld == len(rows) - len(kept)


def test_csv_larger_than_the_first_look(any_format: Contract) -> None:
    filter_ = CsvFilter(any_format, "vanban.csv")
    content = (HEADER + OPEN_ROW * 3000 + SECRET_ROW * 5 + OPEN_ROW * 3000).encode()
    landed = b"".join(filter_.feed(content[at : at + 4096]) for at in range(0, len(content), 4096)) + filter_.finish()
    assert landed == (HEADER + OPEN_ROW * 6000).encode()
    assert filter_.withheld == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mã văn bản;Trích yếu\nVB1;x\n", "EGOV-LAND-009"),
        ("x;y\n" * 40 + HEADER, "EGOV-LAND-009"),
        (HEADER + 'VB1;Thường;"không đóng\n', "EGOV-LAND-010"),
    ],
)
def test_csv_that_can_not_be_judged_is_refused(
    any_format: Contract, settings: Settings, tmp_path: Path, text: str, code: str
) -> None:
    path = tmp_path / "vanban.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EgovError) as caught:
        land_file(any_format, path, settings)
    assert caught.value.code == code
    assert not list(settings.landing_dir.rglob("*.csv"))


def test_workbook_with_a_secret_row_is_refused_and_not_kept(
    any_format: Contract, settings: Settings, tmp_path: Path, workbook: Callable[..., bytes]
) -> None:
    rows = [["Danh sách"], ["Mã văn bản", "Độ mật"], ["VB1", "Thường"], ["VB2", "Mật"], ["Tổng cộng", 2]]
    path = tmp_path / "vanban.xlsx"
    path.write_bytes(workbook(rows))
    with pytest.raises(EgovError) as caught:
        land_file(any_format, path, settings)
    assert caught.value.code == "EGOV-LAND-008"
    assert caught.value.context["count"] == 1
    assert not [path for path in settings.landing_dir.rglob("*") if path.is_file()]


def test_workbook_without_secret_rows_lands_whole(
    any_format: Contract, settings: Settings, tmp_path: Path, workbook: Callable[..., bytes]
) -> None:
    content = workbook([["Mã văn bản", "Độ mật"], ["VB1", "Thường"], ["Tổng cộng", 1]])
    path = tmp_path / "vanban.xlsx"
    path.write_bytes(content)
    assert land_file(any_format, path, settings).files[0].path.read_bytes() == content


def test_workbook_without_the_marker_is_refused(
    any_format: Contract, settings: Settings, tmp_path: Path, workbook: Callable[..., bytes]
) -> None:
    path = tmp_path / "vanban.xlsx"
    path.write_bytes(workbook([["Mã văn bản"], ["VB1"]]))
    with pytest.raises(EgovError) as caught:
        land_file(any_format, path, settings)
    assert caught.value.code == "EGOV-LAND-009"


@pytest.mark.parametrize(
    ("text", "rows", "total", "whole"),
    [
        ("Mã hồ sơ;Mã TTHC\n1;2\n3;4\nTổng cộng;2\n", 2, 2, True),
        ("SỞ A;\n\nMã hồ sơ;Mã TTHC\n1;2\n\nTỔNG CỘNG;;1.234\n\n", 1, 1234, True),
        ('Mã hồ sơ,Mã TTHC\n"a\nb","c,d"\nTổng cộng: ,1\n', 1, 1, True),
        ("Mã hồ sơ;Mã TTHC\n1;2\n", 1, None, False),
        ('Mã hồ sơ;Mã TTHC\n1;"2\nTổng cộng;1\n', 0, None, False),
        ("", 0, None, False),
    ],
)
def test_tally(tmp_path: Path, text: str, rows: int, total: int | None, whole: bool) -> None:
    path = tmp_path / "HoSo.csv"
    path.write_text(text, encoding="utf-8-sig")
    tally = tally_csv(path, get_contract("one_stop.dossiers"))
    assert (tally.data_rows, tally.total_declared, tally.problem is None) == (rows, total, whole)
