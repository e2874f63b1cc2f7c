"""Airflow DAG that puts a blocked load before a person. Wiring only; the work is in `egov_kpi.night.question`."""

from egov_kpi.night.wiring import decision_dag

dag = decision_dag(
    owner="kho-du-lieu",
    doc_md="""
**Lần nạp bị chặn cần một quyết định**: bỏ (`reject`), chờ (`wait`) hay đề nghị miễn trừ một quy tắc (`propose-waiver`).
Trả lời tại mục Required Actions của Airflow; quá hạn thì coi là bỏ. Đêm không chờ. Trên dòng lệnh:
`egov-kpi decision LOAD reject|wait|propose-waiver`.

**A blocked load needs a decision**: reject, wait, or propose to waive a rule. Answered under Required Actions in
Airflow; unanswered in time it is a rejection. No night waits for it. On the command line the same:
`egov-kpi decision LOAD reject|wait|propose-waiver`.
""",
)
