"""Failed rows of a job, as JSON and as a file."""

import json
from collections.abc import Iterator, Sequence
from re import sub
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from dashboard.api.bodies import page_and_limit, pagination
from dashboard.api.engine import bearer
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_job
from dashboard.extensions import db
from dashboard.jobs.failed_rows import failed_rows
from dashboard.jobs.failure_list import FAILURE, filter_from, filtered
from dashboard.lib.cells import write_csv_rows
from dashboard.models.job import Job

bp = Blueprint("failures", __name__, url_prefix="/jobs/<job_id>")


@bp.get("/failures")
@requires(Permission.JOBS_VIEW_OWN)
def index(job_id: str) -> ResponseReturnValue:
    """In the order of the file; `column`, `code` and `q` narrow it as on the job's page."""
    page, limit = page_and_limit()
    job = visible_job(db.session(), bearer(), job_id)
    wanted = filter_from(request.args)
    query = filtered(select(FAILURE).where(FAILURE.c.job_id == job.id), wanted)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(FAILURE.c.row, FAILURE.c.id).offset((page - 1) * limit).limit(limit)
    columns = list(job.layout.get("columns", ()))
    found = [body(row, columns) for row in db.session.execute(query)]
    return jsonify(failures=found, pagination=pagination(total, page, limit))


def body(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "row": row.row,
        "column": row.column,
        "code": row.code,
        "message": row.message,
        "value": row.value,
        "record": record_of(json.loads(row.record), columns),
    }


def record_of(cells: Sequence[str | None], columns: Sequence[str]) -> dict[str, str | None]:
    """By column; cells past the last one are named as a file without header names them."""
    extra = [f"column_{number}" for number in range(len(columns) + 1, len(cells) + 1)]
    return dict(zip([*columns, *extra], cells, strict=False))


@bp.get("/failures.csv")
@requires(Permission.JOBS_VIEW_OWN)
def as_file(job_id: str) -> ResponseReturnValue:
    """Each failed row once, as it came, with its number and what is wrong; streamed."""
    job = detached(job_id)
    rows = write_csv_rows(failed_rows(db.engine, job, filter_from(request.args)))
    return attachment(rows, f"failed-rows-{job.type}-{job.id}.csv", "text/csv; charset=utf-8")


def detached(job_id: str) -> Job:
    """The job without its transaction: a slow download must not hold one open."""
    job = visible_job(db.session(), bearer(), job_id)
    db.session.expunge_all()
    db.session.rollback()
    return job


def attachment(body: Iterator[bytes], name: str, kind: str) -> Response:
    plain = sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "file"
    response = Response(body, content_type=kind)
    response.headers.set("Content-Disposition", "attachment", filename=plain)
    return response
