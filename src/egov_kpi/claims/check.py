"""A report file from its text to its judged claims."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egov_kpi.claims.extract import extract_text
from egov_kpi.claims.find import find_claims
from egov_kpi.claims.model import Claim, Verdict


@dataclass(frozen=True)
class Report:
    """One file as read, with the digest of its bytes and the claims of its text."""

    file: str
    digest: str
    text: str
    claims: list[Claim] = field(default_factory=list)

    def as_dicts(self) -> list[dict[str, Any]]:
        return [claim.as_dict(self.file) for claim in self.claims]

    @property
    def is_wrong(self) -> bool:
        return any(claim.verdict is Verdict.WRONG for claim in self.claims)


def check_file(path: Path) -> Report:
    """The claims of one report file. Raises EGOV-CLAIMS-… when the file can't be read."""
    text = extract_text(path)
    return Report(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), text, find_claims(text))
