"""docs/sources.md names every error and every option of a source."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from dashboard.sync.folder_source import FolderSource
from dashboard.sync.http_source import CursorParameter, HttpSource
from dashboard.sync.sql_source import SqlSource

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "sources.md").read_text()
MODULES = [
    *sorted((ROOT / "dashboard" / "sync").glob("*source*.py")),
    *sorted((ROOT / "dashboard" / "lib").glob("outbound*.py")),
    ROOT / "dashboard" / "lib" / "secrets.py",
]
CODE = re.compile(r'\bcode(?:: str \| None)? ?= ?"([a-z_]+)"')


def test_every_code_is_documented() -> None:
    codes = {code for path in MODULES for code in CODE.findall(path.read_text())}
    assert len(codes) > 20
    assert codes <= set(re.findall(r"`([a-z_]+)`", DOC))


@pytest.mark.parametrize("kind", [SqlSource, HttpSource, FolderSource])
def test_every_option_is_documented(kind: type) -> None:
    named = set(re.findall(r"`([a-z_]+)`", DOC))
    assert {field.name for field in fields(kind)} <= named  # type: ignore[arg-type]


def test_the_cursor_s_options_are_documented() -> None:
    assert f"CursorParameter({', '.join(f.name for f in fields(CursorParameter))})" in DOC
