"""A place to look at files."""

from pathlib import Path

import pytest

from tests.formats.looking import Looking


@pytest.fixture
def look(tmp_path: Path) -> Looking:
    return Looking(tmp_path)
