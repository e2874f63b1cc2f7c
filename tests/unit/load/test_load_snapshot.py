"""A snapshot in hand says in its rows which day it is of."""

import csv
from datetime import date
from pathlib import Path

import pytest
from load_exports import deliver

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.load.snapshot import snapshot_date

CONTRACT = get_contract("mail.accounts")
HEADERS = [column.headers[0] for column in CONTRACT.columns]
DAY = HEADERS.index("Ngày chốt số liệu")


def _file(path: Path, days: list[str], headers: list[str] = HEADERS) -> Path:
    rows = [["x" if place != DAY else day for place in range(len(headers))] for day in days]
    total = [["Tổng cộng", len(days), *[""] * (len(headers) - 2)]]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([headers, *rows, *total])
    return path


def _found(path: Path) -> date | None:
    return snapshot_date(CONTRACT, deliver("mail.accounts", path).files[0])


def test_first_date_of_the_rows(tmp_path: Path) -> None:
    assert _found(_file(tmp_path / "a.csv", ["", "06/03/2023", "05/03/2023"])) == date(2023, 3, 6)


def test_rows_without_a_date_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EgovError, match="EGOV-LAND-016"):
        _found(_file(tmp_path / "a.csv", ["", "31/02/2023"]))


def test_a_file_that_cannot_be_read_is_left_to_staging(tmp_path: Path) -> None:
    assert _found(_file(tmp_path / "a.csv", ["06/03/2023"], ["Cột lạ"] * len(HEADERS))) is None
    assert _found(_file(tmp_path / "b.csv", [])) is None
