"""What a gate answers: verdict, receipt, one result per rule."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import rfc8785

from egov_kpi.errors import EgovError
from egov_kpi.gate.suite import Action

Verdict = Literal["pass", "quarantine", "block", "could_not_check"]


@dataclass(frozen=True)
class RuleResult:
    """One rule on one load; `unexpected_sql` selects `_row_id` of the rows that failed, while the load is inbound.

    `waived_rows` of the failed rows were let through all the same, by the numbered `waivers`; a rule about the load as
    a whole that has waivers doesn't hold it back.
    """

    rule_id: str
    severity: str
    action: Action
    success: bool
    failed_rows: int
    unexpected_sql: str | None = None
    waived_rows: int = 0
    waivers: tuple[int, ...] = ()

    @property
    def holds_back(self) -> bool:
        """Whether the whole load is refused for this rule."""
        return self.action == "block" and not self.success and not self.waivers

    def as_event(self) -> dict[str, Any]:
        waived = {"waived_rows": self.waived_rows, "waivers": list(self.waivers)} if self.waivers else {}
        return {
            "rule_id": self.rule_id,
            "severity": self.severity,
            "action": self.action,
            "success": self.success,
            "failed_rows": self.failed_rows,
            **waived,
        }


@dataclass(frozen=True)
class GateResult:
    """The answer of a gate. `data_rows` and `refused_rows` count rows of data, structural rows left out."""

    verdict: Verdict
    receipt: dict[str, Any]
    rules: list[RuleResult] = field(default_factory=list)
    data_rows: int = 0
    refused_rows: int = 0

    @property
    def failed(self) -> list[RuleResult]:
        return [rule for rule in self.rules if not rule.success]

    @property
    def blocking(self) -> list[str]:
        """Identifiers of the rules for which the whole load is refused."""
        return sorted(rule.rule_id for rule in self.rules if rule.holds_back)

    @property
    def waived_whole(self) -> bool:
        """Whether the load as a whole goes on only thanks to a waiver."""
        return any(rule.action == "block" and rule.waivers for rule in self.rules)

    def as_event(self) -> dict[str, Any]:
        """Verdict, receipt and rules as the ledger keeps them; no value of any row is in it."""
        return {
            "verdict": self.verdict,
            "receipt": self.receipt,
            "rules": [rule.as_event() for rule in self.rules],
        }


def sealed(receipt: dict[str, Any], verdict: str, rules: Iterable[RuleResult]) -> dict[str, Any]:
    """The receipt with the digest of itself, its verdict and its rules: nothing of it can be changed alone."""
    return {**receipt, "seal": _seal(receipt, verdict, rules)}


def require_positive(result: GateResult, subject: str, content_digest: str, landed_rows: int) -> None:
    """EGOV-GATE-004 unless the result proves that this very content was checked in full and may go on.

    What promotes a load calls this first: "no rule complained" is not enough, since Great Expectations also says so of
    an empty suite, of an empty table and of another load.
    """
    receipt = dict(result.receipt)
    seal = receipt.pop("seal", None)
    doubts = {
        "verdict": result.verdict in ("pass", "quarantine"),
        "seal": seal == _seal(receipt, result.verdict, result.rules),
        "subject": receipt.get("subject") == subject,
        "content_digest": receipt.get("content_digest") == content_digest,
        "expectations": receipt.get("declared") == receipt.get("evaluated") and (receipt.get("evaluated") or 0) > 0,
        "rows": receipt.get("rows_found") == landed_rows and result.data_rows > 0,
    }
    failed = [name for name, holds in doubts.items() if not holds]
    if failed:
        raise EgovError("EGOV-GATE-004", subject=subject, doubts=", ".join(failed))


def _seal(receipt: dict[str, Any], verdict: str, rules: Iterable[RuleResult]) -> str:
    body: dict[str, Any] = {"receipt": receipt, "verdict": verdict, "rules": [rule.as_event() for rule in rules]}
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()
