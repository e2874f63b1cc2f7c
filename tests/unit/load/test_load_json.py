"""Pages of the interfaces: names in any order, totals that must hold, numbers with the digits that were sent."""

import json
from pathlib import Path

import pytest

from egov_kpi.errors import EgovError

DATASET = "ioffice.outgoing_documents"


def document(number: int, **changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "MaVanBan": f"VB{number}", "MaDonVi": "823", "SoVanBan": "0012", "KyHieu": "UBND-VP", "LoaiVanBan": "Công văn",
        "DoMat": "Thường", "DoKhan": "Thường", "TrichYeu": "V/v mẫu", "NguoiKy": "Trần Thị Thử",
        "NgayBanHanh": "2023-01-05", "ThoiDiemKyCaNhan": "2023-01-05T08:00:00+07:00",
        "ThoiDiemKyCoQuan": "2023-01-05T08:05:00+07:00", "SoChungThuSo": "5402AB", "PhamViNhan": "BenNgoai",
        "GuiTruc": True, "HinhThuc": "DienTu", "TrangThai": "PhatHanh", "NgayCapNhat": "2023-01-05T08:10:00+07:00",
    }  # fmt: skip
    return values | changes


def page(tmp_path: Path, items: object, name: str = "page.json", **fields: object) -> Path:
    path = tmp_path / name
    path.write_text(json.dumps({"total": 2, "page": 1, "size": 500, **fields, "items": items}), encoding="utf-8")
    return path


def test_items_become_rows(read, tmp_path) -> None:
    rows, count = read(DATASET, page(tmp_path, [document(1), document(2)]))
    assert [(row["_row_no"], row["document_id"]) for row in rows] == [(1, "VB1"), (2, "VB2")]
    assert rows[0]["document_number"] == "0012"
    assert rows[0]["is_sent_via_axis"] == "true"
    assert (count.data, count.declared, count.page) == (2, 2, 1)
    assert "V/v mẫu" not in repr(rows)
    assert "Trần Thị Thử" not in repr(rows)
    assert "5402AB" not in repr(rows)


def test_a_plain_list_is_a_page_too(read, tmp_path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([document(1)]), encoding="utf-8")
    assert read(DATASET, path)[1].data == 1


def test_numbers_keep_their_digits(read, tmp_path) -> None:
    text = json.dumps([document(1)]).replace('"0012"', "12.50").replace("true", "1")
    path = tmp_path / "numbers.json"
    path.write_text(text, encoding="utf-8")
    rows, _ = read(DATASET, path)
    assert (rows[0]["document_number"], rows[0]["is_sent_via_axis"]) == ("12.50", "1")


def test_what_an_item_leaves_out_is_empty(read, tmp_path) -> None:
    short = document(1)
    del short["ThoiDiemKyCaNhan"]
    rows, _ = read(DATASET, page(tmp_path, [short, document(2)]))
    assert rows[0]["personal_signed_at"] is None


@pytest.mark.parametrize(("old", "new"), [("MaDonVi", "DonVi"), ("ThoiDiemKyCaNhan", "ThoiDiemKyCaNhanMoi")])
def test_a_renamed_field_is_refused(read, tmp_path, old: str, new: str) -> None:
    item = document(1)
    item[new] = item.pop(old)
    with pytest.raises(EgovError) as refusal:
        read(DATASET, page(tmp_path, [item]))
    assert refusal.value.code == "EGOV-LOAD-003"


def test_an_added_field_is_named_and_not_stored(read, tmp_path) -> None:
    rows, count = read(DATASET, page(tmp_path, [document(1, Email="thu@mau.vn")]))
    assert list(count.added) == ["Email"]
    assert "thu@mau.vn" not in repr(rows)


@pytest.mark.parametrize("level", ["Mật", "Tối mật", None, ""])
def test_a_secret_row_that_landed_all_the_same_ends_the_load(read, tmp_path, level) -> None:
    secret = page(tmp_path, [document(1), document(2, DoMat=level)])
    if level == "":
        # An empty marker is among the public values of the contract.
        assert read(DATASET, secret)[1].data == 2
        return
    with pytest.raises(EgovError) as refusal:
        read(DATASET, secret)
    assert refusal.value.code == "EGOV-LOAD-011"
    assert "VB2" not in str(refusal.value.as_dict())


@pytest.mark.parametrize("text", ['{"total": 1', '{"total": 1}', '{"items": [1]}', '{"total": "x", "items": []}'])
def test_what_is_no_page_is_refused(read, tmp_path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EgovError) as refusal:
        read(DATASET, path)
    assert refusal.value.code == "EGOV-LOAD-013"
