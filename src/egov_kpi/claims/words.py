"""The vocabulary of administrative-reform reports that the checker goes by: units, cues, look-alikes of numbers."""

import re

# Letters of the Vietnamese alphabet for character classes; a range from à to ỹ would hold capitals too.
_LETTERS = [chr(code) for code in (*range(0x41, 0x250), *range(0x1EA0, 0x1EFA)) if chr(code).isalpha()]
UPPER = "".join(letter for letter in _LETTERS if letter.isupper())
LOWER = "".join(letter for letter in _LETTERS if letter.islower())

DURATIONS = frozenset({"ngày", "giờ", "phút"})
MEASURES = frozenset(
    {"tháng", "giây", "năm", "tuần", "quý", "tuổi", "m2", "m²", "km", "km2", "ha", "trang", "lần", "h", "gb", "mbps"}
)
ABBREVIATIONS = {
    "hs": "hồ sơ",
    "tthc": "thủ tục",
    "tt": "thủ tục",
    "thủ tục hành chính": "thủ tục",
    "vb": "văn bản",
    "vbđ": "văn bản",
    "dvc": "dịch vụ",
    "dvctt": "dịch vụ",
    "dịch vụ công": "dịch vụ",
    "pakn": "phản ánh",
    "kiến nghị": "phản ánh",
    "cbcc": "người",
    "cbccvc": "người",
    "cbccvc-nlđ": "người",
    "cán bộ": "người",
    "công chức": "người",
    "viên chức": "người",
    "đồng chí": "người",
    "đ/c": "người",
}
NOUNS = (
    "hồ sơ|hs|thủ tục hành chính|thủ tục|tthc|văn bản|vbđ|vb|dịch vụ công|dịch vụ|dvctt|dvc|nhiệm vụ|chỉ tiêu|tiêu chí|"
    "phản ánh|kiến nghị|pakn|ý kiến|phiếu|người|cán bộ|công chức|viên chức|cbccvc-nlđ|cbccvc|cbcc|đồng chí|đ/c|"
    "lao động|"
    "xã|phường|thị trấn|huyện|thị xã|thành phố|quận|tỉnh|đơn vị|cơ quan|sở|ban|phòng|thôn|ấp|bản|làng|khu phố|khóm|xóm|"
    "buôn|tổ|hộ|lượt|cuộc|lớp|buổi|đồng|điểm|quyết định|kế hoạch|công văn|thông báo|báo cáo|tờ trình|máy|bộ|hộp thư|"
    "tài khoản|chứng thư|chữ ký|giao dịch|trường hợp|kết quả|quy trình|mô hình|sáng kiến|trường|trạm|tin|bài|nhóm|"
    "lĩnh vực|nội dung|vụ|đơn|thư|câu hỏi|câu|cuộc gọi|thuê bao|doanh nghiệp|hợp tác xã|htx|công dân|tổ chức|học viên|"
    "lãnh đạo|biên chế|hội nghị|đợt|địa phương|đảng viên|thành viên|giấy|bản ghi|biểu mẫu|trường thông tin|dữ liệu|"
    "cơ sở|thiết bị|hệ thống|phần mềm|nghị quyết|chỉ thị|hướng dẫn|bước|mục|dự án|gói|công trình|suất|giấy phép|"
    "chứng chỉ|"
    "khách hàng|nhân viên|hội viên|gia đình|hộ dân|nhà|con|chiếc|cái|tờ|cặp|ca|loại|thẻ|mẫu|cổng|"
    "trang thông tin|website|đ"
)
_NOUN = re.compile(rf"\s*(?:{NOUNS})(?![^\W_])", re.IGNORECASE)
_UNIT = re.compile(rf"\s*((?:{NOUNS})(?![^\W_]))", re.IGNORECASE)
_ANY_WORD = re.compile(r"[ \u00a0]*(m2|m²|km2|[^\W\d_]+)", re.IGNORECASE)
# Words after a number that continue the sentence and are no unit.
_NO_UNIT = frozenset(
    re.findall(
        r"\w+",
        "đạt chiếm bằng là và trên trong so được với tương tỷ tỉ đã còn có hoặc thì do của tại qua ở đến từ lên "
        "xuống gồm tăng "
        "giảm cho theo vào tức nên nhưng mà không chưa để khi về ra này đó như các những",
    )
)


def is_noun(text: str) -> bool:
    """Whether the text starts with something that reports count."""
    return _NOUN.match(text) is not None


def unit_after(text: str, at: int) -> tuple[str, int]:
    """The unit that follows a number, in one canonical form, and where it ends; empty when there is none."""
    noun = _UNIT.match(text, at)
    if noun:
        name = noun[1].lower()
        return ABBREVIATIONS.get(name, name), noun.end()
    word = _ANY_WORD.match(text, at)
    if word is None or word[1].lower() in _NO_UNIT or word[1][0].isupper():
        return "", at
    return word[1].lower(), word.end()


RATE = r"(?:tỷ|tỉ)\s+(?:lệ|trọng)"
# What may stand between a count and the percent that it makes.
GLUE = re.compile(
    rf"^(?:[\s,;:()\[\]=–—-]|[x×*]\s*100\s?%?|đạt|được|chiếm|bằng|tương ứng|tương đương|tức(?: là)?|"
    rf"khoảng|gần|hơn|trên|chỉ|mới|"
    rf"cũng|là|với|"
    rf"{RATE}|tỷ suất|ước|xấp xỉ|như vậy|mức|ở|khá cao|cao|thấp|đều|vào|số|và|này|đó|có|trung bình|chung|hoàn thành|"
    rf"vượt|phần trăm|khoảng|>|≥|<|~|≈|\(|\))*$",
    re.IGNORECASE,
)
STRONG_GLUE = re.compile(
    rf"(?:chiếm|tương ứng|tương đương|bằng|tức|đạt {RATE}|với {RATE}|{RATE}|=|\()(?:\s|là|đạt|khoảng|gần|hơn|"
    rf"trên|chỉ|{RATE}|với|:)*$",
    re.IGNORECASE,
)
OF_THESE = re.compile(r"(?:trên|trong|của)\s+(?:tổng|số|tất cả|toàn bộ)(?:\s+\w+){0,5}\s*$", re.IGNORECASE)
OF_TOTAL = re.compile(
    r"(?:^|\W)(?:trên|trong|/|so với|của)\s*(?:tổng(?:\s+số)?|tất cả|toàn bộ|số|"
    r"tổng cộng)?\s*(?:\w+\s+){0,4}?(?:là\s+|có\s+)?$",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"(?:^|\W)(?:tổng(?! hợp| kết| thể| cục| đài)|tổng số|tổng cộng|cộng)(?:\s+\S+){0,8}\s*$", re.IGNORECASE
)
RESULT = re.compile(
    r"(?<!hóa )(?<!hoá )(?<!trả )(?<!nhận )(?<!số )kết quả(?! giải quyết)|thực hiện (?:được|đạt)|"
    r"(?<!\w)đã(?!\w)|đạt được|chỉ đạt|mới đạt|ước đạt|thực tế|tính đến|trong kỳ|"
    r"hiện (?:nay|có|đạt)|"
    r"đến nay|vượt|(?:huyện|xã|tỉnh|phường|đơn vị) đạt\s*(?:\d|$)|thực hiện:?\s*$|qua kiểm tra|còn thấp",
    re.IGNORECASE,
)
AIM = re.compile(
    r"phấn đấu|mục tiêu|không quá|hướng tới|hướng đến|đặt ra|(?<!sơ )(?<!đơn )đề nghị|"
    r"(?<!đạt )(?<!ứng )(?<!đủ )yêu cầu|đề xuất|"
    r"(?<!\w)phải (?:đạt|bảo đảm|đảm bảo|có|thực hiện|hoàn thành|được)|(?<!\w)cần (?:đạt|phải|nâng|phấn đấu|"
    r"bảo đảm|đảm bảo|có)|"
    r"(?<!\w)sẽ(?!\w)|tối thiểu|ít nhất|không thấp hơn|không dưới|dự kiến|quyết tâm|chậm nhất|tiếp tục (?:nâng|"
    r"duy trì|phấn đấu)|"
    r"năm tới|thời gian tới|chỉ tiêu (?:\S+ ){0,3}?(?:giao|đề ra|đặt ra)|chỉ tiêu\s*(?:là|:)|"
    r"kế hoạch (?:\S+ ){0,3}?(?:giao|đề ra|đặt ra)|"
    r"^\W*chỉ tiêu|^\W*kế hoạch (?:năm|quý|giao|đề ra)|(?:kế hoạch|chỉ tiêu|kh|mục tiêu|ct)\s*(?:là|:|"
    r"giao)?\s*(?:trên|từ)?\s*$|"
    r"giao\s*(?:là|:|đạt)?\s*$|đến (?:hết |cuối )?năm 20\d\d[^.]{0,60}$",
    re.IGNORECASE,
)
SOFT_AIM = re.compile(
    r"bảo đảm|đảm bảo|duy trì|thực hiện nghiêm|cuối năm|quy định|ngưỡng|"
    r"(?<!đạt )(?<!tiêu )chuẩn(?! quốc gia| về| tiếp cận| nông| h[oó][aá]| trình độ| chức danh| nghề)",
    re.IGNORECASE,
)
LEAD_AIM = re.compile(
    r"^\W*(?:[a-zđ0-9]{1,3}[.)]\s*)?(?:tiếp tục |quyết tâm |cần |đồng thời )?(?:phấn đấu|mục tiêu|đề nghị|"
    r"yêu cầu|kiến nghị|hướng tới|chỉ tiêu|"
    r"đề xuất|giao |kế hoạch|trong năm tới|thời gian tới|cắt giảm|nâng|tăng cường|đẩy mạnh|chỉ đạo|"
    r"năm 20\d\d,? phấn đấu|đến (?:hết|cuối) )",
    re.IGNORECASE,
)
AIM_HEADING = re.compile(
    r"phương hướng|nhiệm vụ (?:trọng tâm|và giải pháp|thời gian|năm|6 tháng cuối|quý)|mục tiêu|kiến nghị|"
    r"đề xuất|giải pháp|chỉ tiêu phấn đấu|thời gian tới|^\W*(?:các )?chỉ tiêu (?:năm|quý|chủ yếu|giao|kế hoạch)",
    re.IGNORECASE,
)
COMPARED = re.compile(
    r"kế hoạch|dự toán|chỉ tiêu|so với|cùng kỳ|được giao|giao|nghị quyết|năm trước|quý trước|tháng trước|"
    r"định mức|kh(?!\w)",
    re.IGNORECASE,
)
CHANGE = re.compile(
    r"(tăng|giảm|cao hơn|thấp hơn|nhiều hơn|ít hơn|vượt|tăng trưởng|cắt giảm|rút ngắn)"
    r"(?:\s+(?:lần lượt|thêm|lên|khoảng|"
    r"gần|hơn|trên|được|tới|đến|xuống|bình quân|"
    r"tương ứng|nhẹ|mạnh|là|:|đi|trung bình|chỉ|còn|đáng kể|tỷ lệ|tương đương|so với (?:cùng kỳ|năm trước|"
    r"quý trước|tháng trước)(?: năm trước| năm \d+)?(?:\s*là)?))*\s*$",
    re.IGNORECASE,
)
DOWN = re.compile(r"giảm|thấp hơn|ít hơn|rút ngắn", re.IGNORECASE)
NEGATED = re.compile(
    r"(?:không|chưa)(?: có \S+ \S+(?: nào)?)? (?:đạt|đủ|tới|đến|phải)(?: được| mức)?\s*$", re.IGNORECASE
)

# Members that leave nothing out when they are listed together.
COMPLEMENTS = tuple(
    tuple(re.compile(member, re.IGNORECASE) for member in group)
    for group in (
        (r"trực tuyến|qua mạng|điện tử", r"trực tiếp|giấy", r"bưu (?:chính|điện)|bcci"),
        (r"đúng (?:hạn|hẹn)|trong hạn", r"(?:trễ|quá|chậm|sau) (?:hạn|hẹn)", r"trước (?:hạn|hẹn)|sớm hạn"),
        (r"đã (?:giải quyết|xử lý|hoàn thành|trả)", r"đang|chưa|còn"),
        (r"cấp tỉnh|sở", r"(?<!hơn )huyện", r"(?<!thị )xã(?! hội)"),
        (r"toàn trình", r"một phần", r"còn lại|thông tin"),
        (r"cán bộ", r"công chức", r"viên chức", r"hợp đồng|người lao động"),
        (r"(?<!việt )nam(?! bộ)", r"nữ"),
        (r"liên thông|trục|bên ngoài", r"nội bộ"),
        (r"kỳ trước|tồn|chuyển sang", r"mới|trong kỳ"),
        (r"(?<!chưa )hoàn thành", r"chưa|đang"),
        (r"mức (?:độ )?[12]", r"mức (?:độ )?3", r"mức (?:độ )?4"),
        (r"(?<!không )(?<!rất )hài lòng", r"bình thường|chấp nhận", r"không hài lòng", r"rất hài lòng"),
        (r"phường", r"xã", r"thị trấn"),
        (r"cá nhân|công dân|người dân", r"tổ chức|doanh nghiệp"),
        (r"xuất sắc", r"(?:hoàn thành )?tốt", r"không hoàn thành|khá|trung bình"),
        (r"văn bản đi", r"văn bản đến"),
        (r"(?<!không )(?<!chưa )đạt", r"(?:không|chưa) đạt", r"vượt"),
    )
)
REMAINDER = re.compile(r"còn lại|khác(?!\w)", re.IGNORECASE)

_DOC = (
    r"(?:nghị định|nghị quyết|thông tư|quyết định|chỉ thị|công văn|kế hoạch|báo cáo|thông báo|tờ trình|"
    r"công điện|luật|văn bản|đề án|hướng dẫn|kết luận)"
)
_ORDINAL = (
    r"(?:điều|khoản|chương|phụ lục|mẫu|biểu|tiết|mức độ|mức|cấp độ|hạng|thứ|lần|lần thứ|khóa|khoá|kỳ họp|phiên họp|"
    r"tầng|đường|quốc lộ|phiên bản|level)"
)
_SECTION = (
    r"(?:bước|(?<!một )phần|đợt|vòng|cụm|tiêu chí|tiêu chí thành phần|lĩnh vực|nhóm|mục|nội dung|bảng|hình|trang|"
    r"chỉ tiêu số)"
)
_I = re.IGNORECASE
# Look-alikes of quantities; the group x, where there is one, is the part to hide.
MASKS: tuple[tuple[str, int], ...] = (
    # document numbers: 766/QĐ-TTg, 61/2018/NĐ-CP, 27-TB/TGV, 30c/NQ-CP
    (r"\b\d+[a-zđ]?(?:\s*/\s*(?:19|20)\d\d)?\s*[-/]\s*[A-ZĐ]{2,}[\w&]*(?:[-/–]\s?[A-ZĐ&][\w&]*)*(?!\s*\d*[.,\d]*%)", 0),
    (
        rf"(?:(?-i:(?=[A-ZĐ]))|(?<!\()(?<![,;:]\s)|(?=[^\d]*số)){_DOC}\s+(?:số|liên tịch số)?\s*:?\s*"
        rf"(?P<x>\d+(?:/\d+)*)(?!\d)(?![\d.,]*\s*%)(?!,?\s+(?:đã )?thực hiện)"
        rf"(?!\s*(?:{NOUNS})(?!\w))",
        _I,
    ),
    (r"(?:số|số hiệu|ký hiệu|mã số)\s*:\s*(?P<x>\d+(?:/\d+)+)(?=\s*[-–]?\s*(?-i:[A-ZĐ]|\([^\d]))", _I),
    # dates and times
    (r"\b\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*(?:19|20)\d\d\b", 0),
    (r"(?:ngày|hôm|sáng|chiều)\s+(?P<x>\d{1,2}(?:\s*[/-]\s*\d{1,2})?)(?!\d|[.,]\d|\s*[/-]?\s*\d{3})(?!\s*%)", _I),
    (
        r"(?:từ|đến|trước|sau|và)\s+(?P<x>[0-3]?\d/(?:0?[1-9]|1[0-2]))(?![\d.,/]*\d)(?!\s*\(?(?:"
        + NOUNS
        + r")(?!\w))(?!\s*%)",
        _I,
    ),
    (r"(?:tháng|quý|năm)\s+(?P<x>\d{1,4}(?:\s*[/-]\s*\d{1,4})*)(?![\d.,]*%)(?!\d)", _I),
    (r"(?:tháng|quý)\s+(?:[IVX]+|\d+)(?:\s*,\s*(?:[IVX]+|\d+))*\s*[/-]\s*(?P<x>\d{4})", _I),
    (r"\b(?:19|20)\d\d\s*[-–/]\s*(?:19|20)\d\d\b(?!\s*(?:" + NOUNS + r")(?!\w))(?!\s*\(?\d[\d.,]*\s?%)", _I),
    (r"(?<![\d.,/])(?:0?[1-9]|1[0-2])/(?:19|20)\d\d(?!\d)(?!\s*(?:" + NOUNS + r")(?!\w))", _I),
    (r"\b\d{1,2}\s*(?:giờ|h|g)\s*\d{0,2}(?:\s*phút)?\b", _I),
    (r"\b\d{1,2}:\d{2}\b", 0),
    (r"[x×*]\s*100\s?%?(?=\s*[=)])", 0),
    (r"\b24/7\b|\b24/24\s*(?:giờ|h)\b", _I),
    # telephones, codes, versions, addresses
    (r"\(0\d{2,4}\)[\s.]*\d{3,4}[\s.]?\d{3,4}|(?<![\d.,/])0\d{2,4}(?:[.\s-]?\d{3,4}){2,3}\b", 0),
    (
        r"(?:điện thoại|đt|fax|hotline|tổng đài|sđt|zalo|"
        r"đường dây nóng)\s*:?\s*(?:số\s*)?(?P<x>[\d.\s()-]{4,})(?!\s*(?:" + NOUNS + r")(?!\w))",
        _I,
    ),
    (r"\b[A-Za-zĐđ]+[.-]?\d[\w.-]*\d|\b[A-Z]\d+\b", 0),
    (r"\b\d+(?:[.-]\d+){0,4}\.[A-ZĐ]\d[\w.-]*", 0),
    (r"\b\d+\.\d{4,}(?!\s*%)(?!\d)", 0),
    (r"\b\d{1,3}(?:\.\d{1,2})(?:\.\d+)+\b", 0),
    (r"(?:iso|tcvn|windows|office|ipv|covid)[\s-]*(?P<x>\d[\d:.]*)", _I),
    (r"(?:số|số nhà|ngõ|hẻm)\s+(?P<x>\d+/\d+)\s*,?\s*(?:đường|phố|khu|tổ|ấp|[A-ZĐ]\w+ [A-ZĐ])", 0),
    (
        r"(?:khu phố|tổ dân phố|phường|quận|thôn|ấp|khóm|xóm|tổ)\s+(?P<x>\d{1,2})(?=\s*(?:[,.;)–-]|$|thuộc|và\s|"
        r"\n))(?!,\d|\.\d)",
        _I,
    ),
    # citations and ordinals
    (
        rf"(?<!\w){_ORDINAL}\s+(?:số\s*)?(?P<x>\d+(?:\.\d+)*(?:(?:,\s+|\s+và\s+)\d+(?!\d*[.,/]?\d*\s*(?:%|điểm|hồ|"
        rf"{NOUNS})))?)(?![\d]*(?:/\d|[.,]\d|\s*%|\s*điểm))",
        _I,
    ),
    (
        rf"(?<!\w){_SECTION}\s+(?P<x>\d+(?:\.\d+)*)(?!\d*(?:/\d|[.,]\d|\s*%|\s*điểm))"
        rf"(?!\s*(?:{NOUNS})(?!\w))",
        _I,
    ),
    (
        r"(?:xếp(?: thứ| hạng| vị trí)?|đứng(?: thứ| hạng| vị trí)?|thứ hạng|vị trí|hạng|thứ)\s*(?:thứ\s*)?(?::|"
        r"là)?\s*(?P<x>\d+(?:/\d+)?)(?!\d)",
        _I,
    ),
    (r"(?:nhóm|top|tốp)\s+(?P<x>\d+(?:/\d+)?)(?!\d)", _I),
    (r"\[\d+\]", 0),
    (r"(?m)^\s*\(?\d{1,2}(?:\.\d{1,2}){0,3}[.)/](?=\s|[" + UPPER + r"])", 0),
    (r"(?m)^\s*\d{1,2}(?:\.\d{1,2}){1,3}\s+(?=[" + UPPER + r"])", 0),
    (r"(?:^|[:;,.]\s*)\(\d{1,2}\)(?=\s*[^\W\d])", 0),
    (r"(?<=[:;.]\s)\d[.)](?=\s+[^\W\d])", 0),
)
