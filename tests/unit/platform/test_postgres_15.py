"""What Postgres 15 still asks for, and 16 no longer does."""

import json
import re
from collections.abc import Iterator

from egov_kpi.settings import PROJECT_ROOT


def _queries() -> Iterator[str]:
    for path in sorted((PROJECT_ROOT / "expectations").rglob("*.json")):
        for expectation in json.loads(path.read_text(encoding="utf-8"))["expectations"]:
            query = expectation["kwargs"].get("unexpected_rows_query")
            if query:
                yield str(query)


def test_a_subquery_in_from_has_one_alias() -> None:
    """Great Expectations puts a subquery in the place of {batch}; it adds the alias itself, but not where a join is."""
    queries = list(_queries())
    assert queries
    for query in queries:
        has_join = re.search(r"\bjoin\b", query, re.IGNORECASE) is not None
        aliased = query.count("{batch} as ")
        assert aliased == (query.count("{batch}") if has_join else 0), query
