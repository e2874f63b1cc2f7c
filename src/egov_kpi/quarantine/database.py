"""Calls of the functions that change a state, with the database's refusals in words that a person can act on."""

from collections.abc import Mapping
from typing import Any

import psycopg

from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import Connection

Refusals = Mapping[type[psycopg.Error], EgovError]
_REFUSALS = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.IntegrityError,
    psycopg.errors.NoDataFound,
    psycopg.errors.UndefinedTable,
)


def call(conn: Connection, query: str, values: tuple[Any, ...], known: Refusals | None = None) -> int:
    """The number that a function of `quarantine` returns; `known` are the refusals that mean something here.

    EGOV-QUAR-005 for any other refusal. The caller commits.
    """
    try:
        row = conn.execute(query.encode(), values).fetchone()
    except _REFUSALS as error:
        told = next((meant for kind, meant in (known or {}).items() if isinstance(error, kind)), None)
        reason = str(error).strip().splitlines()[0]
        raise (told or EgovError("EGOV-QUAR-005", reason=reason)) from error
    return int(row[0]) if row and row[0] is not None else 0


def require(**given: str | None) -> None:
    """EGOV-QUAR-006 for the first that is empty."""
    for name, value in given.items():
        if not (value or "").strip():
            raise EgovError("EGOV-QUAR-006", missing=name)
