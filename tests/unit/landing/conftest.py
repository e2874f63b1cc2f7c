"""Files as provinces send them, made in memory."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest

from egov_kpi.contracts.loader import load_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(local_dir=tmp_path / "local")


@pytest.fixture
def any_format(tmp_path: Path) -> Contract:
    """The documents' contract of a province that exports CSV and workbooks beside JSON."""
    text = (get_settings().contracts_dir / "ioffice" / "outgoing_documents.yaml").read_text(encoding="utf-8")
    formats = "value: [json, csv, xlsx]}\n      - {property: sheet, value: Văn bản}\n"
    formats += "      - {property: totalRow, value: Tổng cộng}"
    path = tmp_path / "contracts" / "ioffice" / "outgoing_documents.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("value: [json]}", formats), encoding="utf-8")
    return load_contract(path)


@pytest.fixture
def workbook() -> Callable[[Iterable[Iterable[object]]], bytes]:
    def make(rows: Iterable[Iterable[object]], sheet: str = "Văn bản") -> bytes:
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        page.title = sheet
        for row in rows:
            page.append(list(row))
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    return make
