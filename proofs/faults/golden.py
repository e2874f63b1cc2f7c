"""Golden files made by code: one export of dossiers, written in every way in which an office may write it."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

SHEET = "Hồ sơ"
HEADERS = [
    "Mã hồ sơ", "Mã TTHC", "Lĩnh vực", "Mã đơn vị", "Kênh thực hiện", "Đối tượng", "Người nộp", "Số giấy tờ",
    "Điện thoại", "Địa chỉ", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Ngày trả kết quả",
    "Hình thức trả", "Trạng thái", "Số lần yêu cầu bổ sung", "Ngày cập nhật",
]  # fmt: skip
MAIL_HEADERS = [
    "Địa chỉ thư", "Mã đơn vị", "Họ và tên", "Ngày cấp", "Trạng thái", "Lần cuối đăng nhập", "Đã gửi 30 ngày",
    "Đã đọc 30 ngày", "Ngày chốt số liệu", "Thời điểm kết xuất",
]  # fmt: skip
Row = list[Any]


def dossier(number: int, **changes: Any) -> Row:
    """One dossier of February 2023; `changes` by position name of `place`."""
    day = number % 28 + 1
    row: Row = [
        f"000.00.15.H58-THU-{number:06}", "1.005129", "Hộ tịch", "01846" if number % 2 else "823", "Trực tuyến",
        "Cá nhân", f"Công dân giả định {number}", f"000{number:09}", f"000{number:07}", f"Ấp giả định {number % 9}",
        f"{day:02}/01/2023 08:30", f"{day:02}/02/2023 17:00", f"{day:02}/02/2023 10:00", f"{day:02}/02/2023 15:00",
        "Bưu chính công ích", "10", "0", f"{day:02}/02/2023 15:30",
    ]  # fmt: skip
    return changed(row, **changes)


# Short names for the columns that cases change.
PLACES = {
    "code": 0, "procedure": 1, "field": 2, "agency": 3, "channel": 4, "name": 6, "citizen": 7, "address": 9,
    "received": 10, "due": 11, "finished": 12, "returned": 13, "method": 14, "status": 15, "supplements": 16,
    "updated": 17,
}  # fmt: skip


def changed(row: Row, **changes: Any) -> Row:
    """A copy of a dossier with some cells replaced."""
    copy = list(row)
    for name, value in changes.items():
        copy[PLACES[name]] = value
    return copy


def dossiers(count: int = 40, first: int = 0) -> list[Row]:
    return [dossier(number) for number in range(first, first + count)]


def replaced(rows: Sequence[Row], place: int, **changes: Any) -> list[Row]:
    """The rows with one of them changed."""
    return [changed(row, **changes) if number == place else row for number, row in enumerate(rows)]


def mailbox(number: int, snapshot: str = "06/03/2023", status: str = "Hoạt động", sent: str = "12") -> Row:
    return [
        f"thu{number:05}@thu.example", "823", f"Cán bộ giả định {number}", "01/02/2022", status,
        f"{snapshot} 09:00", sent, "30", snapshot, f"{snapshot} 23:00",
    ]  # fmt: skip


def table(rows: Sequence[Row], headers: Sequence[str] = HEADERS, total: int | None = -1) -> list[Row]:
    """Header, rows and the total line (-1: the true one, None: no such line)."""
    end = [] if total is None else [["Tổng cộng", len(rows) if total < 0 else total, *[""] * (len(headers) - 2)]]
    return [list(headers), *rows, *end]


def csv_text(lines: Sequence[Row], delimiter: str = ";") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(lines)
    return text.getvalue()


def csv_file(path: Path, lines: Sequence[Row], encoding: str = "utf-8-sig", delimiter: str = ";") -> Path:
    path.write_bytes(csv_text(lines, delimiter).encode(encoding))
    return path


def workbook(path: Path, lines: Sequence[Row], sheet: str = SHEET) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet
    for line in lines:
        book.active.append(list(line))
    book.save(path)
    return path


def edited(path: Path, name: str, *changes: tuple[bytes, bytes], member: str = "xl/worksheets/sheet1.xml") -> Path:
    """A copy of a workbook with bytes of one of its members replaced; KeyError, ValueError when they are not there."""
    target = path.with_name(name)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        old.getinfo(member)
        for item in old.infolist():
            content = old.read(item)
            if item.filename == member:
                for before, after in changes:
                    if before not in content:
                        raise ValueError(f"{before!r} is not in {member}")
                    content = content.replace(before, after, 1)
            new.writestr(item, content)
    return target


# Letters of the Vietnamese alphabet in the bytes of TCVN3's .VnTime fonts, lower case: what such a font shows as them.
TCVN3 = dict(
    zip(
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\xad" + "õö÷øùúûüýþ",
        strict=True,
    )
)


def tcvn3(text: str) -> bytes:
    """The text as an old font wants its bytes; capitals have no letters of their own in those fonts."""
    return "".join(TCVN3.get(letter.lower(), letter) for letter in text).encode("latin-1")


# VNI's Windows fonts: a letter, then a second one that such a font shows as its marks.
VNI_MARKS = {
    "à": "aø", "á": "aù", "ả": "aû", "ã": "aõ", "ạ": "aï", "â": "aâ", "ầ": "aà", "ấ": "aá", "ẩ": "aå", "ẫ": "aã",
    "ậ": "aä", "ă": "aê", "ằ": "aè", "ắ": "aé", "ẳ": "aú", "ẵ": "aü", "ặ": "aë", "đ": "ñ", "è": "eø", "é": "eù",
    "ẻ": "eû", "ẽ": "eõ", "ẹ": "eï", "ê": "eâ", "ề": "eà", "ế": "eá", "ể": "eå", "ễ": "eã", "ệ": "eä", "ỉ": "æ",
    "ĩ": "ó", "ị": "ò", "ò": "oø", "ó": "où", "ỏ": "oû", "õ": "oõ", "ọ": "oï", "ô": "oâ", "ồ": "oà", "ố": "oá",
    "ổ": "oå", "ỗ": "oã", "ộ": "oä", "ơ": "ô", "ờ": "ôø", "ớ": "ôù", "ở": "ôû", "ỡ": "ôõ", "ợ": "ôï", "ù": "uø",
    "ú": "uù", "ủ": "uû", "ũ": "uõ", "ụ": "uï", "ư": "ö", "ừ": "öø", "ứ": "öù", "ử": "öû", "ữ": "öõ", "ự": "öï",
    "ỳ": "yø", "ý": "yù", "ỷ": "yû", "ỹ": "yõ", "ỵ": "î",
}  # fmt: skip


def vni(text: str) -> bytes:
    """The text as VNI's fonts want its bytes."""
    return "".join(VNI_MARKS.get(letter.lower(), letter) for letter in text).encode("latin-1")


def cp1258(text: str) -> bytes:
    """The text in Windows' Vietnamese code page, whose tone marks are characters of their own."""
    import unicodedata

    letters = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            letter.encode("cp1258")
            letters.append(letter)
        except UnicodeEncodeError:
            letters.append(_with_loose_tone(letter))
    return "".join(letters).encode("cp1258")


def _with_loose_tone(letter: str) -> str:
    """Base letter with its hat, horn or breve in one character, and the tone behind it."""
    import unicodedata

    parts = unicodedata.normalize("NFD", letter)
    tones = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
    base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
    return base + "".join(part for part in parts if part in tones)
