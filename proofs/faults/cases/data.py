"""Data: rows that are well-formed and untrue."""

from proofs.faults import golden
from proofs.faults.book import EXACT, QUARANTINED, REFUSED, Seen, case, demand
from proofs.faults.cases.files import ROWS, accepted
from proofs.faults.golden import csv_file, dossiers, replaced, table
from proofs.faults.rig import MAIL, Rig

GROUP = "data"


def _one_refused(rig: Rig, name: str, rule: str, **changes: object) -> Seen:
    """Q: of forty dossiers one is changed, and that one is set aside."""
    rows = replaced(dossiers(ROWS), 7, **changes)
    return rig.set_aside(rig.load(csv_file(rig.path(f"{name}.csv"), table(rows))), rule, 1, ROWS - 1)


@case("D1", "dòng lặp nguyên văn", "exact duplicate rows", EXACT, group=GROUP, quick=True)
def duplicates(rig: Rig) -> Seen:
    rows = dossiers(ROWS)
    expected = rig.content(accepted(rig, csv_file(rig.path("once.csv"), table(rows))))
    told = rig.load(csv_file(rig.path("twice.csv"), table([*rows, *rows[:5]])))
    seen = rig.exact(told, expected)
    demand(told.load["account"]["duplicate"] == 5, f"{told.load['account']}")
    return Seen(seen.outcome, f"{seen.evidence}, 5 duplicates counted")


@case(
    "D2b", "cùng khóa, cùng thời điểm, khác nội dung", "same key and version, other content", QUARANTINED, group=GROUP
)
def contradiction(rig: Rig) -> Seen:
    rows = [*dossiers(120), golden.dossier(3, channel="Trực tiếp")]
    return rig.set_aside(rig.load(csv_file(rig.path("contradiction.csv"), table(rows))), "GATE-DOS-002", 2, 119)


@case("D6", "ngày ở tương lai", "future date", QUARANTINED, group=GROUP, quick=True)
def future(rig: Rig) -> Seen:
    return _one_refused(rig, "future", "GATE-DOS-502", received="09/03/2023 08:00", due="20/03/2023 17:00",
                        finished="", returned="", method="", status="4")  # fmt: skip


@case("D7", "đóng trước khi nhận", "closed before received", QUARANTINED, group=GROUP)
def closed_before_received(rig: Rig) -> Seen:
    return _one_refused(rig, "backwards", "GATE-DOS-504", finished="01/01/2023 07:00")


@case("D8", "mã đơn vị không ai biết", "unknown agency code", QUARANTINED, group=GROUP, quick=True)
def unknown_agency(rig: Rig) -> Seen:
    return _one_refused(rig, "agency", "GATE-DOS-501", agency="82999")


@case("D9", "đơn vị đã giải thể vào ngày của dòng", "agency abolished by the day of the row", QUARANTINED, group=GROUP,
      quick=True)  # fmt: skip
def abolished_agency(rig: Rig) -> Seen:
    """Merged on 2025-07-01: rows of the day before belong to it, rows of that day no longer do."""
    days = {"30/06/2025": 30, "01/07/2025": 1}
    rows = [
        golden.dossier(80_000 + number, agency="01846", received=f"{day} 08:00", due="20/07/2025 17:00", finished="",
                       returned="", method="", status="4", updated=f"{day} 09:00")
        for number, day in enumerate(["30/06/2025"] * 39 + ["01/07/2025"])
    ]  # fmt: skip
    told = rig.command("load", "one_stop.dossiers", str(csv_file(rig.path("merged.csv"), table(rows))),
                       "--date", "2025-07-01")  # fmt: skip
    seen = rig.set_aside(told, "GATE-DOS-530", 1, 39)
    return Seen(seen.outcome, f"{seen.evidence}: {', '.join(days)}")


@case("D10", "số đếm âm", "negative count", QUARANTINED, group=GROUP)
def negative(rig: Rig) -> Seen:
    return _one_refused(rig, "negative", "GATE-DOS-019", supplements="-1")


@case("D13", "ngày 31/02", "31 February", QUARANTINED, group=GROUP, quick=True)
def no_such_day(rig: Rig) -> Seen:
    return _one_refused(rig, "no-day", "GATE-DOS-011", received="31/02/2023 08:00")


@case("D14", "mã thủ tục không đúng mẫu quốc gia", "procedure code of no list", QUARANTINED, group=GROUP)
def orphan(rig: Rig) -> Seen:
    return _one_refused(rig, "orphan", "GATE-DOS-005", procedure="TTHC-1")


@case("D15", "số dòng giảm hơn 60 %", "volume down by more than 60 %", REFUSED, group=GROUP)
def halved(rig: Rig) -> Seen:
    """Four ordinary nights, then one with a fifth of their rows: nothing of a critical dataset's night comes in."""
    from proofs.faults.cases.nights import small_night

    return small_night(rig)


@case("D6b", "ảnh chụp mang ngày khác", "snapshot with rows of another date", REFUSED, group=GROUP)
def stale_snapshot(rig: Rig) -> Seen:
    rows = [golden.mailbox(number, "06/03/2023") for number in range(ROWS)]
    rows[9] = golden.mailbox(9, "28/02/2023")
    path = csv_file(rig.path("stale.csv"), table(rows, golden.MAIL_HEADERS))
    before = rig.publish_no(), rig.raw_rows(MAIL)
    told = rig.load(path, MAIL)
    demand((told.code, told.load["verdict"]) == (1, "blocked") and "GATE-MAI-502" in told.rules, f"{told}")
    demand(before == (rig.publish_no(), rig.raw_rows(MAIL)), "something came in")
    return Seen("R", f"exit 1 GATE-MAI-502, publish {before[0]} stays")
