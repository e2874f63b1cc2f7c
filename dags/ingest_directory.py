"""Airflow DAG `ingest_directory`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "directory",
    ["directory.headcount"],
    owner="so-noi-vu",
    tier=2,
    doc_md="""
**Biên chế có mặt theo đơn vị** · nguồn: Sở Nội vụ, tệp CSV, bản chụp đầy đủ. Bị chặn thì số liệu cũ được giữ
và ghi rõ ngày.

**Active headcount of each unit** · source: CSV, full snapshots. When it is blocked the older figures stay,
with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull directory.headcount --date …`, `egov-kpi gate directory.headcount --date …`.
""",
)
