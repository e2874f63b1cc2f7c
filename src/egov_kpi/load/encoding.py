"""Encoding of a text export, and its bytes as UTF-8.

A byte-order mark decides; then UTF-16 by its zero bytes; then UTF-8 if the bytes are; else Windows' Vietnamese code
page 1258, unless the text looks like TCVN3 or VNI, which decode into rubbish without an error and are refused.
"""

import codecs
import io
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from egov_kpi.errors import EgovError

HEAD_BYTES = 1 << 20
_READ_BYTES = 1 << 22
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Bytes that are signs in code page 1258 and letters in TCVN3 (µ for à, ® for đ) or VNI; never inside Vietnamese words.
_FONT_ENCODED = re.compile(r"[A-Za-z][¡-¿]+[A-Za-z]|[A-Za-z][®¨©ª«¬µ¶·¸¹]|®[A-Za-z¡-¿]")
_FONT_MINIMUM = 3
_LINE_FEED = ord("\n")
# Unit separator parts the values under a digest; NUL can't be stored; both mean that this is no text.
_CONTROLS = (b"\x00", b"\x1f")


def detect_codec(path: Path, name: str) -> tuple[str, int]:
    """Python's name of the encoding and the length of the byte-order mark; EGOV-LOAD-005 or -017 when there is none."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        for bom, codec in _BOMS:
            if head.startswith(bom):
                return codec, len(bom)
        if wide := _wide_codec(head):
            return wide, 0
        if _is_utf8(head, stream):
            return "utf-8", 0
    return _vietnamese_code_page(path, name), 0


def _wide_codec(head: bytes) -> str | None:
    """UTF-16 without a mark: most of every second byte is zero in headers of ASCII letters."""
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) * 4 > half:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) * 4 > half else None


def _is_utf8(head: bytes, rest: BinaryIO) -> bool:
    """Whether the head is UTF-8. Plain ASCII decides nothing, so then the rest is read as well."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        while head and head.isascii():
            head = rest.read(_READ_BYTES)
            decoder.decode(head, final=not head)
    except UnicodeDecodeError:
        return False
    return True


def _vietnamese_code_page(path: Path, name: str) -> str:
    with path.open("rb") as stream:
        # The text that is not ASCII tells encodings apart, and may begin anywhere.
        sample = b"".join(line for line in stream if not line.isascii())[:HEAD_BYTES]
    try:
        text = sample.decode("cp1258")
    except UnicodeDecodeError as error:
        raise EgovError("EGOV-LOAD-005", file=name, detail=f"0x{sample[error.start]:02X}") from error
    if len(_FONT_ENCODED.findall(text)) >= _FONT_MINIMUM:
        raise EgovError("EGOV-LOAD-017", file=name)
    return "cp1258"


class NotUtf8(ValueError):
    """Bytes that are no UTF-8 in a file that is said to be."""


class Utf8Stream(io.RawIOBase):
    """A text file as UTF-8 bytes, counting what proves that no row was swallowed: line feeds and quotes.

    `prove` looks at every byte (NotUtf8): a block at a time costs a thirtieth of a value at a time.
    """

    def __init__(self, path: Path, name: str, codec: str, bom: int, *, prove: bool = False) -> None:
        super().__init__()
        self.name = name
        self.line_feeds = 0
        self.quotes = 0
        self.ends_with_line_feed = True
        self._file = path.open("rb")
        self._file.seek(bom)
        self._decoder = None if codec == "utf-8" else codecs.getincrementaldecoder(codec)()
        self._ready = b""
        # The beginning of a letter that the next block ends; None when nothing has to be proven.
        self._begun: bytes | None = b"" if prove and self._decoder is None else None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def skip(self, size: int) -> None:
        """Leave out the first bytes (titles and header), which are not counted."""
        while len(self._ready) < size and self._fill(_READ_BYTES):
            pass
        self._ready = self._ready[size:]

    def read(self, size: int = -1) -> bytes:
        wanted = _READ_BYTES if size < 0 else size
        while not self._ready and self._fill(wanted):
            pass
        # One assignment in the usual case: the block that was read is the block that is handed over.
        block, self._ready = (self._ready, b"") if len(self._ready) <= wanted else self._split(wanted)
        self._count(block)
        return block

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def _split(self, size: int) -> tuple[bytes, bytes]:
        return self._ready[:size], self._ready[size:]

    def _fill(self, size: int) -> bool:
        chunk = self._file.read(size)
        if self._decoder is None:
            self._ready += chunk
        else:
            self._ready += self._decode(chunk).encode()
        return bool(chunk)

    def _decode(self, chunk: bytes) -> str:
        assert self._decoder is not None
        try:
            return self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise EgovError("EGOV-LOAD-005", file=self.name, detail=error.reason) from error

    def _prove(self, block: bytes) -> None:
        if self._begun is None:
            return
        text = self._begun + block
        end = len(text) - (_begun_letter(text) if block else 0)
        offsets = pa.py_buffer(np.array([0, end], dtype=np.int32))
        try:
            pa.StringArray.from_buffers(1, offsets, pa.py_buffer(text)).validate(full=True)
        except pa.ArrowInvalid as error:
            raise NotUtf8(self.name) from error
        self._begun = text[end:]

    def _count(self, block: bytes) -> None:
        self._prove(block)
        if not block:
            return
        # Four times as fast as bytes.count, and other threads may run meanwhile.
        self.line_feeds += int(np.count_nonzero(np.frombuffer(block, np.uint8) == _LINE_FEED))
        if b'"' in block:
            self.quotes += block.count(b'"')
        self.ends_with_line_feed = block.endswith(b"\n")
        for control in _CONTROLS:
            if control in block:
                raise EgovError("EGOV-LOAD-012", file=self.name, detail=f"U+{control[0]:04X}")


def _begun_letter(text: bytes) -> int:
    """How many bytes at the end begin a letter that is not whole."""
    for size in range(1, min(4, len(text) + 1)):
        byte = text[-size]
        if byte >= 0xC0:
            whole = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return size if size < whole else 0
        if byte < 0x80:
            return 0
    return 0
