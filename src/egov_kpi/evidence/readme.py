"""The page on top of an evidence pack, in Vietnamese and English."""

from typing import Any

_TEXT = """\
# Hồ sơ chứng cứ · bản công bố số {publish_no}, ngày nghiệp vụ {business_date}

Kiểm tra trên máy khác, chỉ cần Python 3.10 trở lên, không cần mạng:

    python3 verify.py HỒ-SƠ.zip --anchor BẢN-NEO-CỦA-BẠN.jsonl

Hãy chạy `verify.py` bạn đã có từ trước, hoặc so mã SHA-256 của nó với bản trong mã nguồn; tệp nằm trong hồ sơ không tự
chứng minh được cho mình.
Kết thúc 0: mọi thứ khớp; 1: có chỗ không khớp; 3: có phần chưa kiểm tra được.

| tệp | nội dung | được giữ bởi |
| --- | --- | --- |
| figures.csv | từng giá trị chỉ số của bản công bố này | leaves.csv |
| definitions.csv | định nghĩa, công thức, căn cứ pháp lý của chỉ số | leaves.csv |
| leaves.csv | mã băm của từng bảng và tháng | mã băm kho trong sự kiện công bố |
| queries/ | truy vấn đã dựng ra số liệu, cùng danh mục tham chiếu | sự kiện dựng kho |
| gates.csv | kết quả từng quy tắc kiểm tra | các sự kiện kiểm tra |
| manifests.jsonl | mã băm từng tệp nguồn; không có tên tệp, không có dữ liệu cá nhân | sự kiện đăng ký lô nạp |
| events.jsonl | nhật ký: mỗi sự kiện mang mã băm của sự kiện trước | dòng neo |
| anchors.jsonl | các dòng neo: đầu chuỗi được ghi ra ngoài cơ sở dữ liệu | bản neo của chính bạn |

Những gì xảy ra sau dòng neo cuối cùng trong hồ sơ thì hồ sơ không nói được.

# Evidence pack · publish {publish_no}, business date {business_date}

To be checked on another machine, with Python 3.10 or later alone, offline:

    python3 verify.py PACK.zip --anchor YOUR-ANCHORS.jsonl

Run a `verify.py` that you had before, or compare its SHA-256 with the one in the source code; the one in a pack vouches
for nothing by itself. Exit 0: all holds; 1: something does not; 3: something could not be checked.

| file | what it has | held by |
| --- | --- | --- |
| figures.csv | every figure of this publish | leaves.csv |
| definitions.csv | definition, formula and legal basis of each KPI | leaves.csv |
| leaves.csv | a digest per table and month | the mart digest in the event of the publish |
| queries/ | the queries that made the figures, and their reference lists | the event of the build |
| gates.csv | the result of every rule | the events of the gates |
| manifests.jsonl | digests of the source files, without names | the events that registered the loads |
| events.jsonl | the ledger: every event carries the hash of the one before | the anchors |
| anchors.jsonl | heads of the chain that were noted outside the database | the copy of them that you keep |

Of what happened after the last anchor in it, a pack says nothing.
"""


def text(publish_no: int, published: dict[str, Any]) -> str:
    """The page of one publish."""
    return _TEXT.format(publish_no=publish_no, business_date=published["business_date"])
