"""New import: choose a type, send a file, and the job is made."""

from typing import Any

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.errors import FileRefused, InputRefused, JobEngineError
from dashboard.extensions import transaction
from dashboard.importers.importer import importer_for
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.registry import JobType, Kind
from dashboard.models.job import Job
from dashboard.records.fields import Field
from dashboard.web.engine import engine_context
from dashboard.web.guard import requires
from dashboard.web.security import client_address

bp = Blueprint("imports", __name__, url_prefix="/imports")

ACCEPT = ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"


@bp.get("/new")
@requires(Permission.JOBS_RUN)
def new() -> ResponseReturnValue:
    return page(request.args.get("type", ""))


@bp.post("")
@requires(Permission.JOBS_RUN)
def create() -> ResponseReturnValue:
    """A plain form is redirected to the job; the page's own upload gets the address as JSON."""
    wanted = request.form.get("type", "")
    try:
        job_id = start(import_type(wanted), chosen_file()).id
    except JobEngineError as error:
        return refused(wanted, error)
    location = url_for("job.show", job_id=job_id)
    return (jsonify(location=location), 201) if from_script() else redirect(location, 303)


def start(job_type: JobType, upload: FileStorage) -> Job:
    """The stored file, its job and the audit entry appear together; bytes are copied before."""
    context, user = engine_context(), current_user._get_current_object()
    with transaction() as tx:
        stored = store_upload(context, tx, upload.stream, upload.filename or "upload.csv", user)
        job = dispatch(context, tx, job_type.name, stored, user=user)
        detail = {"type": job_type.name, "file": stored.name, "bytes": stored.bytes}
        record(tx, user, "job.created", "job", job.id, client_address(), **detail)
    return job


def import_type(name: str) -> JobType:
    if not name:
        raise InputRefused("Choose what the file holds.", details={"field": "type"})
    job_type = engine_context().registry.get(name)
    if job_type.kind is not Kind.IMPORT:
        message = f"{job_type.label} is no import. Choose one from the list."
        raise InputRefused(message, details={"field": "type"})
    return job_type


def chosen_file() -> FileStorage:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise FileRefused("Choose a file first.")
    if not upload.stream.read(1):
        raise FileRefused(
            f"“{upload.filename}” is empty. Choose a file with a header line and at least one row.",
            code="file_empty",
        )
    upload.stream.seek(0)
    return upload


def refused(wanted: str, error: JobEngineError) -> ResponseReturnValue:
    if from_script():
        return jsonify(code=error.code, message=error.message), error.status
    return make_response(page(wanted, error), error.status)


def from_script() -> bool:
    return request.headers.get("X-Upload") == "1"


def page(wanted: str, error: JobEngineError | None = None) -> str:
    context = engine_context()
    types = context.registry.all(Kind.IMPORT)
    known = [job_type.name for job_type in types]
    chosen = wanted if wanted in known else (known[0] if known else "")
    return render_template(
        "imports/new.html",
        types=types,
        chosen=chosen,
        fields={job_type.name: fields_of(job_type) for job_type in types},
        error=error,
        limit=context.settings.max_upload_bytes,
        accept=ACCEPT,
    )


def fields_of(job_type: JobType) -> list[Field]:
    """The required ones first; a table only the target knows is read there."""
    described: Any = importer_for(job_type).describe(engine_context().target.connect)
    return sorted(described.fields, key=lambda field: not field.required)
