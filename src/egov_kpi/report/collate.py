"""Vietnamese dictionary order, for a database and a Python without ICU.

First the letters (đ follows d, ơ follows ô), then the tones (ngang, huyền, hỏi, ngã, sắc, nặng), then the case; numbers
by their size, so that Phường 10 comes after Phường 2.
"""

import re
import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_PIECES = re.compile(r"\d+|\D")

Key = tuple[tuple[tuple[int, int], ...], tuple[int, ...], str]


def sort_key(text: str) -> Key:
    """What to sort a Vietnamese name by."""
    pieces = _PIECES.findall(unicodedata.normalize("NFC", text))
    parts = [_part(piece) for piece in pieces]
    return tuple(rank for rank, _ in parts), tuple(tone for _, tone in parts), text


def _part(piece: str) -> tuple[tuple[int, int], int]:
    """Rank of a number or character (signs, numbers, letters, others), and the tone on it."""
    if piece.isdecimal():
        return (1, int(piece)), 0
    decomposed = unicodedata.normalize("NFD", piece.casefold())
    tone = max((_TONES.get(mark, 0) for mark in decomposed), default=0)
    letter = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES))
    place = _LETTERS.find(letter) if len(letter) == 1 else -1
    if place >= 0:
        return (2, place), tone
    return (3 if piece.isalpha() else 0, ord(decomposed[0])), tone
