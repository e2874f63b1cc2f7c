"""What the register of devices exports: people, IP and MAC addresses that do not exist among the columns."""

import pandas as pd

from egov_kpi.simulator.exports import _YES, _day, _minute, _repeat, _words
from egov_kpi.simulator.records import Records

_KIND = {
    "server": "Máy chủ", "workstation": "Máy tính", "printer": "Máy in", "scanner": "Máy quét",
    "photocopier": "Máy photocopy", "camera": "Camera", "network": "Wifi",
}  # fmt: skip


def devices(records: Records, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    """One row per device, retired ones included."""
    rows = records.devices[records.devices["snapshot_date"] == snapshot_date].sort_values("device_code")
    place = pd.Series(range(len(rows)), index=rows.index)
    export = pd.DataFrame(
        {
            "Mã thiết bị": rows["device_code"],
            "Mã đơn vị": rows["agency_code"],
            "Loại thiết bị": _words(rows["device_kind"], _KIND),
            "Kết nối mạng": rows["is_networked"].map(_YES),
            "Qua thiết bị bảo mật": rows["is_secured"].map(_YES),
            "Ngày đưa vào bảo mật": _day(rows["secured_date"]),
            "Ngày thanh lý": _day(rows["retired_date"]),
            "Cán bộ sử dụng": "Cán bộ giả định " + rows["device_code"],
            # TEST-NET-1: addresses that nobody has.
            "Địa chỉ IP": "192.0.2." + (place % 254 + 1).astype(str),
            "Địa chỉ MAC": "02-00-00-00-00-" + (place % 256).map("{:02X}".format),
            "Ngày chốt số liệu": _day(rows["snapshot_date"]),
            "Thời điểm kết xuất": _minute(rows["exported_at"]),
        }
    )
    return _repeat(export, "Mã thiết bị", records.seed)
