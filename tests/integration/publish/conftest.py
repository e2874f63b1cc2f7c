"""Fixtures of the publish tests."""

from publish_stubs import stubs

__all__ = ["stubs"]
