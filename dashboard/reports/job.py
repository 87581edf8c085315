"""GenericReportJob: a report's rows as one stored Parquet file, and what a page shows of it."""

import re
import tempfile
from dataclasses import asdict
from typing import Any

from dashboard.jobs.whole_job import BaseWholeJob, Desk, Result
from dashboard.lib.clock import now
from dashboard.reports.child import run_child
from dashboard.reports.parameters import resolve, told
from dashboard.reports.report import Chart, Column, Report, report_for
from dashboard.reports.results import shown_column
from dashboard.storage.store import REPORTS

MOST_BYTES = 2 << 30
PLAIN_NAME = re.compile(r"[a-z0-9_]+", re.A)


class GenericReportJob(BaseWholeJob):
    """Options: `params`, as submitted.py keeps them."""

    def run(self, desk: Desk) -> Result:
        """In a child process. Raises ReportRefused, Stopped; TargetAway is tried again."""
        report, moment = report_for(self.job_type), now()
        kept = dict(self.options.get("params") or {})
        said = told(report.parameters, kept, resolve(report.parameters, kept, moment))
        # Without a name: a worker that is killed leaves nothing behind.
        with tempfile.TemporaryFile() as output:
            request = {
                "report": f"{type(report).__module__}:{type(report).__qualname__}",
                "url": desk.settings.target_database_url,
                "parameters": kept,
                "now": moment.isoformat(),
                "output": output.fileno(),
                "timeout": report.timeout,
                "memory": report.memory,
            }
            facts = run_child(request, desk.check)
            desk.check()
            output.seek(0)
            stored = desk.store.put(output, folder=REPORTS, limit=MOST_BYTES)
        cut = f"-first-{facts['rows']}-rows" if facts["cut"] else ""
        name = f"{self.job_type.name}-{moment:%Y-%m-%d}{cut}.parquet"
        meta = {"report": {**shown(report, facts), "parameters": said}}
        return Result(stored, name, facts["rows"], meta)


def shown(report: Report, facts: dict[str, Any]) -> dict[str, Any]:
    """As it is now: the class may change, this result does not."""
    columns = []
    for name, kind in zip(facts["names"], facts["types"], strict=True):
        column = report.columns.get(name) or Column()
        words = {**asdict(column), "label": column.label or words_of(name)}
        columns.append({"name": name, "type": kind, **words})
    kept = {name: facts[name] for name in ("of", "cut", "seconds", "read_at")}
    return {
        "columns": columns,
        "chart": charted(report.chart, columns) if report.chart else None,
        "key": list(report.key_columns),
        **kept,
    }


def words_of(name: str) -> str:
    """A name as SQL has it becomes words; one that was chosen for people stays."""
    return name.replace("_", " ").capitalize() if PLAIN_NAME.fullmatch(name) else name


def charted(chart: Chart, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """With the columns that "*" means in this result."""
    numbers = [c.name for c in map(shown_column, columns) if c.is_number and c.name != chart.x]
    return {"kind": chart.kind, "x": chart.x, "y": list(chart.series) or numbers}
