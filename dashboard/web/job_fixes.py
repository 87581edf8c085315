"""Failed rows put right: one choice for a cause, one row by hand, or the corrected file."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import changeable_job
from dashboard.errors import FileRefused, InputRefused, JobEngineError
from dashboard.extensions import db, transaction
from dashboard.importers.remembered import remember_value
from dashboard.jobs.cause_values import failed_row
from dashboard.jobs.dispatcher import store_upload
from dashboard.jobs.failure_list import filter_from
from dashboard.jobs.fixing import Fix, Fixed, correct_rows, fix_cause
from dashboard.jobs.reupload import Reuploaded, reupload_failed_rows
from dashboard.models.job import Job
from dashboard.web.engine import connection, engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment
from dashboard.web.security import client_address

bp = Blueprint("fixes", __name__, url_prefix="/jobs/<int:job_id>")

ACTS = ("map", "set", "empty", "skip")


@bp.post("/fixes")
@requires(Permission.JOBS_CHANGE_OWN)
def cause(job_id: int) -> ResponseReturnValue:
    """One choice for all rows of a cause; they are tried again at once."""
    with transaction() as tx:
        job = changeable_job(tx, current_user, job_id)
        chosen, fix = filter_from(request.form), fix_from_form()
        if not chosen.cause:
            raise InputRefused("Choose a cause of failures first.", code="cause")
        user = current_user._get_current_object()
        context, actor = engine_context(), current_user.name
        fixed = fix_cause(context, tx, job_id, actor, chosen, fix, user)
        if fixed.remember and request.form.get("remember"):
            remember_value(tx, job.type, user, *fixed.remember)
        detail = {"column": chosen.column, "code": chosen.code, "act": fix.act, "rows": fixed.rows}
        record(tx, user, "job.fixed", "job", job_id, client_address(), **detail)
    return again(job_id, said(fixed))


@bp.get("/corrections/<int:row>")
@requires(Permission.JOBS_CHANGE_OWN)
def row_form(job_id: int, row: int) -> ResponseReturnValue:
    """The row's cells to correct, beside what is wrong with them."""
    return correction_page(changeable_job(db.session(), current_user, job_id), row)


@bp.post("/corrections/<int:row>")
@requires(Permission.JOBS_CHANGE_OWN)
def correct(job_id: int, row: int) -> ResponseReturnValue:
    try:
        with transaction() as tx:
            job = changeable_job(tx, current_user, job_id)
            changed = changed_cells(job, row)
            user = current_user._get_current_object()
            context, actor = engine_context(), current_user.name
            fixed = correct_rows(context, tx, job_id, actor, {row: changed}, user)
            detail = {"row": row, "columns": sorted(changed)}
            record(tx, user, "job.corrected", "job", job_id, client_address(), **detail)
    except InputRefused as error:
        job = changeable_job(db.session(), current_user, job_id)
        page = correction_page(job, row, error)
        page.status_code = error.status
        return page
    return again(job_id, said(fixed))


@bp.post("/failed-rows")
@requires(Permission.JOBS_CHANGE_OWN)
def corrected_file(job_id: int) -> ResponseReturnValue:
    """The failed-rows file, corrected, uploaded into the same job."""
    changeable_job(db.session(), current_user, job_id)
    # SQLite's write lock must not be held while bytes are copied.
    db.session.rollback()
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise FileRefused("Choose the corrected file first.")
    with transaction() as tx:
        user = current_user._get_current_object()
        context, actor = engine_context(), current_user.name
        stored = store_upload(context, tx, upload.stream, upload.filename, user)
        changeable_job(tx, user, job_id)
        done = reupload_failed_rows(context, tx, job_id, actor, stored, user)
        detail = {"file": stored.name, "corrected": done.corrected, "missing": done.missing}
        record(tx, user, "job.failed_rows_uploaded", "job", job_id, client_address(), **detail)
    return again(job_id, told(done))


def fix_from_form() -> Fix:
    act = request.form.get("act", "")
    if act == "map":
        return Fix("map", request.form.get("map_text", ""), request.form.get("old", ""))
    if act == "set":
        return Fix("set", request.form.get("set_text", ""))
    if act == "empty":
        return Fix("empty")
    if act == "skip":
        return Fix("skip")
    allowed = ", ".join(ACTS)
    raise InputRefused(f"Choose what to do with these rows: {allowed}.", code="fix")


def changed_cells(job: Job, row: int) -> dict[str, str]:
    """Cells that differ from the failed row; a hidden one counts only when it was filled in."""
    found = failed_row(connection(), job, row)
    given = {n: request.form.get(f"cell-{n}") for n in range(len(found.cells))}
    changed = {
        cell.column: text
        for n, cell in enumerate(found.cells)
        if (text := given[n]) is not None and text.replace("\r\n", "\n") != cell.text
    }
    if not changed:
        raise InputRefused("Nothing is changed. Correct at least one cell.", code="unchanged")
    return changed


def correction_page(job: Job, row: int, error: JobEngineError | None = None) -> Response:
    parts: dict[str, Any] = {
        "job": job,
        "label": type_labels().get(job.type, job.type),
        "failed": failed_row(connection(), job, row),
        "typed": request.form,
        "error": error,
    }
    return fragment("job/correction.html", **parts)


def said(fixed: Fixed) -> str:
    rows = "1 row is" if fixed.rows == 1 else f"{fixed.rows:,} rows are"
    return f"{rows} tried again in round {fixed.job.round}."


def told(done: Reuploaded) -> str:
    parts = [f"{done.corrected:,} corrected rows are tried again in round {done.job.round}."]
    if done.unchanged:
        parts.append(f"{done.unchanged:,} are tried again as they were.")
    if done.missing:
        parts.append(f"{done.missing:,} are not in the file and stay failed.")
    return " ".join(parts)


def again(job_id: int, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("job.show", job_id=job_id), 303)
