"""Units whose published figures the records reproduce, among neighbours that they must not be confused with.

Gò Công Tây district (823, Tiền Giang 82), first quarter of 2023 as known on 2023-03-06; Huyền Tụng ward (01846, Bắc
Kạn 06), ten months of 2022; Vân Đồn district (203, Quảng Ninh 22), the scorecard of nine months of 2022. Figures that
no report states (headcount, number of online dossiers of the district, unsigned documents of the ward, single criteria,
all neighbours) are synthetic. The nights of 2023-03-07 and 2023-03-08 bring small deltas.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator import (
    activities,
    devices,
    incoming,
    office,
    office_accounts,
    one_stop,
    one_stop_units,
    periodic_reports,
    petitions,
    publications,
    surveys,
    vertical,
    work_files,
)
from egov_kpi.simulator.catalogue import Catalogue, offer, procedure_codes, snapshot
from egov_kpi.simulator.drawing import (
    correct,
    counters,
    draw_documents,
    draw_dossiers,
    draw_mailboxes,
    number_dossiers,
    settle,
    with_first_versions,
    with_unsigned_versions,
)
from egov_kpi.simulator.records import CERTIFICATE, HEADCOUNT, PAPER, Records
from egov_kpi.simulator.scorecards import PLAIN_SET, VAN_DON, scorecard, van_don
from egov_kpi.simulator.timetable import (
    NEVER,
    add_working_days,
    count_working_days,
    office_time,
    plus_minutes,
    working_days,
)
from egov_kpi.simulator.units import load_units, units_of

DISTRICT = "823"
WARD = "01846"
WARD_TOWN = "058"
WARD_NEIGHBOUR = "01837"
DISTRICT_NEIGHBOUR = "824"
CUT_OFF = "2023-03-06"
SNAPSHOTS = ("2023-01-31", "2023-02-28", "2023-03-06")
WARD_SNAPSHOT = "2022-10-31"

# Published: report of Gò Công Tây, first quarter of 2023.
RECEIVED, RECEIVED_BY_POST = 4608, 149
SETTLED, RETURNED_BY_POST = 4432, 1637
DOCUMENTS, DOCUMENTS_DUAL = 623, 617
MAILBOXES = 429
DISTRICT_LIST = Catalogue("district", 90, 112, 50, unposted=4, abolished=7, active_partial=20, active_full=9)
COMMUNE_LIST = Catalogue("commune", 52, 39, 131, unposted=3, abolished=6, active_partial=11, active_full=6)
SHARED_CODES = 57
# Published: report of Huyền Tụng, ten months of 2022.
WARD_SOFTWARE, WARD_PAPER, WARD_ONLINE, WARD_POST = 244, 520, 9, 13
WARD_EXTERNAL, WARD_INTERNAL = 221, 337
# Not published.
ONLINE = 700
WARD_POST_ON_PAPER = 5
WARD_LIST = Catalogue("commune", 40, 20, 58, unposted=2, abolished=3, active_partial=4, active_full=0)
NEIGHBOUR_LIST = Catalogue("district", 12, 8, 10, unposted=0, abolished=1, active_partial=3, active_full=2)


@dataclass(frozen=True)
class _World:
    """What every part of the profile is drawn from."""

    rng: np.random.Generator
    units: pd.DataFrame
    communes: list[str]
    district_offers: pd.DataFrame
    commune_offers: pd.DataFrame
    ward_offers: pd.DataFrame
    neighbour_offers: pd.DataFrame


def generate(seed: int) -> Records:
    """All records of the profile up to the night of 2023-03-08."""
    world = _world(seed)
    dossiers, flaws = _dossiers(world)
    mailboxes = _mailboxes(world)
    headcount = _headcount(mailboxes)
    return Records(
        profile="calibrated",
        seed=seed,
        units=units_of("calibrated"),
        documents=_documents(world),
        dossiers=dossiers,
        paper=_paper(world),
        mailboxes=mailboxes,
        headcount=headcount,
        procedures=_procedures(world),
        certificates=_certificates(world),
        scorecards=_scorecards(),
        publications=publications.calibrated(seed, DISTRICT, WARD, DISTRICT_NEIGHBOUR),
        petitions=petitions.calibrated(seed, (DISTRICT, *world.communes), WARD, DISTRICT_NEIGHBOUR),
        **office.calibrated(seed, _places(world), CUT_OFF),
        devices=_devices(world, seed),
        activities=activities.calibrated(seed, _places(world), CUT_OFF),
        work_files=work_files.calibrated(seed, _places(world), CUT_OFF),
        office_accounts=office_accounts.drawn(seed, headcount),
        incoming_documents=incoming.calibrated(seed, _places(world), CUT_OFF),
        one_stop_units=one_stop_units.calibrated(seed, _places(world), WARD_SNAPSHOT, SNAPSHOTS[1:]),
        vertical=vertical.calibrated(seed),
        periodic_reports=_periodic_reports(world, seed),
        surveys=surveys.calibrated(seed, [DISTRICT, DISTRICT_NEIGHBOUR, WARD_TOWN], ["82", "06"], VAN_DON),
        flaws=flaws,
        one_stop=one_stop.beside(dossiers, seed),
        synchronisation=one_stop.synchronised(dossiers, seed),
    )


def _world(seed: int) -> _World:
    rng = np.random.default_rng(seed)
    units = load_units()
    communes = units.loc[units["parent_code"] == DISTRICT, "agency_code"].tolist()
    codes = procedure_codes(rng, 700)
    district = DISTRICT_LIST.table(codes[:300])
    # The shared codes come first in both lists: partial ones of the commune are partial at the district too, and the
    # district's last five shared partial ones are full at the commune.
    commune = COMMUNE_LIST.table(codes[:SHARED_CODES] + codes[300:500])
    ward = WARD_LIST.table(codes[500:640])
    neighbour = NEIGHBOUR_LIST.table(codes[640:])
    return _World(
        rng,
        units,
        communes,
        offer(rng, district, [DISTRICT], 0.0),
        offer(rng, commune, communes, 0.08),
        offer(rng, ward, [WARD, WARD_NEIGHBOUR], 0.05),
        offer(rng, neighbour, [DISTRICT_NEIGHBOUR], 0.0),
    )


def _places(world: _World) -> office.Places:
    return office.Places(DISTRICT, world.communes, DISTRICT_NEIGHBOUR, WARD, WARD_TOWN, WARD_NEIGHBOUR)


# --- dossiers ---------------------------------------------------------------------------------------------------------


def _dossiers(world: _World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Versions of all software dossiers, and the rows that are wrong for ever."""
    final = pd.concat(
        [_district_dossiers(world), _ward_dossiers(world), *_neighbour_dossiers(world)], ignore_index=True
    )
    offices = counters(world.units, sorted(final["agency_code"].unique()))
    numbered = number_dossiers(final, offices)
    versions = with_first_versions(world.rng, numbered, 0.12)
    versions = _district_corrections(world, versions)
    versions = pd.concat([versions, _later_nights(world, versions)], ignore_index=True)
    versions = versions.astype(dict.fromkeys(_DOSSIER_TIMES, "datetime64[s]"))
    return versions.sort_values(["updated_at", "dossier_code"]).reset_index(drop=True), _flaws(versions)


_DOSSIER_TIMES = ("received_at", "due_at", "finished_at", "returned_at", "updated_at")


def _in_force(offers: pd.DataFrame) -> pd.DataFrame:
    return offers[(offers["procedure_status"] == "in_force") & offers["posted_date"].notna()]


def _online_offers(rng: np.random.Generator, offers: pd.DataFrame, count: int) -> pd.DataFrame:
    """Offers of `count` online dossiers: every active (procedure, level) at least once, at any unit that lists it."""
    listed = _in_force(offers)
    active = listed[listed["is_active"]]
    shuffled: pd.DataFrame = active.sample(frac=1, random_state=rng)
    each = shuffled.drop_duplicates(["procedure_code", "competent_level"])
    return pd.concat([each, active.sample(count - len(each), replace=True, random_state=rng)], ignore_index=True)


def _district_dossiers(world: _World) -> pd.DataFrame:
    """Gò Công Tây: those that count, and those that were filed or turned away but never received."""
    rng = world.rng
    offers = pd.concat([world.district_offers, world.commune_offers], ignore_index=True)
    district_first = np.where(offers["agency_code"] == DISTRICT, 8.0, 1.0)
    weights = pd.Series(district_first, index=offers.index)
    listed = _in_force(offers)
    direct = listed.sample(RECEIVED - ONLINE, replace=True, weights=weights[listed.index], random_state=rng)
    chosen = pd.concat([_online_offers(rng, offers, ONLINE), direct], ignore_index=True)
    channel = np.array(
        ["online"] * ONLINE + ["post"] * RECEIVED_BY_POST + ["direct"] * (RECEIVED - ONLINE - RECEIVED_BY_POST)
    )
    order = rng.permutation(RECEIVED)
    days = rng.choice(working_days("2023-01-03", CUT_OFF), RECEIVED)
    drawn = draw_dossiers(rng, chosen.iloc[order], days).assign(channel=channel[order])
    return pd.concat([_settle_district(rng, drawn), _never_received(world)], ignore_index=True)


def _settle_district(rng: np.random.Generator, drawn: pd.DataFrame) -> pd.DataFrame:
    """4,432 settled and returned, 1,637 by post; the rest open or withdrawn, none of them due before 9 March."""
    recent = drawn.index[drawn["received_at"] >= pd.Timestamp("2023-02-20")]
    still_open = rng.choice(recent, RECEIVED - SETTLED, replace=False)
    settled = settle(rng, drawn.drop(still_open), CUT_OFF)
    by_post = rng.choice(settled.index, RETURNED_BY_POST, replace=False)
    settled.loc[by_post, "return_method"] = "post"
    online = settled.index[(settled["channel"] == "online") & (settled["return_method"] == "direct")]
    settled.loc[online, "return_method"] = "online"
    pending = drawn.loc[still_open]
    hour = pending["received_at"].to_numpy().astype("datetime64[m]")
    term = rng.integers(3, 12, len(pending))
    later = add_working_days(np.full(len(pending), np.datetime64(CUT_OFF)), term).astype("datetime64[m]")
    pending = pending.assign(due_at=later + (hour - hour.astype("datetime64[D]")))
    return pd.concat([settled, _stop_some(pending)], ignore_index=True)


def _stop_some(pending: pd.DataFrame) -> pd.DataFrame:
    """Five withdrawn by the citizen and three stopped: their processing ended, yet nothing was settled."""
    ended = pending.sort_values("received_at").index[:8]
    pending = pending.copy()
    end = pending.loc[ended, "received_at"] + pd.Timedelta(minutes=45)
    pending.loc[ended, "finished_at"] = end
    pending.loc[ended, "updated_at"] = end
    pending.loc[ended[:5], "dossier_status"] = "withdrawn"
    pending.loc[ended[5:], "dossier_status"] = "stopped"
    return pending


def _never_received(world: _World) -> pd.DataFrame:
    """23 filed online but not accepted, for procedures that nobody else used online; 11 refused at the counter."""
    rng = world.rng
    listed = _in_force(world.district_offers)
    unused = listed[~listed["is_active"] & (listed["service_level"] != "information")]
    offers = unused.sample(34, replace=True, random_state=rng)
    drawn = draw_dossiers(rng, offers, rng.choice(working_days("2023-01-03", CUT_OFF), 34))
    registered = np.arange(34) < 23
    return drawn.assign(
        channel=np.where(registered, "online", "post"),
        dossier_status=np.where(registered, "registered", "refused"),
        due_at=NEVER,
    )


def _ward_dossiers(world: _World) -> pd.DataFrame:
    """Huyền Tụng: 244 in the software, all settled on time by the end of October, 9 online, 8 of the 13 by post."""
    rng = world.rng
    offers = world.ward_offers[world.ward_offers["agency_code"] == WARD]
    counter = _in_force(offers).sample(WARD_SOFTWARE - WARD_ONLINE, replace=True, random_state=rng)
    chosen = pd.concat([_online_offers(rng, offers, WARD_ONLINE), counter], ignore_index=True)
    by_post = WARD_POST - WARD_POST_ON_PAPER
    channel = np.array(
        ["online"] * WARD_ONLINE + ["post"] * by_post + ["direct"] * (WARD_SOFTWARE - WARD_ONLINE - by_post)
    )
    order = rng.permutation(WARD_SOFTWARE)
    days = rng.choice(working_days("2022-01-04", "2022-10-20"), WARD_SOFTWARE)
    drawn = draw_dossiers(rng, chosen.iloc[order], days).assign(channel=channel[order])
    return settle(rng, drawn, "2022-10-31")


def _neighbour_dossiers(world: _World) -> list[pd.DataFrame]:
    """Units without published figures: dossiers in every month, some late, some without due date, some open."""
    rng = world.rng
    ward = _in_force(world.ward_offers[world.ward_offers["agency_code"] == WARD_NEIGHBOUR])
    district = _in_force(world.neighbour_offers)
    frames = []
    for offers, first, count in ((ward, "2022-01-04", 210), (district, "2023-01-03", 260)):
        days = working_days(first, CUT_OFF)
        picked = np.concatenate([_one_a_month(days), rng.choice(days, count)])
        drawn = draw_dossiers(rng, offers.sample(len(picked), replace=True, random_state=rng), picked)
        drawn = drawn.assign(channel=rng.choice(["direct", "online", "post"], len(drawn), p=[0.7, 0.2, 0.1]))
        drawn.loc[drawn.sample(frac=0.04, random_state=rng).index, "due_at"] = pd.NaT
        settled = drawn.sample(frac=0.93, random_state=rng).sort_index()
        known_due = settled["due_at"].fillna(settled["received_at"] + pd.Timedelta(days=5))
        done = settle(rng, settled.assign(due_at=known_due), CUT_OFF, late_share=0.15).assign(due_at=settled["due_at"])
        done.loc[done["channel"] == "post", "return_method"] = "post"
        frames += [_not_collected(rng, done), drawn.drop(settled.index)]
    return frames


def _not_collected(rng: np.random.Generator, done: pd.DataFrame) -> pd.DataFrame:
    """Some results wait at the counter: finished (status 9), not returned."""
    waiting = done.sample(frac=0.06, random_state=rng).index
    done = done.copy()
    done.loc[waiting, "returned_at"] = pd.NaT
    done.loc[waiting, "return_method"] = None
    done.loc[waiting, "dossier_status"] = "finished"
    done.loc[waiting, "updated_at"] = done.loc[waiting, "finished_at"]
    return done


def _one_a_month(days: np.ndarray) -> np.ndarray:
    """The first working day of each month, so that no month is empty."""
    return pd.Series(days).groupby(pd.Series(days).dt.to_period("M")).first().to_numpy()


def _district_corrections(world: _World, versions: pd.DataFrame) -> pd.DataFrame:
    """Mistakes put right by the cut-off: channel, unit, month of receipt, a finish typed as late."""
    rng = world.rng
    settled = versions[
        (versions["dossier_status"] == "returned") & versions["agency_code"].isin([DISTRICT, *world.communes])
    ]
    settled = settled[settled["due_at"] < pd.Timestamp("2023-02-20")].sample(frac=1, random_state=rng)
    post, direct = settled[settled["channel"] == "post"], settled[settled["channel"] == "direct"]
    commune = direct[direct["agency_code"] != DISTRICT]
    versions = correct(rng, versions, *_mistake(post[:6], "channel", "direct"))
    versions = correct(rng, versions, *_mistake(direct[direct["agency_code"] == DISTRICT][:9], "channel", "post"))
    elsewhere = DISTRICT_NEIGHBOUR
    versions = correct(rng, versions, *_mistake(commune[:7], "agency_code", elsewhere))
    early = direct[direct["received_at"] < pd.Timestamp("2023-01-06")]
    early = early[~early["dossier_code"].isin(commune[:7]["dossier_code"])][:5]
    versions = correct(rng, versions, *_mistake(early, "received_at", pd.Timestamp("2022-12-30 09:15")))
    late = commune[10:13]
    overdue = late.set_index("dossier_code")["due_at"] + pd.Timedelta(days=2)
    return correct(rng, versions, late["dossier_code"].tolist(), "finished_at", overdue)


def _mistake(rows: pd.DataFrame, column: str, wrong: object) -> tuple[list[str], str, pd.Series]:
    codes = rows["dossier_code"].tolist()
    return codes, column, pd.Series([wrong] * len(codes), index=codes)


def _later_nights(world: _World, versions: pd.DataFrame) -> pd.DataFrame:
    """7 and 8 March: new dossiers, returns, a late arrival of February, and two corrections of closed months."""
    rng = world.rng
    current = versions.sort_values("updated_at").drop_duplicates("dossier_code", keep="last")
    home = current[current["agency_code"].isin([DISTRICT, *world.communes])]
    settled = home[home["dossier_status"] == "returned"]
    february = settled[settled["received_at"].between("2023-02-01", "2023-02-10") & (settled["channel"] == "direct")]
    to_post = february[:1].assign(channel="post", updated_at=pd.Timestamp("2023-03-07 09:41"))
    to_january = february[1:2].assign(
        received_at=pd.Timestamp("2023-01-31 15:20"), updated_at=pd.Timestamp("2023-03-07 10:05")
    )
    return pd.concat(
        [
            to_post,
            to_january,
            _arrivals(world, current),
            *(_returns(rng, home, day) for day in ("2023-03-07", "2023-03-08")),
        ],
        ignore_index=True,
    )


def _arrivals(world: _World, current: pd.DataFrame) -> pd.DataFrame:
    """New dossiers of the two days, and one that was received on 10 February but typed in on 7 March."""
    rng = world.rng
    offers = _in_force(world.district_offers).sample(62, replace=True, random_state=rng)
    days = np.repeat(np.array(["2023-02-10", "2023-03-07", "2023-03-08"], dtype="datetime64[D]"), [1, 36, 25])
    drawn = draw_dossiers(rng, offers, days)
    drawn.loc[0, ["updated_at", "due_at"]] = [pd.Timestamp("2023-03-07 08:12"), pd.Timestamp("2023-03-17 08:12")]
    numbered = number_dossiers(drawn, counters(world.units, [DISTRICT]))
    taken = set(current["dossier_code"])
    late_code = numbered["dossier_code"].where(
        ~numbered["dossier_code"].isin(taken), numbered["dossier_code"].str.slice(0, -4) + "9001"
    )
    return numbered.assign(dossier_code=late_code)


def _returns(rng: np.random.Generator, home: pd.DataFrame, day: str) -> pd.DataFrame:
    """Fifteen of the open dossiers of the cut-off, settled and returned on that day; each day takes its own."""
    pending = home[home["dossier_status"].isin(["received", "processing"])].sort_values("dossier_code")
    offset = 15 * (day == "2023-03-08")
    chosen = pending[offset : offset + 15]
    finished = office_time(rng, np.full(len(chosen), np.datetime64(day, "D")))
    returned = plus_minutes(finished, 30)
    return chosen.assign(
        finished_at=finished,
        returned_at=returned,
        return_method="direct",
        dossier_status="returned",
        updated_at=returned,
    )


def _flaws(versions: pd.DataFrame) -> pd.DataFrame:
    """Rows that never were true: two of a unit nobody knows, one received on 31 February, two finished before receipt.

    The last two are earlier states of real dossiers whose good version is exported as well.
    """
    current = versions[versions["updated_at"] < pd.Timestamp(CUT_OFF) + pd.Timedelta(days=1)]
    current = current[(current["agency_code"] == DISTRICT) & (current["dossier_status"] == "returned")]
    rows = current[current["finished_at"] > current["received_at"] + pd.Timedelta(days=2)].iloc[[10, 20, 30, 40, 50]]
    unknown = rows[:2].assign(agency_code="82999", dossier_code=["000.00.15.H58-THU-0001", "000.00.15.H58-THU-0002"])
    impossible = rows[2:3].assign(received_at="31/02/2023 08:00", dossier_code="000.00.15.H58-THU-0003")
    backwards = rows[3:5].assign(
        finished_at=rows["received_at"][3:5] - pd.Timedelta(days=1),
        updated_at=rows["updated_at"][3:5] - pd.Timedelta(minutes=7),
    )
    return pd.concat([unknown.astype(object), impossible.astype(object), backwards.astype(object)], ignore_index=True)


# --- paper register ---------------------------------------------------------------------------------------------------


def _paper(world: _World) -> pd.DataFrame:
    """Versions of the ward's register, 520 lines settled by the end of October, and of a neighbour's short one."""
    ward = _register(world, WARD, WARD_PAPER, WARD_POST_ON_PAPER, "2022-10-31")
    other = _register(world, "01849", 64, 3, "2022-03-31")
    return pd.concat([ward, other], ignore_index=True).astype(dict.fromkeys(_PAPER_DATES, "datetime64[s]"))


_PAPER_DATES = ("received_date", "finished_date", "returned_date", "updated_at")


def _register(world: _World, agency_code: str, count: int, by_post: int, last_day: str) -> pd.DataFrame:
    """One unit's register: lines open at a month's end have a version in that month's file; some are corrected."""
    rng = world.rng
    days = np.sort(rng.choice(working_days("2022-01-04", last_day), count))
    taken = np.minimum(rng.integers(0, 7, count), np.asarray(_working_days_left(days, last_day)))
    finished = add_working_days(days, taken)
    codes = _in_force(world.ward_offers)["procedure_code"].drop_duplicates()
    posted = rng.permutation(np.arange(count) < by_post)
    frame = pd.DataFrame(
        {
            "agency_code": agency_code,
            "register_year": 2022,
            "register_number": [str(number) for number in range(1, count + 1)],
            "procedure_code": rng.choice(codes.to_numpy(), count),
            "applicant_no": rng.integers(1, 10_000_000, count),
            "channel": np.where(posted, "post", "direct"),
            "received_date": days.astype("datetime64[s]"),
            "finished_date": finished.astype("datetime64[s]"),
            "returned_date": finished.astype("datetime64[s]"),
            "return_method": np.where(posted, "post", "direct"),
            "updated_at": finished.astype("datetime64[s]"),
        }
    )
    return pd.concat([_open_lines(frame), _wrong_lines(frame), frame], ignore_index=True)[list(PAPER)]


def _working_days_left(days: np.ndarray, last_day: str) -> np.ndarray:
    return count_working_days(days, np.full(len(days), np.datetime64(last_day, "D")))


def _open_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """The state that a file of an earlier month showed of the lines that were finished in a later one."""
    crossing: pd.DataFrame = frame[frame["received_date"].dt.to_period("M") != frame["finished_date"].dt.to_period("M")]
    return crossing.assign(
        finished_date=NEVER, returned_date=NEVER, return_method=None, updated_at=crossing["received_date"]
    )


def _wrong_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Channels that were wrong in one month's file and corrected in the next: mutates `frame`'s newest versions."""
    wrong = frame[(frame["finished_date"].dt.month < frame["finished_date"].dt.month.max())].iloc[::60]
    before: pd.DataFrame = wrong.assign(channel=wrong["channel"].map({"direct": "post", "post": "direct"}))
    frame.loc[wrong.index, "updated_at"] = wrong["updated_at"] + pd.DateOffset(months=1)
    return before


# --- documents --------------------------------------------------------------------------------------------------------


def _documents(world: _World) -> pd.DataFrame:
    """Versions of all documents, those that count nowhere (recalled, on paper, secret) included."""
    rng = world.rng
    parts = [_district_documents(world), _ward_documents(world)]
    for code, tag, first in (
        (WARD_NEIGHBOUR, "H03", "2022-01-04"),
        (WARD_TOWN, "H03", "2022-01-04"),
        (DISTRICT_NEIGHBOUR, "H58", "2023-01-03"),
    ):
        days = working_days(first, CUT_OFF)
        picked = np.concatenate([_one_a_month(days), rng.choice(days, 120)])
        other = draw_documents(rng, code, tag, picked, 0.4)
        unsigned = rng.random(len(other)) < 0.1
        parts.append(_without_signature(other, other.index[unsigned], both=True))
    final = pd.concat(parts, ignore_index=True)
    versions = with_unsigned_versions(rng, final, 0.1)
    versions = pd.concat([versions, _later_documents(world, final)], ignore_index=True)
    times = dict.fromkeys(
        ("issued_date", "personal_signed_at", "organisation_signed_at", "updated_at"), "datetime64[s]"
    )
    return versions.astype(times).sort_values(["updated_at", "document_id"]).reset_index(drop=True)


def _without_signature(documents: pd.DataFrame, index: pd.Index, both: bool) -> pd.DataFrame:
    documents = documents.copy()
    documents.loc[index, "personal_signed_at"] = pd.NaT
    if both:
        documents.loc[index, "organisation_signed_at"] = pd.NaT
    return documents


def _out_of_scope(documents: pd.DataFrame, recalled: int, paper: int, secret: int) -> pd.DataFrame:
    """Marks the last documents of a random order as recalled, as issued on paper only, or as secret."""
    documents = documents.copy()
    last = documents.index[-(recalled + paper + secret) :]
    gone, printed, hidden = last[:recalled], last[recalled : recalled + paper], last[recalled + paper :]
    documents.loc[gone, "document_status"] = "recalled"
    documents.loc[printed, "medium"] = "paper"
    documents.loc[printed, ["personal_signed_at", "organisation_signed_at"]] = pd.NaT
    documents.loc[printed, "is_sent_via_axis"] = False
    documents.loc[hidden, "secrecy_level"] = "Mật"
    return documents


def _district_documents(world: _World) -> pd.DataFrame:
    """Gò Công Tây: 623 that count, all signed by the organisation, six of them by no person."""
    rng = world.rng
    extra = (9, 21, 5)
    days = rng.choice(working_days("2023-01-03", CUT_OFF), DOCUMENTS + sum(extra))
    at_district = 420
    parts = [draw_documents(rng, DISTRICT, "H58", days[:at_district], 0.6)]
    parts += [
        draw_documents(rng, code, "H58", part, 0.3)
        for code, part in zip(world.communes, np.array_split(days[at_district:], len(world.communes)), strict=True)
    ]
    shuffled = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=rng).reset_index(drop=True)
    scoped = _out_of_scope(shuffled, *extra)
    return _without_signature(scoped, scoped.index[: DOCUMENTS - DOCUMENTS_DUAL], both=False)


def _ward_documents(world: _World) -> pd.DataFrame:
    """Huyền Tụng: 221 signed to the outside, 337 signed within, 31 electronic ones unsigned, and others."""
    rng = world.rng
    days = working_days("2022-01-04", "2022-10-31")
    counts = (WARD_EXTERNAL, WARD_INTERNAL, 31, 18)
    drawn = draw_documents(rng, WARD, "H03", rng.choice(days, sum(counts)), 0.5)
    drawn = drawn.sample(frac=1, random_state=rng).reset_index(drop=True)
    external = np.arange(len(drawn)) < WARD_EXTERNAL
    external[WARD_EXTERNAL + WARD_INTERNAL :: 2] = True
    drawn = drawn.assign(recipient_scope=np.where(external, "external", "internal"), is_sent_via_axis=external)
    unsigned = drawn.index[WARD_EXTERNAL + WARD_INTERNAL : WARD_EXTERNAL + WARD_INTERNAL + 31]
    return _out_of_scope(_without_signature(drawn, unsigned, both=True), recalled=4, paper=12, secret=2)


def _later_documents(world: _World, final: pd.DataFrame) -> pd.DataFrame:
    """7 and 8 March: new documents, and one of February that was recalled afterwards."""
    rng = world.rng
    days = np.repeat(np.array(["2023-03-07", "2023-03-08"], dtype="datetime64[D]"), [11, 7])
    new = draw_documents(rng, DISTRICT, "H58", days, 0.6)
    number = np.arange(9001, 9001 + len(new))
    new = new.assign(document_number=number.astype(str), document_id=[f"H58-{DISTRICT}-2023-{n:05d}" for n in number])
    counted = final[
        (final["agency_code"] == DISTRICT) & (final["document_status"] == "issued") & (final["medium"] == "electronic")
    ]
    february = counted[
        counted["issued_date"].between("2023-02-01", "2023-02-20") & (counted["secrecy_level"] == "Thường")
    ]
    recalled = february[:1].assign(document_status="recalled", updated_at=pd.Timestamp("2023-03-07 14:30"))
    return pd.concat([new, recalled], ignore_index=True)


# --- snapshots --------------------------------------------------------------------------------------------------------


def _mailboxes(world: _World) -> pd.DataFrame:
    """429 mailboxes not closed in each of three snapshots of the district's tree, beside more and more closed ones."""
    frames = []
    for month, day in enumerate(SNAPSHOTS):
        first_no = 1
        for code, open_count in _mailbox_plan(world):
            locked, closed = 1 + (code == DISTRICT), month + 1
            statuses = ["closed"] * closed + ["locked"] * locked + ["active"] * (open_count - locked)
            frames.append(draw_mailboxes(world.rng, code, first_no + np.arange(len(statuses)), statuses, day))
            first_no += 1000
    return pd.concat(frames, ignore_index=True)


def _mailbox_plan(world: _World) -> list[tuple[str, int]]:
    """Open mailboxes per unit: the district and its communes share 429; two neighbours have theirs."""
    each = 20
    district = MAILBOXES - each * len(world.communes)
    return [(DISTRICT, district), *((code, each) for code in world.communes), (DISTRICT_NEIGHBOUR, 95), (WARD, 17)]


def _headcount(mailboxes: pd.DataFrame) -> pd.DataFrame:
    """Officials per unit and snapshot: synthetic, since no report states them, and never under the mailboxes."""
    held = mailboxes[mailboxes["account_status"] != "closed"]
    counted = held.groupby(["agency_code", "snapshot_date", "exported_at"], as_index=False).size()
    spare = np.where(counted["size"] > 90, 4, 1)
    return counted.assign(headcount=counted["size"] + spare, headcount_basis="synthetic")[list(HEADCOUNT)]


def _procedures(world: _World) -> pd.DataFrame:
    """What the portal listed: the ward at the end of October 2022; everybody at three dates of 2023."""
    everybody = pd.concat(
        [world.district_offers, world.commune_offers, world.ward_offers, world.neighbour_offers], ignore_index=True
    )
    january = _before_upgrade(everybody)
    return pd.concat(
        [
            snapshot(world.ward_offers, WARD_SNAPSHOT),
            snapshot(january, SNAPSHOTS[0]),
            snapshot(everybody, SNAPSHOTS[1]),
            snapshot(everybody, SNAPSHOTS[2]),
        ],
        ignore_index=True,
    )


def _before_upgrade(offers: pd.DataFrame) -> pd.DataFrame:
    """January: ten of the district's partial services still gave information only, seven full ones were partial."""
    district = offers.index[(offers["agency_code"] == DISTRICT) & (offers["procedure_status"] == "in_force")]
    idle = offers.loc[district][~offers.loc[district, "is_active"]]
    earlier = offers.copy()
    earlier.loc[idle.index[idle["service_level"] == "partial"][-10:], "service_level"] = "information"
    earlier.loc[idle.index[idle["service_level"] == "full"][-7:], "service_level"] = "partial"
    return earlier


def _certificates(world: _World) -> pd.DataFrame:
    """ISO register, wherever the portal has a list too: the ward's town in October 2022, everybody at the cut-off.

    In force and complete, save: one without a review, one renewed, one without announcement, one expired, one that need
    not apply the standard, and in 2023 every second unit, which has not been audited yet.
    """
    town = [WARD_TOWN, WARD, WARD_NEIGHBOUR]
    listed = [_iso_register(town, WARD_SNAPSHOT), _iso_register([DISTRICT, *world.communes, *town], CUT_OFF)]
    dates = ("announced_date", "internal_audit_date", "management_review_date", "valid_until_date")
    return pd.concat(listed, ignore_index=True).astype(dict.fromkeys(dates, "datetime64[s]"))


def _iso_register(units: list[str], day: str) -> pd.DataFrame:
    """The register of one date: one row per unit, and a second one for the unit that renewed its announcement."""
    rows = [_iso_row(place, code, int(day[:4])) for place, code in enumerate(units)]
    if len(rows) > 12:
        rows[2] |= {"management_review_date": NEVER}
        rows[4] |= {"valid_until_date": pd.Timestamp("2022-06-30")}
        rows[6] |= dict.fromkeys(("announced_date", "internal_audit_date", "management_review_date"), NEVER)
        rows[6] |= {"certificate_number": "-", "procedures_covered_count": 0, "valid_until_date": NEVER}
        rows[8] |= {"valid_until_date": pd.Timestamp("2023-02-14")}
        rows[12] |= {"is_mandated": False}
        renewal = {"announced_date": pd.Timestamp("2022-07-01"), "valid_until_date": pd.Timestamp("2025-06-30")}
        rows.append(rows[4] | renewal | {"certificate_number": "204/QĐ-UBND"})
    date = pd.Timestamp(day)
    return pd.DataFrame(rows).assign(snapshot_date=date, exported_at=date + pd.Timedelta(hours=18))[list(CERTIFICATE)]


def _iso_row(place: int, code: str, year: int) -> dict[str, object]:
    audited = year if year == 2022 or place % 2 == 0 else year - 1
    return {
        "agency_code": code,
        "certificate_number": f"{100 + place}/QĐ-UBND",
        "is_mandated": True,
        "announced_date": pd.Timestamp("2021-02-15") + pd.Timedelta(days=place),
        "internal_audit_date": pd.Timestamp(audited, 2, 10),
        "management_review_date": pd.Timestamp(audited, 2, 20),
        "valid_until_date": pd.Timestamp("2024-02-14"),
        # the town itself lists no procedures on the portal, so it cannot cover any
        "procedures_covered_count": 0 if code == WARD_TOWN else 60 + place,
    }


def _devices(world: _World, seed: int) -> pd.DataFrame:
    """The register of the ward's town in October 2022, then of everybody."""
    town = [WARD_TOWN, WARD, WARD_NEIGHBOUR]
    sizes = {DISTRICT: 60, DISTRICT_NEIGHBOUR: 40, WARD_TOWN: 45}
    sizes |= dict.fromkeys([*world.communes, WARD, WARD_NEIGHBOUR], 14)
    listed = {WARD_SNAPSHOT: town, **dict.fromkeys(SNAPSHOTS, tuple(sizes))}
    return devices.drawn(seed, sizes, listed)


def _periodic_reports(world: _World, seed: int) -> pd.DataFrame:
    """Communes report to their district."""
    ward = {WARD_TOWN: [WARD, WARD_NEIGHBOUR]}
    return periodic_reports.calibrated(seed, ward, {DISTRICT: world.communes, **ward}, WARD_SNAPSHOT, SNAPSHOTS[1:])


# --- scorecards -------------------------------------------------------------------------------------------------------


def _scorecards() -> pd.DataFrame:
    """Vân Đồn's nine months in two versions, and the ward's town, which has another set of criteria."""
    town = scorecard(PLAIN_SET, "PAR.H.06.2022", WARD_TOWN, "2022-09-30", "2022-10-20 09:00")
    return pd.concat([van_don(), town], ignore_index=True)
