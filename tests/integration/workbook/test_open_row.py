"""An original row is opened by the custodian alone, and never without a trace."""

import json
from pathlib import Path
from typing import Any

import pytest
from workbook_world import BAD_DATE, DAY, DOSSIERS, dossier, write_csv

from egov_kpi.cli import main
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night import ingest
from egov_kpi.quarantine import original
from egov_kpi.quarantine.original import open_row
from egov_kpi.settings import Settings

ACCEPTED = 5


@pytest.fixture
def digest(refused: Settings) -> str:
    """Digest of the landed file, of which one row was refused and another taken in."""
    with connect("auditor", refused) as conn:
        (found,) = conn.execute("select sha256_landed from ledger.load_file").fetchall()
    return str(found[0])


def opened(settings: Settings) -> list[tuple[Any, ...]]:
    with connect("auditor", settings) as conn:
        return conn.execute("select actor, body_json from ledger.event where kind = 'row_opened'").fetchall()


def purposes(settings: Settings) -> list[str]:
    lines = (settings.landing_dir / "access.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["purpose"] for line in lines]


def test_accepted_and_refused_rows_are_shown_in_full(
    refused: Settings, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = open_row(refused, DOSSIERS, digest, ACCEPTED, reason="thanh tra 12/QĐ", by="Lê Văn Giữ")
    assert (found["cells"]["Mã hồ sơ"], found["cells"]["Số giấy tờ"]) == ("000.00.15.H58-230115-0005", "079000000005")
    assert (found["cells"]["Người nộp"], found["added"]) == ("Người Mẫu", {"Ghi chú nội bộ": "n/a"})
    ((actor, said),) = opened(refused)
    assert actor == "egov_custodian"
    assert said == {
        "dataset": DOSSIERS, "file_digest": digest, "row": ACCEPTED, "load_seq": 1, "reason": "thanh tra 12/QĐ",
        "by": "Lê Văn Giữ",
    }  # fmt: skip
    assert purposes(refused)[-1] == f"row opened, ledger event {found['event_no']}"
    assert main.run(["open-row", DOSSIERS, digest, str(BAD_DATE), "--reason", "lỗi ngày", "--by", "Giữ"]) == 0
    assert "Ngày tiếp nhận = 31/02/2023 08:30" in capsys.readouterr().out
    assert len(opened(refused)) == 2


def test_the_auditors_login_is_refused_before_landing_is_read(
    refused: Settings, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = purposes(refused)
    monkeypatch.setattr(original, "ROLE", "auditor")
    with pytest.raises(EgovError) as caught:
        open_row(refused, DOSSIERS, digest, ACCEPTED, reason="tự xem", by="Kiểm toán")
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-LEDGER-003", ExitCode.REFUSED)
    assert (purposes(refused), opened(refused)) == (before, [])


def test_what_can_not_be_opened_is_said(refused: Settings, digest: str, tmp_path: Path) -> None:
    for values, code in (
        ({"file_digest": "0" * 64}, "EGOV-TRACE-005"),
        ({"row_no": 1}, "EGOV-QUAR-007"),
        ({"row_no": 9_999}, "EGOV-QUAR-007"),
        ({"reason": " "}, "EGOV-QUAR-006"),
    ):
        asked = {"file_digest": digest, "row_no": ACCEPTED, "reason": "thanh tra", "by": "Giữ", **values}
        with pytest.raises(EgovError) as caught:
            open_row(refused, DOSSIERS, **asked)
        assert caught.value.code == code, values
    # the attempt at a row that is not there opened the file, so it is in the ledger
    assert len(opened(refused)) == 2
    other = write_csv(tmp_path / "khác.csv", [dossier(number) for number in range(400, 410)])
    ingest.load_files(DOSSIERS, [other], business_date=DAY, settings=refused)
    next(refused.landing_dir.rglob("hồ sơ.csv")).write_text("thay đổi", encoding="utf-8")
    with pytest.raises(EgovError, match="EGOV-LAND-013"):
        open_row(refused, DOSSIERS, digest, ACCEPTED, reason="thanh tra", by="Giữ")
