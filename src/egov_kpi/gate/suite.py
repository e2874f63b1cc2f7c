"""Expectation suites as files: read without Great Expectations, so that derivation, docs and tests stay fast.

A suite is `expectations/<system>/<dataset>.json` in Great Expectations' own format; what the gate needs beyond it is in
each expectation's `meta`: rule_id, half, action, owner, reason and remediation in both languages.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

Action = Literal["quarantine", "block", "notice"]
ACTIONS: tuple[Action, ...] = ("quarantine", "block", "notice")
SEVERITIES = ("critical", "warning", "info")
TEXTS = ("owner", "reason_vi", "reason_en", "remediation_vi", "remediation_en")
META_KEYS = ("rule_id", "half", "action", *TEXTS)


@dataclass(frozen=True)
class Rule:
    """One expectation and what to do when it fails."""

    rule_id: str
    type: str
    kwargs: dict[str, Any]
    severity: str
    action: Action
    meta: dict[str, Any]

    @property
    def is_row_level(self) -> bool:
        """Whether a failure names rows: those that the action sets aside or reports."""
        return self.type in ROW_QUERIES or self.type.startswith("expect_column_")

    def as_gx(self) -> dict[str, Any]:
        return {"type": self.type, "kwargs": self.kwargs, "severity": self.severity, "meta": self.meta}


ROW_QUERIES = ("unexpected_rows_expectation",)


@dataclass(frozen=True)
class Suite:
    """A suite and the digest of the file it was read from."""

    name: str
    rules: tuple[Rule, ...]
    digest: str
    path: Path

    def rule(self, rule_id: str) -> Rule:
        for rule in self.rules:
            if rule.rule_id == rule_id:
                return rule
        raise KeyError(rule_id)


def suite_path(settings: Settings, contract: Contract) -> Path:
    return settings.expectations_dir / contract.system / f"{contract.dataset}.json"


def load_suite(path: Path) -> Suite:
    """Read a suite; EGOV-GATE-001 when the file is no suite, EGOV-GATE-002 when a rule lacks what every rule has."""
    try:
        content = path.read_bytes()
        document = json.loads(content)
        expectations = document["expectations"]
        name = document["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EgovError("EGOV-GATE-001", file=_shown(path), reason=type(error).__name__) from error
    rules = tuple(_rule(path, position, item) for position, item in enumerate(expectations, start=1))
    repeated = [rule_id for rule_id, times in Counter(rule.rule_id for rule in rules).items() if times > 1]
    if repeated:
        raise EgovError("EGOV-GATE-002", file=_shown(path), position=", ".join(repeated), missing="rule_id unique")
    return Suite(name, rules, hashlib.sha256(content).hexdigest(), path)


def _rule(path: Path, position: int, item: dict[str, Any]) -> Rule:
    meta = item.get("meta") or {}
    missing = [key for key in META_KEYS if not meta.get(key)]
    if item.get("severity") not in SEVERITIES:
        missing.append("severity")
    if meta.get("action") not in ACTIONS:
        missing.append("action")
    if missing:
        raise EgovError("EGOV-GATE-002", file=_shown(path), position=position, missing=", ".join(missing))
    return Rule(meta["rule_id"], item["type"], item["kwargs"], item["severity"], meta["action"], meta)


def _shown(path: Path) -> str:
    """The file as a reader of the repository knows it."""
    return "/".join(path.parts[-3:])
