"""Jobs: the list, one job, and what may be done to it."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select

from dashboard.api.bodies import moment, one_of, page_and_limit, pagination, refused
from dashboard.api.engine import bearer, client_address, engine_context
from dashboard.audit.entries import record
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import changeable_job, visible_job, visible_jobs
from dashboard.errors import Forbidden
from dashboard.extensions import db, transaction
from dashboard.jobs import actions
from dashboard.jobs.dispatcher import rerun as rerun_job
from dashboard.jobs.presenter import views
from dashboard.jobs.registry import Kind
from dashboard.jobs.serial import COUNTS, file_body, rest_body
from dashboard.jobs.undoing import undo as undo_job
from dashboard.models.job import Job
from dashboard.models.states import FINAL, JobStatus, RestState, rest_state
from dashboard.models.stored_file import StoredFile

bp = Blueprint("jobs", __name__, url_prefix="/jobs")

LOOK_AGAIN = "2"
# The five states of REST first: `waiting` is also a status of its own.
STATUSES = {str(status): (status,) for status in JobStatus} | {
    str(state): tuple(s for s in JobStatus if rest_state(s) is state) for state in RestState
}
OWNERS = {"all": True, "me": False}
Act = Callable[..., Any]


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    page, limit = page_and_limit()
    wanted = filters()
    total = db.session.scalar(select(func.count()).select_from(Job).where(*wanted)) or 0
    rows = db.session.scalars(
        select(Job).where(*wanted).order_by(Job.id.desc()).offset((page - 1) * limit).limit(limit)
    ).all()
    return jsonify(jobs=bodies(rows), pagination=pagination(total, page, limit))


def filters() -> list[ColumnElement[bool]]:
    """What the query asks for, never more than the bearer may see. Raises InputRefused."""
    found = [whose()]
    statuses = one_of("status", STATUSES)
    if statuses:
        found.append(Job.status.in_(statuses))
    kind = one_of("kind", {str(kind): str(kind) for kind in Kind})
    if kind:
        found.append(Job.kind == kind)
    name = request.args.get("type")
    if name is not None:
        check_type(name)
        found.append(Job.type == name)
    since, until = moment("from"), moment("to", day_ends=True)
    if since is not None:
        found.append(Job.created_at >= since)
    if until is not None:
        found.append(Job.created_at < until)
    return found


def check_type(name: str) -> None:
    """A type that is configured, or was when some job was made. Raises InputRefused."""
    known = {job_type.name for job_type in engine_context().registry.all()}
    there = select(Job.id).where(Job.type == name).limit(1)
    if name not in known and ("\0" in name or db.session.scalar(there) is None):
        raise refused("type", f"type={name[:40]!r} is no job type; see /api/job-types.")


def whose() -> ColumnElement[bool]:
    """One's own; of everybody for managers and admins who say `owner=all`."""
    if not one_of("owner", OWNERS):
        return Job.user_id == bearer().id
    if not bearer().may(Permission.JOBS_VIEW_ALL):
        raise Forbidden("Only managers and admins see the jobs of others; leave owner out.")
    return visible_jobs(bearer())


def bodies(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """With the counts of this moment: one query for all that have not ended."""
    shown = views(db.session.connection(), jobs)
    names = [name for name in COUNTS if name != "not_processed"]
    files = outputs(jobs)
    return [
        rest_body(
            view.job,
            {name: getattr(view.counts, name) for name in names},
            files.get(view.job.output_id),
        )
        for view in shown
    ]


def outputs(jobs: Sequence[Job]) -> dict[int | None, dict[str, Any]]:
    """The files they made, by `output_id`."""
    made = {job.output_id: job.id for job in jobs if job.output_id is not None}
    if not made:
        return {}
    found = db.session.scalars(select(StoredFile).where(StoredFile.id.in_(made)))
    return {file.id: file_body(file, address(made[file.id])) for file in found}


def address(job_id: int) -> str:
    """Where its file is fetched: a whole address where the public one is known."""
    path = url_for("api.downloads.output", job_id=job_id)
    return f"{engine_context().settings.public_url}{path}"


@bp.get("/<job_id>")
@requires(Permission.JOBS_VIEW_OWN)
def show(job_id: str) -> ResponseReturnValue:
    """304 for who has this state already; an unfinished job says when to look again."""
    job = visible_job(db.session(), bearer(), job_id)
    response = one(job)
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    if job.status not in FINAL:
        response.headers["Retry-After"] = LOOK_AGAIN
    return response.make_conditional(request)


def one(job: Job, status: int = 200) -> Response:
    return make_response(jsonify(bodies([job])[0]), status)


@bp.post("/<job_id>/retry")
@requires(Permission.JOBS_CHANGE_OWN)
def retry(job_id: str) -> ResponseReturnValue:
    return act(job_id, actions.retry)


@bp.post("/<job_id>/pause")
@requires(Permission.JOBS_CHANGE_OWN)
def pause(job_id: str) -> ResponseReturnValue:
    return act(job_id, actions.pause)


@bp.post("/<job_id>/resume")
@requires(Permission.JOBS_CHANGE_OWN)
def resume(job_id: str) -> ResponseReturnValue:
    return act(job_id, actions.resume)


@bp.post("/<job_id>/cancellation")
@requires(Permission.JOBS_CHANGE_OWN)
def cancellation(job_id: str) -> ResponseReturnValue:
    return act(job_id, actions.cancel)


@bp.post("/<job_id>/undo")
@requires(Permission.JOBS_CHANGE_OWN)
def undo(job_id: str) -> ResponseReturnValue:
    return another(job_id, undo_job)


@bp.post("/<job_id>/rerun")
@requires(Permission.JOBS_CHANGE_OWN)
def rerun(job_id: str) -> ResponseReturnValue:
    return another(job_id, rerun_job)


def act(job_id: str, verb: Act) -> ResponseReturnValue:
    """The act and its audit entry in one transaction; then the job as it is now."""
    with transaction() as tx:
        job = changeable_job(tx, bearer(), job_id)
        verb(engine_context(), tx, job.id, bearer().user.name)
        audit(job.id)
    return one(visible_job(db.session(), bearer(), job_id), 202)


def another(job_id: str, verb: Act) -> ResponseReturnValue:
    """An act that makes a job of its own."""
    with transaction() as tx:
        job = changeable_job(tx, bearer(), job_id)
        made = verb(engine_context(), tx, job.id, bearer().user)
        audit(job.id, made=made.id)
        made_id = made.id
    location = url_for("api.jobs.show", job_id=made_id)
    return jsonify(jobId=str(made_id)), 202, {"Location": location}


def audit(job_id: int, **detail: Any) -> None:
    """Named like the page's own act: `job.retry`."""
    name = f"job.{str(request.endpoint).rpartition('.')[2]}"
    record(db.session(), bearer().user, name, "job", job_id, client_address(), by="api", **detail)
