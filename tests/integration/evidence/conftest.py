"""Fixtures of the evidence tests: the stubbed builds of the publish tests and the hands of the unit tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "publish"))
sys.path.append(str(Path(__file__).parents[2] / "unit" / "evidence"))

from publish_stubs import stubs

__all__ = ["stubs"]
