"""Precision and recall of the claim checker on texts of our own, on the half it was tuned on and on the other one.

    python benchmarks/claims/measure.py [--show tune|held] [--json]

`texts/*.txt` holds passages with their answer key below: `=> kind verdict numerator denominator stated`, `-` where a
value is not printed, `=> none` where there is no claim, `?>` for a claim that may be found or not. A claim is found
when its span overlaps the passage of the key and numerator, denominator and stated value agree; `verdict` counts the
found ones whose verdict agrees too. Passages are read in reports of ten, so that neighbours can mislead.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from egov_kpi.claims.find import find_claims
from egov_kpi.claims.model import Claim

TEXTS = Path(__file__).parent / "texts"
FLOOR = (0.9, 0.8)
PER_REPORT = 10


@dataclass(frozen=True)
class Key:
    start: int
    end: int
    kind: str
    verdict: str
    values: tuple[Decimal | None, ...]
    needed: bool


@dataclass
class Score:
    found: int = 0
    missed: int = 0
    extra: int = 0
    verdicts: int = 0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.extra) if self.found + self.extra else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0


def read(path: Path) -> list[tuple[str, list[Key]]]:
    """The reports of one file: text and key each."""
    blocks = [block for block in path.read_text(encoding="utf-8").split("\n\n") if block.strip()]
    return [_report(blocks[at : at + PER_REPORT]) for at in range(0, len(blocks), PER_REPORT)]


def _report(blocks: list[str]) -> tuple[str, list[Key]]:
    text, keys = "", []
    for block in blocks:
        lines = block.strip("\n").split("\n")
        passage = "\n".join(line for line in lines if not line.startswith(("=> ", "?> ")))
        start = len(text)
        text += passage + "\n\n"
        for line in lines:
            if line.startswith(("=> ", "?> ")) and line != "=> none":
                keys.append(_key(line, start, start + len(passage)))
    return text, keys


def _key(line: str, start: int, end: int) -> Key:
    sign, kind, verdict, *values = line.split()
    return Key(
        start, end, kind, verdict, tuple(None if value == "-" else Decimal(value) for value in values), sign == "=>"
    )


def matches(claim: Claim, key: Key) -> bool:
    overlap = claim.start < key.end and key.start < claim.end
    return overlap and (claim.numerator, claim.denominator, claim.stated) == key.values


def score(reports: list[tuple[str, list[Key]]], show: bool) -> Score:
    total = Score()
    for text, keys in reports:
        claims = find_claims(text)
        open_keys = list(keys)
        for claim in claims:
            hit = next((key for key in open_keys if matches(claim, key)), None)
            if hit is not None:
                open_keys.remove(hit)
            if hit is None:
                total.extra += 1
                _show(show, "EXTRA ", claim.as_dict(""))
            elif hit.needed:
                total.found += 1
                total.verdicts += claim.verdict == hit.verdict
                if claim.verdict != hit.verdict:
                    _show(show, f"VERDICT {hit.verdict} ", claim.as_dict(""))
        for key in open_keys:
            if key.needed:
                total.missed += 1
                _show(
                    show,
                    "MISSED ",
                    {"text": text[key.start : key.end], "key": [key.kind, key.verdict, *map(str, key.values)]},
                )
    return total


def _show(wanted: bool, label: str, what: dict[str, object]) -> None:
    if wanted:
        kept = {
            name: value
            for name, value in what.items()
            if name not in ("file", "reason_vi", "start", "end", "recomputed")
        }
        print(label, json.dumps(kept, ensure_ascii=False), file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", choices=("tune", "held"), default=None)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = []
    for path in sorted(TEXTS.glob("*.txt")):
        reports = read(path)
        result = score(reports, asked.show is not None and path.stem.endswith(asked.show))
        rows.append(
            {
                "texts": path.stem,
                "claims": sum(key.needed for _, keys in reports for key in keys),
                "precision": round(result.precision, 3),
                "recall": round(result.recall, 3),
                "verdicts": round(result.verdicts / result.found, 3) if result.found else 0.0,
            }
        )
    _print(rows, asked.json)
    return int(any(row["precision"] < FLOOR[0] or row["recall"] < FLOOR[1] for row in rows))


def _print(rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows))
        return
    print(f"{'texts':<14}{'claims':>8}{'precision':>11}{'recall':>8}{'verdicts':>10}")
    for row in rows:
        shares = f"{row['precision']:>11.3f}{row['recall']:>8.3f}{row['verdicts']:>10.3f}"
        print(f"{row['texts']:<14}{row['claims']:>8}{shares}")


if __name__ == "__main__":
    sys.exit(main())
