"""`python -m proofs.faults [--only CASE…] [--json]`: inject the faults and tell case by case what was seen.

Exit 0 when every case had its outcome, 1 when one had another, 3 when a case could not be injected on this machine.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from proofs.faults.book import Case
from proofs.faults.elsewhere import ELSEWHERE, Absent
from proofs.faults.suite import Outcome, chosen, run_cases
from proofs.harness.cluster import throw_away_cluster
from proofs.harness.table import COULD_NOT_RUN, Table


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    picked = chosen(options.only, options.quick)
    if not picked:
        sys.stderr.write(f"không có trường hợp nào tên {' '.join(options.only)} · no such case\n")
        return 2
    _silence()
    table = Table(as_json=options.json, widths={"case": 5, "done": 74, "expected": 8, "seen": 4, "verdict": 7})
    left = []

    def tell(outcome: Outcome) -> None:
        if outcome.ok is None:
            left.append(outcome.case)
        _row(table, outcome)

    with throw_away_cluster(durable=True) as cluster:
        run_cases(cluster, picked, tell)
    if not options.only:
        for absent in ELSEWHERE:
            _absent_row(table, absent)
    code = table.finish(**{"không chạy được · could not be run": len(left)} if left else {})
    return code or (COULD_NOT_RUN if left else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proofs.faults", description=main.__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="CASE", help="N1 F11 I8 … or a group: files, data, …")
    parser.add_argument("--quick", action="store_true", help="the cheap cases only, as the tests run them")
    parser.add_argument("--json", action="store_true", help="one list of objects")
    return parser


def _silence() -> None:
    """What the libraries say about faults that are injected on purpose is no news."""
    logging.disable(logging.ERROR)


def _row(table: Table, outcome: Outcome) -> None:
    words = {True: "pass", False: "FAIL", None: "not run"}
    table.add(
        outcome.ok is not False,
        verdict=words[outcome.ok],
        expected=_expected(outcome.case),
        seen=outcome.seen,
        seconds=f"{outcome.seconds:6.1f}  {outcome.evidence}" if not table.as_json else round(outcome.seconds, 2),
        case=outcome.case.id,
        done=outcome.case.title,
        evidence=outcome.evidence,
    )


def _expected(case: Case) -> str:
    return "/".join(case.expected)


def _absent_row(table: Table, absent: Absent) -> None:
    table.add(
        True,
        case=absent.id,
        done=f"{absent.title_vi} · {absent.title_en}",
        expected="-",
        seen="-",
        verdict="absent" if absent.is_absent else "shown",
        seconds=absent.where if not table.as_json else 0.0,
        evidence=absent.where,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
