"""Fixtures of the gate's rules about the offices' own work; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]


def task(number: int) -> Row:
    return {
        "task_id": f"NV-{number}",
        "agency_code": "823",
        "task_kind": "CuThe",
        "is_in_par_plan": "1",
        "assigned_date": "2023-01-27",
        "due_date": "2023-02-17",
        "extended_date": "2023-02-15",
        "extended_due_date": "2023-02-24",
        "done_date": "2023-02-20",
        "task_status": "HoanThanh",
        "updated_at": "2023-02-20T09:00:00+07:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {"ioffice.tasks": task}

FAULTS: dict[str, Row] = {
    "GATE-TAS-501": {"agency_code": "99999"},
    "GATE-TAS-502": {"assigned_date": "2023-03-08", "due_date": None, "done_date": None, "task_status": "DangThucHien"},
    "GATE-TAS-503": {"assigned_date": "1999-12-31"},
    "GATE-TAS-504": {"due_date": "2023-01-26"},
    "GATE-TAS-505": {"done_date": "2023-01-26"},
    "GATE-TAS-506": {"done_date": "2023-03-08"},
    "GATE-TAS-507": {"extended_due_date": "2023-02-17"},
    "GATE-TAS-508": {"extended_date": None},
    "GATE-TAS-509": {"done_date": None},
    "GATE-TAS-510": {"updated_at": "2023-03-08T00:00:00+07:00"},
}

LOAD_RULES = {"GATE-TAS-001"}
HISTORY_RULES = {"GATE-TAS-511", "GATE-TAS-512"}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {"ioffice.tasks": {"task_kind": "ChungNhiemVu"}}
