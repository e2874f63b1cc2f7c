"""Airflow DAG `ingest_network`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "network",
    ["network.devices"],
    owner="so-tttt",
    tier=2,
    doc_md="""
**Thiết bị và tình trạng bảo mật mạng** · nguồn: Sở Thông tin và Truyền thông, tệp CSV, bản chụp đầy đủ. Địa chỉ mạng và
người sử dụng bị bỏ khi nạp. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**Devices and whether each is behind the security appliance** · source: CSV, full snapshots. Network addresses and users
are dropped while loading. When it is blocked the older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull network.devices --date …`, `egov-kpi gate network.devices --date …`.
""",
)
