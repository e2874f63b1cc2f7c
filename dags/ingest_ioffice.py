"""Airflow DAG `ingest_ioffice`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "ioffice",
    [
        "ioffice.outgoing_documents",
        "ioffice.incoming_documents",
        "ioffice.tasks",
        "ioffice.work_files",
        "ioffice.accounts",
    ],
    owner="van-phong-ubnd",
    tier=1,
    doc_md="""
**Văn bản đi, văn bản đến, nhiệm vụ được giao, hồ sơ công việc, tài khoản của hệ thống quản lý văn bản và điều hành** ·
nguồn: Văn phòng UBND tỉnh, API JSON phân trang, thẻ truy cập. Văn bản đi bị chặn thì đêm không công bố.

**Outgoing and incoming documents, assigned tasks, work files and accounts of the document-management system** · source:
paged JSON behind a bearer token. When the outgoing documents are blocked the night is not published.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull ioffice.outgoing_documents --date …`, `egov-kpi gate ioffice.outgoing_documents --date …`.
""",
)
