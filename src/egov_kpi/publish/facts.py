"""The facts of a colour: the tables that the rows of the datasets end in. A new dataset is named here, once.

What is built, traced and digested per fact is derived from this list.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One fact by its domain word, the datasets that feed it, and the tables that are summed up from it alone.

    `in_figures`: its rows are counted by KPIs, so that a month of it opens their cells.
    """

    table: str
    domain: str
    datasets: tuple[str, ...]
    summed_up: tuple[str, ...] = ()
    in_figures: bool = True


FACTS = (
    Fact("fct_document", "document", ("ioffice.outgoing_documents",)),
    Fact("fct_dossier", "dossier", ("one_stop.dossiers", "forms.paper_register")),
    Fact("fct_payment", "payment", ("one_stop.payments",)),
    Fact("fct_dossier_component", "component", ("one_stop.components",)),
    Fact("fct_dossier_result", "result", ("one_stop.results",)),
    Fact("fct_apology", "apology", ("one_stop.apologies",)),
    Fact("fct_handover", "handover", ("one_stop.handovers",)),
    Fact("fct_pause", "pause", ("one_stop.pauses",)),
    Fact("fct_data_use", "data_use", ("one_stop.data_uses",)),
    Fact("fct_synchronisation", "synchronisation", ("portal.synchronisation",)),
    Fact("fct_satisfaction_vote", "satisfaction", ("one_stop.satisfaction",)),
    Fact("fct_mail_account", "mail", ("mail.accounts",)),
    Fact("fct_headcount", "headcount", ("directory.headcount",)),
    Fact("fct_certificate", "certificate", ("iso.certificates",)),
    Fact("fct_procedure_offer", "procedure", ("portal.procedures",)),
    Fact("fct_procedure_fee", "fee", ("portal.fees",)),
    Fact("fct_publication", "publication", ("portal.publications",)),
    Fact("fct_petition", "petition", ("feedback.petitions",)),
    Fact("fct_par_scorecard", "scorecard", ("forms.par_scorecards",), ("par_scorecard_total",), in_figures=False),
    Fact("fct_task", "task", ("ioffice.tasks",)),
    Fact("fct_device", "device", ("network.devices",)),
    Fact("fct_activity", "activity", ("communication.activities",)),
    Fact("fct_office_account", "office_account", ("ioffice.accounts",)),
    Fact("fct_work_file", "work_file", ("ioffice.work_files",)),
    Fact("fct_incoming_document", "incoming", ("ioffice.incoming_documents",)),
    Fact("fct_one_stop_unit", "one_stop_unit", ("forms.one_stop_units",)),
    Fact("fct_vertical_settlement", "vertical", ("forms.vertical_settlement",)),
    Fact("fct_periodic_report", "periodic_report", ("forms.periodic_reports",)),
    Fact("fct_survey_result", "survey", ("forms.survey_results",), in_figures=False),
)

FACT_OF_DATASET = {dataset: fact for fact in FACTS for dataset in fact.datasets}
# Partitioned tables by the domain whose months they need; every other one holds figures.
DOMAIN_OF_TABLE = {table: fact.domain for fact in FACTS for table in (fact.table, *fact.summed_up)}
