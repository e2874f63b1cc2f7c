"""What the gate says of a load as a whole: its four answers, its receipt, its ceiling and its rules about volume."""

import dataclasses
import socket
from datetime import date, timedelta

import gate_fixtures as fx
import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.gate import check as gate_module
from egov_kpi.gate.check import GateResult, check, quarantine_rows, require_positive
from egov_kpi.gate.derive import ceiling_rule_id, prefix
from egov_kpi.gate.suite import suite_path
from egov_kpi.settings import Settings

DOSSIERS = "one_stop.dossiers"
SNAPSHOTS = [
    "directory.headcount",
    "forms.one_stop_units",
    "forms.par_scorecards",
    "ioffice.accounts",
    "forms.survey_results",
    "iso.certificates",
    "mail.accounts",
    "network.devices",
    "portal.fees",
    "portal.procedures",
]
VOLUME_RULES = {
    "one_stop.dossiers": "GATE-DOS-512",
    "ioffice.outgoing_documents": "GATE-DOC-508",
    "mail.accounts": "GATE-MAI-507",
    "directory.headcount": "GATE-HEA-505",
    "iso.certificates": "GATE-CER-509",
    "portal.fees": "GATE-FEE-506",
    "portal.procedures": "GATE-PRO-506",
    "network.devices": "GATE-NET-511",
    "ioffice.accounts": "GATE-ACC-511",
}


def right_rows(dataset: str, count: int) -> list[fx.Row]:
    return [fx.RIGHT[dataset](number) for number in range(1, count + 1)]


def failed(result: GateResult) -> set[str]:
    return {rule.rule_id for rule in result.failed}


# Rules about the load -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", fx.DATASETS)
def test_headers_alone_block(shared_warehouse: Settings, dataset: str) -> None:
    contract, load_seq = get_contract(dataset), fx.number_of(dataset)
    fx.register(shared_warehouse, contract, load_seq)

    result = fx.gate(shared_warehouse, contract, load_seq, [], structural=2)

    assert result.verdict == "block"
    assert failed(result) == {f"GATE-{prefix(contract)}-001"}


@pytest.mark.parametrize("dataset", SNAPSHOTS)
def test_a_snapshot_of_the_future_blocks(warehouse: Settings, dataset: str) -> None:
    contract = get_contract(dataset)
    future = fx.BUSINESS_DATE + timedelta(days=2)
    fx.register(warehouse, contract, 1, snapshot_date=future)
    text = (
        future.isoformat()
        if dataset in ("ioffice.accounts", "portal.fees", "portal.procedures")
        else f"{future:%d/%m/%Y}"
    )

    result = fx.gate(warehouse, contract, 1, [{**fx.RIGHT[dataset](1), "snapshot_date": text}])

    assert result.verdict == "block"
    # That it was exported before its day is no second fault: only a day that has come can have an old export.
    assert failed(result) == {f"GATE-{prefix(contract)}-503"}


@pytest.mark.parametrize("dataset", [name for name in VOLUME_RULES if name not in SNAPSHOTS])
def test_a_window_with_far_fewer_rows_than_usual_blocks(warehouse: Settings, dataset: str) -> None:
    """Usual: 10 rows a working day over three windows; this window has two working days."""
    contract = get_contract(dataset)
    for number, (first, last) in enumerate([(20, 21), (21, 22), (22, 23)], start=10):
        window = (date(2023, 2, first), date(2023, 2, last))
        fx.promoted(warehouse, contract, number, 10, window=window)
    for load_seq, rows in ((1, 7), (2, 8)):
        fx.register(warehouse, contract, load_seq, window=(date(2023, 2, 23), date(2023, 2, 27)))
        result = fx.gate(warehouse, contract, load_seq, right_rows(dataset, rows))
        wanted = ("block", {VOLUME_RULES[dataset]}) if rows == 7 else ("pass", set())
        assert (result.verdict, failed(result)) == wanted


def test_nothing_comparable_is_too_small(warehouse: Settings) -> None:
    """Two earlier windows make no habit; a weekend has no working day; a file by hand has no window."""
    contract = get_contract(DOSSIERS)
    for number, (first, last) in enumerate([(20, 21), (21, 22)], start=10):
        fx.promoted(warehouse, contract, number, 1000, window=(date(2023, 2, first), date(2023, 2, last)))
    fx.register(warehouse, contract, 1, window=(date(2023, 2, 22), date(2023, 2, 23)))
    assert fx.gate(warehouse, contract, 1, right_rows(DOSSIERS, 1)).verdict == "pass"
    fx.promoted(warehouse, contract, 12, 1000, window=(date(2023, 2, 22), date(2023, 2, 23)))
    fx.register(warehouse, contract, 2, window=(date(2023, 2, 24), date(2023, 2, 26)))
    assert fx.gate(warehouse, contract, 2, right_rows(DOSSIERS, 1)).verdict == "pass"
    fx.register(warehouse, contract, 3)
    assert fx.gate(warehouse, contract, 3, right_rows(DOSSIERS, 1)).verdict == "pass"


@pytest.mark.parametrize("dataset", [name for name in SNAPSHOTS if name in VOLUME_RULES])
def test_a_shrunk_snapshot_is_noticed_and_goes_on(warehouse: Settings, dataset: str) -> None:
    contract = get_contract(dataset)
    fx.promoted(warehouse, contract, 10, 10, snapshot_date=date(2023, 2, 1))
    for load_seq, rows in ((1, 3), (2, 4)):
        fx.register(warehouse, contract, load_seq)
        result = fx.gate(warehouse, contract, load_seq, right_rows(dataset, rows))
        assert result.verdict == "pass"
        assert failed(result) == ({VOLUME_RULES[dataset]} if rows == 3 else set())


def test_every_rule_about_a_load_is_tested_here() -> None:
    here = {f"GATE-{prefix(get_contract(dataset))}-001" for dataset in fx.DATASETS}
    here |= {f"GATE-{prefix(get_contract(dataset))}-503" for dataset in SNAPSHOTS}
    assert here | set(VOLUME_RULES.values()) == fx.LOAD_RULES


# Quarantine and ceiling -----------------------------------------------------------------------------------------------


def test_rows_under_the_ceiling_are_set_aside(warehouse: Settings) -> None:
    contract = get_contract(DOSSIERS)
    fx.register(warehouse, contract, 1)
    rows = right_rows(DOSSIERS, 100)
    rows[4]["agency_code"] = "99999"
    rows[6] |= {"agency_code": "99999", "returned_at": "31/02/2023 10:00"}

    result = fx.gate(warehouse, contract, 1, rows, structural=1)

    assert (result.verdict, result.data_rows, result.refused_rows) == ("quarantine", 100, 2)
    require_positive(result, "one_stop.dossiers#1", fx.CONTENT, 101)
    with connect("loader", warehouse) as conn:
        assert quarantine_rows(conn, contract, 1, result) == 2
    type_rule = next(r.rule_id for r in result.failed if r.rule_id != "GATE-DOS-501")
    assert fx.quarantined(warehouse, contract) == [
        (5, ["GATE-DOS-501"], fx.FILE),
        (7, sorted([type_rule, "GATE-DOS-501"]), fx.FILE),
    ]


# The ceilings are one piece of code: a delta, a snapshot, a book and one of which no row may be refused stand for all.
SOME = (DOSSIERS, "mail.accounts", "forms.par_scorecards", "forms.survey_results")


@pytest.mark.parametrize(
    "dataset", [pytest.param(name, marks=() if name in SOME else pytest.mark.long) for name in fx.DATASETS]
)
def test_more_rows_than_the_ceiling_block_the_load(warehouse: Settings, dataset: str) -> None:
    """Of 100 rows the contract's percentage may be refused; one more blocks, and then no row goes on."""
    contract = get_contract(dataset)
    ceiling = int(contract.quarantine_ceiling_pct)
    for load_seq, bad in ((1, ceiling), (2, ceiling + 1)):
        fx.register(warehouse, contract, load_seq)
        rows = right_rows(dataset, 100)
        for row in rows[:bad]:
            row["agency_code"] = "99999"
        result = fx.gate(warehouse, contract, load_seq, rows)
        # Where no row may be refused at all, a load without a refused row is simply right.
        within = "quarantine" if ceiling else "pass"
        assert result.verdict == (within if bad == ceiling else "block")
        assert (ceiling_rule_id(contract) in failed(result)) == (bad > ceiling)
    with connect("loader", warehouse) as conn:
        assert quarantine_rows(conn, contract, 2, result) == 100
    rules = [row[1] for row in fx.quarantined(warehouse, contract)]
    unknown = f"GATE-{prefix(contract)}-501"
    assert rules[0] == sorted([ceiling_rule_id(contract), unknown])
    assert rules[-1] == [ceiling_rule_id(contract)]


def test_one_bad_row_of_a_small_load_is_set_aside(warehouse: Settings) -> None:
    """A percentage of ten rows is less than a row: it is rounded up. A load without a good row blocks."""
    contract = get_contract(DOSSIERS)
    rows = right_rows(DOSSIERS, 10)
    rows[0]["agency_code"] = "99999"
    fx.register(warehouse, contract, 1)
    assert fx.gate(warehouse, contract, 1, rows).verdict == "quarantine"
    fx.register(warehouse, contract, 2)
    assert fx.gate(warehouse, contract, 2, rows[:1]).verdict == "block"


def test_rows_are_told_apart_by_file(warehouse: Settings) -> None:
    """Two files number their rows from one each: only the row of the second is refused."""
    contract = get_contract(DOSSIERS)
    rows = right_rows(DOSSIERS, 4)
    rows[3]["agency_code"] = "99999"
    fx.register(warehouse, contract, 1)
    fx.stage_rows(warehouse, contract, 1, rows)
    with connect("loader", warehouse) as conn:
        table = f'inbound."{fx.inbound_name(contract, 1)}"'
        conn.execute(f"update {table} set _file = 1, _row_no = _row_no - 2 where _row_no > 2")
    result = check(warehouse, contract, 1, 4, fx.CONTENT)
    assert fx.refused(warehouse, contract, 1) == {(1 << 40) + 2: {"GATE-DOS-501"}}
    assert (result.verdict, result.refused_rows) == ("quarantine", 1)


def test_quarantine_refuses_when_inbound_has_changed(warehouse: Settings) -> None:
    contract = get_contract(DOSSIERS)
    rows = right_rows(DOSSIERS, 100)
    rows[0]["agency_code"] = "99999"
    fx.register(warehouse, contract, 1)
    result = fx.gate(warehouse, contract, 1, rows)
    with connect("loader", warehouse) as conn:
        conn.execute(f'truncate inbound."{fx.inbound_name(contract, 1)}"')
    with pytest.raises(EgovError, match="EGOV-GATE-004"), connect("loader", warehouse) as conn:
        quarantine_rows(conn, contract, 1, result)
    blocked = dataclasses.replace(result, verdict="block")
    with pytest.raises(EgovError, match="EGOV-GATE-005"), connect("loader", warehouse) as conn:
        quarantine_rows(conn, contract, 1, blocked)
    assert fx.quarantined(warehouse, contract) == []


def test_nothing_goes_on_without_a_receipt_of_its_own(warehouse: Settings) -> None:
    """Not with a check that could not be made, nor with the receipt of another load, nor with a softened verdict."""
    contract = get_contract(DOSSIERS)
    fx.register(warehouse, contract, 1)
    fx.register(warehouse, contract, 2, content_digest="d" * 64)
    rows = right_rows(DOSSIERS, 3)
    passed = fx.gate(warehouse, contract, 1, rows)
    fx.stage_rows(warehouse, contract, 2, rows)
    unknown = check(warehouse, contract, 1, 4, fx.CONTENT)
    softened = dataclasses.replace(fx.gate(warehouse, contract, 1, [{**rows[0], "channel": ""}]), verdict="pass")
    fx.stage_rows(warehouse, contract, 1, rows)
    for load_seq, result in ((1, unknown), (2, passed), (1, softened)):
        with pytest.raises(EgovError, match="EGOV-GATE-004"), connect("loader", warehouse) as conn:
            quarantine_rows(conn, contract, load_seq, result)
    with connect("loader", warehouse) as conn:
        assert quarantine_rows(conn, contract, 1, passed) == 0
        left = conn.execute("select tablename from pg_tables where schemaname = 'inbound' order by 1").fetchall()
    # The rows that a waiver let through are still needed by whoever closes the older rows of the load.
    assert left == [("one_stop__dossiers__1",), ("one_stop__dossiers__1__waived",), ("one_stop__dossiers__2",)]


# Could not check ------------------------------------------------------------------------------------------------------


def _reason(result: GateResult) -> str:
    assert result.verdict == "could_not_check"
    with pytest.raises(EgovError, match="EGOV-GATE-004"):
        require_positive(result, "one_stop.dossiers#1", fx.CONTENT, 3)
    return str(result.receipt["reason"])


@pytest.fixture
def staged(warehouse: Settings) -> Settings:
    """A warehouse with a right load of three dossiers."""
    contract = get_contract(DOSSIERS)
    fx.register(warehouse, contract, 1)
    fx.stage_rows(warehouse, contract, 1, right_rows(DOSSIERS, 3))
    return warehouse


def test_lost_inbound(staged: Settings) -> None:
    """A crash of Postgres empties unlogged tables; Great Expectations would pass the rest."""
    contract = get_contract(DOSSIERS)
    table = f'inbound."{fx.inbound_name(contract, 1)}"'
    with connect("loader", staged) as conn:
        conn.execute(f"truncate {table}")
    assert _reason(check(staged, contract, 1, 3, fx.CONTENT)) == "inbound_rows_differ"
    with connect("loader", staged) as conn:
        conn.execute(f"drop table {table}")
    assert _reason(check(staged, contract, 1, 3, fx.CONTENT)) == "inbound_missing"


def test_inbound_of_another_shape(staged: Settings) -> None:
    contract = get_contract(DOSSIERS)
    with connect("loader", staged) as conn:
        conn.execute(f'alter table inbound."{fx.inbound_name(contract, 1)}" drop column channel')
    assert _reason(check(staged, contract, 1, 3, fx.CONTENT)) == "inbound_columns_differ"


def test_content_of_another_load(staged: Settings) -> None:
    contract = get_contract(DOSSIERS)
    assert _reason(check(staged, contract, 1, 3, "0" * 64)) == "content_digest_differs"


def test_a_load_that_nobody_registered(staged: Settings) -> None:
    contract = get_contract(DOSSIERS)
    fx.stage_rows(staged, contract, 7, right_rows(DOSSIERS, 3))
    assert _reason(check(staged, contract, 7, 3, fx.CONTENT)) == "EGOV-GATE-006"


def test_empty_and_missing_suite(staged: Settings, tmp_path: fx.Any) -> None:
    contract = get_contract(DOSSIERS)
    settings = staged.model_copy(update={"project_root": tmp_path})
    assert _reason(check(settings, contract, 1, 3, fx.CONTENT)) == "EGOV-GATE-001"
    path = suite_path(settings, contract)
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "one_stop.dossiers", "expectations": []}', encoding="utf-8")
    assert _reason(check(settings, contract, 1, 3, fx.CONTENT)) == "suite_empty"


def test_great_expectations_crashes(staged: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("value of a row: 0912345678")

    monkeypatch.setattr(gate_module, "evaluate", crash)
    result = check(staged, get_contract(DOSSIERS), 1, 3, fx.CONTENT)
    assert _reason(result) == "crashed"
    assert "0912345678" not in str(result)


def test_a_rule_that_raises_is_not_a_rule_that_fails(staged: Settings) -> None:
    """Great Expectations swallows the exception of a rule; here the reference table of that rule is gone."""
    with connect("superuser", staged) as conn:
        conn.execute("drop table ref.agency_alias cascade")
    result = check(staged, get_contract(DOSSIERS), 1, 3, fx.CONTENT)
    assert _reason(result) == "rules_not_evaluated"
    assert result.receipt["crashed"][0].startswith("GATE-DOS-501:")


def test_a_rule_left_unevaluated(staged: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = gate_module.evaluate
    monkeypatch.setattr(gate_module, "evaluate", lambda *args: (real(*args)[0][1:], "1"))
    assert _reason(check(staged, get_contract(DOSSIERS), 1, 3, fx.CONTENT)) == "rules_not_evaluated"


# Receipt --------------------------------------------------------------------------------------------------------------


def test_a_receipt_is_bound_to_its_load(staged: Settings) -> None:
    result = check(staged, get_contract(DOSSIERS), 1, 3, fx.CONTENT)
    assert result.verdict == "pass"
    require_positive(result, "one_stop.dossiers#1", fx.CONTENT, 3)
    for subject, content, rows in (
        ("one_stop.dossiers#2", fx.CONTENT, 3),
        ("one_stop.dossiers#1", "0" * 64, 3),
        ("one_stop.dossiers#1", fx.CONTENT, 4),
    ):
        with pytest.raises(EgovError, match="EGOV-GATE-004"):
            require_positive(result, subject, content, rows)


@pytest.mark.parametrize("change", [{"evaluated": 1}, {"declared": 0, "evaluated": 0}, {"content_digest": "0" * 64}])
def test_a_changed_receipt_is_refused(staged: Settings, change: dict[str, object]) -> None:
    result = check(staged, get_contract(DOSSIERS), 1, 3, fx.CONTENT)
    result.receipt.update(change)
    with pytest.raises(EgovError, match="EGOV-GATE-004"):
        require_positive(result, "one_stop.dossiers#1", fx.CONTENT, 3)


# Data Docs ------------------------------------------------------------------------------------------------------------


def test_data_docs_hold_no_value_and_fetch_nothing(warehouse: Settings) -> None:
    contract = get_contract(DOSSIERS)
    rows = right_rows(DOSSIERS, 3)
    rows[1] |= {"dossier_hash": "canary-hash", "agency_code": "canary-agency", "channel": "canary-channel"}
    rows[2] |= {"applicant_hash": "canary-citizen", "received_at": "canary-time"}
    fx.register(warehouse, contract, 1)
    fx.gate(warehouse, contract, 1, rows)

    pages = [path for path in (warehouse.local_dir / "gate").rglob("*") if path.is_file()]

    assert {path.suffix for path in pages} == {".html", ".json"}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "canary" not in text
        assert "http:" not in text and "https:" not in text and 'src="//' not in text
    page = (warehouse.local_dir / "gate" / DOSSIERS / "1.html").read_text(encoding="utf-8")
    assert "Expectation" in page and "block" in page and "GATE-DOS-501" in page and "Mã đơn vị" in page


def test_a_gate_talks_to_nobody_but_the_database(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real, strangers = socket.socket.connect, []

    def connect_and_note(self: socket.socket, address: fx.Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            strangers.append(address)
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_and_note)
    contract = get_contract(DOSSIERS)
    fx.register(warehouse, contract, 1)
    assert fx.gate(warehouse, contract, 1, right_rows(DOSSIERS, 1)).verdict == "pass"
    assert strangers == []
