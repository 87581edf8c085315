"""What follows from a job: the run after its check, the same again, its undo; and force."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import changeable_job
from dashboard.errors import WrongState
from dashboard.extensions import db, transaction
from dashboard.importers.remembered import remember
from dashboard.jobs.checking import check
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.dispatcher import rerun as run_again
from dashboard.jobs.drafts import start_draft
from dashboard.jobs.forcing import force_cancel, take_over
from dashboard.jobs.registry import Kind
from dashboard.jobs.undoing import undo
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.web.engine import engine_context
from dashboard.web.guard import requires
from dashboard.web.security import client_address

bp = Blueprint("followups", __name__, url_prefix="/jobs/<int:job_id>")


@bp.post("/run")
@requires(Permission.JOBS_CHANGE_OWN)
def run(job_id: int) -> ResponseReturnValue:
    """Run what was checked: the draft it belongs to, or the same file anew."""
    with transaction() as tx:
        checked = changeable_job(tx, current_user, job_id)
        if checked.purpose != "check":
            raise WrongState(f"Job {job_id} is no check.")
        draft = tx.get(Job, checked.origin_id) if checked.origin_id else None
        if draft is not None and draft.status == JobStatus.DRAFT:
            start_draft(engine_context(), tx, draft.id, current_user.name)
            remember(tx, draft.type, current_user._get_current_object(), **draft.options)
            started = draft
        else:
            stored, options = tx.get_one(StoredFile, checked.file_id), dict(checked.options)
            how: dict[str, Any] = {"user": person(), "chunk_rows": checked.chunk_rows}
            started = dispatch(engine_context(), tx, checked.type, stored, options=options, **how)
        note("job.created", started.id, checked_by=job_id)
    flash("The import has started.", "success")
    return to(started.id)


@bp.post("/check")
@requires(Permission.JOBS_CHANGE_OWN)
def check_again(job_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        job = changeable_job(tx, current_user, job_id)
        origin_id = job.origin_id if job.purpose == "check" and job.origin_id else job.id
        made = check(engine_context(), tx, origin_id, person())
        note("job.checked", made.id, origin=origin_id)
    return to(made.id)


@bp.post("/rerun")
@requires(Permission.JOBS_CHANGE_OWN)
def rerun(job_id: int) -> ResponseReturnValue:
    """A new job with the same file and choices."""
    with transaction() as tx:
        changeable_job(tx, current_user, job_id)
        made = run_again(engine_context(), tx, job_id, person())
        note("job.rerun", made.id, origin=job_id)
    what = "runs the same file again" if made.kind == Kind.IMPORT else "does it again"
    flash(f"Job #{made.id} {what}.", "success")
    return to(made.id)


@bp.post("/undo")
@requires(Permission.JOBS_CHANGE_OWN)
def reverse(job_id: int) -> ResponseReturnValue:
    """The undo is a job of its own, with progress."""
    with transaction() as tx:
        changeable_job(tx, current_user, job_id)
        made = undo(engine_context(), tx, job_id, person())
        note("job.undone", job_id, undo=made.id)
    flash(f"Job #{made.id} takes back what job #{job_id} wrote.", "success")
    return to(made.id)


@bp.post("/takeover")
@requires(Permission.JOBS_CHANGE_OWN)
def takeover(job_id: int) -> ResponseReturnValue:
    """Free a stuck job. An admin need not wait for its lease to end."""
    with transaction() as tx:
        changeable_job(tx, current_user, job_id)
        take_over(engine_context(), tx, job_id, current_user.name, at_once=forces())
        note("job.taken_over", job_id)
    flash("It is freed; another worker goes on.", "success")
    return to(job_id)


@bp.post("/forced-cancellation")
@requires(Permission.JOBS_CHANGE_OWN)
def forced_cancellation(job_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        changeable_job(tx, current_user, job_id)
        force_cancel(engine_context(), tx, job_id, current_user.name, at_once=forces())
        note("job.force_cancelled", job_id)
    flash("It is cancelled. Rows already written stay.", "success")
    return to(job_id)


def forces() -> bool:
    return may(current_user, Permission.JOBS_CHANGE_ALL)


def person() -> User:
    user: User = current_user._get_current_object()
    return user


def note(action: str, job_id: int, **detail: int) -> None:
    record(db.session(), person(), action, "job", job_id, client_address(), **detail)


def to(job_id: int) -> ResponseReturnValue:
    return redirect(url_for("job.show", job_id=job_id), 303)
