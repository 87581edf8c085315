"""The file a job made, for programs: whole or in ranges."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from dashboard.api.engine import bearer, client_address, engine_context
from dashboard.audit.downloads import is_noted, note_download, result_of, sent
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_job
from dashboard.extensions import db, transaction
from dashboard.models.job import Job
from dashboard.storage.sending import send

bp = Blueprint("downloads", __name__, url_prefix="/jobs/<job_id>")


@bp.get("/download")
@requires(Permission.JOBS_VIEW_OWN)
def output(job_id: str) -> ResponseReturnValue:
    """404 says whether there is no file, not yet, or not any more."""
    job = visible_job(db.session(), bearer(), job_id, joinedload(Job.output))
    file, person, context = result_of(job), bearer().user, engine_context()
    # A slow download must not hold a transaction open.
    db.session.expunge_all()
    db.session.rollback()

    def note(size: int) -> None:
        noted = is_noted(db.session(), file, person)
        db.session.rollback()
        if not noted:
            # A request that reads would begin a transaction that cannot write (SQLite).
            db.session().connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            with transaction() as tx:
                note_download(tx, file, job, person, client_address(), size)

    out, past_us = sent(file, ours=True), context.settings.storage_presign
    return send(context.store, request, out, note, past_us=past_us)
