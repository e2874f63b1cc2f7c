"""What the scaffold writes is what stands in the project, or stood there before it was written by hand."""

import pytest

from egov_kpi.contracts import scaffold
from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.settings import get_settings

MODELS = get_settings().dbt_dir / "models"
# Datasets whose models are as derived, by entity and domain.
DERIVED = {
    "forms.par_scorecards": ("par_scorecard", "scorecard"),
    "one_stop.apologies": ("apology", "apology"),
    "one_stop.components": ("component", "component"),
    "one_stop.payments": ("payment", "payment"),
    "one_stop.results": ("result", "result"),
    "one_stop.satisfaction": ("satisfaction_vote", "satisfaction"),
    "portal.publications": ("publication", "publication"),
    "feedback.petitions": ("petition", "petition"),
}
STAGING = {
    "iso.certificates": "iso/stg_iso__certificate",
    "directory.headcount": "headcount/stg_directory__headcount",
    "portal.procedures": "procedure/stg_portal__procedure",
    "communication.activities": "activity/stg_communication__activity",
    "network.devices": "device/stg_network__device",
    "ioffice.accounts": "office_account/stg_ioffice__office_account",
    "ioffice.work_files": "work_file/stg_ioffice__work_file",
    "ioffice.incoming_documents": "incoming/stg_ioffice__incoming_document",
    "one_stop.handovers": "handover/stg_one_stop__handover",
    "forms.one_stop_units": "one_stop_unit/stg_forms__one_stop_unit",
    "one_stop.data_uses": "data_use/stg_one_stop__data_use",
    "portal.fees": "fee/stg_portal__fee",
    "one_stop.pauses": "pause/stg_one_stop__pause",
    "portal.synchronisation": "synchronisation/stg_portal__synchronisation",
    "forms.vertical_settlement": "vertical/stg_forms__vertical_settlement",
    "forms.periodic_reports": "periodic_report/stg_forms__periodic_report",
    "forms.survey_results": "survey/stg_forms__survey_result",
}


@pytest.mark.parametrize("dataset", sorted(DERIVED))
def test_derived_models_are_what_the_contract_gives(dataset: str) -> None:
    for name, text in scaffold.files(get_contract(dataset), *DERIVED[dataset]).items():
        assert (MODELS / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize("dataset", sorted(STAGING))
def test_models_written_by_hand_before_are_the_same(dataset: str) -> None:
    written = (MODELS / "staging" / f"{STAGING[dataset]}.sql").read_text(encoding="utf-8")
    assert scaffold.staging_sql(get_contract(dataset)) == written


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_every_kept_column_reaches_staging_and_every_header_the_export(dataset: str) -> None:
    contract = get_contract(dataset)
    staging, export = scaffold.staging_sql(contract), scaffold.simulator_columns(contract)
    assert [column.name for column in contract.kept_columns if f"source.{column.name}" not in staging] == []
    assert [column.name for column in contract.columns if f'"{column.headers[0]}": ' not in export] == []


def test_keys_of_changes_are_touched_one_by_one() -> None:
    text = scaffold.touched_sql(get_contract("forms.paper_register"), "stg_x")
    assert "version.source_agency_code,\n        version.register_year,\n        version.register_number" in text
    assert "newest_counted(" in scaffold.effective_sql(get_contract("forms.paper_register"), "stg_x", "int_x__touched")
