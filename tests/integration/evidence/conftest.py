"""Fixtures of the evidence tests: the stubbed builds of the publish tests, one folder further."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "publish"))

from publish_stubs import stubs

__all__ = ["stubs"]
