"""dbt's messages go where they are asked for, and are made nowhere else."""

from io import StringIO
from typing import Any

import pytest
from dbt.tracking import track_behavior_change_warn
from dbt_common.behavior_flags import Behavior, BehaviorFlagRendered
from dbt_common.events import event_manager
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LineFormat, LoggerConfig
from dbt_common.events.types import Note, SystemExecutingCmd

from egov_kpi.publish import unseen

DETAIL, WORD = SystemExecutingCmd(cmd=["ls"]), Note(msg="cần biết")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Events of which messages were made."""
    events: list[Any] = []
    make = event_manager.msg_from_base_event

    def counted(event: Any, level: Any = None) -> Any:
        events.append(event)
        return make(event, level)

    monkeypatch.setattr(event_manager, "msg_from_base_event", counted)
    return events


def _logged(level: EventLevel) -> list[str]:
    manager, log = EventManager(), StringIO()
    # dbt hears each of its own runs
    manager.add_callback(track_behavior_change_warn)
    manager.add_logger(
        LoggerConfig(f"log of {level}", line_format=LineFormat.PlainText, level=level, output_stream=log)
    )
    with unseen.left_out():
        manager.fire_event(DETAIL)
        manager.fire_event(WORD)
        manager.fire_event(DETAIL, EventLevel.WARN)
    # each line begins with the time
    return [line.split("  ", 1)[1].strip() for line in log.getvalue().splitlines()]


def test_a_log_has_what_is_of_its_level(made: list[Any]) -> None:
    assert _logged(EventLevel.INFO) == [WORD.message(), DETAIL.message()]
    assert made == [WORD, DETAIL]


def test_a_log_of_details_has_all(made: list[Any]) -> None:
    assert _logged(EventLevel.DEBUG) == [DETAIL.message(), WORD.message(), DETAIL.message()]
    assert len(made) == 3


def test_a_callback_hears_all(made: list[Any]) -> None:
    manager, heard = EventManager(), list[Any]()
    manager.add_callback(heard.append)
    with unseen.left_out():
        manager.fire_event(DETAIL)
    assert [message.info.level for message in heard] == ["debug"]


def test_flags_keep_their_settings_and_nobody_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspect.stack", lambda: pytest.fail("walked through all modules"))
    flags: list[Any] = [{"name": name, "default": False, "docs_url": "x"} for name in ("one", "other")]
    with unseen.left_out():
        behavior = Behavior(flags, {"other": True})
    assert (bool(behavior.one.no_warn), bool(behavior.other)) == (False, True)


def test_dbt_is_as_it_was_afterwards() -> None:
    before = EventManager.fire_event, vars(BehaviorFlagRendered)["_default_source"]
    with pytest.raises(RuntimeError), unseen.left_out(), unseen.left_out():
        raise RuntimeError
    assert (EventManager.fire_event, vars(BehaviorFlagRendered)["_default_source"]) == before
