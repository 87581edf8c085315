"""The reports of docs/reports.md run, and every code of a refusal stands there."""

import re
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from config import ROOT
from dashboard.reports import child_run
from dashboard.reports.parameter_types import KINDS
from dashboard.reports.parameters import read_parameters
from dashboard.reports.report import Report

PAGE = (ROOT / "docs" / "reports.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def class_of(block: str) -> type[Report]:
    names: dict[str, object] = {"__name__": "shop.reports"}
    exec(block, names)
    [found] = [
        v
        for v in names.values()
        if isinstance(v, type) and issubclass(v, Report) and v is not Report
    ]
    return found


@pytest.mark.parametrize(
    ("block", "given", "rows"),
    [
        (BLOCKS[0], {"least": 2}, [("jam", 2, 8), ("tea", 2, 8), ("rum", 1, 4)]),
        (BLOCKS[1], {}, [("jam", 4.0, 5), ("rum", 4.0, 4), ("tea", 3.0, 6)]),
    ],
)
def test_the_reports_of_the_page_run(block, given, rows, target_url, tmp_path, monkeypatch):
    report, now = class_of(block), datetime.now(UTC)
    monkeypatch.setattr(child_run, "load_path", lambda _: report)
    request = {
        "report": "",
        "url": target_url,
        "parameters": read_parameters(report.parameters, given, lambda _: {}, now),
        "now": now.isoformat(),
        "output": str(tmp_path / "result.parquet"),
        "timeout": 60,
    }
    child_run.make(request, lambda _: None)
    found = pq.read_table(request["output"]).to_pylist()
    assert sorted(tuple(row.values()) for row in found) == sorted(rows)


def test_they_are_short():
    for block in BLOCKS:
        body = block[block.index("class ") :].strip().splitlines()
        assert len(body) < 15


def test_every_code_and_type_is_documented():
    code = "".join(path.read_text() for path in (ROOT / "dashboard" / "reports").glob("*.py"))
    for name in set(re.findall(r'code(?: =|=)\s*"(report_\w+)"', code)) - INTERNAL:
        assert f"`{name}`" in PAGE, name
    for name in KINDS:
        assert f"`{name}`" in PAGE


# Said on the page that compares, not of a job.
INTERNAL = {"report_no_key", "report_key", "report_too_large"}
