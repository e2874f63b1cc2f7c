"""Whether Airflow's services still beat: nobody starts one again that lives and hangs, since its process has not ended.

It only tells, by an incident in the ledger, and ends nothing: what hangs may be in the middle of a write.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from egov_kpi.db.connect import connect
from egov_kpi.ledger import events
from egov_kpi.platform.airflow import COMPONENTS
from egov_kpi.platform.airflow_api import AirflowApi
from egov_kpi.settings import Settings

Health = dict[str, dict[str, str | None]]

# Looks within the time that a service may be silent.
LOOKS = 12

log = logging.getLogger("egov_kpi.supervisor")


@dataclass
class Pulse:
    """When each service was last heard of, and of whose silence an incident tells already."""

    began: datetime
    longest: timedelta
    heard: dict[str, datetime] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def silent(self, health: Health, at: datetime) -> dict[str, timedelta]:
        """Services that have been silent for too long and of which nothing has been told; `health` is what Airflow's
        API server answers, empty when it doesn't."""
        for name in COMPONENTS:
            heard = _beat(name, health, at)
            self.heard[name] = max(self.heard.get(name, self.began), heard or self.began)
        silences = {name: at - heard for name, heard in self.heard.items() if at - heard > self.longest}
        # of the others only the API server can tell
        if "api-server" in silences:
            silences = {"api-server": silences["api-server"]}
        else:
            self.told &= set(silences)
        return {name: silence for name, silence in silences.items() if name not in self.told}


def _beat(name: str, health: Health, at: datetime) -> datetime | None:
    """When the service last beat; the API server does so by answering."""
    if name == "api-server":
        return at if health else None
    key = name.replace("-", "_")
    beat = health.get(key, {}).get(f"latest_{key}_heartbeat")
    return datetime.fromisoformat(beat) if beat else None


def look(pulse: Pulse, ask: Callable[[], Health], tell: Callable[[str], None]) -> None:
    """Ask once, and tell of each service that has fallen silent; what could not be told is told the next time."""
    for name, silence in pulse.silent(ask(), datetime.now(UTC)).items():
        tell(f"{name}: {silence.total_seconds():.0f} s")
        pulse.told.add(name)


def keep_looking(settings: Settings, stop: threading.Event) -> None:
    """Until `stop` is set: in a thread of its own, since an answer may take as long as a time-out."""
    longest = settings.service_silence
    pulse = Pulse(datetime.now(UTC), longest)
    while not stop.wait(longest.total_seconds() / LOOKS):
        try:
            with AirflowApi.of(settings) as api:
                look(pulse, api.health, lambda detail: record(settings, detail))
        except Exception:
            # a watch that ended with its first error would be silent itself
            log.exception("the health of Airflow's services is unknown")


def record(settings: Settings, detail: str) -> None:
    log.error("Dịch vụ còn sống nhưng không trả lời · alive and silent: %s", detail)
    with connect("loader", settings) as conn:
        events.append(conn, "incident", {"kind": "service_hung", "dataset": None, "count": 1, "detail": detail})


def start(settings: Settings) -> threading.Event:
    """Begin to look; set the event to end it."""
    stop = threading.Event()
    threading.Thread(target=keep_looking, args=(settings, stop), name="pulse", daemon=True).start()
    return stop
