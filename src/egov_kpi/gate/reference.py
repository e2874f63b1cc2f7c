"""The reference page of all rules: `python -m egov_kpi.gate.reference` writes it from the suites."""

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Contract
from egov_kpi.gate.derive import ceiling_rule_id
from egov_kpi.gate.marts import mart_suites
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.settings import Settings, get_settings

_HEADING = """\
# Quy tắc của cổng kiểm tra · Rules of the gate

Written by `python -m egov_kpi.gate.reference` from `expectations/`; a test compares. Don't edit by hand.

A gate has four answers: **pass**, **quarantine** (bad rows set aside, the rest goes on), **block** (nothing of the load
goes on) and **could not check**, which is never a pass. The action of a rule says what its failure does: `quarantine`
sets its rows aside, `block` refuses the whole load, `notice` is reported and changes nothing. The severity is Great
Expectations' own word for how much a wrong figure would matter.

Rules 001 to 500 follow from the dataset's contract (`python -m egov_kpi.gate.derive` writes them); rules from 501 on
are written by hand. Rule 000 is the contract's ceiling: the gate counts it itself, over all rows that any rule
refused. A number is never used again.

The rules look at one load's rows, typed as far as their text allows (`src/egov_kpi/gate/relation.py`): `c__text` is the
source's text of column `c`, `c__valid` whether it can be cast, and `_latest_date`, `_latest_at` (a day after the
business date), `_earliest_date`, `_earliest_at`, `_snapshot_date` are what the night gives; `_load_seq` and
`_window_from` lead to what came before. A rule against history judges whole loads only.
"""

_CEILING = """\
### {rule_id}

critical · block · {owner}

- Quá {ceiling:g}% số dòng bị cách ly (làm tròn lên một dòng), hoặc không còn dòng nào: cả lô bị chặn
- More than {ceiling:g}% of the rows are refused (rounded up to a whole row), or none is left: the load is blocked
- Xử lý: xem các quy tắc đã từ chối từng dòng, sửa tại nguồn và kết xuất lại
- Remedy: see which rules refused the rows, mend the source and export again
"""


def reference(settings: Settings) -> str:
    """The whole page."""
    parts = [_HEADING]
    for contract in all_contracts(settings).values():
        parts.append(_dataset(settings, contract))
    for suite in mart_suites(settings):
        parts.append(f"## marts.{suite.name}\n\nKiểm tra trước công bố · audit before a publish\n")
        parts += [_rule(rule) for rule in suite.rules]
    return "\n".join(parts)


def _dataset(settings: Settings, contract: Contract) -> str:
    suite = load_suite(suite_path(settings, contract))
    ceiling = _CEILING.format(
        rule_id=ceiling_rule_id(contract), ceiling=contract.quarantine_ceiling_pct, owner=contract.owner
    )
    heading = f"## {contract.id}\n\n{contract.title_vi} · {contract.title_en}\n"
    return "\n".join([heading, ceiling, *(_rule(rule) for rule in suite.rules)])


def _rule(rule: Rule) -> str:
    meta = rule.meta
    subject = f" · `{meta['column']}`" if "column" in meta else ""
    return (
        f"### {rule.rule_id}\n\n"
        f"{rule.severity} · {rule.action} · {meta['owner']}{subject} · `{rule.type}`\n\n"
        f"- {meta['reason_vi']}\n- {meta['reason_en']}\n"
        f"- Xử lý: {meta['remediation_vi']}\n- Remedy: {meta['remediation_en']}\n"
    )


def main(settings: Settings | None = None) -> None:
    settings = settings or get_settings()
    page = settings.project_root / "docs" / "reference" / "gate-rules.md"
    page.write_text(reference(settings), encoding="utf-8")


if __name__ == "__main__":
    main()
