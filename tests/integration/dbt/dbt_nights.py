"""The calibrated profile's nights, straight into raw: what the sources would have delivered after a clean gate."""

import pandas as pd
from dbt_world import World, hashed

from egov_kpi.contracts.loader import get_contract
from egov_kpi.simulator.catalogue import fees
from egov_kpi.simulator.records import PUBLIC_SECRECY, Records, generate

_SNAPSHOTS = {
    "mail.accounts": "mailboxes",
    "directory.headcount": "headcount",
    "portal.procedures": "procedures",
    "iso.certificates": "certificates",
    "network.devices": "devices",
    "ioffice.accounts": "office_accounts",
    "forms.par_scorecards": "scorecards",
    "forms.one_stop_units": "one_stop_units",
    "forms.survey_results": "surveys",
}


def calibrated() -> Records:
    return generate("calibrated")


def night(world: World, records: Records, business_date: str, window_from: str | None = None) -> list[int]:
    """All loads of one night: versions since `window_from`, that day included, up to the end of `business_date`."""
    loads = [
        _delta(world, dataset, rows, business_date, window_from)
        for dataset, rows in (
            ("ioffice.outgoing_documents", _documents(records)),
            ("one_stop.dossiers", _dossiers(records)),
            ("forms.paper_register", records.paper),
            *((f"one_stop.{name}", _of_dossiers(rows)) for name, rows in vars(records.one_stop).items()),
            ("portal.publications", records.publications),
            ("portal.synchronisation", _of_dossiers(records.synchronisation)),
            ("feedback.petitions", records.petitions.assign(petition_hash=hashed(records.petitions["petition_no"]))),
            ("ioffice.tasks", records.tasks),
            ("communication.activities", records.activities),
            ("ioffice.work_files", records.work_files),
            ("ioffice.incoming_documents", _public(records.incoming_documents)),
            ("forms.vertical_settlement", records.vertical),
            ("forms.periodic_reports", records.periodic_reports),
        )
    ]
    for dataset, name in _SNAPSHOTS.items():
        loads += snapshots(world, dataset, getattr(records, name), business_date, window_from)
    loads += snapshots(world, "portal.fees", fees(records.procedures), business_date, window_from)
    return [load for load in loads if load is not None]


def _public(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["secrecy_level"] == PUBLIC_SECRECY]


def _documents(records: Records) -> pd.DataFrame:
    public = _public(records.documents)
    return public.assign(signer_hash=hashed(public["signer_no"]))


def _dossiers(records: Records) -> pd.DataFrame:
    rows = records.dossiers
    return rows.assign(dossier_hash=hashed(rows["dossier_code"]), applicant_hash=hashed(rows["applicant_no"]))


def _of_dossiers(rows: pd.DataFrame) -> pd.DataFrame:
    if "dossier_code" not in rows.columns:
        return rows
    return rows.assign(dossier_hash=hashed(rows["dossier_code"]))


def _within(times: pd.Series, business_date: str, window_from: str | None) -> pd.Series:
    inside = times < pd.Timestamp(business_date) + pd.Timedelta(days=1)
    return inside if window_from is None else inside & (times >= pd.Timestamp(window_from))


def _delta(world: World, dataset: str, rows: pd.DataFrame, business_date: str, window_from: str | None) -> int | None:
    chosen = rows[_within(rows["updated_at"], business_date, window_from)]
    if chosen.empty:
        world.nothing_new(dataset, business_date, window_from or business_date)
        return None
    return world.load(dataset, chosen, business_date, window_from)


def snapshots(world: World, dataset: str, rows: pd.DataFrame, business_date: str, window_from: str | None) -> list[int]:
    chosen = rows[_within(rows["exported_at"], business_date, window_from)]
    if "mailbox_no" in chosen.columns:
        chosen = chosen.assign(mailbox_hash=hashed(chosen["mailbox_no"]))
    if "account_no" in chosen.columns:
        chosen = chosen.assign(account_hash=hashed(chosen["account_no"]))
    if chosen.empty:
        world.nothing_new(dataset, business_date, window_from or business_date)
    # One export is one load; of a scorecard there is one for each unit and turn.
    export = ["snapshot_date", "exported_at", *get_contract(dataset).snapshot_parts]
    return [
        world.load(dataset, rows, business_date, window_from, f"{day:%Y-%m-%d}")
        for (day, *_), rows in chosen.groupby(export)
    ]
