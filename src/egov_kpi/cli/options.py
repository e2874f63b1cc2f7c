"""Options that several commands share."""

from datetime import date
from typing import Annotated

import typer


def parse_date(text: str | date) -> date:
    """A business date as yyyy-mm-dd; anything else is wrong usage (exit 2). A default comes as the date that it is."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: yyyy-mm-dd") from error


def parse_month(text: str | date) -> date:
    """The first day of a month given as yyyy-mm; anything else is wrong usage (exit 2)."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: yyyy-mm") from error


Json = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON · result as one JSON document")]
BusinessDate = Annotated[
    date,
    typer.Option("--date", parser=parse_date, metavar="YYYY-MM-DD", help="Ngày nghiệp vụ · business date"),
]
OptionalDate = Annotated[
    date | None,
    typer.Option("--date", parser=parse_date, metavar="YYYY-MM-DD", help="Ngày nghiệp vụ · business date"),
]
Reason = Annotated[str, typer.Option("--reason", help="Lý do, ghi vào sổ cái · why; it is kept in the ledger")]


def check_dataset(dataset: str) -> str:
    """A dataset that no contract describes is wrong usage, whatever command it was given to."""
    from egov_kpi.contracts.loader import all_contracts

    known = all_contracts()
    if dataset not in known:
        raise typer.BadParameter(f"{dataset!r}: {', '.join(sorted(known))}")
    return dataset
