"""Restatements as the report shows them: those of periods that were over, and of running periods how many."""

from collections import Counter
from typing import Any

from egov_kpi.report.overview import named_units
from egov_kpi.trace.figure import Connection
from egov_kpi.trace.restatement import CAUSES, compare

# More than anybody reads on a page; the command lists every one.
SHOWN = 300


def restated(conn: Connection, publish_no: int) -> dict[str, Any] | None:
    """What this publish changed in the figures of the one before, the largest changes first; None for the first one."""
    if publish_no == 1:
        return None
    found = compare(conn, publish_no, closed_only=True)
    shown = sorted(found["restatements"], key=lambda entry: -abs(entry["value_change"] or 0))[:SHOWN]
    return {
        "previous_publish_no": found["previous_publish_no"],
        "values": found["values"],
        "closed": found["closed_periods"],
        "shown": shown,
        "causes": [(CAUSES[code], count) for code, count in Counter(found["causes"]).most_common()],
        "loads": found["loads"],
        "names": named_units(conn, {entry["agency_code"] for entry in shown}),
    }
