"""Rules that hold a load against itself or against what came before: each fires where no other rule does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import communication_fixtures as communication
import document_work_fixtures as document_work
import forms_fixtures as forms
import gate_fixtures as fx
import network_fixtures as network
import portal_fixtures as portal
import progress_fixtures as progress
import pytest
import shared_data_fixtures as shared
import vertical_fixtures as vertical

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import append
from egov_kpi.raw.promote import promote
from egov_kpi.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")

Rows = list[fx.Row]
DOS, DOC, MAI, HEA, CER, PRO, PAP, PAR, PAY, CMP, RES, APO, SAT, TAS = (
    "one_stop.dossiers",
    "ioffice.outgoing_documents",
    "mail.accounts",
    "directory.headcount",
    "iso.certificates",
    "portal.procedures",
    "forms.paper_register",
    "forms.par_scorecards",
    "one_stop.payments",
    "one_stop.components",
    "one_stop.results",
    "one_stop.apologies",
    "one_stop.satisfaction",
    "ioffice.tasks",
)
NET, COM = network.NET, communication.COM
INC, ACC, WOF = document_work.INC, document_work.ACC, document_work.WOF
OSU, RPT, SUR = forms.OSU, forms.RPT, forms.SUR
VER = vertical.VER
USE, FEE = shared.USE, shared.FEE
# Told of dossiers, or of the counter, as changes.
BESIDE = (PAY, CMP, RES, APO, SAT)
BEFORE_SNAPSHOT = date(2023, 2, 1)
BEFORE_WINDOW, WINDOW = (date(2023, 2, 20), date(2023, 2, 21)), (date(2023, 2, 21), date(2023, 2, 22))
# Further back, for rules that ask for a habit.
EARLIER_WINDOWS = (date(2023, 2, 16), date(2023, 2, 17)), (date(2023, 2, 17), date(2023, 2, 18))
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, fx.Row] = {
    DOS: {"updated_at": "21/02/2023 15:00"},
    DOC: {"updated_at": "2023-02-21T15:00:00+07:00"},
    MAI: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"},
    HEA: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"},
    CER: {
        "snapshot_date": "01/02/2023",
        "exported_at": "02/02/2023 01:00",
        "internal_audit_date": "10/01/2023",
        "management_review_date": "20/01/2023",
    },
    PRO: {"snapshot_date": "2023-02-01", "exported_at": "2023-02-02T01:00:00+07:00"},
    PAP: {},
    PAR: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"},
    **{name: {"updated_at": "21/02/2023 15:00"} for name in BESIDE},
    **portal.THEN,
    TAS: {"updated_at": "2023-02-21T15:00:00+07:00"},
    **network.THEN,
    **communication.THEN,
    **document_work.THEN,
    **progress.THEN,
    **shared.THEN,
    **forms.THEN,
    **vertical.THEN,
}
NOW: dict[str, fx.Row] = {
    DOS: {"updated_at": "22/02/2023 15:00"},
    DOC: {"updated_at": "2023-02-22T15:00:00+07:00"},
    MAI: {},
    HEA: {"exported_at": "02/03/2023 01:00"},
    CER: {"internal_audit_date": "10/01/2023", "management_review_date": "20/01/2023"},
    PRO: {},
    PAP: {},
    PAR: {},
    **{name: {"updated_at": "22/02/2023 15:00"} for name in BESIDE},
    **portal.NOW,
    TAS: {"updated_at": "2023-02-22T15:00:00+07:00"},
    **network.NOW,
    **communication.NOW,
    **document_work.NOW,
    **progress.NOW,
    **shared.NOW,
    **forms.NOW,
    **vertical.NOW,
}
SIZE = {
    DOS: 40, DOC: 40, MAI: 40, HEA: 6, CER: 12, PRO: 40, PAP: 10, PAR: 20,
    **dict.fromkeys(
        [
            *BESIDE, *portal.RIGHT, TAS, *network.RIGHT, *communication.RIGHT, *document_work.RIGHT, *progress.RIGHT,
            *shared.RIGHT, VER,
        ],
        40,
    ),
    **forms.SIZE,
}  # fmt: skip
UNITS = ("823", "824", "28651", "28654", "28657", "28660", "28663")
KEY = {
    DOS: "dossier_hash", DOC: "document_id", MAI: "mailbox_hash", CER: "certificate_number", PRO: "procedure_code",
    **dict.fromkeys([*BESIDE, *progress.RIGHT, shared.USE], "dossier_hash"),
}  # fmt: skip


def row(dataset: str, number: int, changes: fx.Row) -> fx.Row:
    own = {"agency_code": UNITS[number - 1]} if dataset in (HEA, OSU) else {}
    if dataset == MAI:
        day = "31/01/2023" if changes.get("snapshot_date") == THEN[MAI]["snapshot_date"] else "28/02/2023"
        own = {"last_used_at": f"{day} {7 + number // 60:02d}:{number % 60:02d}"}
    return {**fx.RIGHT[dataset](number), **own, **changes}


def rows(dataset: str, base: dict[str, fx.Row], changes: fx.Row, only: range | None = None) -> Rows:
    """The base rows of a load, those in `only` (default: all) with changes."""
    numbers = range(1, SIZE[dataset] + 1)
    return [row(dataset, n, {**base[dataset], **(changes if only is None or n in only else {})}) for n in numbers]


@dataclass
class Story:
    """A load before, and the load that the rule refuses; with a habit there are two more loads before that one."""

    dataset: str
    before: fx.Row = field(default_factory=dict)
    before_only: range | None = None
    now: fx.Row = field(default_factory=dict)
    now_only: range | None = None
    further: Callable[[Rows], Rows] = list
    habit: bool = False

    def keep_before(self, settings: Settings) -> None:
        keep(settings, self.dataset, 1, rows(self.dataset, THEN, self.before, self.before_only))
        for place, window in enumerate(EARLIER_WINDOWS if self.habit else (), start=1):
            base = {**THEN[self.dataset], **self.before}
            earlier = [row(self.dataset, 100 * place + n, base) for n in range(1, SIZE[self.dataset] + 1)]
            keep(settings, self.dataset, 10 + place, earlier, window)

    def load_now(self) -> Rows:
        return self.further(rows(self.dataset, NOW, self.now, self.now_only))


def again(count: int) -> Callable[[Rows], Rows]:
    """The first rows once more, over and over, until there are so many more."""
    return lambda given: given + [given[n % len(given)] for n in range(count)]


def first(count: int) -> Callable[[Rows], Rows]:
    return lambda given: given[:count]


def copies(dataset: str, count: int) -> Callable[[Rows], Rows]:
    """The first rows again under keys that nobody has had."""

    def further(given: Rows) -> Rows:
        fresh = [fx.RIGHT[dataset](number)[KEY[dataset]] for number in range(101, 101 + count)]
        return given + [{**given[n], KEY[dataset]: fresh[n]} for n in range(count)]

    return further


def used_in_january(given: Rows) -> Rows:
    return [{**item, "last_used_at": str(item["last_used_at"]).replace("28/02", "31/01")} for item in given]


def others(dataset: str, count: int) -> Callable[[Rows], Rows]:
    """Some known rows, then so many new ones."""
    return lambda given: given[30:] + [row(dataset, n, NOW[dataset]) for n in range(101, 101 + count)]


def _numbered(*numbers: int) -> Callable[[Rows], Rows]:
    return lambda _: [fx.paper(number) for number in numbers]


def _large_unit(given: Rows) -> Rows:
    return [*given, {**row(HEA, 7, NOW[HEA]), "headcount": "9000"}]


FEW = range(1, 5)
SOME = range(1, 13)
# By the word of the dataset: its main date within the night.
AT_NIGHT: dict[str, tuple[str, fx.Row]] = {
    "PAY": (PAY, {"charged_at": "01/02/2023 02:00"}),
    "CMP": (CMP, {"submitted_at": "01/02/2023 02:00"}),
    "RES": (RES, {"issued_at": "08/02/2023 02:00"}),
    "APO": (APO, {"issued_at": "08/02/2023 02:00"}),
    "SAT": (SAT, {"voted_at": "08/02/2023 02:00"}),
    **progress.AT_NIGHT,
    **shared.AT_NIGHT,
}


def _moment(dataset: str, day: str, at: str) -> str:
    """A time of February as the dataset writes it."""
    is_iso = "T" in str(NOW[dataset]["updated_at"])
    return f"2023-02-{day}T{at}:00+07:00" if is_iso else f"{day}/02/2023 {at}"


def usual_stories(word: str) -> dict[str, Story]:
    """What any export of changes may do wrong."""
    dataset, at_night = AT_NIGHT[word]
    return {
        f"{word} repeated": Story(dataset, further=again(20)),
        f"{word} clock": Story(dataset, at_night, now=at_night),
        f"{word} window": Story(dataset, now={"updated_at": _moment(dataset, "15", "15:00")}, now_only=SOME),
        f"{word} tail": Story(dataset, now={"updated_at": _moment(dataset, "22", "09:00")}),
        f"{word} overlap": Story(dataset, further=others(dataset, 30)),
        f"{word} agency_moved": Story(dataset, {"agency_code": "824"}, FEW),
    }


STORIES: dict[str, Story] = {
    **{name: story for word in AT_NIGHT for name, story in usual_stories(word).items()},
    **{
        f"{word} changed": Story(dataset, now=change, now_only=SOME)
        for word, (dataset, change) in {**progress.CHANGED, **shared.CHANGED}.items()
    },
    "DOS repeated": Story(DOS, further=again(20)),
    "DOS clock": Story(DOS, {"received_at": "01/02/2023 02:00"}, now={"received_at": "01/02/2023 02:00"}),
    "DOS window": Story(DOS, now={"updated_at": "15/02/2023 15:00"}, now_only=SOME),
    "DOS tail": Story(DOS, now={"updated_at": "22/02/2023 09:00"}),
    "DOS overlap": Story(DOS, further=others(DOS, 30)),
    "DOS changed": Story(DOS, now={"procedure_code": "1.009999"}, now_only=SOME),
    "DOS agency_moved": Story(DOS, {"agency_code": "824"}, FEW),
    "DOS drift": Story(DOS, now={"channel": "Trực tuyến"}, habit=True),
    "DOS scale": Story(DOS, {"supplement_request_count": "1"}, now={"supplement_request_count": "5"}, habit=True),
    "DOS copied": Story(DOS, further=copies(DOS, 20)),
    "DOC repeated": Story(DOC, further=again(20)),
    "DOC clock": Story(
        DOC,
        now={
            "personal_signed_at": "2023-02-01T01:00:00+07:00",
            "organisation_signed_at": "2023-02-01T02:00:00+07:00",
        },
        now_only=range(1, 40),
    ),
    "DOC window": Story(DOC, now={"updated_at": "2023-02-15T15:00:00+07:00"}, now_only=SOME),
    "DOC tail": Story(DOC, now={"updated_at": "2023-02-22T09:00:00+07:00"}),
    "DOC overlap": Story(DOC, further=others(DOC, 30)),
    "DOC changed": Story(DOC, now={"document_type": "Quyết định"}, now_only=SOME),
    "DOC drift": Story(DOC, now={"medium": "Giay"}, habit=True),
    "DOC copied": Story(DOC, further=copies(DOC, 20)),
    "MAI repeated": Story(MAI, further=again(20)),
    "MAI changed": Story(MAI, now={"issued_date": "02/01/2020"}, now_only=SOME),
    "MAI agency_moved": Story(MAI, {"agency_code": "824"}, FEW, {"agency_code": "824"}, range(40, 41)),
    "MAI drift": Story(MAI, now={"account_status": "Tạm khóa"}),
    "MAI scale": Story(MAI, now={"sent_30d_count": "30"}),
    "MAI missing_unit": Story(MAI, {"agency_code": "824"}, FEW, further=lambda given: given[4:]),
    "MAI lost": Story(MAI, further=first(28)),
    "MAI stale": Story(MAI, further=used_in_january),
    "MAI copied": Story(MAI, further=lambda given: given + used_in_january(copies(MAI, 10)(given)[40:])),
    "HEA repeated": Story(HEA, further=again(12)),
    "HEA scale": Story(HEA, further=_large_unit),
    "HEA missing_unit": Story(HEA, further=first(5)),
    "HEA jump": Story(HEA, now={"headcount": "130"}, now_only=range(1, 2)),
    "CER repeated": Story(CER, further=again(12)),
    "CER changed": Story(CER, now={"announced_date": "02/06/2022"}, now_only=range(1, 6)),
    "CER drift": Story(CER, now={"is_mandated": "Không"}),
    "CER scale": Story(CER, now={"valid_until_date": "01/06/2045"}),
    "CER missing_unit": Story(CER, {"agency_code": "824"}, range(1, 2), further=lambda given: given[1:]),
    "CER copied": Story(CER, further=copies(CER, 3)),
    "CER jump": Story(CER, now={"procedures_covered_count": "100"}, now_only=range(1, 2)),
    "PRO repeated": Story(PRO, further=again(20)),
    "PRO changed": Story(PRO, now={"service_level": "3"}, now_only=SOME),
    "PRO drift": Story(PRO, now={"procedure_status": "BaiBo"}),
    "PRO missing_unit": Story(PRO, {"agency_code": "824"}, FEW, further=lambda given: given[4:]),
    "PRO lost": Story(PRO, further=first(28)),
    "PRO copied": Story(PRO, further=copies(PRO, 10)),
    "FEE repeated": Story(FEE, further=again(20)),
    "FEE drift": Story(FEE, now={"has_fee": "0", "synced_date": None}),
    "FEE missing_unit": Story(FEE, {"agency_code": "824"}, FEW, further=lambda given: given[4:]),
    "FEE lost": Story(FEE, further=first(28)),
    "USE drift": Story(USE, now={"certified_copy": "Bản giấy"}, habit=True),
    "PAP repeated": Story(PAP, further=again(10)),
    "PAP changed": Story(PAP, now={"procedure_code": "1.009999"}, now_only=range(1, 4)),
    "PAP drift": Story(PAP, now={"channel": "Bưu chính công ích"}),
    "PAP scale": Story(PAP, now={"finished_date": "30/10/2022", "returned_date": "30/10/2022"}),
    "PAP copied": Story(PAP, further=lambda given: given + [fx.paper(number) for number in range(11, 15)]),
    "PAR repeated": Story(PAR, further=again(10)),
    "PAR changed": Story(PAR, now={"max_points": "3"}, now_only=range(1, 2)),
    "PAR missing": Story(PAR, further=first(19)),
    "PAY changed": Story(PAY, now={"fee_kind": "Lệ phí"}, now_only=SOME),
    "PAY drift": Story(PAY, now={"payment_method": "Trực tiếp"}, habit=True),
    "PAY scale": Story(PAY, now={"amount_due": "500000"}, habit=True),
    "PAY copied": Story(PAY, further=copies(PAY, 20)),
    "CMP changed": Story(CMP, now={"submitted_at": "02/02/2023 08:05"}, now_only=SOME),
    "CMP drift": Story(CMP, now={"is_reused": "Có"}, habit=True),
    "RES changed": Story(RES, now={"issued_at": "08/02/2023 09:40"}, now_only=SOME),
    "RES drift": Story(RES, now={"is_attached": "Không", "signed_at": None}, habit=True),
    "APO changed": Story(APO, now={"old_due_at": "09/02/2023 17:00"}, now_only=SOME),
    "APO drift": Story(APO, now={"letter_no": "2"}, habit=True),
    "APO copied": Story(APO, further=copies(APO, 20)),
    "SAT changed": Story(SAT, now={"vote_channel": "Cổng dịch vụ công"}, now_only=SOME),
    "SAT drift": Story(SAT, now={"rating": "Không hài lòng"}, habit=True),
    "TAS repeated": Story(TAS, further=again(20)),
    "TAS changed": Story(TAS, now={"assigned_date": "2023-01-30"}, now_only=SOME),
    "NET repeated": Story(NET, further=again(20)),
    "NET changed": Story(NET, now={"device_kind": "Máy in"}, now_only=SOME),
    "NET agency_moved": Story(NET, {"agency_code": "824"}, FEW, {"agency_code": "824"}, range(40, 41)),
    "NET drift": Story(NET, {"is_secured": "Không", "secured_date": None}),
    "NET missing_unit": Story(NET, {"agency_code": "824"}, FEW, further=lambda given: given[4:]),
    "NET lost": Story(NET, further=first(28)),
    "COM repeated": Story(COM, further=again(20)),
    "COM window": Story(COM, now={"updated_at": "2023-02-15T15:00:00+07:00"}, now_only=SOME),
    "COM changed": Story(COM, now={"activity_kind": "TapHuan"}, now_only=SOME),
    "INC repeated": Story(INC, further=again(20)),
    "INC window": Story(INC, now={"updated_at": "2023-02-17T16:30:00+07:00"}, now_only=SOME),
    "INC changed": Story(INC, now={"sender_kind": "CapDuoi"}, now_only=SOME),
    "ACC repeated": Story(ACC, further=again(20)),
    "ACC changed": Story(ACC, now={"issued_date": "2020-02-03"}, now_only=SOME),
    "ACC agency_moved": Story(ACC, {"agency_code": "824"}, FEW, {"agency_code": "824"}, range(40, 41)),
    "ACC drift": Story(ACC, now={"account_status": "TamKhoa"}),
    "ACC missing_unit": Story(ACC, {"agency_code": "824"}, FEW, further=lambda given: given[4:]),
    "ACC lost": Story(ACC, further=first(28)),
    "OSU repeated": Story(OSU, further=again(6)),
    "OSU missing_unit": Story(OSU, further=first(5)),
    "VER repeated": Story(VER, further=again(20)),
    "VER missing": Story(VER, further=first(30)),
    "WOF repeated": Story(WOF, further=again(20)),
    "WOF window": Story(WOF, now={"updated_at": "2023-02-15T15:00:00+07:00"}, now_only=SOME),
    "WOF changed": Story(WOF, now={"medium": "Giay"}, now_only=SOME),
    "RPT repeated": Story(RPT, further=again(20)),
    "RPT changed": Story(RPT, now={"due_date": "21/01/2023"}, now_only=SOME),
    "SUR repeated": Story(SUR, further=again(10)),
    "SUR missing": Story(SUR, further=first(19)),
    "PAP gaps": Story(PAP, further=_numbered(1, 2, 3, 4, 9, 10, 11, 12)),
    "PUB repeated": Story(portal.PUB, further=again(20)),
    "PUB window": Story(portal.PUB, now={"updated_at": "2023-02-15T15:00:00+07:00"}, now_only=SOME),
    "PUB changed": Story(portal.PUB, now={"change_kind": "SuaDoi"}, now_only=SOME),
    "PET repeated": Story(portal.PET, further=again(20)),
    "PET window": Story(portal.PET, now={"updated_at": "2023-02-15T15:00:00+07:00"}, now_only=SOME),
    "PET changed": Story(portal.PET, now={"channel": "Khac"}, now_only=SOME),
}


def keep(
    settings: Settings, dataset: str, load_seq: int, given: Rows, window: tuple[date, date] = BEFORE_WINDOW
) -> None:
    """An earlier load, its rows in raw."""
    contract = get_contract(dataset)
    is_snapshot = contract.shape == "snapshot"
    fx.register(
        settings,
        contract,
        load_seq,
        snapshot_date=BEFORE_SNAPSHOT if is_snapshot else None,
        window=None if is_snapshot else window,
        content_digest=f"{load_seq:064x}",
    )
    fx.stage_rows(settings, contract, load_seq, given)
    with connect("loader", settings) as conn:
        kept = promote(conn, contract, load_seq)
        nothing = dict.fromkeys(("withheld", "unchanged", "quarantined", "duplicate", "structural"), 0)
        account = {**nothing, "received": len(given), "landed": len(given), "accepted": kept.accepted}
        append(conn, "load_promoted", {"load_seq": load_seq, "account": account})


def purpose_of(settings: Settings, name: str) -> str:
    """Identifier of the rule that serves a purpose, `DOS drift`."""
    word, purpose = name.split()
    rules = [rule for dataset in fx.DATASETS for rule in fx.suite_of(settings, dataset).rules]
    (found,) = [r.rule_id for r in rules if r.rule_id[5:8] == word and r.meta.get("purpose") == purpose]
    return found


def judged(settings: Settings, dataset: str, given: Rows, load_seq: int = 2) -> fx.GateResult:
    contract = get_contract(dataset)
    fx.register(settings, contract, load_seq, window=None if contract.shape == "snapshot" else WINDOW)
    return fx.gate(settings, contract, load_seq, given)


def histories() -> dict[str, list[str]]:
    """Names of the stories that have the same loads behind them, which are loaded once for all of these."""
    found: dict[str, list[str]] = {}
    for name, story in STORIES.items():
        habit = "with a habit" if story.habit else "one load"
        changes = f" {story.before} in {story.before_only}" if story.before else ""
        found.setdefault(f"{story.dataset} after {habit}{changes}", []).append(name)
    return found


@pytest.mark.parametrize("dataset", fx.DATASETS)
def test_a_right_load_passes_as_the_first_and_after_right_ones(warehouse: Settings, dataset: str) -> None:
    first = judged(warehouse, dataset, Story(dataset).load_now(), load_seq=20)
    Story(dataset, habit=dataset in (DOS, DOC, *BESIDE)).keep_before(warehouse)
    later = judged(warehouse, dataset, Story(dataset).load_now())
    answers = [(result.verdict, [rule.rule_id for rule in result.failed]) for result in (first, later)]
    assert answers == [("pass", [])] * 2


@pytest.mark.parametrize("history", histories())
def test_the_rule_refuses_what_no_other_does(warehouse: Settings, history: str) -> None:
    stories = {name: STORIES[name] for name in histories()[history]}
    next(iter(stories.values())).keep_before(warehouse)
    # what is judged is never promoted, so none of these loads is a history for the next
    for load_seq, (name, story) in enumerate(stories.items(), start=20):
        result = judged(warehouse, story.dataset, story.load_now(), load_seq)
        refused = [(rule.rule_id, rule.action) for rule in result.failed if rule.action != "notice"]
        assert refused == [(purpose_of(warehouse, name), result.verdict)], name


@pytest.mark.parametrize("dataset", [DOS, DOC])
def test_a_small_unit_that_vanishes_from_the_day_exported_twice(warehouse: Settings, dataset: str) -> None:
    """Three rows of 40 are no fifth of them, but all that this unit had."""
    story = Story(dataset, {"agency_code": "824"}, range(1, 4), further=lambda given: given[3:])
    story.keep_before(warehouse)
    result = judged(warehouse, dataset, story.load_now())
    expected = purpose_of(warehouse, "DOS overlap" if dataset == DOS else "DOC overlap")
    assert [rule.rule_id for rule in result.failed] == [expected]


def _book(*numbers: int) -> Callable[[Rows], Rows]:
    """November's book; October's had the numbers 1 to 10."""
    return lambda _: [{**fx.paper(number), **_days(number % 5 + 7), "updated_at": "30/11/2022"} for number in numbers]


def _days(day: int) -> fx.Row:
    done = f"{day + 2:02d}/11/2022"
    return {"received_date": f"{day:02d}/11/2022", "finished_date": done, "returned_date": done}


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        pytest.param(range(11, 21), "pass", id="whole"),
        pytest.param(range(14, 21), "block", id="the first lines are left out"),
        pytest.param(range(13, 21), "pass", id="two numbers were never given"),
        pytest.param(range(13, 14), "block", id="one line of three is left"),
    ],
)
def test_a_book_counts_on_from_the_month_before(warehouse: Settings, numbers: range, verdict: str) -> None:
    story = Story(PAP, further=_book(*numbers))
    story.keep_before(warehouse)
    result = judged(warehouse, PAP, story.load_now())
    expected = [purpose_of(warehouse, "PAP gaps")] if verdict == "block" else []
    assert (result.verdict, [rule.rule_id for rule in result.failed]) == (verdict, expected)


# A night that is unlike others and right all the same -----------------------------------------------------------------

CLOSED: fx.Row = {"received_at": "01/09/2022 08:00", "due_at": "30/09/2022 17:00"}
OPEN: fx.Row = {"finished_at": None, "returned_at": None, "dossier_status": "4"}


def _old_cases(given: Rows) -> Rows:
    return given + [row(DOS, n, {**NOW[DOS], **CLOSED}) for n in range(401, 425)]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(Story(DOS, now={"channel": "Trực tuyến"}), id="only one window to compare with"),
        pytest.param(Story(DOS, OPEN, now=OPEN, now_only=range(1, 4), habit=True), id="the backlog is cleared"),
        pytest.param(Story(DOS, further=_old_cases, habit=True), id="old cases among new ones"),
        pytest.param(Story(PAP, {"channel": "Bưu chính công ích"}, range(1, 4)), id="a small book"),
        pytest.param(
            Story(
                CER,
                {"agency_code": "824", "valid_until_date": "15/02/2023"},
                range(1, 2),
                further=lambda given: given[1:],
            ),
            id="a unit's announcement has lapsed",
        ),
    ],
)
def test_a_right_load_that_is_unlike_others_passes(warehouse: Settings, story: Story) -> None:
    story.keep_before(warehouse)
    result = judged(warehouse, story.dataset, story.load_now())
    assert (result.verdict, [rule.rule_id for rule in result.failed]) == ("pass", [])


def test_a_weekend_of_online_dossiers_passes(warehouse: Settings) -> None:
    """Counters are closed; whoever applies on a Sunday applies online."""
    story = Story(DOS, habit=True)
    story.keep_before(warehouse)
    contract = get_contract(DOS)
    given = [row(DOS, n, {"updated_at": "26/02/2023 15:00", "channel": "Trực tuyến"}) for n in range(501, 531)]
    fx.register(warehouse, contract, 2, window=(date(2023, 2, 25), date(2023, 2, 26)))
    result = fx.gate(warehouse, contract, 2, given)
    assert (result.verdict, [rule.rule_id for rule in result.failed]) == ("pass", [])


@pytest.mark.parametrize("dataset", [DOS, DOC])
def test_a_window_thinner_than_the_thinnest_blocks(warehouse: Settings, dataset: str) -> None:
    """Four windows of a hundred rows each; 45 rows are above the rough floor of 40 and under the close one of 62."""
    contract = get_contract(dataset)
    for number, day in enumerate((13, 14, 15, 16), start=10):
        fx.promoted(warehouse, contract, number, 100, window=(date(2023, 2, day), date(2023, 2, day + 1)))
    for load_seq, size in ((1, 45), (2, 70)):
        fx.register(warehouse, contract, load_seq, window=WINDOW)
        result = fx.gate(warehouse, contract, load_seq, [row(dataset, n, NOW[dataset]) for n in range(1, size + 1)])
        expected = [purpose_of(warehouse, "DOS thin" if dataset == DOS else "DOC thin")] if size == 45 else []
        assert [rule.rule_id for rule in result.failed] == expected


def test_a_line_of_another_ward_in_a_book(warehouse: Settings) -> None:
    """The book's name says whose lines are in it."""
    contract = get_contract(PAP)
    files = [{"name": "01846-2022-10.xlsx", "sha256_received": fx.FILE, "sha256_landed": fx.FILE, "bytes": 1}]
    body = {
        "load_seq": 1, "dataset": PAP, "shape": "delta", "load_key": "1" * 64, "content_digest": fx.CONTENT,
        "snapshot_date": None, "window_from": None, "window_to": "2023-03-06", "business_date": "2023-03-06",
        "landing_path": "x", "files": files, "key_id": None, "code_version": "test", "run_id": None,
    }  # fmt: skip
    with connect("loader", warehouse) as conn:
        append(conn, "load_registered", body)
    given = [fx.paper(number) for number in range(1, 31)]
    given[7] = {**given[7], "agency_code": "01849"}
    result = fx.gate(warehouse, contract, 1, given)
    assert fx.refused(warehouse, contract, 1) == {8: {purpose_of(warehouse, "PAP book")}}
    assert result.verdict == "quarantine"


def test_every_rule_against_history_is_tested_here(warehouse: Settings) -> None:
    here = {purpose_of(warehouse, name) for name in (*STORIES, "DOS thin", "DOC thin", "PAP book")}
    assert here == fx.HISTORY_RULES
