"""A province at any scale: invented values over the real units of Trà Vinh (84), to load the warehouse with.

Nights around 2023-03-06: `history_months` whole months before March 2023, then the first 31 nights from 1 March on.
Every working day brings about `dossiers_per_night` dossiers and a fifth as many documents, settled within days;
snapshots at month ends.
"""

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
from egov_kpi.simulator.scorecards import PLAIN_SET, scorecard
from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, working_days
from egov_kpi.simulator.units import load_units, tree, units_of

PROVINCE = "84"
# Outside the province's own tree.
VERTICAL_AGENCY = "84.bhxh"
BASE_MONTH = "2023-03-01"
LAST_DAY = "2023-03-31"
_LISTS = {
    "department": Catalogue("province", 60, 80, 40, unposted=3, abolished=4, active_partial=40, active_full=50),
    "district": Catalogue("district", 70, 90, 60, unposted=3, abolished=4, active_partial=30, active_full=40),
    "commune": Catalogue("commune", 40, 40, 90, unposted=2, abolished=3, active_partial=20, active_full=25),
}


def generate(seed: int, dossiers_per_night: int, history_months: int) -> Records:
    """All records from `history_months` before March 2023 to the end of that month."""
    units = load_units()
    members = units[units["agency_code"].isin(tree(units, PROVINCE) - {PROVINCE})]
    first = pd.Timestamp(BASE_MONTH) - pd.DateOffset(months=history_months)
    days = working_days(f"{first:%Y-%m-%d}", LAST_DAY)
    return drawn("province", seed, members, days, _month_ends(first), dossiers_per_night)


def drawn(
    profile: str, seed: int, members: pd.DataFrame, days: Days, ends: list[str], dossiers_per_night: int
) -> Records:
    """All records of these units of the province on these working days; `ends` are the days of the snapshots."""
    first, last = str(days[0]), ends[-1]
    rng = np.random.default_rng(seed)
    units = load_units()
    offers = _offers(rng, members)
    mailboxes = _mailboxes(rng, members, ends)
    headcount = _headcount(mailboxes)
    dossiers = _dossiers(rng, units, offers, days, dossiers_per_night)
    return Records(
        profile=profile,
        seed=seed,
        units=units_of(profile),
        documents=_documents(rng, members, days, max(dossiers_per_night // 5, 1)),
        dossiers=dossiers,
        paper=_paper(rng, members, offers, ends),
        mailboxes=mailboxes,
        headcount=headcount,
        procedures=pd.concat([snapshot(offers, end) for end in ends], ignore_index=True),
        certificates=_certificates(members, ends),
        scorecards=_scorecards(members, ends),
        publications=publications.province(seed, _districts(members), first, last),
        petitions=petitions.province(seed, members["agency_code"].tolist(), first, last),
        **office.province(seed, members["agency_code"].tolist(), days),
        devices=_devices(seed, members, ends),
        activities=activities.province(seed, members["agency_code"].tolist(), days),
        work_files=work_files.province(seed, members["agency_code"].tolist(), days),
        office_accounts=office_accounts.drawn(seed, headcount),
        incoming_documents=incoming.province(
            seed, members["agency_code"].tolist(), days, max(dossiers_per_night // 10, 1)
        ),
        periodic_reports=_periodic_reports(seed, members, ends),
        surveys=surveys.province(seed, PROVINCE, _districts(members), ends),
        one_stop_units=one_stop_units.province(seed, PROVINCE, members["agency_code"].tolist(), ends),
        vertical=vertical.province(seed, VERTICAL_AGENCY, ends[0][:7], last[:7]),
        flaws=dossiers.head(0).astype(object),
        one_stop=one_stop.beside(dossiers, seed),
        synchronisation=one_stop.synchronised(dossiers, seed),
    )


def _districts(members: pd.DataFrame) -> list[str]:
    """District units, which post the procedures of their communes as well."""
    return members.loc[members["level"] == "district", "agency_code"].tolist()


def _month_ends(first: pd.Timestamp) -> list[str]:
    """The last days of all months, as snapshot dates."""
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(first, LAST_DAY, freq="ME")]


def _offers(rng: np.random.Generator, members: pd.DataFrame) -> pd.DataFrame:
    codes = procedure_codes(rng, 900)
    frames = []
    for place, (level, catalogue) in enumerate(_LISTS.items()):
        agencies = members.loc[members["level"] == level, "agency_code"].tolist()
        if agencies:
            frames.append(offer(rng, catalogue.table(codes[place * 300 :]), agencies, 0.05))
    return pd.concat(frames, ignore_index=True)


def _dossiers(
    rng: np.random.Generator, units: pd.DataFrame, offers: pd.DataFrame, days: Days, per_night: int
) -> pd.DataFrame:
    """Versions of all dossiers: one entered on the day of receipt, one when the result is returned."""
    in_force = offers[(offers["procedure_status"] == "in_force") & offers["posted_date"].notna()]
    received = np.repeat(days, per_night)
    chosen = in_force.sample(len(received), replace=True, random_state=rng).reset_index(drop=True)
    draw = rng.random(len(chosen))
    channel = np.where(chosen["is_active"] & (draw < 0.45), "online", np.where(draw > 0.95, "post", "direct"))
    entered = draw_dossiers(rng, chosen, received).assign(channel=channel)
    last = str(days[-1])
    is_settled = (rng.random(len(entered)) < 0.97) & (entered["received_at"] < pd.Timestamp(last))
    settled = settle(rng, entered[is_settled], last, late_share=0.03)
    settled = settled.assign(return_method=np.where(rng.random(len(settled)) < 0.2, "post", "direct"))
    final = pd.concat([settled, entered[~is_settled]], ignore_index=True)
    numbered = number_dossiers(final, counters(units, sorted(final["agency_code"].unique())))
    versions = with_first_versions(rng, numbered, 1.0)
    times = dict.fromkeys(("received_at", "due_at", "finished_at", "returned_at", "updated_at"), "datetime64[s]")
    return versions.astype(times).sort_values(["updated_at", "dossier_code"]).reset_index(drop=True)


def _documents(rng: np.random.Generator, members: pd.DataFrame, days: Days, per_night: int) -> pd.DataFrame:
    issued = np.repeat(days, per_night)
    owner = rng.choice(members["agency_code"].to_numpy(), len(issued))
    final = draw_documents(rng, pd.Series(owner), "H59", issued, 0.5)
    unsigned = rng.random(len(final)) < 0.03
    final.loc[unsigned, ["personal_signed_at", "organisation_signed_at"]] = NEVER
    versions = with_unsigned_versions(rng, final, 0.1)
    times = dict.fromkeys(
        ("issued_date", "personal_signed_at", "organisation_signed_at", "updated_at"), "datetime64[s]"
    )
    return versions.astype(times).sort_values(["updated_at", "document_id"]).reset_index(drop=True)


def _paper(rng: np.random.Generator, members: pd.DataFrame, offers: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    """Ten lines a month in the registers of the first three communes, all entered on the last day of the month."""
    frames = []
    for code in members.loc[members["level"] == "commune", "agency_code"].tolist()[:3]:
        listed = offers.loc[
            (offers["agency_code"] == code) & (offers["procedure_status"] == "in_force"), "procedure_code"
        ]
        frames.append(_register(rng, code, listed.to_numpy(), ends))
    rows = pd.concat(frames, ignore_index=True) if frames else _register(rng, "", np.array(["-"]), ends).head(0)
    return rows[list(PAPER)]


def _register(rng: np.random.Generator, code: str, procedures: np.ndarray, ends: list[str]) -> pd.DataFrame:
    entered = np.repeat(np.array(ends, dtype="datetime64[D]"), 10)
    received = add_working_days(
        entered.astype("datetime64[M]").astype("datetime64[D]"), rng.integers(0, 12, len(entered))
    )
    finished = add_working_days(received, 2)
    days = {"received_date": received, "finished_date": finished, "returned_date": finished, "updated_at": entered}
    frame = pd.DataFrame({name: values.astype("datetime64[s]") for name, values in days.items()})
    return frame.assign(
        agency_code=code,
        register_year=frame["received_date"].dt.year,
        register_number=(frame.groupby(frame["received_date"].dt.year).cumcount() + 1).astype(str),
        procedure_code=rng.choice(procedures, len(frame)),
        applicant_no=rng.integers(1, 10_000_000, len(frame)),
        channel="direct",
        return_method="direct",
    )


def _mailboxes(rng: np.random.Generator, members: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    """In every snapshot the same mailboxes: 18 or 90 open ones per unit, one of them locked, and a closed one."""
    size = np.where(members["level"] == "commune", 19, 91)
    owner = pd.Series(np.repeat(members["agency_code"].to_numpy(), size))
    place = owner.groupby(owner).cumcount().to_numpy()
    number = np.repeat(np.arange(len(members)), size) * 1000 + place + 1
    statuses = np.select([place == 0, place == 1], ["closed", "locked"], "active").tolist()
    return pd.concat([draw_mailboxes(rng, owner, number, statuses, end) for end in ends], ignore_index=True)


def _headcount(mailboxes: pd.DataFrame) -> pd.DataFrame:
    held = mailboxes[mailboxes["account_status"] != "closed"]
    counted = held.groupby(["agency_code", "snapshot_date", "exported_at"], as_index=False).size()
    return counted.assign(headcount=counted["size"] + 2, headcount_basis="synthetic")[list(HEADCOUNT)]


def _devices(seed: int, members: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    """Twelve devices at a commune, thirty elsewhere, in every snapshot."""
    sizes = dict(zip(members["agency_code"], np.where(members["level"] == "commune", 12, 30).tolist(), strict=True))
    return devices.drawn(seed, sizes, dict.fromkeys(ends, tuple(sizes)))


def _periodic_reports(seed: int, members: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    """The province keeps one register for all."""
    return periodic_reports.province(seed, {PROVINCE: members["agency_code"].tolist()}, ends)


def _certificates(members: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    frames = [_announced(members, pd.Timestamp(end)) for end in ends]
    return pd.concat(frames, ignore_index=True)[list(CERTIFICATE)]


def _announced(members: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """One announcement per unit; a fifth of the units have not been audited this year."""
    place = np.arange(len(members))
    audited = np.where(place % 5 == 0, end.year - 1, end.year)
    return pd.DataFrame(
        {
            "agency_code": members["agency_code"].to_numpy(),
            "certificate_number": [f"{300 + number}/QĐ-UBND" for number in place],
            "is_mandated": True,
            "announced_date": pd.Timestamp("2020-05-04"),
            "internal_audit_date": [pd.Timestamp(year, 1, 10) for year in audited],
            "management_review_date": [pd.Timestamp(year, 1, 20) for year in audited],
            "valid_until_date": pd.Timestamp("2024-12-31"),
            "procedures_covered_count": 30 + place % 20,
            "snapshot_date": end,
            "exported_at": end + pd.Timedelta(hours=18),
        }
    )


def _scorecards(members: pd.DataFrame, ends: list[str]) -> pd.DataFrame:
    """Scorecards of the first two districts for every month's end, sent on the same evening."""
    codes = _districts(members)[:2]
    books = [scorecard(PLAIN_SET, "PAR.H.84", code, end, f"{end} 18:00") for end in ends for code in codes]
    return pd.concat(books, ignore_index=True)
