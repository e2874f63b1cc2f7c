"""SQL derived from a contract: how text becomes a type, and the tables that hold an export.

Every expression works on Postgres 15 and later, and none depends on the session's time zone or DateStyle. Identifiers
come from contracts, which allow lower-case letters, digits and underscores only; literals are quoted here.
"""

from collections.abc import Sequence

from egov_kpi.contracts.model import Column, Contract

TIMEZONE = "Asia/Ho_Chi_Minh"
# Columns that loading adds to a row of text: number in the file, sheet, place of the file in the manifest, kind of row,
# and the digest of the row's content.
INBOUND_OWN_COLUMNS = (
    ("_row_no", "bigint"),
    ("_sheet", "text"),
    ("_file", "smallint"),
    ("_kind", "text"),
    ("_row_digest", "bytea"),
)
RAW_OWN_COLUMNS = (
    ("load_seq", "bigint not null"),
    ("file_digest", "text not null"),
    ("sheet", "text"),
    ("row_no", "bigint not null"),
    ("row_digest", "bytea not null"),
    ("is_unchanged", "boolean not null"),
    ("loaded_month", "date not null"),
)
QUARANTINE_STATES = ("open", "corrected", "replayed", "waived", "rejected")
QUARANTINE_OWN_COLUMNS = (
    "quarantine_id",
    "load_seq",
    "file_digest",
    "sheet",
    "row_no",
    "row_digest",
    "rule_ids",
    "state",
    "refused_at",
)
# What a refused row's life needs: the key it claims, as a digest that nobody but loader and owner may read; the time of
# the source's version; and the ledger event that ended its being open.
QUARANTINE_LIFE_COLUMNS = (
    ("key_digest", "bytea"),
    ("source_version_at", "timestamptz"),
    ("closed_event_no", "bigint"),
)

_INTEGER_DIGITS = {"integer": 9, "bigint": 18}
_NUMBER_PATTERNS = {
    "0.0": r"^-?[0-9]{1,15}([.][0-9]{1,9})?$",
    "0,0": r"^-?([0-9]{1,15}|[0-9]{1,3}([.][0-9]{3}){1,4})(,[0-9]{1,9})?$",
}


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    if "\\" in text:
        return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


def cast_expression(column: Column, source_alias: str) -> str:
    """Text to the column's type, for a value that `validity_expression` accepted; empty text becomes NULL.

    A code outside `values` raises: a NULL in its place would be a fault that nobody sees.
    """
    text = f"nullif({source_alias}.{identifier(column.name)}, '')"
    if column.values:
        mapped = _mapped(column, text)
        return f"{mapped}::boolean" if column.type == "boolean" else mapped
    return _typed(column, text)


def validity_expression(column: Column, alias: str) -> str:
    """True when the text is empty or can be cast; never NULL, never an error, whatever the text."""
    text = f"{alias}.{identifier(column.name)}"
    check = _check(column, text)
    if check is None:
        return "true"
    return f"({text} is null or {text} = '' or {check})"


def inbound_name(contract: Contract, load_seq: int) -> str:
    """Name of a load's table in the schema inbound."""
    return f"{contract.table}__{load_seq}"


def alone_with(table: str) -> str:
    """Statement that waits, in a transaction, until nobody else is making this table of inbound.

    Whoever is killed while it is made leaves a statement that goes on in its backend; who came after would find no
    table to drop, and then that it is there.
    """
    key = literal(f"inbound.{table}")
    return f"do $$ begin perform pg_advisory_xact_lock(hashtextextended({key}, 0)); end $$"


def inbound_columns(contract: Contract) -> list[tuple[str, str]]:
    """Name and type of the columns of one load's text table, in order."""
    return [*INBOUND_OWN_COLUMNS, *((column.name, "text") for column in contract.kept_columns)]


def raw_ddl(contract: Contract, *, hashed_key: bool = False) -> str:
    """The append-only table of a dataset, partitioned by the month of loading, with indexes, guards and grants.

    `hashed_key` is how the first datasets' migration wrote a key of one column; a later one made trees of them.
    """
    table = f"raw.{identifier(contract.table)}"
    own = [f"{name} {definition}" for name, definition in RAW_OWN_COLUMNS]
    kept = [f"{identifier(column.name)} {column.sql_type}" for column in contract.kept_columns]
    keys = ", ".join(identifier(column.name) for column in contract.key_columns)
    method = "using hash " if hashed_key and len(contract.key_columns) == 1 else ""
    return _join(
        f"create table {table} (\n    {_lines(own + kept)}\n) partition by range (loaded_month);",
        f"comment on table {table} is {literal(_title(contract))};",
        *(_column_comment(table, column) for column in contract.kept_columns),
        f"create index {identifier(contract.table + '_key')} on {table} {method}({keys});",
        f"create index {identifier(contract.table + '_load')} on {table} (load_seq);",
        _refusal_trigger(table, "refuse_change", "update or delete", "row", "raw.refuse_change"),
        _refusal_trigger(table, "refuse_truncate", "truncate", "statement", "raw.refuse_change"),
        f"grant select, insert on {table} to egov_loader;",
        f"grant select on {table} to egov_builder;",
        f"grant select ({_auditor_columns(contract)}) on {table} to egov_auditor;",
    )


def quarantine_ddl(contract: Contract) -> str:
    """The refused rows of a dataset: why, from where, and the public columns as text.

    What is not public stays in the landing zone; digest, file, sheet and row number lead back to it.
    """
    table = f"quarantine.{identifier(contract.table)}"
    states = ", ".join(literal(state) for state in QUARANTINE_STATES)
    own = [
        "quarantine_id bigint generated always as identity primary key",
        "load_seq bigint not null",
        "file_digest text not null",
        "sheet text",
        "row_no bigint not null",
        "row_digest bytea not null",
        "rule_ids text[] not null check (cardinality(rule_ids) > 0)",
    ]
    public = [f"{identifier(column.name)} text" for column in contract.public_columns]
    life = [
        f"state text not null default 'open' check (state in ({states}))",
        "refused_at timestamptz not null default now()",
    ]
    return _join(
        f"create table {table} (\n    {_lines([*own, *public, *life])}\n);",
        f"comment on table {table} is {literal('Refused rows: ' + _title(contract))};",
        f"create index {identifier(contract.table + '_load')} on {table} (load_seq);",
        _refusal_trigger(table, "refuse_delete", "delete", "row", "raw.refuse_change"),
        _refusal_trigger(table, "refuse_truncate", "truncate", "statement", "raw.refuse_change"),
        _refusal_trigger(table, "state_only", "update", "row", "quarantine.refuse_other_change"),
        f"grant select, insert on {table} to egov_loader;",
        f"grant select, update (state) on {table} to egov_custodian;",
        f"grant select on {table} to egov_auditor;",
    )


def quarantine_life_ddl(contract: Contract) -> str:
    """What gives the refused rows of a dataset a life: see `QUARANTINE_LIFE_COLUMNS`. Only a function changes a state.

    Comes after `quarantine_ddl`, whose text is part of an applied migration.
    """
    table = f"quarantine.{identifier(contract.table)}"
    added = [f"add column {name} {kind}" for name, kind in QUARANTINE_LIFE_COLUMNS]
    public = [identifier(column.name) for column in contract.public_columns]
    shown = ", ".join([*QUARANTINE_OWN_COLUMNS, "source_version_at", "closed_event_no", *public])
    return _join(
        f"alter table {table}\n    {_lines(added)};",
        f"create index {identifier(contract.table + '_key')} on {table} (key_digest) where state = 'open';",
        f"create index {identifier(contract.table + '_closed')} on {table} (closed_event_no);",
        f"create trigger closed_by_event after update on {table} "
        "referencing new table as changed for each statement execute function quarantine.check_closed();",
        f"create trigger born_open before insert on {table} for each row "
        "when (new.state <> 'open' or new.closed_event_no is not null) "
        "execute function quarantine.refuse_other_change();",
        f"revoke update (state), select on {table} from egov_custodian;",  # noqa: S608
        f"revoke select on {table} from egov_auditor;",  # noqa: S608
        f"grant select ({shown}) on {table} to egov_custodian, egov_auditor;",
    )


def dataset_column_ddl(contract: Contract) -> str:
    """What the views and functions over all datasets know of this one: its row of `build.dataset_column`."""
    business = contract.business_date_column
    # The business date comes first: the day that a row belongs to.
    figures = [business.name, *(name for name in contract.figure_dates if name != business.name)]
    values = (
        literal(contract.id),
        literal(contract.shape),
        _array([column.name for column in contract.key_columns]),
        _array(contract.snapshot_parts),
        literal(contract.agency_column.name),
        literal(business.name),
        literal((business.format or "")[: len("yyyy-MM-dd")]),
        _array(figures),
    )
    return f"insert into build.dataset_column values\n({', '.join(values)});\n"


def _array(names: Sequence[str]) -> str:
    return literal("{" + ",".join(names) + "}")


def key_digest_expression(contract: Contract, alias: str, *, typed: bool = False) -> str:
    """SQL for the digest of the entity key of a row: of a snapshot, without the date; NULL when a part is not there.

    Taken from the typed values, so that a row of text (inbound) and a row of `raw` (`typed`) with one key share it.
    """
    keys = [column for column in contract.key_columns if column.role != "snapshot_date"]
    # `||` and not concat_ws: of a key that is not complete nothing may be said.
    text = " || chr(31) || ".join(f"({_key_text(column, alias, typed)})" for column in keys)
    return f"sha256(convert_to({text}, 'UTF8'))"


def source_version_expression(contract: Contract, alias: str, *, typed: bool = False) -> str:
    """SQL for the time of the source's version as timestamptz; NULL when the text is none."""
    column = contract.version_column
    value = f"{alias}.{identifier(column.name)}" if typed else cast_or_null(column, alias)
    # The beginning of the day here, whatever the session's time zone.
    return value if column.type == "timestamp" else f"(({value})::timestamp at time zone {literal(TIMEZONE)})"


def _key_text(column: Column, alias: str, typed: bool) -> str:
    value = f"{alias}.{identifier(column.name)}" if typed else cast_or_null(column, alias)
    if column.type == "date":
        return f"to_char({value}, 'YYYY-MM-DD')"
    if column.type == "timestamp":
        return f"(extract(epoch from {value}))::text"
    return value if column.sql_type == "text" else f"({value})::text"


def cast_or_null(column: Column, alias: str) -> str:
    """SQL for the typed value of a row of text; NULL, which equals nothing, where the text is none."""
    check = validity_expression(column, alias)
    cast = cast_expression(column, alias)
    return cast if check == "true" else f"case when {check} then {cast} end"


def _mapped(column: Column, text: str) -> str:
    branches = " ".join(f"when {literal(code)} then {literal(ours)}" for code, ours in (column.values or {}).items())
    refusal = f"raw.refuse_value({literal(column.name)})"
    return f"(case when {text} is null then null else case {text} {branches} else {refusal} end end)"


def _typed(column: Column, text: str) -> str:
    if column.type == "date":
        return f"to_date({text}, {literal(_date_pattern(column.format or ''))})"
    if column.type == "timestamp":
        return _timestamp(column.format or "", text)
    if column.type == "number" and column.format == "0,0":
        return f"replace(replace({text}, '.', ''), ',', '.')::{column.sql_type}"
    return text if column.sql_type == "text" else f"{text}::{column.sql_type}"


def _date_pattern(date_format: str) -> str:
    return {"dd/MM/yyyy": "DD/MM/YYYY", "yyyy-MM-dd": "YYYY-MM-DD"}[date_format]


def _timestamp(timestamp_format: str, text: str) -> str:
    if timestamp_format.endswith("XXX"):
        # ISO text with its own offset reads the same under every DateStyle and session time zone.
        return f"{text}::timestamptz"
    # Not to_timestamp(): that reads the wall clock of the session's time zone.
    date = f"to_date({text}, {literal(_date_pattern(timestamp_format[:10]))})"
    return f"(({date} + substr({text}, 12)::time) at time zone {literal(TIMEZONE)})"


def _check(column: Column, text: str) -> str | None:
    """The test of a text that is not empty; None when every text will do."""
    if column.values:
        return f"{text} in ({', '.join(literal(code) for code in column.values)})"
    if column.type in ("date", "timestamp"):
        return f"raw.is_{column.type}({text}, {literal(column.format or '')})"
    if column.type == "integer":
        return f"{text} ~ '^-?[0-9]{{1,{_INTEGER_DIGITS[column.sql_type]}}}$'"
    if column.type == "number":
        return f"{text} ~ {literal(_NUMBER_PATTERNS[column.format or ''])}"
    return None


def _auditor_columns(contract: Contract) -> str:
    own = [name for name, _ in RAW_OWN_COLUMNS]
    return ", ".join([*own, *(identifier(column.name) for column in contract.public_columns)])


def _refusal_trigger(table: str, name: str, events: str, level: str, function: str) -> str:
    return f"create trigger {name} before {events} on {table} for each {level} execute function {function}();"


def _column_comment(table: str, column: Column) -> str:
    comment = f"{column.title_vi} / {column.description_en}"
    return f"comment on column {table}.{identifier(column.name)} is {literal(comment)};"


def _title(contract: Contract) -> str:
    return f"{contract.title_vi} / {contract.title_en}. {contract.grain}."


def _lines(items: list[str]) -> str:
    return ",\n    ".join(items)


def _join(*statements: str) -> str:
    return "\n".join(statements) + "\n"
