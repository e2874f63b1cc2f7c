"""Digest of a row: the same text in every column that the contract keeps gives the same 32 bytes.

It tells unchanged rows, breaks ties between versions of a key, and names a refused row whose values may not be kept. Of
a snapshot, the date and the time of export stay out, so that the same content on a later date is "unchanged".

It is made while loading (`egov_kpi.load.row_digest`), where SHA-256 costs a fifth of what it costs inside a Postgres
without OpenSSL; the SQL below says the same and serves where a row of text came another way. A test holds the two
against each other.
"""

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.contracts.sql import identifier

# Unit separator; loading refuses a file that holds one.
SEPARATOR = "\x1f"
# Loading notes beginnings of digests that it met more than once, in hex, as the comment of the inbound table.
REPEATED = "repeated: "
REPEATED_BYTES = 8


def digest_columns(contract: Contract) -> tuple[Column, ...]:
    """Columns under a row's digest, in the order of the contract."""
    if contract.shape == "delta":
        return contract.kept_columns
    return tuple(column for column in contract.kept_columns if column.role not in ("snapshot_date", "source_version"))


def row_digest_expression(contract: Contract, alias: str) -> str:
    """SQL for the digest of an inbound row, as bytea."""
    computed = f"sha256(convert_to({_joined(digest_columns(contract), alias)}, 'UTF8'))"
    return f"coalesce({alias}._row_digest, {computed})"


def whole_row_expression(contract: Contract, alias: str) -> str:
    """Text of every kept column, the version of a snapshot included: equal only for word-for-word repetitions.

    Loading lets no unit separator and no empty text through, so two different rows never share a text.
    """
    return _joined(contract.kept_columns, alias)


def _joined(columns: tuple[Column, ...], alias: str) -> str:
    texts = (f"coalesce({alias}.{identifier(column.name)}, '')" for column in columns)
    return f"concat_ws(chr(31), {', '.join(texts)})"
