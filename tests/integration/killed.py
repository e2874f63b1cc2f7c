"""Kills in this process, at a function that is called on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Killed(BaseException):
    """Stands for SIGKILL: nothing that catches errors catches it."""


@contextmanager
def killed_at(name: str) -> Iterator[None]:
    """Whatever is done in the block dies, and has to, where it calls the function of this name."""

    def kill(*_: Any, **__: Any) -> Any:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(name, kill)
        yield
