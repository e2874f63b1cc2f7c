"""Airflow DAG `ingest_forms`. Wiring only; the work is in `egov_kpi.night.ingest`."""

from egov_kpi.night.wiring import ingest_dag

dag = ingest_dag(
    "forms",
    [
        "forms.one_stop_units",
        "forms.paper_register",
        "forms.par_scorecards",
        "forms.periodic_reports",
        "forms.vertical_settlement",
        "forms.survey_results",
    ],
    owner="ubnd-cap-xa",
    tier=2,
    doc_md="""
**Sổ theo dõi hồ sơ giấy của xã, phường; bảng tự chấm điểm cải cách hành chính; biểu tổng hợp bộ phận một cửa; sổ báo
cáo định kỳ; kết quả khảo sát; biểu của cơ quan ngành dọc** · nguồn: các đơn vị, biểu mẫu XLSX, mỗi tệp một lô. Bị chặn
thì số liệu cũ được giữ và ghi rõ ngày.

**The wards' paper register of dossiers; scorecards of administrative reform; one-stop units; periodic reports; surveys;
forms of vertical agencies** · source: XLSX forms that units fill in, each a load of its own. When one is blocked the
older figures stay, with their date.

Lấy → kiểm tra → kết luận · pull → gate → verdict. Chạy tay · by hand:
`egov-kpi pull forms.par_scorecards --date …`, `egov-kpi gate forms.par_scorecards --date …`.
""",
)
