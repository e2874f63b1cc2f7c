"""Airflow DAG `ingest_portal`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "portal",
    ["portal.procedures"],
    owner="kiem-soat-tthc",
    tier=2,
    doc_md="""
**Thủ tục hành chính và mức độ dịch vụ công trực tuyến** · nguồn: Văn phòng UBND tỉnh, phòng Kiểm soát TTHC,
API JSON, bản chụp đầy đủ. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**Procedures that each unit offers, and their online level** · source: JSON, full snapshots. When it is
blocked the older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull portal.procedures --date …`, `egov-kpi gate portal.procedures --date …`.
""",
)
