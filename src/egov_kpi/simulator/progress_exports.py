"""What is exported of the way of dossiers through the offices: every version in the window, some rows twice."""

import pandas as pd

from egov_kpi.simulator.exports import Export, Window, _minute, _repeat
from egov_kpi.simulator.records import Records


def handovers(records: Records, window: Window) -> pd.DataFrame:
    """One row per step of a dossier and version in the window."""
    versions = records.one_stop.handovers
    rows = versions[window.holds(versions["updated_at"])]
    export = pd.DataFrame(
        {
            "Mã hồ sơ": rows["dossier_code"],
            "Bước xử lý": rows["step_no"],
            "Mã đơn vị xử lý": rows["agency_code"],
            "Mã đơn vị chuyển": rows["from_agency_code"],
            "Cán bộ xử lý": "Cán bộ giả định " + rows["step_no"],
            "Ngày nhận bước": _minute(rows["received_at"]),
            "Hạn xử lý nội bộ": _minute(rows["internal_due_at"]),
            "Ngày chuyển bước": _minute(rows["handed_on_at"]),
            "Ngày cập nhật": _minute(rows["updated_at"]),
        }
    )
    return _repeat(export, "Mã hồ sơ", records.seed)


# By the name of the dataset, which is the name of the file.
EXPORTS: dict[str, Export] = {"handovers": handovers}
