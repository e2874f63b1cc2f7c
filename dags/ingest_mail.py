"""Airflow DAG `ingest_mail`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "mail",
    ["mail.accounts"],
    owner="so-tttt",
    tier=2,
    doc_md="""
**Tài khoản thư điện tử công vụ** · nguồn: Sở Thông tin và Truyền thông, tệp CSV, bản chụp đầy đủ. Bị chặn thì
số liệu cũ được giữ và ghi rõ ngày.

**Official mailboxes** · source: CSV, full snapshots. When it is blocked the older figures stay, with their
date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull mail.accounts --date …`, `egov-kpi gate mail.accounts --date …`.
""",
)
