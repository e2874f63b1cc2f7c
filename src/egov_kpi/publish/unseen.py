"""What dbt does for nobody: left out for the time of a run.

It makes two messages of every event, also of those that no log takes, and for each behaviour flag of the adapter it
walks through all modules to find who asked for it, although no text names that. A third of a small build's own time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def left_out() -> Iterator[None]:
    """No message is made of details that neither a log nor a callback takes; nobody is looked up for a flag.

    For one run of dbt at a time, or one within another: dbt itself has one set of logs for a process.
    """
    from dbt.tracking import track_behavior_change_warn
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    manager: Any = EventManager
    flag: Any = BehaviorFlagRendered
    fire, source = manager.fire_event, vars(flag)["_default_source"]

    def fire_event(self: Any, e: Any, level: Any = None, *rest: Any, **named: Any) -> None:
        if (level or e.level_tag()) != EventLevel.DEBUG or _takes_details(
            self, EventLevel.DEBUG, track_behavior_change_warn
        ):
            fire(self, e, level, *rest, **named)

    # dbt has no setting for either
    manager.fire_event, flag._default_source = fire_event, staticmethod(lambda: "dbt")
    try:
        yield
    finally:
        manager.fire_event, flag._default_source = fire, source


def _takes_details(manager: Any, debug: Any, own: Any) -> bool:
    """`own` is dbt's callback for one kind of warning, which hears each of its runs."""
    others = any(callback is not own for callback in manager.callbacks)
    return others or any(logger.level == debug for logger in manager.loggers)
