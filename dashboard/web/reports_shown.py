"""What the page of a report's job shows of its result, as the address asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import request
from flask_login import current_user

from dashboard.audit.downloads import result_of
from dashboard.auth.visibility import may_change
from dashboard.errors import InputRefused, NotFound
from dashboard.extensions import db
from dashboard.formats.write_options import FORMATS, SUFFIXES
from dashboard.jobs.registry import Kind
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.reports.comparing import Comparison, compare
from dashboard.reports.mailing import mails_of
from dashboard.reports.messages import cut_words
from dashboard.reports.results import ShownColumn, columns_of, first_rows, may_sort, whole
from dashboard.reports.runs import earlier_runs, same_parameters
from dashboard.web.engine import connection, engine_context
from dashboard.web.reports_form import FORMAT_WORDS


@dataclass(frozen=True)
class ReportResult:
    """What the page of a report's job shows, as this request asks for it.

    `other` is the run to compare with: the one the address names, else none.
    """

    job: Job
    sort: str = ""
    down: bool = False
    other: str = ""
    changeable: bool = False

    @property
    def ready(self) -> bool:
        return self.job.status == JobStatus.COMPLETED and "report" in self.job.meta

    @property
    def pending(self) -> bool:
        """It may still come."""
        return not self.job.final

    @cached_property
    def gone(self) -> bool:
        """The file was removed when its time was over."""
        try:
            return not engine_context().store.exists(self.file.key)
        except NotFound:
            return True

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.job.meta["report"]
        return facts

    @cached_property
    def columns(self) -> tuple[ShownColumn, ...]:
        return columns_of(self.facts)

    @property
    def file(self) -> StoredFile:
        return result_of(self.job)

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """Values of the first rows."""
        store = engine_context().store
        return first_rows(store, self.file.key, sort=self.sort, down=self.down)

    @property
    def total(self) -> int:
        return self.job.created

    @property
    def sortable(self) -> bool:
        return may_sort(self.total)

    @property
    def read_at(self) -> datetime:
        return datetime.fromisoformat(self.facts["read_at"])

    @property
    def cut(self) -> str:
        return cut_words(self.facts, self.total) if self.facts["cut"] else ""

    @property
    def chart(self) -> dict[str, Any] | None:
        """With a sentence for those who do not see it."""
        chart = self.facts["chart"]
        if not chart or not self.rows:
            return None
        labels = {column.name: column.heading for column in self.columns}
        series = ", ".join(labels[name] for name in chart["y"])
        kinds = {"bar": "Bar chart", "line": "Line chart", "stacked": "Stacked bar chart"}
        words = f"{kinds[chart['kind']]} of {series} by {labels[chart['x']]}"
        some = f", first {len(self.rows)} rows" if self.total > len(self.rows) else ""
        return {**chart, "words": f"{words}{some}. The table below has the same values."}

    @cached_property
    def earlier(self) -> Sequence[Job]:
        return earlier_runs(db.session(), current_user, self.job)

    @property
    def last_same(self) -> Job | None:
        """The last run before this one with the same parameters."""
        return next((job for job in self.earlier if same_parameters(self.job, job)), None)

    @cached_property
    def compared_with(self) -> Job | None:
        """Raises NotFound for a run that is not among the earlier ones."""
        if not self.other:
            return None
        found = next((job for job in self.earlier if str(job.id) == self.other), None)
        if found is None:
            raise NotFound("There is no such earlier run, or its result is not kept any more.")
        return found

    @cached_property
    def comparison(self) -> Comparison | str | None:
        """With that run, or why the two cannot be compared."""
        try:
            if self.compared_with is None:
                return None
            store = engine_context().store
            old, new = whole(store, result_of(self.compared_with).key), whole(store, self.file.key)
            return compare(old, new, self.facts["key"], self.columns)
        except (InputRefused, NotFound) as error:
            return error.message

    def same(self, job: Job) -> bool:
        return same_parameters(self.job, job)

    def column(self, name: str) -> ShownColumn:
        return next(column for column in self.columns if column.name == name)

    @property
    def key_columns(self) -> list[ShownColumn]:
        return [self.column(name) for name in self.facts["key"]]

    @property
    def mails(self) -> Sequence[AnyRow]:
        return mails_of(connection(), self.job.id)

    @property
    def may_mail(self) -> bool:
        return self.changeable and bool(engine_context().settings.smtp_url)

    @property
    def formats(self) -> list[tuple[str, str, str]]:
        """Name, word and suffix of each kind of file."""
        return [(name, FORMAT_WORDS[name], SUFFIXES[name].removeprefix(".")) for name in FORMATS]

    def args(self, **changes: Any) -> dict[str, Any]:
        """Of an address that shows the same but for the changes."""
        now_shown = {"sort": self.sort, "down": "1" if self.down else "", "with": self.other}
        return {name: value for name, value in {**now_shown, **changes}.items() if value}

    def sort_args(self, name: str) -> dict[str, Any]:
        return self.args(sort=name, down="1" if self.sort == name and not self.down else "")


def report_result(job: Job) -> ReportResult | None:
    """For the job's page; None when it is no report."""
    if job.kind != Kind.REPORT:
        return None
    asked = request.args
    return ReportResult(
        job,
        sort=asked.get("sort", ""),
        down=bool(asked.get("down")),
        other=asked.get("with", ""),
        changeable=may_change(current_user, job),
    )
