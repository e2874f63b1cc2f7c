"""Rows by the names of their columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


def dicts(
    conn: psycopg.Connection[tuple[Any, ...]],
    query: str | sql.Composed,
    parameters: Sequence[Any] | Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """All rows of a query, each by the names of its columns."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode() if isinstance(query, str) else query, parameters).fetchall()
