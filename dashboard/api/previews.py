"""A look at a file before there is a job."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from dashboard.api.bodies import refused
from dashboard.api.engine import bearer, engine_context
from dashboard.api.errors import WrongContentType
from dashboard.api.guard import UPLOADS
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.errors import FileRefused, NotFound
from dashboard.extensions import db, transaction
from dashboard.formats.reading_choices import NAMES, Reading
from dashboard.importers.previews import add_preview, look
from dashboard.jobs.dispatcher import UPLOADS as FOLDER
from dashboard.jobs.dispatcher import add_stored_file
from dashboard.models.preview import FilePreview
from dashboard.storage.store import Stored

bp = Blueprint("previews", __name__, url_prefix="/previews")


@bp.post("")
@requires(Permission.JOBS_RUN)
def create() -> ResponseReturnValue:
    """The file is stored and looked at before any transaction begins."""
    if request.mimetype != UPLOADS:
        raise WrongContentType("Send the file as multipart/form-data, in the part `file`.")
    upload, context, user = chosen_file(), engine_context(), bearer().user
    reading = overrides()
    name = upload.filename or "upload"
    stored = store(upload)
    try:
        seen = look(context, stored, name, reading)
        with transaction() as tx:
            row = add_preview(
                context, tx, add_stored_file(tx, stored, name, user), reading, seen, user
            )
            found = body(row)
    except BaseException:
        context.store.delete(stored.key)
        raise
    location = url_for("api.previews.show", preview_id=found["id"])
    return jsonify(found), 201, {"Location": location}


@bp.get("/<preview_id>")
@requires(Permission.JOBS_VIEW_OWN)
def show(preview_id: str) -> ResponseReturnValue:
    row = own_preview(preview_id)
    if row is None:
        raise NotFound("There is no such preview.")
    if row.error is not None:
        raise FileRefused(row.error)
    return jsonify(body(row))


def own_preview(preview_id: str) -> FilePreview | None:
    row = db.session.get(FilePreview, preview_id[:32])
    own = row is not None and row.id == preview_id and row.owner_id == bearer().id
    return row if own else None


def store(upload: FileStorage) -> Stored:
    context = engine_context()
    limit = context.settings.max_upload_bytes
    return context.store.put(upload.stream, folder=FOLDER, limit=limit)


def chosen_file() -> FileStorage:
    """The one part `file`. Raises InputRefused."""
    others = [name for name in request.files if name != "file"]
    if others:
        raise refused(others[0], f"There is no part {others[0]!r} here; send the file as `file`.")
    uploads = request.files.getlist("file")
    if len(uploads) != 1 or not uploads[0].filename:
        raise refused("file", "Send one file, with its name, in the part `file`.")
    return uploads[0]


def overrides() -> Reading:
    """How to read the file, by the names of `data`. Raises FileRefused, InputRefused."""
    for name in request.form:
        if name not in NAMES:
            raise refused(name, f"There is no field {name!r} here. Use {', '.join(NAMES)}.")
    return Reading.from_options(request.form)


def body(row: FilePreview) -> dict[str, Any]:
    found = row.found
    return {
        "id": row.id,
        "encoding": found["encoding"],
        "delimiter": found["delimiter"],
        "sheet": found["sheet"],
        "sheets": found["sheets"],
        "headerRow": found["header_row"],
        "columns": found["columns"],
        "rows": row.rows,
        "totalRows": row.total_rows,
    }
