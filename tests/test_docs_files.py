"""Every reason why a file is refused stands in docs/files.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REFUSING = sorted((ROOT / "dashboard" / "formats").glob("*refusals.py"))
CODE = re.compile(r'(?:refuse\(\s*|code=)"([a-z_0-9]+)"')


@pytest.mark.parametrize("path", REFUSING, ids=lambda path: path.name)
def test_codes_are_documented(path: Path) -> None:
    documented = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs" / "files.md").read_text()))
    codes = set(CODE.findall(path.read_text())) - {"rows_lost"}  # a fault of ours, not the file's
    assert codes
    assert codes <= documented
