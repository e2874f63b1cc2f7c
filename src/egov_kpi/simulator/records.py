"""What really happened, as versioned records, before any export distorts it: a function of profile, seed and options.

Delta datasets (documents, dossiers, paper register, publications, petitions, activities, incoming documents, work
files, periodic reports, hand-overs, synchronisation, forms of vertical agencies): one row per record and version; the
newest version by `updated_at` is the truth from then on. Snapshot datasets (mailboxes, headcount, procedures,
certificates, devices, office accounts): one row per record and snapshot date. Scorecards: one row per criterion of each
workbook that a unit sent; one-stop units and surveys: one per unit, or per unit and domain, of each. Times are naive
and mean Asia/Ho_Chi_Minh. Persons do not exist: a record carries a number from which an export invents one.
"""

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from egov_kpi.errors import EgovError
from egov_kpi.simulator.one_stop import NOTHING, OneStop

DOCUMENT = (
    "document_id", "agency_code", "document_number", "document_symbol", "document_type", "secrecy_level",
    "urgency_level", "signer_no", "issued_date", "personal_signed_at", "organisation_signed_at", "recipient_scope",
    "is_sent_via_axis", "medium", "document_status", "updated_at",
)  # fmt: skip
DOSSIER = (
    "dossier_code", "procedure_code", "field_name", "agency_code", "channel", "applicant_type", "applicant_no",
    "received_at", "due_at", "finished_at", "returned_at", "return_method", "dossier_status",
    "supplement_request_count", "updated_at",
)  # fmt: skip
PAPER = (
    "agency_code", "register_year", "register_number", "procedure_code", "applicant_no", "channel", "received_date",
    "finished_date", "returned_date", "return_method", "updated_at",
)  # fmt: skip
MAILBOX = (
    "mailbox_no", "agency_code", "issued_date", "account_status", "last_used_at", "sent_30d_count", "read_30d_count",
    "snapshot_date", "exported_at",
)  # fmt: skip
HEADCOUNT = ("agency_code", "headcount", "headcount_basis", "snapshot_date", "exported_at")
PROCEDURE = (
    "agency_code", "procedure_code", "procedure_name", "field_name", "competent_level", "service_level",
    "procedure_status", "posted_date", "has_fee", "fee_synced_date", "snapshot_date", "exported_at",
)  # fmt: skip
CERTIFICATE = (
    "agency_code", "certificate_number", "is_mandated", "announced_date", "internal_audit_date",
    "management_review_date", "valid_until_date", "procedures_covered_count", "snapshot_date", "exported_at",
)  # fmt: skip
SCORECARD = (
    "index_code", "agency_code", "domain_code", "domain_name", "criterion_code", "criterion_name", "max_points",
    "self_points", "survey_points_pending", "projected_points", "snapshot_date", "exported_at",
)  # fmt: skip
PUBLICATION = (
    "agency_code", "procedure_code", "decision_number", "field_name", "competent_level", "change_kind", "is_reviewed",
    "decision_date", "legal_effective_date", "published_date", "posted_date", "mandatory_part_count",
    "is_within_authority", "form_field_count", "form_field_cut_count", "updated_at",
)  # fmt: skip
PETITION = (
    "petition_no", "agency_code", "channel", "received_date", "outcome", "handled_date", "is_disliked",
    "is_petitioned_again", "is_first", "updated_at",
)  # fmt: skip

DOCUMENT_KEY = ["document_id"]
DOSSIER_KEY = ["dossier_code"]
PAPER_KEY = ["agency_code", "register_year", "register_number"]
PUBLICATION_KEY = ["agency_code", "procedure_code", "decision_number"]
PETITION_KEY = ["petition_no"]

# Everything else is secret: such a document exists, is exported by mistake now and then, and counts nowhere.
PUBLIC_SECRECY = "Thường"

PROFILES = ("calibrated", "province", "an-giang-2023", "tra-vinh-2022")


@dataclass(frozen=True)
class Records:
    """All records of one profile, and the rows that its sources export although they never were true (`flaws`)."""

    profile: str
    seed: int
    units: pd.DataFrame
    documents: pd.DataFrame
    dossiers: pd.DataFrame
    paper: pd.DataFrame
    mailboxes: pd.DataFrame
    headcount: pd.DataFrame
    procedures: pd.DataFrame
    certificates: pd.DataFrame
    scorecards: pd.DataFrame
    publications: pd.DataFrame
    petitions: pd.DataFrame
    tasks: pd.DataFrame
    devices: pd.DataFrame
    activities: pd.DataFrame
    incoming_documents: pd.DataFrame
    office_accounts: pd.DataFrame
    one_stop_units: pd.DataFrame
    synchronisation: pd.DataFrame
    vertical: pd.DataFrame
    work_files: pd.DataFrame
    periodic_reports: pd.DataFrame
    surveys: pd.DataFrame
    # Rows of dossiers that are wrong in a way that a gate must catch; same columns as `dossiers`, times as export text.
    flaws: pd.DataFrame
    one_stop: OneStop = NOTHING


@lru_cache(maxsize=4)
def generate(
    profile: str = "calibrated", seed: int = 20230306, dossiers_per_night: int = 400, history_months: int = 3
) -> Records:
    """The records of a profile. The two options scale the `province` profile and mean nothing to the others."""
    from egov_kpi.simulator import an_giang, calibrated, province, tra_vinh

    if profile == "calibrated":
        return calibrated.generate(seed)
    if profile == "province":
        return province.generate(seed, dossiers_per_night, history_months)
    if profile == an_giang.PROFILE:
        return an_giang.generate(seed)
    if profile == tra_vinh.PROFILE:
        return tra_vinh.generate(seed)
    raise EgovError("EGOV-SIM-001", profile=profile, known=", ".join(PROFILES))


def effective(versions: pd.DataFrame, key: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per record: its newest version up to the end of the day `as_of`."""
    known = versions[versions["updated_at"] < as_of + pd.Timedelta(days=1)]
    return known.sort_values([*key, "updated_at"]).drop_duplicates(key, keep="last").reset_index(drop=True)
