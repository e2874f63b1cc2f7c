"""Airflow DAGs that build, audit and publish the marts. Wiring only; the work is in `egov_kpi.night.build`."""

from egov_kpi.night.wiring import FALLBACK_CRON, build_dag, nightly_timetable, on_all

OWNER = "kho-du-lieu"
DATASETS = [
    "communication.activities",
    "directory.headcount",
    "feedback.petitions",
    "forms.one_stop_units",
    "forms.paper_register",
    "forms.par_scorecards",
    "ioffice.accounts",
    "ioffice.incoming_documents",
    "forms.vertical_settlement",
    "forms.periodic_reports",
    "forms.survey_results",
    "ioffice.outgoing_documents",
    "ioffice.tasks",
    "ioffice.work_files",
    "iso.certificates",
    "mail.accounts",
    "network.devices",
    "one_stop.apologies",
    "one_stop.components",
    "one_stop.data_uses",
    "one_stop.dossiers",
    "one_stop.handovers",
    "one_stop.pauses",
    "one_stop.payments",
    "one_stop.results",
    "one_stop.satisfaction",
    "portal.fees",
    "portal.procedures",
    "portal.publications",
    "portal.synchronisation",
]

build_marts = build_dag(
    "build_marts",
    on_all(DATASETS),
    owner=OWNER,
    doc_md="""
**Dựng, kiểm toán và công bố kho số liệu** khi mọi bộ dữ liệu của ngày nghiệp vụ đã có kết luận. Bộ dữ liệu trọng yếu bị
chặn hoặc còn thiếu thì không công bố: số liệu lần trước giữ nguyên.

**Build, audit and publish** once every dataset has given its verdict on the business date. A critical dataset that is
blocked or missing holds the publish back: the last one stays. Nothing new: nothing happens.
""",
)

build_marts_by_0430 = build_dag(
    "build_marts_by_0430",
    nightly_timetable(FALLBACK_CRON),
    owner=OWNER,
    doc_md="""
**04:30, dù còn thiếu kết luận nào**: dựng và công bố với những gì đã có. Đã công bố rồi thì không làm gì. Hạn: 06:00.

**At 04:30, whatever is still missing**: build and publish what is in. Already published: nothing happens.
Deadline: 06:00.
""",
)
