"""The words of the report in both languages, where they are not sentences of one page. Each is (vi, en)."""

Word = tuple[str, str]

THEMES: dict[str, Word] = {
    "digital_signature": ("Chữ ký số", "Digital signatures"),
    "official_mail": ("Thư điện tử công vụ", "Official mail"),
    "online_service": ("Dịch vụ công và hồ sơ", "Online services and dossiers"),
    "settlement": ("Giải quyết hồ sơ", "Settlement of dossiers"),
    "payment": ("Thanh toán trực tuyến", "Online payment"),
    "digitisation": ("Số hóa hồ sơ, kết quả", "Digitised dossiers and results"),
    "apology": ("Văn bản xin lỗi", "Letters of apology"),
    "satisfaction": ("Mức độ hài lòng", "Satisfaction"),
    "publicity": ("Công bố, công khai thủ tục", "Publication and posting"),
    "feedback": ("Phản ánh, kiến nghị", "Feedback and petitions"),
    "iso_compliance": ("TCVN ISO 9001:2015", "ISO 9001:2015"),
    "task": ("Nhiệm vụ được giao", "Assigned tasks"),
    "communication": ("Thông tin, tuyên truyền", "Communication and training"),
    "infrastructure": ("Hạ tầng số", "Digital infrastructure"),
    "document_management": ("Văn bản đến, hồ sơ công việc", "Incoming documents and work files"),
    "one_stop": ("Bộ phận một cửa", "One-stop units"),
}
VERDICTS: dict[str, Word] = {
    "accepted": ("đã nhận", "accepted"),
    "quarantined": ("nhận, cách ly một phần", "accepted, part set aside"),
    "blocked": ("bị chặn", "blocked"),
    "could_not_check": ("chưa kiểm tra được", "could not be checked"),
    "pending": ("chờ kiểm tra", "waiting for the gate"),
    "never_loaded": ("chưa từng nạp", "never loaded"),
    "revoked": ("đã thu hồi", "revoked"),
}
ANSWERS: dict[str, Word] = {
    "delivery_pulled": ("nguồn đã gửi", "source delivered"),
    "delivery_empty": ("nguồn không có gì mới", "source had nothing new"),
    "pull_failed": ("không lấy được", "could not be pulled"),
}
STATES: dict[str, Word] = {
    "open": ("chờ xử lý", "open"),
    "corrected": ("đã sửa", "corrected"),
    "replayed": ("đã nạp lại", "replayed"),
    "waived": ("được miễn trừ", "waived"),
    "rejected": ("loại hẳn", "rejected"),
}
CLAIM_VERDICTS: dict[str, Word] = {
    "holds": ("đúng", "holds"),
    "wrong": ("sai", "wrong"),
    "incomplete": ("thiếu dữ kiện", "incomplete"),
    "unit_slip": ("lẫn đơn vị tính", "unit slip"),
    "target": ("chỉ tiêu, không phải kết quả", "a target, not a result"),
    "ambiguous": ("không rõ", "ambiguous"),
}
REASONS: dict[str, Word] = {
    "denominator_zero": ("mẫu số bằng 0", "the denominator is zero"),
    "denominator_unknown": ("chưa có mẫu số", "the denominator is not known"),
    "split_unit": ("đơn vị cũ đã chia, chưa có tỷ lệ", "a former unit was divided, no shares are declared"),
    "code_reused": ("mã đã cấp cho đơn vị khác trong kỳ", "the code went to another unit within the period"),
    "denominator_synthetic": ("mẫu số là số giả định", "the denominator is made up"),
}
UNITS: dict[str, Word] = {
    "percent": ("%", "%"),
    "count": ("", ""),
    "days": ("ngày", "days"),
    "points": ("điểm", "points"),
}
METHODS: dict[str, Word] = {
    "A": ("phương pháp A, biểu II.06a", "method A, form II.06a"),
    "B": ("phương pháp B, QĐ 766", "method B, Decision 766"),
    "C": ("phương pháp C, so với ngày hẹn", "method C, against the promise"),
}
BASES: dict[str, Word] = {"date": ("theo ngày", "by date"), "hour": ("theo giờ", "by the hour")}
ROLLUPS: dict[str, Word] = {
    "sum": ("cộng", "summed"),
    "last": ("lần chốt cuối kỳ", "the last snapshot"),
    "pending": ("tồn vào ngày cuối kỳ", "what is open on the last day"),
    "distinct": ("đếm không trùng", "each thing once"),
    "distinct_in_denominator": ("đếm không trùng trong mẫu số", "each thing of the denominator once"),
}
GRAINS: dict[str, Word] = {"month": ("tháng", "month"), "quarter": ("quý", "quarter"), "year": ("năm", "year")}
UNKNOWN_UNIT: Word = ("Đơn vị không có trong danh mục", "Units that the list does not know")


def word(words: dict[str, Word], key: str | None) -> Word:
    """The word for a key; the key itself in both languages where it has none yet, so that nothing is hidden."""
    return words.get(key or "", (key or "", key or ""))
