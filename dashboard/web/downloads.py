"""Files of a job: its failed rows to correct, and the upload itself; both streamed."""

from collections.abc import Iterator
from re import sub

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_job
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.formats.writing import write_rows
from dashboard.jobs.failed_rows import failed_rows as read_failed_rows
from dashboard.jobs.failure_list import filter_from
from dashboard.lib.cells import write_csv_rows
from dashboard.models.job import Job
from dashboard.storage.store import PIECE, Store
from dashboard.web.engine import WITH_NAMES, engine_context
from dashboard.web.guard import requires

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
    if job.file is None or not engine_context().store.exists(job.file.key):
        raise NotFound("The file of this job is not kept any more. Its counts and failures are.")
    pieces = file_pieces(engine_context().store, job.file.key)
    response = attachment(pieces, job.file.name, "application/octet-stream")
    response.content_length = job.file.bytes
    return response


def detached(job_id: int) -> Job:
    """The job without its transaction: a slow download must not hold one open."""
    job = visible_job(db.session(), current_user, job_id, *WITH_NAMES)
    db.session.expunge_all()
    db.session.rollback()
    return job


def file_pieces(store: Store, key: str) -> Iterator[bytes]:
    with store.open(key) as stream:
        while piece := stream.read(PIECE):
            yield piece


def attachment(body: Iterator[bytes], name: str, kind: str) -> Response:
    """Never shown in place, whatever it holds: it came from outside."""
    plain = sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "file"
    response = Response(body, content_type=kind)
    response.headers.set("Content-Disposition", "attachment", filename=plain)
    return response
