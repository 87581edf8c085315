"""One job: live progress, its failures, its story, and what may be done to it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import changeable_job, may_change, visible_job
from dashboard.extensions import db, transaction
from dashboard.jobs import actions
from dashboard.jobs.failure_list import CURSOR_TYPES, causes, failures, filter_from
from dashboard.jobs.presenter import JobView, view
from dashboard.jobs.timeline import timeline
from dashboard.lib.keyset import Cursor
from dashboard.models.job import Job
from dashboard.web.engine import WITH_NAMES, connection, engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.reasons import why
from dashboard.web.security import client_address

bp = Blueprint("job", __name__, url_prefix="/jobs/<int:job_id>")

Act = Callable[..., Any]


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def show(job_id: int) -> ResponseReturnValue:
    shown = seen(job_id)
    entries = timeline(connection(), shown)
    everything = {**parts(shown), **failure_parts(shown), "entries": entries}
    return fragment("job/show.html", **everything)


@bp.get("/live")
@requires(Permission.JOBS_VIEW_OWN)
def live(job_id: int) -> ResponseReturnValue:
    return fragment("job/_live.html", **parts(seen(job_id)))


@bp.get("/story")
@requires(Permission.JOBS_VIEW_OWN)
def story(job_id: int) -> ResponseReturnValue:
    shown = seen(job_id)
    return fragment("job/_story.html", job=shown, entries=timeline(connection(), shown))


@bp.get("/failures")
@requires(Permission.JOBS_VIEW_OWN)
def refused(job_id: int) -> ResponseReturnValue:
    """The failures as a fragment; opened by itself, the page at the same place."""
    if not is_fragment():
        wanted: dict[str, Any] = dict(filter_from(request.args).args)
        return redirect(url_for("job.show", job_id=job_id, _anchor="failures", **wanted), 303)
    return fragment("job/_failures.html", **failure_parts(seen(job_id)))


@bp.post("/retry")
@requires(Permission.JOBS_CHANGE_OWN)
def retry(job_id: int) -> ResponseReturnValue:
    return act(job_id, actions.retry, "What failed is tried again as the next round.")


@bp.post("/pause")
@requires(Permission.JOBS_CHANGE_OWN)
def pause(job_id: int) -> ResponseReturnValue:
    return act(job_id, actions.pause, "It pauses once the chunks in hand are done.")


@bp.post("/resume")
@requires(Permission.JOBS_CHANGE_OWN)
def resume(job_id: int) -> ResponseReturnValue:
    return act(job_id, actions.resume, "It goes on.")


@bp.post("/cancellation")
@requires(Permission.JOBS_CHANGE_OWN)
def cancellation(job_id: int) -> ResponseReturnValue:
    return act(job_id, actions.cancel, "It is cancelled. Rows already written stay.")


def act(job_id: int, verb: Act, done: str) -> ResponseReturnValue:
    """The act and its audit entry in one transaction, then back to the job."""
    with transaction() as tx:
        changeable_job(tx, current_user, job_id)
        verb(engine_context(), tx, job_id, current_user.name)
        name = str(request.endpoint)
        record(tx, current_user, name, "job", job_id, client_address())
    flash(done, "success")
    return redirect(url_for("job.show", job_id=job_id), 303)


def seen(job_id: int) -> JobView:
    """NotFound for a missing and for a foreign job alike (I8)."""
    job = visible_job(db.session(), current_user, job_id, *WITH_NAMES)
    return view(connection(), job)


def parts(shown: JobView) -> dict[str, Any]:
    job: Job = shown.job
    return {
        "job": shown,
        "label": type_labels().get(job.type, job.type),
        "changeable": may_change(current_user, job),
        "reason": why(db.session(), job),
    }


def failure_parts(shown: JobView) -> dict[str, Any]:
    wanted = filter_from(request.args)
    cursor = Cursor.decode(request.args.get("place"), CURSOR_TYPES)
    return {
        "job": shown,
        "causes": causes(connection(), shown.job.id),
        "page": failures(connection(), shown.job, wanted, cursor),
        "wanted": wanted,
        "first_page": cursor is None,
    }
