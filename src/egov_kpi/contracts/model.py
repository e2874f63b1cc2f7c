"""A contract and its columns, as the rest of the program sees them.

One `Contract` per dataset, read from `contracts/<system>/<dataset>.yaml` by `loader`. Everything here is frozen: nobody
edits a contract at run time.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

Shape = Literal["delta", "snapshot"]
ColumnType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Classification = Literal["public", "personal", "secret-marker"]
Handling = Literal["keep", "drop", "hmac"]
Role = Literal["agency", "business_date", "source_version", "snapshot_date"]
FileFormat = Literal["csv", "json", "xlsx"]

_SPACES = re.compile(r"\s+")


def header_key(text: str) -> str:
    """The form under which two spellings of one header are equal: NFC, one space, case ignored."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()


@dataclass(frozen=True)
class Column:
    """One column of an export. `values` maps the source's code to ours; `minimum` is inclusive."""

    name: str
    title_vi: str
    description_en: str
    type: ColumnType
    sql_type: str
    headers: tuple[str, ...]
    classification: Classification
    handling: Handling
    required: bool
    key_position: int | None
    role: Role | None
    format: str | None
    values: Mapping[str, str] | None
    public_values: tuple[str, ...] | None
    pattern: str | None
    minimum: int | None
    pseudonym_domain: str | None

    @property
    def is_secret_marker(self) -> bool:
        return self.classification == "secret-marker"

    @property
    def is_kept(self) -> bool:
        """Whether the column has a place in the database at all."""
        return self.handling != "drop" and not self.is_secret_marker

    @property
    def is_public(self) -> bool:
        return self.classification == "public"

    @cached_property
    def header_keys(self) -> frozenset[str]:
        return frozenset(header_key(header) for header in self.headers)

    def is_secret(self, value: str | None) -> bool:
        """Whether a secrecy marker hides its row. A missing marker hides it too: unknown is not public."""
        if not self.is_secret_marker or self.public_values is None:
            raise ValueError(f"{self.name} is not a secrecy marker")
        if value is None:
            return True
        return header_key(value) not in {header_key(public) for public in self.public_values}


@dataclass(frozen=True)
class Contract:
    """One dataset of one source system; freshness in hours, ceiling in percent of the landed data rows.

    `snapshot_parts` are the columns within which the newest export of a date wins whole: none where one export holds
    everything of its date, those of the book where every unit sends its own. `figure_dates` are the days by which
    figures count a row, where that is more than the business date.
    """

    system: str
    dataset: str
    id: str
    table: str
    shape: Shape
    critical: bool
    file_formats: tuple[FileFormat, ...]
    sheet: str | None
    total_row: str | None
    heading_rows: tuple[str, ...]
    snapshot_parts: tuple[str, ...]
    figure_dates: tuple[str, ...]
    declared_total: str | None
    quarantine_ceiling_pct: float
    freshness_hours: int
    owner: str
    columns: tuple[Column, ...]
    title_vi: str
    title_en: str
    grain: str
    path: Path

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.id} has no column {name}")

    @property
    def key_columns(self) -> tuple[Column, ...]:
        keys = [column for column in self.columns if column.key_position is not None]
        return tuple(sorted(keys, key=lambda column: column.key_position or 0))

    @property
    def kept_columns(self) -> tuple[Column, ...]:
        """Columns that reach the database: neither dropped nor the secrecy marker."""
        return tuple(column for column in self.columns if column.is_kept)

    @property
    def public_columns(self) -> tuple[Column, ...]:
        """Columns whose values may be shown to anybody who works on a refused row."""
        return tuple(column for column in self.columns if column.is_public)

    @property
    def version_column(self) -> Column:
        return self._with_role("source_version")

    @property
    def agency_column(self) -> Column:
        return self._with_role("agency")

    @property
    def business_date_column(self) -> Column:
        """The date an event belongs to: of a snapshot, its own date."""
        return self._with_role("snapshot_date" if self.shape == "snapshot" else "business_date")

    @property
    def snapshot_column(self) -> Column | None:
        return next((column for column in self.columns if column.role == "snapshot_date"), None)

    @property
    def secret_column(self) -> Column | None:
        return next((column for column in self.columns if column.is_secret_marker), None)

    def column_of_header(self, header: str) -> Column | None:
        """The column that a province exports under this header; None for a header that no contract knows."""
        key = header_key(header)
        return next((column for column in self.columns if key in column.header_keys), None)

    def _with_role(self, role: Role) -> Column:
        for column in self.columns:
            if column.role == role:
                return column
        raise KeyError(f"{self.id} has no column with the role {role}")
