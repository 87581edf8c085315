"""The result of a report: its fragments, its files, and sending it by mail."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.downloads import is_noted, note_download, result_of, sent
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import changeable_job, visible_job
from dashboard.errors import InputRefused, JobEngineError, NotFound, WrongState
from dashboard.extensions import db, transaction
from dashboard.formats.write_options import SUFFIXES, WriteOptions
from dashboard.jobs.registry import Kind
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.reports.mailing import ask
from dashboard.reports.recipients import check_recipients
from dashboard.reports.results import file_pieces
from dashboard.reports.submitted import a_format, each_once
from dashboard.web.downloads import answer, detached
from dashboard.web.downloads import attachment as attached
from dashboard.web.engine import WITH_NAMES, engine_context
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.import_starting import note, person
from dashboard.web.reports_shown import ReportResult, report_result
from dashboard.web.security import client_address

__all__ = ["bp", "report_result"]

bp = Blueprint("report_results", __name__, url_prefix="/jobs/<int:job_id>/report")

FILE_FORMATS = {suffix.removeprefix("."): name for name, suffix in SUFFIXES.items()}


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
        # The page offers no other formats: a program sent this.
        if error.status in (403, 404) or error.details.get("field") == "format":
            raise
        flash(error.message, "error")
    return redirect(url_for("job.show", job_id=job_id, _anchor="report-mail"), 303)


def queue_mail(tx: Any, job: Job, form: Any) -> list[str]:
    """Raises InputRefused, WrongState."""
    if job.kind != Kind.REPORT or job.status != JobStatus.COMPLETED:
        raise WrongState(f"Job {job.id} is no report that can be sent.")
    result_of(job)
    format = form.get("format", "xlsx")
    a_format("format", format)
    addresses = each_once([word for word in form.get("to", "").split(",") if word.strip()])
    if not addresses:
        raise InputRefused("Name who gets it.")
    check_recipients(tx, engine_context().settings, addresses)
    for each in addresses:
        ask(tx, job.id, job.round, each, format, again=True)
    return addresses
