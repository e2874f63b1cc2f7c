"""The KPI dictionary: `python -m egov_kpi.report.dictionary` writes it from the seeds of definitions and measures.

One entry per KPI, version, method and basis of the due date, in both languages: a legal object with dates, not a label.
"""

import csv
from pathlib import Path

from egov_kpi.report.words import BASES, METHODS, ROLLUPS, THEMES, UNITS, Word
from egov_kpi.settings import Settings, get_settings

Row = dict[str, str]

_HEADING = """\
# Từ điển chỉ tiêu · Dictionary of KPIs

Written by `python -m egov_kpi.report.dictionary` from the seeds `kpi_definition.csv` and `kpi_measure.csv`; a
test compares. Don't edit by hand. What a reader has to know beside the definitions is in [kpis](kpis.md).

Every figure is told by month, quarter and year, for a unit alone (`own`) and with all below it (`tree`), under the
units of the time (`as_was`) and of today (`restated`), and carries its definition's version. A change of decree is a
new version with a first day of its own; the version before it keeps its last day and its figures.
"""

_ENTRY = """\
### {code}{variant} · v{version}

**{name_vi}** · **{name_en}**

| | |
| --- | --- |
| công thức · formula | {formula_vi}<br>{formula_en} |
| tử số · numerator | {numerator} |
| mẫu số · denominator | {denominator} |
| đơn vị tính · unit | {unit} |
| mục tiêu · target | {target} |
| căn cứ · legal basis | {legal_basis}{unconfirmed} |
| hiệu lực · valid | {valid} |
| cấp · levels | {levels} |
| chủ trì · owner | {owner} |
"""


def dictionary(settings: Settings) -> str:
    """The whole page."""
    seeds = settings.dbt_dir / "seeds"
    measures = {row["measure_code"]: row for row in _rows(seeds / "kpi_measure.csv")}
    definitions = sorted(_rows(seeds / "kpi_definition.csv"), key=_place)
    parts = [_HEADING]
    for theme, names in THEMES.items():
        chosen = [row for row in definitions if row["theme"] == theme]
        if chosen:
            parts.append(f"## {' · '.join(names)}\n")
            parts += [_entry(row, measures) for row in chosen]
    return "\n".join(parts)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _place(row: Row) -> tuple[str, ...]:
    return row["kpi_code"], row["method"], row["due_basis"], row["kpi_version"].rjust(4)


def _entry(row: Row, measures: dict[str, Row]) -> str:
    variants = ((METHODS, row["method"]), (BASES, row["due_basis"]))
    told = "; ".join(_both(words[key]) for words, key in variants if key != "-")
    return _ENTRY.format(
        code=row["kpi_code"],
        variant=f" ({told})" if told else "",
        version=row["kpi_version"],
        numerator=_side(row, "numerator", measures),
        denominator=_side(row, "denominator", measures) if row["denominator_measure"] else "–",
        unit=_both(UNITS[row["unit"]]) or "lượt, việc · count",
        target=f"{row['target']} ({'≥' if row['direction'] == 'up' else '≤'})" if row["target"] else "–",
        unconfirmed="" if row["is_confirmed"] == "true" else " (chưa đối chiếu văn bản · not checked against the text)",
        valid=f"{row['valid_from']} – {row['valid_to'] or '…'}",
        levels=row["applies_to_levels"].replace(";", ", "),
        **{name: row[name] for name in ("name_vi", "name_en", "formula_vi", "formula_en", "legal_basis", "owner")},
    )


def _side(row: Row, side: str, measures: dict[str, Row]) -> str:
    measure = measures[row[f"{side}_measure"]]
    time, units = (_both(ROLLUPS[row[f"{side}_{over}_rollup"]]) for over in ("time", "unit"))
    return (
        f"{measure['description_vi']}<br>{measure['description_en']}<br>`{measure['measure_code']}` · "
        f"{measure['datasets'].replace(';', ', ')}<br>"
        f"theo thời gian · over time: {time}; theo đơn vị · over units: {units}"
    )


def _both(words: Word) -> str:
    return " · ".join(dict.fromkeys(filter(None, words)))


def main(settings: Settings | None = None) -> None:
    settings = settings or get_settings()
    page = settings.project_root / "docs" / "reference" / "kpi-dictionary.md"
    page.write_text(dictionary(settings), encoding="utf-8")


if __name__ == "__main__":
    main()
