"""Targets for the tests of exporters."""

from tests.records.targets import postgres, target, travel_engine

__all__ = ["postgres", "target", "travel_engine"]
