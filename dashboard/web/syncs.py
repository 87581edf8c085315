"""Syncs: where each stands, run now, and (for admins) its credentials and its memory."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_jobs
from dashboard.errors import Forbidden, InputRefused, JobEngineError, NotFound, WrongState
from dashboard.extensions import db, transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.presenter import views
from dashboard.jobs.registry import JobType
from dashboard.models.job import Job
from dashboard.sync.credentials import credentials_of, keep_secret
from dashboard.sync.cursor_words import cursor_words
from dashboard.sync.resets import Memory, forget
from dashboard.web.engine import WITH_NAMES, connection, engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment
from dashboard.web.security import client_address
from dashboard.web.sync_types import SyncView, all_views, loaded, may_run, seen_type, view_of

bp = Blueprint("syncs", __name__, url_prefix="/syncs")

SHOWN = 20
FORGOTTEN = {
    Memory.CURSOR: "Its cursor is forgotten: the next run reads from the start.",
    Memory.FILES: "Its files are forgotten: the next run takes every file of the folder.",
    Memory.COLUMNS: "Its columns are forgotten: the next run takes the source as it is.",
}


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    return fragment("syncs/index.html", **list_parts())


@bp.get("/list")
@requires(Permission.JOBS_VIEW_OWN)
def rows() -> ResponseReturnValue:
    """What moves while a sync runs."""
    return fragment("syncs/_list.html", **list_parts())


@bp.get("/<name>")
@requires(Permission.JOBS_VIEW_OWN)
def show(name: str) -> ResponseReturnValue:
    return fragment("syncs/show.html", **parts(seen_type(name)))


@bp.get("/<name>/state")
@requires(Permission.JOBS_VIEW_OWN)
def state(name: str) -> ResponseReturnValue:
    """What moves while it runs."""
    return fragment("syncs/_state.html", **parts(seen_type(name)))


@bp.post("/<name>/runs")
@requires(Permission.JOBS_RUN)
def run(name: str) -> ResponseReturnValue:
    """Start it, and look at the job; while one runs, look at that."""
    job_type = seen_type(name)
    if not may_run(job_type):
        raise Forbidden(f"Your role may not run {job_type.label}. An admin can change that.")
    options = {"fullRefresh": True} if request.form.get("full") else {}
    try:
        with transaction() as tx:
            job = dispatch(engine_context(), tx, name, user=current_user, options=options)
            address = client_address()
            record(tx, current_user, "job.created", "job", job.id, address, type=name, **options)
            job_id = job.id
    except WrongState as error:
        flash(error.message, "warning")
        return redirect(url_for("syncs.show", name=name), 303)
    return redirect(url_for("job.show", job_id=job_id), 303)


@bp.post("/<name>/secrets/<secret>")
@requires(Permission.SYNCS_MANAGE)
def set_secret(name: str, secret: str) -> ResponseReturnValue:
    job_type, settings = seen_type(name), engine_context().settings
    sync, broken = loaded(job_type)
    if sync is None:
        raise NotFound(broken or "There is no such sync.")
    try:
        with transaction() as tx:
            value = request.form.get("value", "")
            keep_secret(tx, settings, name, sync.source, secret, value, current_user)
            log_act(tx, "sync.secret_set", name, secret=secret)
    except InputRefused as error:
        return refused(job_type, error, secret)
    flash(f"{secret} is set. It is kept encrypted and never shown again.", "success")
    return redirect(url_for("syncs.show", name=name), 303)


@bp.post("/<name>/resets")
@requires(Permission.SYNCS_MANAGE)
def reset(name: str) -> ResponseReturnValue:
    job_type, what = seen_type(name), request.form.get("what", "")
    try:
        if what not in set(Memory):
            raise InputRefused("Choose what to forget.", details={"field": "what"})
        if request.form.get("confirm", "").strip() != name:
            raise InputRefused(f"Type {name} to confirm.", details={"field": "confirm"})
        before = forget_in_target(name, Memory(what))
    except (InputRefused, NotFound) as error:
        return refused(job_type, error, "reset")
    with transaction() as tx:
        log_act(tx, "sync.reset", name, what=what, cursor=cursor_words(before.cursor))
    flash(FORGOTTEN[Memory(what)], "success")
    return redirect(url_for("syncs.show", name=name), 303)


def forget_in_target(name: str, what: Memory) -> Any:
    with engine_context().target.begin() as target:
        return forget(target, name, what)


def log_act(tx: Any, action: str, name: str, **detail: Any) -> None:
    record(tx, current_user, action, "sync", name, client_address(), **detail)


def refused(job_type: JobType, error: JobEngineError, where: str) -> ResponseReturnValue:
    """The page again, the refusal beside what it is about."""
    told = {"refusal": error.message, "refused_in": where, "typed": request.form}
    return render_template("syncs/show.html", **parts(job_type), **told), 422


def list_parts() -> dict[str, Any]:
    found = all_views()
    return {"syncs": found, "live": any(view.live for view in found), "may_run": may_run}


def parts(job_type: JobType) -> dict[str, Any]:
    found: SyncView = view_of(job_type)
    query = (
        select(Job)
        .options(*WITH_NAMES)
        .where(Job.type == job_type.name, Job.purpose == "run", visible_jobs(current_user))
        .order_by(Job.id.desc())
        .limit(SHOWN)
    )
    source = found.sync.source if found.sync else None
    return {
        "view": found,
        "runnable": may_run(job_type),
        "jobs": views(connection(), db.session.scalars(query).all()),
        "labels": type_labels(),
        "credentials": credentials_of(db.session(), job_type.name, source) if source else (),
        "memories": Memory,
    }
