"""The answer key: which named rules may catch which kind of defect, written down before any gate runs.

A rule is named by its purpose: `required`, `type`, `values`, `pattern`, `minimum` with the part of the dataset that it
guards (`*`: whichever column), `identity`, a business rule's purpose or number, or a code with which the door refuses.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from egov_kpi.contracts.loader import get_contract
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.settings import Settings
from proofs.mutation.datasets import Dataset

# Refused before anything is read as rows: counts that don't match, a file that is none, columns that are not there.
COUNTS = ("EGOV-NET-005", "EGOV-LOAD-008", "EGOV-LOAD-009", "EGOV-NET-008", "EGOV-NET-009", "EGOV-NET-010")
COLUMNS = ("EGOV-LOAD-002", "EGOV-LOAD-003", "EGOV-LAND-009")
FOREIGN = ("EGOV-NET-004", "EGOV-NET-010", "EGOV-LAND-003")
TEXT = ("EGOV-LOAD-002", "EGOV-LOAD-005", "EGOV-LOAD-017", "EGOV-NET-005", "EGOV-LAND-010")
THINNER = ("thin", "tail", "overlap", "missing_unit", "lost", "gaps", "missing", "512", "508")

ALLOWED: dict[str, tuple[str, ...]] = {
    "conflict": ("identity",),
    "null_key": ("required:key",),
    "doubled": ("repeated",),
    "doubled_total_kept": COUNTS,
    "repeated_page": ("repeated",),
    "copied_month": ("copied",),
    "renamed_column": COLUMNS,
    "dropped_column": COLUMNS,
    "dropped_optional": (*COLUMNS, "drift"),
    "emptied_optional": ("drift", "paid_without_time"),
    "emptied_required": ("required:required",),
    # Documents: the column of secrecy slips as well, every row counts as secret and is cut before it lands.
    "shifted_columns": ("type:*", "values:*", "pattern:*", "501", "EGOV-LOAD-001"),
    "sorted_alone": ("504", "505", "506", "changed", "agency_moved"),
    "constant_agency": ("drift", "agency_moved", "missing_unit", "own_id", "identity"),
    "constant_code": ("drift",),
    "constant_date": ("drift", "changed"),
    "header_again": ("type:*", "values:*", "pattern:*"),
    "unknown_agency": ("501",),
    "known_agency": ("agency_moved", "own_id", "missing_unit", "book", "identity", "not_vertical"),
    "missing_agency": ("overlap", "missing_unit", "thin"),
    "foreign_province": ("agency_moved", "missing_unit", "lost", "drift", "identity"),
    "month_later": ("502", "505", "506", "507", "508", "changed"),
    "event_month_later": ("502", "504", "505", "506", "503", "505", "changed", "signed_apart"),
    "event_month_earlier": ("changed", "signed_apart", "502", "scale"),
    "day_month_swapped": ("type:*", "502", "503", "504", "506", "507", "508", "509", "own_id"),
    "date_form": ("type:event",),
    "future_date": ("502", "504", "505"),
    "placeholder_date": ("503", "earliest"),
    "closed_first": ("504", "505", "506"),
    "utc_clock": ("clock",),
    "late_rows": ("window",),
    "mixed_snapshot": ("502",),
    "times_ten": ("scale", "jump"),
    "times_thousand": ("scale", "jump", "beyond"),
    "one_times_thousand": ("beyond", "jump"),
    "a_tenth": ("scale", "jump"),
    "hours_as_days": ("scale", "506", "507"),
    "negative": ("minimum:*",),
    "locale_digits": ("type:*",),
    "wide_digits": ("type:version",),
    "levels_swapped": ("changed", "drift"),
    "code_as_number": ("pattern:*",),
    "cell_error": ("type:*",),
    "decimal_comma_lost": ("above_max", "beyond", "changed", "projected_above"),
    "survey_scored": ("parts_above_max", "projected_above"),
    "subtotal_as_row": ("sum_as_row",),
    "halved": COUNTS,
    "first_half": THINNER,
    "second_half": THINNER,
    "every_second": THINNER,
    "a_tenth_of_rows": THINNER,
    "stale": ("stale", "window", "tail"),
    "relabelled": ("exported_before",),
    "cut_bytes": (*COUNTS, "EGOV-LAND-007", "EGOV-LOAD-007", "EGOV-LOAD-016"),
    "header_only": (*COUNTS, "EGOV-LOAD-001"),
    "web_page": FOREIGN,
    "wrong_encoding": TEXT,
    "undecodable": TEXT,
    "mangled_text": ("mangled",),
    "question_marks": ("mangled",),
    "truncated_text": ("changed",),
    "unit_total_row": ("required:*", "type:*", "values:*", "pattern:*", *COUNTS),
}


@dataclass(frozen=True)
class Answer:
    """One line of the key: this case, planted so, may be caught by these."""

    case: str
    dataset: str
    kind: str
    seed: int
    is_critical: bool
    rules: tuple[str, ...]


def allowed_rules(settings: Settings, dataset: Dataset, kind: str) -> tuple[str, ...]:
    """Identifiers of the rules, and codes, that may catch that kind in that dataset."""
    rules = load_suite(suite_path(settings, get_contract(dataset.id))).rules
    found = [code for code in ALLOWED[kind] if code.startswith("EGOV-")]
    for name in ALLOWED[kind]:
        found += [rule.rule_id for rule in rules if _means(dataset, rule, name)]
    return tuple(dict.fromkeys(found))


def _means(dataset: Dataset, rule: Rule, name: str) -> bool:
    if rule.meta["half"] == "business":
        return name in (rule.meta.get("purpose"), rule.rule_id[-3:])
    check, _, part = name.partition(":")
    return rule.meta["check"] == check and (part in ("", "*") or rule.meta.get("column") == _column(dataset, part))


def _column(dataset: Dataset, part: str) -> str:
    header = {
        "key": dataset.key,
        "required": dataset.required,
        "event": dataset.event,
        "version": dataset.version,
    }[part]
    return dataset.names[header]


def write_key(path: Path, answers: list[Answer]) -> None:
    """Keep the key beside the run, so that what was promised can be held against what was seen."""
    lines = [json.dumps(asdict(answer), ensure_ascii=False) for answer in answers]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
