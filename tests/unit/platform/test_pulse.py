"""A service that lives and hangs: what Airflow's health answer says of it, and when somebody is told."""

from datetime import UTC, datetime, timedelta

import pytest

from egov_kpi.platform import pulse
from egov_kpi.platform.airflow import COMPONENTS
from egov_kpi.platform.pulse import Health, Pulse
from egov_kpi.settings import Settings

BEGAN = datetime(2023, 3, 6, 19, tzinfo=UTC)
SILENCE = timedelta(minutes=3)


def test_the_time_that_a_service_may_be_silent() -> None:
    assert Settings().service_silence == SILENCE


def _health(at: datetime, **beats: datetime | None) -> Health:
    """What GET /api/v2/monitor/health answers; every service beats but those named."""
    found: Health = {"metadatabase": {"status": "healthy"}}
    for key in ("scheduler", "dag_processor", "triggerer"):
        beat = beats.get(key, at)
        found[key] = {"status": "healthy", f"latest_{key}_heartbeat": beat.isoformat() if beat else None}
    return found


def _minutes(count: float) -> datetime:
    return BEGAN + timedelta(minutes=count)


def _told(watch: Pulse, health: Health, at: datetime) -> list[str]:
    """As `look` does it, at a time of the test's."""
    found = sorted(watch.silent(health, at))
    watch.told.update(found)
    return found


def test_a_hung_scheduler_is_told_once_within_five_minutes() -> None:
    watch = Pulse(BEGAN, SILENCE)
    hung_at, told = _minutes(10), {}
    for poll in range(120):
        at = BEGAN + poll * SILENCE / pulse.LOOKS
        if found := _told(watch, _health(at, scheduler=min(at, hung_at)), at):
            told[at - hung_at] = found
    assert list(told.values()) == [["scheduler"]]
    assert timedelta(0) < min(told) < timedelta(minutes=5)


def test_one_that_beats_again_and_hangs_again_is_told_again() -> None:
    watch = Pulse(BEGAN, SILENCE)
    assert _told(watch, _health(_minutes(5), triggerer=BEGAN), _minutes(5)) == ["triggerer"]
    assert _told(watch, _health(_minutes(6)), _minutes(6)) == []
    assert _told(watch, _health(_minutes(12), triggerer=_minutes(6)), _minutes(12)) == ["triggerer"]


def test_a_start_and_a_restart_are_no_silence() -> None:
    watch = Pulse(BEGAN, SILENCE)
    assert _told(watch, {}, _minutes(2)) == []
    assert _told(watch, _health(_minutes(2.5), scheduler=None, dag_processor=None), _minutes(2.5)) == []
    # a beat of the life before counts from when the watch began
    assert _told(watch, _health(_minutes(2.7), scheduler=BEGAN - timedelta(days=1)), _minutes(2.7)) == []


def test_an_api_server_that_does_not_answer_says_nothing_of_the_others() -> None:
    watch = Pulse(BEGAN, SILENCE)
    assert _told(watch, {}, _minutes(4)) == ["api-server"]
    assert _told(watch, {}, _minutes(9)) == []
    assert _told(watch, _health(_minutes(10)), _minutes(10)) == []
    assert set(watch.heard) == set(COMPONENTS)


def test_what_could_not_be_told_is_told_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, said = Pulse(BEGAN, SILENCE), []

    def no_database(detail: str) -> None:
        raise ConnectionError(detail)

    with pytest.raises(ConnectionError, match="scheduler"):
        pulse.look(watch, lambda: _health(datetime.now(UTC), scheduler=BEGAN), no_database)
    pulse.look(watch, lambda: _health(datetime.now(UTC), scheduler=BEGAN), said.append)
    pulse.look(watch, lambda: _health(datetime.now(UTC), scheduler=BEGAN), said.append)
    assert len(said) == 1 and said[0].startswith("scheduler: ")
