"""Write what a new dataset needs in dbt and in the simulator, as far as its contract says it.

`python -m egov_kpi.contracts.scaffold forms.par_scorecards par_scorecard scorecard` (dataset, entity, domain) writes
the staging model, the touched keys and the effective rows with their descriptions, unless a file is there already, and
prints the columns of the simulator's records and exports. Facts, figures and rules are written by hand.
"""

import sys
from pathlib import Path

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Column, Contract
from egov_kpi.settings import get_settings

# How the simulator writes a type as text, day first or as ISO; text itself stands as it is.
_WRITTEN = {"date": ("_day", "_iso_day"), "timestamp": ("_minute", "_iso_time")}


def files(contract: Contract, entity: str, domain: str) -> dict[str, str]:
    """Text by path inside `dbt_project/models`."""
    staging, touched = f"stg_{contract.system}__{entity}", f"int_{entity}__touched"
    return {
        f"staging/{domain}/{staging}.sql": staging_sql(contract),
        f"staging/{domain}/_{domain}__staging.yml": _described(
            (staging, f"{contract.title_vi}, mọi phiên bản.", f"{contract.title_en}, every version of every load.")
        ),
        f"intermediate/{domain}/{touched}.sql": touched_sql(contract, staging),
        f"intermediate/{domain}/int_{entity}__effective.sql": effective_sql(contract, staging, touched),
        f"intermediate/{domain}/_{domain}__intermediate.yml": _described(*_intermediate(contract, entity)),
    }


def staging_sql(contract: Contract) -> str:
    """Every kept column under its name in the models: what the trace needs first, then the key, then the rest."""
    version = contract.version_column
    keys = [column for column in contract.key_columns if column.role != "snapshot_date"]
    keys = [*filter(None, [contract.snapshot_column]), *keys]
    rest = [column for column in contract.kept_columns if column not in keys and column is not version]
    lines = [
        "-- trace",
        *(f"source.{name}," for name in ("load_seq", "file_digest", "row_no", "row_digest")),
        f"source.{version.name} as source_version_at,",
        "-- key",
        *(f"{_renamed(column)}," for column in keys),
        *(["-- attributes"] if rest else []),
        *(f"{_renamed(column)}," for column in rest),
    ]
    lines[-1] = lines[-1].rstrip(",")
    body = "\n        ".join(lines)
    source = f"{{{{ source('raw', '{contract.table}') }}}}"
    return (
        f"with source as (\n    select * from {source}\n),\n\n"  # noqa: S608 (a template of dbt)
        f"renamed as (\n    select\n        {body}\n    from source\n)\n\nselect * from renamed\n"
    )


def touched_sql(contract: Contract, staging: str) -> str:
    """The keys that the loads of a build touch: of a snapshot its dates."""
    names = ["snapshot_date"] if contract.shape == "snapshot" else _key_names(contract)
    if len(names) == 1:
        chosen = f"select distinct version.{names[0]}"
    else:
        chosen = "select distinct\n" + ",\n".join(f"        version.{name}" for name in names)
    return (
        f"with version as (\n    select * from {{{{ ref('{staging}') }}}}\n),\n\n"  # noqa: S608
        f"touched as (\n    {chosen}\n    from version\n"
        "    where version.load_seq = any({{ touched_loads() }})\n)\n\nselect * from touched\n"
    )


def effective_sql(contract: Contract, staging: str, touched: str) -> str:
    """The rows that count, by the macro of the dataset's shape."""
    refs = f"ref('{staging}'), ref('{touched}')"
    keys = _key_names(contract)
    if contract.shape == "delta":
        call = f"newest_counted(\n    {refs},\n    {_quoted(keys)}\n)"
    else:
        parts = [_name(contract.column(name)) for name in contract.snapshot_parts]
        whole = f",\n    parts={_quoted(parts)}" if parts else ""
        named = _quoted([f"stg.{name}" for name in keys])
        call = f"newest_snapshot(\n    {refs}, '{contract.id}',\n    {named}{whole}\n)"
    return f"{{{{ {call} }}}}\n\nselect * from newest\n"


def simulator_columns(contract: Contract) -> str:
    """The columns of the records, and the frame of an export under the first header of each column; a workbook's dates
    may stay dates."""
    word = contract.dataset.upper()
    kept = ", ".join(f'"{column.name}"' for column in contract.kept_columns)
    lines = "\n".join(f'            "{column.headers[0]}": {_written(column)},' for column in contract.columns)
    values = "".join(_words(column) for column in contract.columns if column.values)
    return f"{word} = ({kept})\n{values}\n    return pd.DataFrame(\n        {{\n{lines}\n        }}\n    )\n"


def _words(column: Column) -> str:
    """Our codes to the first word that the source has for each."""
    words: dict[str, str] = {}
    for theirs, ours in (column.values or {}).items():
        words.setdefault(ours, theirs)
    return f"_{column.name.upper()} = {words}\n"


def _written(column: Column) -> str:
    if not column.is_kept:
        return '""'
    value = f'rows["{column.name}"]'
    if column.values:
        return f"_words({value}, _{column.name.upper()})"
    if column.type == "number" and column.format == "0,0":
        return f"_points({value})"
    if column.type in _WRITTEN:
        plain, iso = _WRITTEN[column.type]
        return f"{iso if (column.format or '').startswith('yyyy') else plain}({value})"
    return value if column.type == "string" else f"{value}.astype(str)"


def _key_names(contract: Contract) -> list[str]:
    return [_name(column) for column in contract.key_columns if column.role != "snapshot_date"]


def _name(column: Column) -> str:
    """The unit as the source writes it keeps its code apart from the one that the warehouse gives it."""
    return "source_agency_code" if column.role == "agency" else column.name


def _renamed(column: Column) -> str:
    name = _name(column)
    return f"source.{column.name}" if name == column.name else f"source.{column.name} as {name}"


def _quoted(names: list[str]) -> str:
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"


def _intermediate(contract: Contract, entity: str) -> list[tuple[str, str, str]]:
    if contract.shape == "delta":
        return [
            (f"int_{entity}__touched", "Các khóa vừa thay đổi.", "Keys of touched loads."),
            (f"int_{entity}__effective", "Phiên bản được tính.", "Of each touched key the newest counted version."),
        ]
    within = " of each unit" if contract.snapshot_parts else ""
    return [
        (f"int_{entity}__touched", "Ngày chốt vừa thay đổi.", "Snapshot dates of touched loads."),
        (
            f"int_{entity}__effective",
            "Bản kết xuất được tính của mỗi ngày chốt.",
            f"Of each touched date the rows of the newest counted export{within}, whole.",
        ),
    ]


def _described(*models: tuple[str, str, str]) -> str:
    text = "version: 2\n\nmodels:\n"
    for name, vi, en in models:
        text += f"  - name: {name}\n    description: >-\n      {vi}\n      {en}\n"
    return text


def main(arguments: list[str]) -> None:
    dataset, entity, domain = arguments
    contract, root = get_contract(dataset), get_settings().dbt_dir / "models"
    for name, text in files(contract, entity, domain).items():
        path = Path(root / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"# {path.relative_to(root.parent.parent)}\n")
    sys.stdout.write(simulator_columns(contract))


if __name__ == "__main__":
    main(sys.argv[1:])
