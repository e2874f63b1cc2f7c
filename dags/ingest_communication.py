"""Airflow DAG `ingest_communication`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "communication",
    ["communication.activities"],
    owner="so-noi-vu",
    tier=2,
    doc_md="""
**Tin bài, hội nghị tuyên truyền, tập huấn** · nguồn: Sở Nội vụ, API JSON, thay đổi. Tên hoạt động và báo cáo viên bị bỏ
khi nạp. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**News items, propaganda meetings and training sessions** · source: JSON, changes. Titles and speakers are dropped while
loading. When it is blocked the older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull communication.activities --date …`, `egov-kpi gate communication.activities --date …`.
""",
)
