"""`POST /api/submit-job`: a job from a name, its data and a file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from dashboard.api.bodies import json_body, json_object, no_others, refused, text_of
from dashboard.api.engine import bearer, client_address, engine_context
from dashboard.api.errors import WrongContentType
from dashboard.api.guard import UPLOADS
from dashboard.api.idempotency import body_digest, is_used, job_before, key_of_request
from dashboard.api.job_types import may_run
from dashboard.api.previews import chosen_file, own_preview, store
from dashboard.audit.entries import record
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.errors import FileRefused, Forbidden
from dashboard.extensions import db, transaction
from dashboard.jobs.dispatcher import add_stored_file, dispatch
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.submission import Submitted
from dashboard.kinds.submitted import read_data
from dashboard.lib.texts import storable
from dashboard.models.stored_file import StoredFile
from dashboard.models.token import IdempotencyKey
from dashboard.storage.store import Stored

bp = Blueprint("submitting", __name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one request asks for; `body` is what it said, for telling repeated ones."""

    job_type: JobType
    data: Submitted
    upload: FileStorage | None
    key: str | None
    body: dict[str, Any]

    def digest(self, sha256: str | None) -> str:
        named = self.upload is not None and sha256 is not None
        return body_digest(self.body, (file_name(self.upload), sha256 or "") if named else None)


@bp.post("/submit-job")
@requires(Permission.JOBS_RUN)
def submit() -> ResponseReturnValue:
    asked = read_submission()
    job_id = submitted_before(asked)
    if job_id is None:
        try:
            job_id = make_job(asked)
        except IntegrityError:
            # The same key came twice at the same moment: the other request made the job.
            db.session.rollback()
            job_id = submitted_before(asked)
            if job_id is None:
                raise
    location = url_for("api.jobs.show", job_id=job_id)
    return jsonify(jobId=str(job_id)), 202, {"Location": location}


def read_submission() -> Submission:
    """Raises WrongContentType, BrokenJson, InputRefused, UnknownJobType, Forbidden."""
    if request.mimetype == UPLOADS:
        no_others(request.form, ("name", "data"))
        body: dict[str, Any] = dict(request.form)
        body["data"] = json_object(body["data"], "The part `data`") if "data" in body else {}
        upload = chosen_file() if request.files else None
    elif request.is_json:
        body, upload = json_body(), None
        no_others(body, ("name", "data"))
    else:
        raise WrongContentType("Send application/json, or multipart/form-data with a file.")
    job_type = runnable_type(text_of(body, "name"))
    data = body.get("data") or {}
    if not isinstance(data, dict):
        raise refused("data", "data is not an object.")
    read = read_data(
        job_type,
        data,
        # Reading, it neither waits for a writer nor holds one up, this request's session included.
        engine_context().target.execution_options(sqlite_begin="DEFERRED").connect,
        session=db.session(),
        user=bearer().user,
        settings=engine_context().settings,
    )
    check_file(job_type, read, upload)
    return Submission(job_type, read, upload, key_of_request(), body)


def check_file(job_type: JobType, read: Submitted, upload: FileStorage | None) -> None:
    """An import has one file, named or sent; the other kinds have none."""
    if job_type.kind is not Kind.IMPORT:
        if upload is not None:
            raise refused("file", f"{job_type.name} is of kind {job_type.kind}: it takes no file.")
        return
    if (read.file is None) == (upload is None):
        what = "Two files are named" if upload else "No file is named"
        raise refused(
            "file",
            f"{what}: send one as the part `file`, or in data.file a preview's id or the name of a"
            " file sent before.",
        )


def runnable_type(name: str) -> JobType:
    job_type = engine_context().registry.get(name)
    if not may_run(bearer(), job_type):
        raise Forbidden(f"Your role may not run {name}. An admin can change that.")
    return job_type


def submitted_before(asked: Submission) -> int | None:
    """The job of an earlier request with the same key; the upload is read only to compare it."""
    if asked.key is None:
        return None
    used = is_used(db.session(), bearer().id, asked.key)
    db.session.rollback()
    if not used:
        return None
    sha256 = None
    if asked.upload is not None:
        asked.upload.stream.seek(0)
        sha256 = file_digest(asked.upload.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a binary file
    return job_before(db.session(), bearer().id, asked.key, asked.digest(sha256))


def make_job(asked: Submission) -> int:
    """The job, its file, audit entry and key appear together; bytes are copied before."""
    with kept(asked.upload) as stored, transaction() as tx:
        user = bearer().user
        file: StoredFile | None = None
        options: Mapping[str, Any] = asked.data.options
        if stored is not None:
            file = add_stored_file(tx, stored, file_name(asked.upload), user)
        elif asked.data.file is not None:
            file, options = named_file(tx, asked.data)
        job = dispatch(
            engine_context(),
            tx,
            asked.job_type.name,
            file,
            user=user,
            chunk_rows=asked.data.chunk_rows,
            options=options,
            run_at=asked.data.run_at,
            check=asked.data.check,
        )
        detail: dict[str, Any] = {"type": job.type, "by": "api"}
        if file is not None:
            detail |= {"file": file.name, "bytes": file.bytes}
        record(tx, user, "job.created", "job", job.id, client_address(), **detail)
        if asked.key is not None:
            digest = asked.digest(stored.sha256 if stored is not None else None)
            tx.add(
                IdempotencyKey(user_id=user.id, key=asked.key, body_sha256=digest, job_id=job.id)
            )
            tx.flush()
        return job.id


@contextmanager
def kept(upload: FileStorage | None) -> Iterator[Stored | None]:
    """The upload in the store; taken out again when no job comes of it."""
    if upload is None:
        yield None
        return
    stored = store(upload)
    try:
        if not stored.bytes:
            raise FileRefused(f"“{upload.filename}” is empty.", code="file_empty")
        yield stored
    except BaseException:
        engine_context().store.delete(stored.key)
        raise


def named_file(tx: Session, data: Submitted) -> tuple[StoredFile, dict[str, Any]]:
    """The file a preview was made of (read as it was there), or one's newest of that name."""
    preview = own_preview(str(data.file))
    if preview is not None:
        file = tx.get(StoredFile, preview.file_id)
        options = {**preview.reading, **data.options}
    else:
        file, options = newest_named(tx, str(data.file)), dict(data.options)
    if file is None or file.removed_at is not None or not engine_context().store.exists(file.key):
        raise refused(
            "file",
            f"There is no preview and no file {str(data.file)[:100]!r} of yours. Send the file in"
            " the part `file`.",
        )
    return file, options


def newest_named(tx: Session, name: str) -> StoredFile | None:
    if not storable(name):
        return None
    return tx.scalars(
        select(StoredFile)
        .where(
            StoredFile.owner_id == bearer().id,
            StoredFile.name == name,
            StoredFile.removed_at.is_(None),
        )
        .order_by(StoredFile.id.desc())
        .limit(1)
    ).one_or_none()


def file_name(upload: FileStorage | None) -> str:
    return (upload.filename if upload else None) or "upload"
