"""New import: choose a type and send a file; what needs no question starts at once."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.auth.permissions import Permission
from dashboard.errors import FileRefused, InputRefused, JobEngineError
from dashboard.extensions import db, transaction
from dashboard.importers.any_file import table_name
from dashboard.jobs.registry import JobType
from dashboard.web.engine import engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.import_drafts import drafts_of
from dashboard.web.import_rows import BLANKS, DUPLICATES, MODES, rows_from_form
from dashboard.web.import_starting import PASTED, draft_of, go, kept, note, pasted
from dashboard.web.import_types import import_type, needs_of, own_types, takes_any_file

bp = Blueprint("imports", __name__, url_prefix="/imports")

ACCEPT = (
    ".csv,.tsv,.txt,.jsonl,.ndjson,.xlsx,.xls,.ods,.parquet,.gz,.zip,text/csv,"
    "text/tab-separated-values,text/plain"
)
MOST_PASTED = 400_000


@bp.get("/new")
@requires(Permission.JOBS_RUN)
def new() -> ResponseReturnValue:
    return page({"type": request.args.get("type", "")})


@bp.post("")
@requires(Permission.JOBS_RUN)
def create() -> ResponseReturnValue:
    """A plain form is redirected to the job or its first question; the page's own upload gets the
    address as JSON."""
    try:
        job_type = import_type(request.form.get("type", ""))
        options = chosen_options(job_type)
        stream, name = chosen_rows()
        location = begin(job_type, options, stream, name)
    except JobEngineError as error:
        return refused(error)
    return (jsonify(location=location), 201) if from_script() else redirect(location, 303)


def begin(job_type: JobType, options: Mapping[str, Any], stream: BinaryIO, name: str) -> str:
    """Where to go on: the job when there is nothing to ask, else the first step that asks."""
    with kept(stream, name) as stored, transaction() as tx:
        draft = draft_of(tx, job_type, stored, name, options)
        step = draft.first_step
        if step is None:
            started = go(tx, draft, checking=bool(request.form.get("check")))
            return url_for("job.show", job_id=started)
        detail = {"type": job_type.name, "file": name, "bytes": stored.bytes}
        note(tx, "job.drafted", draft.id, **detail)
        return url_for(f"drafts.{step}", job_id=draft.id)


def chosen_options(job_type: JobType) -> dict[str, Any]:
    if not takes_any_file(job_type):
        return rows_from_form(request.form, job_type.name)
    try:
        name = request.form.get("table", "").strip()
        return {"table": table_name(name)} if name else {}
    except InputRefused as error:
        raise InputRefused(error.message, code="table", details={"field": "table"}) from None


def chosen_rows() -> tuple[BinaryIO, str]:
    """The file, or the rows pasted instead. Raises FileRefused."""
    upload, text = request.files.get("file"), request.form.get("rows", "")
    if upload is None or not upload.filename:
        return pasted(text), PASTED
    if text.strip():
        raise FileRefused("There is a file and there are pasted rows. Send one of them.")
    if not upload.stream.read(1):
        raise FileRefused(
            f"“{upload.filename}” is empty. Choose a file with a header line and at least one row.",
            code="file_empty",
        )
    upload.stream.seek(0)
    stream: Any = upload.stream
    return stream, upload.filename[-255:]


def refused(error: JobEngineError) -> ResponseReturnValue:
    if from_script():
        return jsonify(code=error.code, message=error.message, **error.details), error.status
    return make_response(page(request.form, error), error.status)


def from_script() -> bool:
    return request.headers.get("X-Upload") == "1"


def page(form: Mapping[str, str], error: JobEngineError | None = None) -> str:
    types = own_types()
    known = [job_type.name for job_type in types]
    wanted = form.get("type", "")
    return render_template(
        "imports/new.html",
        types=types,
        chosen=wanted if wanted in known else (known[0] if known else ""),
        needs=needs_of(types),
        any_file=[job_type.name for job_type in types if takes_any_file(job_type)],
        drafts=drafts_of(db.session()),
        labels=type_labels(),
        form=form,
        error=error,
        bad=error.details.get("field", "file") if error else None,
        limit=engine_context().settings.max_upload_bytes,
        most_pasted=MOST_PASTED,
        accept=ACCEPT,
        modes=MODES,
        blanks=BLANKS,
        duplicates=DUPLICATES,
    )
