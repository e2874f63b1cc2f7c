"""Airflow DAG `ingest_one_stop`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "one_stop",
    [
        "one_stop.dossiers",
        "one_stop.payments",
        "one_stop.components",
        "one_stop.results",
        "one_stop.apologies",
        "one_stop.satisfaction",
        "one_stop.handovers",
        "one_stop.pauses",
        "one_stop.data_uses",
    ],
    owner="trung-tam-hcc",
    tier=1,
    doc_md="""
**Hồ sơ của hệ thống một cửa điện tử, kèm phí và thanh toán, thành phần, kết quả, văn bản xin lỗi, đánh giá hài lòng,
luân chuyển nội bộ, tạm dừng, khai thác dữ liệu** · nguồn: Trung tâm Phục vụ hành chính công tỉnh, tệp CSV hoặc XLSX. Hồ
sơ bị chặn thì đêm không công bố.

**Dossiers of the electronic one-stop system, with fees, documents, results, apologies, votes, hand-overs, pauses, uses
of shared data** · source: CSV or XLSX downloads. When the dossiers are blocked the night is not published.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull one_stop.dossiers --date …`, `egov-kpi gate one_stop.dossiers --date …`.
""",
)
