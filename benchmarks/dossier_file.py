"""The file of the loading benchmark: rows of the one-stop system's kind, the same for every run, made by arithmetic."""

import random
from pathlib import Path

HEADERS = (
    "Mã hồ sơ;Mã TTHC;Tên thủ tục;Lĩnh vực;Mã đơn vị;Tên đơn vị;Kênh thực hiện;Đối tượng;Số giấy tờ;Ngày tiếp nhận;"
    "Ngày hẹn trả;Ngày kết thúc xử lý;Ngày trả kết quả;Hình thức trả;Trạng thái;Số lần yêu cầu bổ sung;Lệ phí;Phí;"
    "Số trang;Quầy tiếp nhận;Phòng ban;Mức độ;Ngày số hóa;Tình trạng số hóa;Ngày cập nhật"
)
PROCEDURES = (
    "Đăng ký biến động quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất",
    "Chứng thực bản sao từ bản chính giấy tờ, văn bản do cơ quan có thẩm quyền cấp",
    "Đăng ký khai sinh kết hợp đăng ký thường trú, cấp thẻ bảo hiểm y tế cho trẻ dưới 6 tuổi",
    "Cấp giấy chứng nhận đăng ký hộ kinh doanh",
)
FIELDS = ("Đất đai", "Chứng thực", "Hộ tịch", "Thành lập và hoạt động của hộ kinh doanh")
UNITS = ("Bộ phận Một cửa UBND xã Bình Nhì", "Bộ phận Một cửa UBND thị trấn Vĩnh Bình", "Trung tâm Hành chính công")
DEPARTMENTS = ("Phòng Tài nguyên và Môi trường", "Phòng Tư pháp", "Phòng Tài chính - Kế hoạch")
DIGITISED = ("Đã số hóa thành phần hồ sơ", "Chưa số hóa", "Đã số hóa kết quả")


def write(path: Path, rows: int, seed: int = 25) -> None:
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADERS + "\n")
        for number in range(rows):
            file.write(_line(draw, number))


def _line(draw: random.Random, number: int) -> str:
    kind = number % 4
    day = f"{1 + number % 28:02}/{1 + number % 12:02}/{2021 + number % 3}"
    hours = [f"{day} {7 + draw.randrange(11):02}:{draw.randrange(60):02}" for _ in range(5)]
    return ";".join(
        (
            f"000.00.15.H58-{day[8:]}{day[3:5]}{day[:2]}-{number:07}",
            f"{1 + kind}.{draw.randrange(10**6):06}",
            PROCEDURES[kind],
            FIELDS[kind],
            f"{28000 + number % 900:05}",
            UNITS[number % 3],
            ("Trực tiếp", "Trực tuyến", "Bưu chính công ích")[draw.randrange(3)],
            ("Cá nhân", "Tổ chức")[number % 2],
            f"{draw.randrange(10**11, 10**12)}",
            *hours[:4],
            ("Trực tiếp", "Trực tuyến")[draw.randrange(2)],
            str(1 + number % 10),
            str(number % 3),
            f"{draw.randrange(500)}000",
            f"{draw.randrange(90)}000",
            str(1 + draw.randrange(90)),
            f"Q{draw.randrange(400):03}",
            DEPARTMENTS[number % 3],
            str(2 + number % 3),
            day,
            DIGITISED[number % 3],
            f"{hours[4]}\n",
        )
    )
