"""Airflow DAG `ingest_iso`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "iso",
    ["iso.certificates"],
    owner="so-khcn",
    tier=2,
    doc_md="""
**Hệ thống quản lý chất lượng TCVN ISO 9001:2015** · nguồn: Sở Khoa học và Công nghệ, tệp XLSX, bản chụp đầy
đủ. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**ISO 9001:2015 register: announcement, internal audit, management review** · source: XLSX, full snapshots.
When it is blocked the older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull iso.certificates --date …`, `egov-kpi gate iso.certificates --date …`.
""",
)
