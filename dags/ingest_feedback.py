"""Airflow DAG `ingest_feedback`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "feedback",
    ["feedback.petitions"],
    owner="tiep-nhan-pakn",
    tier=2,
    doc_md="""
**Phản ánh, kiến nghị và thời hạn trả lời** · nguồn: Văn phòng UBND tỉnh, API JSON, thay đổi; cổng, tổng đài 1022 và
kênh khác. Nội dung và người gửi bị bỏ khi nạp. Bị chặn thì số liệu cũ được giữ và ghi rõ ngày.

**Petitions and the clock of their answers** · source: JSON, changes; portal, hotline 1022 and other channels. Texts and
petitioners are dropped while loading. When it is blocked the older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull feedback.petitions --date …`, `egov-kpi gate feedback.petitions --date …`.
""",
)
