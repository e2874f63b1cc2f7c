"""Airflow DAG `ingest_portal`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "portal",
    ["portal.procedures", "portal.fees", "portal.publications", "portal.synchronisation"],
    owner="kiem-soat-tthc",
    tier=2,
    doc_md="""
**Thủ tục hành chính, mức độ dịch vụ công trực tuyến; phí, lệ phí; công bố và công khai theo quyết định; đồng bộ hồ sơ
lên Cổng Dịch vụ công quốc gia** · nguồn: Văn phòng UBND tỉnh, phòng Kiểm soát TTHC, API JSON, bản chụp đầy đủ và thay
đổi. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**Procedures that each unit offers, their online level and fees, their publication by decision, and dossiers
synchronised to the national portal** · source: JSON, full snapshots and changes. When one is blocked the older figures
stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull portal.procedures --date …`, `egov-kpi gate portal.procedures --date …`.
""",
)
