"""Loads: one per content, decided once, and an account that adds up or is not written."""

import threading
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.ledger.loads import get_load, promoted_loads, register_load
from egov_kpi.night.books import pending, watermark
from egov_kpi.settings import Settings

DOSSIERS = "one_stop.dossiers"
GOOD = {
    "received": 12, "withheld": 2, "landed": 10, "accepted": 4, "unchanged": 3, "quarantined": 1, "duplicate": 1,
    "structural": 1,
}  # fmt: skip


@dataclass(frozen=True)
class LandedFile:
    name: str = "dossiers.csv"
    bytes: int = 120
    sha256_received: str = "a" * 64
    sha256_landed: str = "b" * 64


@dataclass(frozen=True)
class Delivery:
    content_digest: str
    window_from: date | None = None
    window_to: date | None = date(2023, 3, 6)
    snapshot_date: date | None = None
    landing_path: str = "landing/one_stop/dossiers/ab/abcd"
    files: tuple[LandedFile, ...] = field(default=(LandedFile(),))


def register(conn: Any, delivery: Delivery, dataset: str = DOSSIERS, code_version: str = "test") -> tuple[int, bool]:
    found = register_load(
        conn, dataset, delivery, shape="delta", business_date=date(2023, 3, 6), key_id="k1", code_version=code_version
    )
    conn.commit()
    return found


def promote(conn: Any, load_seq: int, **changes: int | None) -> None:
    append(conn, "load_promoted", {"load_seq": load_seq, "account": {**GOOD, **changes}})
    conn.commit()


def test_the_same_content_is_one_load_and_another_snapshot_date_another(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn:
        first = register(conn, Delivery("c1"))
        again = register(conn, Delivery("c1", window_from=date(2023, 3, 6)))
        dated = register(conn, Delivery("c1", snapshot_date=date(2023, 2, 28)))
        other = register(conn, Delivery("c1"), dataset="forms.paper_register")
    assert first[1] and dated[1] and other[1]
    assert again == (first[0], False)
    assert len({first[0], dated[0], other[0]}) == 3


def block(conn: Any, load_seq: int) -> None:
    account = {**GOOD, "accepted": 0, "unchanged": 0, "quarantined": 8}
    append(conn, "load_blocked", {"load_seq": load_seq, "account": account, "rules": []})
    conn.commit()


def test_blocked_content_gets_another_hearing_under_other_rules_only(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn:
        first, _ = register(conn, Delivery("c1"), code_version="v1")
        block(conn, first)
        assert register(conn, Delivery("c1"), code_version="v1") == (first, False)
        second, is_new = register(conn, Delivery("c1"), code_version="v2")
        assert is_new and second != first
        block(conn, second)
        third, is_new = register(conn, Delivery("c1"), code_version="v1")
        assert is_new
        promote(conn, third)
        assert register(conn, Delivery("c1"), code_version="v3") == (third, False)


def test_two_processes_that_register_one_content_get_one_load(migrated_warehouse: Settings) -> None:
    found: list[tuple[int, bool]] = []

    def work() -> None:
        with connect("loader", migrated_warehouse) as conn:
            found.append(register(conn, Delivery("same")))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len({load_seq for load_seq, _ in found}) == 1
    assert sorted(is_new for _, is_new in found) == [False] * 5 + [True]


def test_states_of_a_load(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn, connect("publisher", migrated_warehouse) as publisher:
        seqs = [register(conn, Delivery(f"c{number}"))[0] for number in range(4)]
        promote(conn, seqs[0])
        promote(conn, seqs[1])
        blocked = {"received": 5, "withheld": 0, "landed": 5, "accepted": 0, "unchanged": 0, "quarantined": 5,
                   "duplicate": 0, "structural": 0}  # fmt: skip
        append(conn, "load_blocked", {"load_seq": seqs[2], "account": blocked, "rules": ["GATE-DOS-001"]})
        conn.commit()
        append(publisher, "load_revoked", {"load_seq": seqs[1], "reason": "sai tệp"})
        publisher.commit()
        assert [get_load(conn, seq).state for seq in seqs] == ["promoted", "revoked", "blocked", "registered"]
        assert [load["load_seq"] for load in pending(conn, DOSSIERS)] == [seqs[3]]
        assert [load.load_seq for load in promoted_loads(conn)] == [seqs[0]]
        assert conn.execute("select name, bytes from ledger.load_file where load_seq = %s", (seqs[0],)).fetchall() == [
            ("dossiers.csv", 120)
        ]
        with pytest.raises(EgovError) as caught:
            get_load(conn, 999)
        assert caught.value.code == "EGOV-LEDGER-002"


def test_a_load_is_decided_once(migrated_warehouse: Settings) -> None:
    with connect("loader", migrated_warehouse) as conn:
        load_seq, _ = register(conn, Delivery("c1"))
        promote(conn, load_seq)
        for kind in ("load_promoted", "load_blocked"):
            with pytest.raises(EgovError):
                append(conn, kind, {"load_seq": load_seq, "account": GOOD, "rules": []})
            conn.rollback()


@pytest.mark.parametrize("part", [*GOOD])
def test_an_account_that_does_not_add_up_is_refused(migrated_warehouse: Settings, part: str) -> None:
    with connect("loader", migrated_warehouse) as conn:
        load_seq, _ = register(conn, Delivery("c1"))
        for wrong in (GOOD[part] + 1, None):
            with pytest.raises(EgovError) as caught:
                promote(conn, load_seq, **{part: wrong})
            conn.rollback()
            assert caught.value.code == "EGOV-LEDGER-003"
        promote(conn, load_seq)


def test_the_watermark_forgets_blocked_and_revoked_windows(migrated_warehouse: Settings) -> None:
    days = [date(2023, 3, day) for day in (6, 7, 8)]
    with connect("loader", migrated_warehouse) as conn, connect("publisher", migrated_warehouse) as publisher:
        assert watermark(conn, DOSSIERS, date(2023, 3, 9)) is None
        seqs = [register(conn, Delivery(f"c{day}", window_to=day))[0] for day in days]
        for day, load_seq in zip(days, seqs, strict=True):
            pulled = {"dataset": DOSSIERS, "business_date": day, "window_from": None, "window_to": day}
            append(conn, "delivery_pulled", {**pulled, "loads": [load_seq]})
        conn.commit()
        promote(conn, seqs[0])
        promote(conn, seqs[1])
        assert watermark(conn, DOSSIERS, date(2023, 3, 9)) == days[1]
        assert watermark(conn, DOSSIERS, days[1]) == days[0]
        append(publisher, "load_revoked", {"load_seq": seqs[1], "reason": "sai"})
        publisher.commit()
        assert watermark(conn, DOSSIERS, date(2023, 3, 9)) == days[0]


def test_the_last_word_about_a_load_decides_what_a_colour_holds(migrated_warehouse: Settings) -> None:
    def built(conn: Any, colour: str, applied: list[int], revoked: list[int], rebuild: bool = False) -> None:
        append(conn, "colour_built", {"colour": colour, "applied": applied, "revoked": revoked, "rebuild": rebuild})
        conn.commit()

    with connect("builder", migrated_warehouse) as conn:
        built(conn, "green", [1, 2, 3], [], rebuild=True)
        built(conn, "blue", [1], [], rebuild=True)
        built(conn, "green", [4], [2])
        query = "select load_seq, state from ledger.colour_load where colour = 'green' order by load_seq"
        assert conn.execute(query).fetchall() == [(1, "applied"), (2, "revoked"), (3, "applied"), (4, "applied")]
        built(conn, "green", [3], [], rebuild=True)
        assert conn.execute(query).fetchall() == [(3, "applied")]
        assert conn.execute("select load_seq from ledger.colour_load where colour = 'blue'").fetchall() == [(1,)]
