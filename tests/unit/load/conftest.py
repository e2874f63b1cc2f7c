"""Read one file as loading does, without a database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from load_exports import deliver

from egov_kpi.contracts.loader import get_contract
from egov_kpi.load.batches import Assembler, FileCount
from egov_kpi.load.stage import _open

Rows = list[dict[str, Any]]
KEY = bytes(range(32))


@pytest.fixture
def read() -> Callable[..., tuple[Rows, FileCount]]:
    """Rows for inbound and what was counted, of one file of a dataset."""

    def _read(contract_id: str, path: Path) -> tuple[Rows, FileCount]:
        contract = get_contract(contract_id)
        file = deliver(contract_id, path).files[0]
        source = _open(contract, file)
        sheet = getattr(source, "sheet", "")
        batches = Assembler(contract, file, 0, sheet, KEY).batches(source.chunks(), source.count)
        return [row for batch in batches for row in batch.to_pylist()], source.count

    return _read
