"""Progress of a night on stderr: a table that changes in place on a terminal, plain lines anywhere else."""

import sys
import time
from types import TracebackType
from typing import Any

_MARKS = {"running": "…", "done": "✓", "failed": "✗", "waiting": "·"}


class Progress:
    """Steps and the state each is in; a state is told once, when it changes."""

    def __init__(self, interactive: bool | None = None) -> None:
        self._steps: dict[str, tuple[str, str, float]] = {}
        self._started = time.monotonic()
        self._interactive = sys.stderr.isatty() if interactive is None else interactive
        self._live: Any = None

    def __enter__(self) -> "Progress":
        if self._interactive:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def step(self, name: str, state: str, detail: str = "") -> None:
        """State is waiting, running, done or failed; the detail says more in a word or two."""
        if self._steps.get(name, ("", "", 0.0))[:2] == (state, detail):
            return
        self._steps[name] = (state, detail, time.monotonic() - self._started)
        if self._live is None:
            sys.stderr.write(self._line(name) + "\n")
            sys.stderr.flush()
        else:
            self._live.update("\n".join(self._line(step) for step in self._steps))

    def _line(self, name: str) -> str:
        state, detail, seconds = self._steps[name]
        return f"{seconds:6.1f} s  {_MARKS.get(state, '?')} {name}  {detail or state}"
