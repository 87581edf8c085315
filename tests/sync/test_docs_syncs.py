"""docs/syncs.md: its example is a sync, and every code a run is refused for is told."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dashboard.demo.models import Plane
from dashboard.sync.sync import Sync

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "syncs.md").read_text()
EXAMPLE = re.findall(r"```python\n(.*?)```", DOC, re.S)[0]
OURS = ("chunk_job", "cursors", "matching", "mirror")


def test_the_example_loads(monkeypatch: pytest.MonkeyPatch):
    models = ModuleType("shop.models")
    models.Order = Plane  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "shop", ModuleType("shop"))
    monkeypatch.setitem(sys.modules, "shop.models", models)
    made: dict[str, Any] = {"__name__": "shop.syncs"}
    exec(EXAMPLE, made)
    assert issubclass(made["OrdersSync"], Sync)
    assert made["OrdersSync"].source.rereads
    assert len(EXAMPLE[EXAMPLE.index("class ") :].strip().splitlines()) < 12


@pytest.mark.parametrize("name", OURS)
def test_codes_are_documented(name: str):
    source = (ROOT / "dashboard" / "sync" / f"{name}.py").read_text()
    codes = re.findall(r'(?:code|CODE|MASS_DELETION) ?= ?"([a-z_]+)"', source)
    assert codes
    assert [code for code in codes if f"`{code}`" not in DOC] == []
