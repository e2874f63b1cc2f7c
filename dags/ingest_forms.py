"""Airflow DAG `ingest_forms`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "forms",
    ["forms.paper_register"],
    owner="ubnd-cap-xa",
    tier=2,
    doc_md="""
**Sổ theo dõi hồ sơ giấy của xã, phường** · nguồn: UBND cấp xã, biểu mẫu XLSX. Bị chặn thì số liệu cũ được giữ
và ghi rõ ngày.

**The wards' paper register of dossiers** · source: XLSX forms. When it is blocked the older figures stay,
with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull forms.paper_register --date …`, `egov-kpi gate forms.paper_register --date …`.
""",
)
