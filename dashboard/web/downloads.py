"""Files of a job: its failed rows to correct, the upload itself, and what it made; all streamed."""

from collections.abc import Iterator

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import joinedload

from dashboard.audit.downloads import is_noted, note_download, result_of, sent, upload_of
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_job
from dashboard.extensions import db, transaction
from dashboard.formats.writing import write_rows
from dashboard.jobs.failed_rows import failed_rows as read_failed_rows
from dashboard.jobs.failure_list import filter_from
from dashboard.lib.cells import write_csv_rows
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from dashboard.storage.sending import Sent, send
from dashboard.storage.sending import attachment as disposition
from dashboard.web.engine import WITH_NAMES, engine_context
from dashboard.web.guard import requires
from dashboard.web.security import client_address

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

bp = Blueprint("downloads", __name__, url_prefix="/jobs/<int:job_id>")


@bp.get("/failures.csv")
@requires(Permission.JOBS_VIEW_OWN)
def failed_rows(job_id: int) -> ResponseReturnValue:
    job = detached(job_id)
    rows = write_csv_rows(read_failed_rows(db.engine, job, filter_from(request.args)))
    return attachment(rows, f"failed-rows-{job.type}-{job.id}.csv", "text/csv; charset=utf-8")


@bp.get("/failures.xlsx")
@requires(Permission.JOBS_VIEW_OWN)
def failed_rows_workbook(job_id: int) -> ResponseReturnValue:
    job = detached(job_id)
    rows = read_failed_rows(db.engine, job, filter_from(request.args))
    body = write_rows("xlsx", next(rows), rows)
    return attachment(body, f"failed-rows-{job.type}-{job.id}.xlsx", XLSX)


@bp.get("/file")
@requires(Permission.JOBS_VIEW_OWN)
def source(job_id: int) -> ResponseReturnValue:
    job = detached(job_id)
    file = upload_of(job)
    return answer(job, file, sent(file, ours=False))


@bp.get("/result")
@requires(Permission.JOBS_VIEW_OWN)
def result(job_id: int) -> ResponseReturnValue:
    job = detached(job_id)
    file = result_of(job)
    return answer(job, file, sent(file, ours=True))


def detached(job_id: int) -> Job:
    """The job without its transaction: a slow download must not hold one open."""
    options = (*WITH_NAMES, joinedload(Job.output))
    job = visible_job(db.session(), current_user, job_id, *options)
    db.session.expunge_all()
    db.session.rollback()
    return job


def answer(job: Job, file: StoredFile, out: Sent) -> Response:
    context, person = engine_context(), current_user._get_current_object()

    def note(size: int) -> None:
        noted = is_noted(db.session(), file, person)
        db.session.rollback()
        if not noted:
            # A request that reads would begin a transaction that cannot write (SQLite).
            db.session().connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            with transaction() as tx:
                note_download(tx, file, job, person, client_address(), size)

    return send(context.store, request, out, note, past_us=context.settings.storage_presign)


def attachment(body: Iterator[bytes], name: str, kind: str) -> Response:
    """Never shown in place, whatever it holds: it came from outside."""
    return Response(body, content_type=kind, headers={"Content-Disposition": disposition(name)})
