"""Cases that are not injected here, each with the reason: the warehouse lacks the part, or another proof shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Absent:
    """`is_absent`: there is nothing yet that the fault could strike; else `where` names the proof that shows it."""

    id: str
    title_vi: str
    title_en: str
    is_absent: bool
    where: str


ELSEWHERE = (
    Absent("D9c", "cây đơn vị theo hiện tại và theo lúc đó", "both hierarchies of merged agencies", True,
           "chưa có trong kho: chỉ có số liệu theo đơn vị lúc đó · not in the spine: all figures are as_was"),
    Absent("D16", "quá hạn theo ngày làm việc qua Tết", "overdue by working days over Tết", False,
           "tests/unit/calendar; the marts compute no due date, they take the one that the source sent"),
    Absent("F1", "tệp SFTP đang tải dở", "half-written SFTP upload", True,
           "chưa có trong kho: không nguồn nào dùng SFTP · not in the spine: no source uses SFTP"),
    Absent("F17b", "số thập phân có dấu phẩy", "decimal comma", True,
           "chưa có trong kho: không hợp đồng nào có số thập phân · not in the spine: no contract has decimals"),
    Absent("I1", "kill -9 từng bước", "kill -9 of every step", False, "make chaos (300 seeds)"),
    Absent("I2", "kill -9 tiến trình giám sát tác vụ", "kill -9 of a task's supervisor", False, "make chaos (Airflow)"),
    Absent("I3", "kill -9 bộ lập lịch", "kill -9 of the scheduler", False, "make chaos (Airflow)"),
    Absent("I4", "kill -9 api-server", "kill -9 of the API server", False,
           "make chaos (Airflow)"),
    Absent("I18", "bộ lập lịch treo nhưng còn sống", "scheduler that hangs alive", False,
           "tests/e2e/platform/test_airflow_services.py; tests/unit/platform/test_pulse.py"),
    Absent("I22", "khôi phục từ bản sao lưu", "restore from a backup", False, "python -m proofs.restore"),
    Absent("S6", "view lộ dòng của đơn vị khác", "a view shows rows of another unit", True,
           "chưa có trong kho: BI chưa có đăng nhập theo đơn vị · not in the spine: BI has no login per unit"),
)  # fmt: skip
