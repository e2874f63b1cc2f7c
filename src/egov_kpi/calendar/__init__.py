"""Working days, office hours and due dates.

Pure functions over the project's own calendar (the seed `calendar_day`) and the office's hours: no database, no clock.
Times are naive and mean Asia/Ho_Chi_Minh. What each rule rests on: docs/reference/deadlines.md.
"""

from egov_kpi.calendar.due import due_at
from egov_kpi.calendar.model import Convention, DueDate, Pause, Step, Term, Unit
from egov_kpi.calendar.office import OfficeHours, office_hours
from egov_kpi.calendar.working_days import WorkingCalendar, load_calendar

__all__ = [
    "Convention",
    "DueDate",
    "OfficeHours",
    "Pause",
    "Step",
    "Term",
    "Unit",
    "WorkingCalendar",
    "due_at",
    "load_calendar",
    "office_hours",
]
