"""The reference in the database: `ref.admin_unit` and `ref.admin_unit_successor`, filled from the committed files."""

import hashlib
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.units.reference import FILES, FOLDER


def digest() -> str:
    """Digest of the committed files: another one means that the tables are filled again."""
    total = hashlib.sha256()
    for name in FILES.values():
        total.update((FOLDER / name).read_bytes())
    return total.hexdigest()


def fill(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Replaces the rows of both tables, in the caller's transaction; how many stand there now."""
    return sum(_copied(connection, FOLDER / name) for name in FILES.values())


def _copied(connection: psycopg.Connection[tuple[Any, ...]], path: Path) -> int:
    table = sql.Identifier("ref", path.stem)
    connection.execute(sql.SQL("delete from {}").format(table))
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("copy {} from stdin (format csv, header match)").format(table)) as copy:
            copy.write(path.read_bytes())
        return cursor.rowcount
