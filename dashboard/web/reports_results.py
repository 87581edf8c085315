"""The result of a report: table, chart, comparison with another run, files, mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.downloads import is_noted, note_download, result_of, sent
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import changeable_job, may_change, visible_job
from dashboard.errors import InputRefused, JobEngineError, NotFound, WrongState
from dashboard.extensions import db, transaction
from dashboard.formats.write_options import FORMATS, SUFFIXES, WriteOptions
from dashboard.jobs.registry import Kind
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.reports.comparing import Comparison, compare
from dashboard.reports.mailing import ask, mails_of
from dashboard.reports.messages import cut_words
from dashboard.reports.recipients import check_recipients
from dashboard.reports.results import (
    ShownColumn,
    columns_of,
    file_pieces,
    first_rows,
    may_sort,
    whole,
)
from dashboard.reports.runs import earlier_runs, same_parameters
from dashboard.reports.submitted import address
from dashboard.web.downloads import answer, detached
from dashboard.web.downloads import attachment as attached
from dashboard.web.engine import WITH_NAMES, connection, engine_context
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.import_starting import note, person
from dashboard.web.reports_form import FORMAT_WORDS
from dashboard.web.security import client_address

bp = Blueprint("report_results", __name__, url_prefix="/jobs/<int:job_id>/report")

FILE_FORMATS = {suffix.removeprefix("."): name for name, suffix in SUFFIXES.items()}


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

    @property
    def gone(self) -> bool:
        """The file was removed when its time was over."""
        file = self.job.output
        over = file is not None and file.expires_at is not None and file.expires_at <= now()
        return file is None or file.removed_at is not None or over

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
        """Values of the first rows; none when the file cannot be read (then `problem` says why)."""
        try:
            store = engine_context().store
            return first_rows(store, self.file.key, sort=self.sort, down=self.down)
        except NotFound:
            return []

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


def seen(job_id: int) -> ReportResult:
    """NotFound for a foreign job, and for one that is no report."""
    found = report_result(visible_job(db.session(), current_user, job_id, *WITH_NAMES))
    if found is None:
        raise NotFound("This job has no report to show.")
    return found


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def show(job_id: int) -> ResponseReturnValue:
    """The result as a fragment; opened by itself, the job's page at the same place."""
    result = seen(job_id)
    if not is_fragment():
        args = result.args()
        return redirect(url_for("job.show", job_id=job_id, _anchor="report-result", **args), 303)
    return fragment("reports/_result.html", result=result)


@bp.get("/comparison")
@requires(Permission.JOBS_VIEW_OWN)
def comparison(job_id: int) -> ResponseReturnValue:
    result = seen(job_id)
    if not is_fragment():
        args = result.args()
        return redirect(url_for("job.show", job_id=job_id, _anchor="report-changes", **args), 303)
    return fragment("reports/_comparison.html", result=result)


@bp.get("/file.<any(csv, tsv, xlsx, jsonl, parquet):suffix>")
@requires(Permission.JOBS_VIEW_OWN)
def download(job_id: int, suffix: str) -> ResponseReturnValue:
    """The whole result in a format. Parquet is the stored file itself, with ranges."""
    job = detached(job_id)
    if job.kind != Kind.REPORT:
        raise NotFound("This job has no report to show.")
    file = result_of(job)
    if suffix == "parquet":
        return answer(job, file, sent(file, ours=True))
    engine_context().store.size(file.key)  # said now, not in the middle of the answer
    noted(job, file)
    options = WriteOptions(format=FILE_FORMATS[suffix])
    pieces = file_pieces(engine_context().store, file.key, options)
    name = f"{file.name.removesuffix('.parquet')}{options.suffix}"
    response: Response = attached(pieces, name, options.media_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def noted(job: Job, file: StoredFile) -> None:
    """In the audit trail, once an hour for a person and file."""
    known = is_noted(db.session(), file, person())
    db.session.rollback()
    if not known:
        # A request that reads would begin a transaction that cannot write (SQLite).
        db.session().connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        with transaction() as tx:
            note_download(tx, file, job, person(), client_address(), file.bytes)


@bp.post("/mails")
@requires(Permission.JOBS_CHANGE_OWN)
def mail(job_id: int) -> ResponseReturnValue:
    try:
        with transaction() as tx:
            job = changeable_job(tx, current_user, job_id, *WITH_NAMES)
            told = queue_mail(tx.connection(), job, request.form)
            note(tx, "report.mailed", job_id, to=told)
        flash(f"It is sent to {', '.join(told)}.", "success")
    except JobEngineError as error:
        if error.status in (403, 404):
            raise
        flash(error.message, "error")
    return redirect(url_for("job.show", job_id=job_id, _anchor="report-mail"), 303)


def queue_mail(tx: Any, job: Job, form: Any) -> list[str]:
    """Raises InputRefused, WrongState."""
    if job.kind != Kind.REPORT or job.status != JobStatus.COMPLETED:
        raise WrongState(f"Job {job.id} is no report that can be sent.")
    result_of(job)
    words = form.get("to", "").split(",")
    addresses = list(dict.fromkeys(address(word) for word in words if word.strip()))
    if not addresses:
        raise InputRefused("Name who gets it.")
    check_recipients(tx, engine_context().settings, addresses)
    format = form.get("format", "")
    for each in addresses:
        ask(tx, job.id, job.round, each, format if format in FORMATS else "xlsx", again=True)
    return addresses
