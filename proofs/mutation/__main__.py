"""`python -m proofs.mutation [--seeds N] [--json]`: plant, gate, count. Exit 0 green, 1 failed, 3 could not run."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from proofs.harness.cluster import throw_away_cluster
from proofs.harness.table import Table
from proofs.mutation.marts import judge_figures
from proofs.mutation.nights import all_series, clean_nights
from proofs.mutation.run import Case, mutate, summary

LEAST_SHARE = 0.95
MOST_FALSE_ALARMS = 1
WIDTHS = {"case": 44, "done": 52, "expected": 24, "seen": 44}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proofs.mutation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="seeds of planted defects (default: 1)")
    parser.add_argument("--json", action="store_true", help="a list of objects in place of the table")
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)
    table = Table(as_json=options.json, widths=WIDTHS)
    cases: list[Case] = []
    alarms = nights = 0
    with tempfile.TemporaryDirectory(prefix="egov-kpi-mutation-") as folder, throw_away_cluster() as cluster:
        for seed in range(1, options.seeds + 1):
            for case in mutate(cluster, seed, Path(folder) / f"answer-key-{seed}.jsonl"):
                cases.append(case)
                _show(table, case)
        for case in judge_figures(cluster):
            cases.append(case)
            _show(table, case)
        for series in all_series():
            for night in clean_nights(cluster, series):
                nights += 1
                alarms += night.alarms
                seen = "; ".join((*night.blocked, *night.refused)) or f"{night.loads} loads, no alarm"
                table.add(
                    night.is_quiet,
                    case=f"clean night {night.business_date}",
                    done=f"{series.name}, không cài lỗi · nothing planted",
                    expected="no alarm",
                    seen=seen,
                    seconds="",
                )
    lines = summary(cases)
    if not options.json:
        print()
        for line in lines:
            print(line)
    caught, planted = sum(case.is_caught for case in cases), len(cases)
    critical = [case for case in cases if case.answer.is_critical and not case.is_caught]
    table.finish(
        caught=f"{caught} / {planted}", critical_missed=len(critical), false_alarms=f"{alarms} in {nights} nights"
    )
    if not cases or nights < 30:
        return 3
    return 0 if caught >= LEAST_SHARE * planted and not critical and alarms <= MOST_FALSE_ALARMS else 1


def _show(table: Table, case: Case) -> None:
    table.add(
        case.is_caught,
        case=case.answer.case,
        done=case.done,
        expected="critical" if case.answer.is_critical else "caught",
        seen=f"{case.seen.verdict} {' '.join(case.seen.rules)}".strip()[:60],
        seconds=case.seconds,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
