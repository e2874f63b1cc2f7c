"""The table of a proof: a row per case as soon as it is known, a sum at the end; lines of JSON's list with --json."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

COLUMNS = ("case", "done", "expected", "seen", "verdict", "seconds")
GREEN, RED = "pass", "FAIL"
# Exit codes of every proof.
ALL_GREEN, FAILED, COULD_NOT_RUN = 0, 1, 3


@dataclass
class Table:
    """Rows by column name. `widths` are the least widths by column on a plain line; longer values push the line out."""

    columns: Sequence[str] = COLUMNS
    as_json: bool = False
    widths: dict[str, int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        usual = {"case": 28, "done": 44, "expected": 10, "seen": 32, "verdict": 7, "seconds": 8}
        self.widths = {name: usual.get(name, max(10, len(name))) for name in self.columns} | self.widths
        if not self.as_json:
            self._print(dict(zip(self.columns, self.columns, strict=True)))

    def add(self, ok: bool, **values: Any) -> bool:
        """Add a row and show it; `verdict` follows from `ok` unless it is given."""
        row = {"verdict": GREEN if ok else RED, **values, "ok": ok}
        self.rows.append(row)
        if not self.as_json:
            self._print(row)
        return ok

    @property
    def failed(self) -> int:
        return sum(not row["ok"] for row in self.rows)

    def finish(self, **figures: Any) -> int:
        """Print the sum (or the JSON list) and give the exit code; a table without a row proves nothing."""
        if self.as_json:
            json.dump(self.rows, sys.stdout, ensure_ascii=False, indent=1, default=str)
            print()
        else:
            print(self._sum(figures), flush=True)
        if not self.rows:
            return COULD_NOT_RUN
        return FAILED if self.failed else ALL_GREEN

    def _sum(self, figures: dict[str, Any]) -> str:
        parts = [f"{len(self.rows) - self.failed} / {len(self.rows)} đạt · passed"]
        parts += [f"{name} {value}" for name, value in figures.items()]
        return "; ".join([*parts, f"{time.monotonic() - self.started:.0f} s"])

    def _print(self, row: dict[str, Any]) -> None:
        cells = [_text(row.get(name, "")).ljust(self.widths[name]) for name in self.columns]
        print("  ".join(cells).rstrip(), flush=True)


def _text(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
