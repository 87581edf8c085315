"""The documents say what the code says: an undocumented setting, state or command fails here."""

import re
from pathlib import Path

import pytest

from config import ROOT
from dashboard.models.states import JobStatus

DOCS = ROOT / "docs"


def names(pattern: str, path: Path) -> set[str]:
    return set(re.findall(pattern, path.read_text()))


def read_settings() -> set[str]:
    quoted = names(r'env(?:\.get\(|, |\[)"([A-Z_]+)"', ROOT / "dashboard" / "settings.py")
    return quoted | names(
        r'(?:whole|choice|secret|origins)\(\s*env, "([A-Z_]+)"', ROOT / "dashboard" / "settings.py"
    )


def test_every_setting_is_documented_and_no_other() -> None:
    documented = names(r"`([A-Z][A-Z_]+)`(?=[^|]*\|[^|]*\|)", DOCS / "settings.md")
    assert read_settings() <= documented
    rows = names(r"(?m)^\| `([A-Z_]+)`", DOCS / "settings.md")
    assert rows <= read_settings()


@pytest.mark.parametrize("status", [s for s in JobStatus if s != "draft"])
def test_every_status_is_in_the_state_diagram(status: str) -> None:
    assert re.search(rf"\b{status}\b", (DOCS / "engine.md").read_text())
