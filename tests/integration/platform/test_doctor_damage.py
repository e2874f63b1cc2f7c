"""Damage that doctor tells instead of ending by it."""

from pathlib import Path

import pytest

from egov_kpi.platform import airflow, doctor
from egov_kpi.settings import Settings


def test_a_damaged_file_is_a_finding(migrated_warehouse: Settings) -> None:
    state = airflow.state_file(migrated_warehouse)
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("{not json", encoding="utf-8")
    found = [check for check in doctor.checks(migrated_warehouse) if check.status == "FAIL"]
    assert [check for check in found if "could not be checked: JSONDecodeError" in check.detail_en]
    # the others were made all the same
    assert "ports" in {check.name for check in found} and len(doctor.checks(migrated_warehouse)) > 10


def test_a_broken_contract_is_told_with_its_remedy(
    migrated_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "contracts_dir", property(lambda _: tmp_path / "contracts"))
    place = tmp_path / "contracts" / "mail" / "accounts.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("kind: DataContract\n", encoding="utf-8")
    (check,) = [check for check in doctor.checks(migrated_warehouse) if check.name == "contracts"]
    assert check.status == "FAIL" and "EGOV-CONTRACT" in check.detail_en
    assert "→" in check.detail_vi and "→" in check.detail_en
