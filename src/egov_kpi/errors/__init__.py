"""Coded errors in Vietnamese and English: file, sheet, row, column, value, rule and remedy.

The texts live in `<area>.yaml` beside this file, one entry per code:

    EGOV-FILE-001:
      exit: 1                      # 1 bad data, 2 wrong usage, 3 could not check, 4 refused
      vi: "Tệp {file} rỗng (0 byte)"
      en: "File {file} is empty (0 bytes)"
      remedy_vi: "Đề nghị đơn vị kết xuất lại tệp"
      remedy_en: "Ask the unit to export the file again"
"""

from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class ExitCode(IntEnum):
    """What a command's exit code tells a script."""

    OK = 0
    BAD_DATA = 1
    USAGE = 2
    COULD_NOT_CHECK = 3
    REFUSED = 4


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """All coded messages by code; a code that two areas define is a programming error."""
    entries: dict[str, dict[str, Any]] = {}
    for area in sorted(files(__name__).iterdir(), key=lambda item: item.name):
        if not area.name.endswith(".yaml"):
            continue
        for code, entry in (yaml.safe_load(area.read_text(encoding="utf-8")) or {}).items():
            if code in entries:
                raise KeyError(f"error code {code} is defined twice")
            entries[code] = entry
    return entries


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


class EgovError(Exception):
    """An error that a user can act on. Values of columns that are not public must be masked by the caller."""

    def __init__(self, code: str, **context: Any) -> None:
        self.code = code
        self.context = context
        super().__init__(f"{code}: {self.text('en')}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.code, self.context))

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode(catalogue()[self.code]["exit"])

    def text(self, language: str) -> str:
        return str(catalogue()[self.code][language]).format_map(_Missing(self.context))

    def remedy(self, language: str) -> str:
        return str(catalogue()[self.code][f"remedy_{language}"]).format_map(_Missing(self.context))

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message_vi": self.text("vi"),
            "message_en": self.text("en"),
            "remedy_vi": self.remedy("vi"),
            "remedy_en": self.remedy("en"),
            **{key: str(value) for key, value in self.context.items()},
        }


def _rebuild(code: str, context: dict[str, Any]) -> EgovError:
    return EgovError(code, **context)
