"""One job: live progress, its failures, its story, and what may be done to it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import changeable_job, may_change, visible_job
from dashboard.extensions import db, transaction
from dashboard.jobs import actions
from dashboard.jobs.cause_values import cause_values
from dashboard.jobs.checking import check_result
from dashboard.jobs.failure_list import CURSOR_TYPES, causes, failures, filter_from
from dashboard.jobs.presenter import JobView, view
from dashboard.jobs.registry import Kind
from dashboard.jobs.timeline import timeline
from dashboard.jobs.undoing import undo_of, undo_refusal
from dashboard.lib.keyset import Cursor
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.reports.runs import parameters_of
from dashboard.web.engine import WITH_NAMES, connection, engine_context, type_labels
from dashboard.web.export_words import export_words
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.reasons import why
from dashboard.web.reports_results import report_result
from dashboard.web.security import client_address
from dashboard.web.workers import workers_up

bp = Blueprint("job", __name__, url_prefix="/jobs/<int:job_id>")

Act = Callable[..., Any]


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def show(job_id: int) -> ResponseReturnValue:
    shown = seen(job_id)
    if shown.job.status == JobStatus.DRAFT and may_change(current_user, shown.job):
        return redirect(url_for("drafts.show", job_id=job_id), 303)
    entries = timeline(connection(), shown)
    everything = {**parts(shown), **failure_parts(shown), "entries": entries}
    everything["report"] = report_result(shown.job)
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


def asked(job: Job) -> list[tuple[str, str]]:
    """What was chosen for a file, in words."""
    if job.kind == Kind.REPORT:
        return list(parameters_of(job, None))
    return export_words(job.options, job.meta or {})


def parts(shown: JobView) -> dict[str, Any]:
    job: Job = shown.job
    return {
        "job": shown,
        "asked": asked(job) if shown.whole else [],
        "label": type_labels().get(job.type, job.type),
        "changeable": may_change(current_user, job),
        "reason": why(db.session(), job),
        "check": check_result(connection(), job) if checked(job) else None,
        "origin": db.session.get(Job, job.origin_id) if job.origin_id else None,
        "stuck": is_stuck(job),
        "undoable": ended_run(job) and undo_refusal(connection(), job) is None,
        "undone_by": undo_of(connection(), job.id) if ended_run(job) else None,
    }


def checked(job: Job) -> bool:
    return job.purpose == "check" and job.status == JobStatus.COMPLETED


def is_stuck(job: Job) -> bool:
    """It should stop or go on, but nobody may be there to do it; an admin may force at any time."""
    if job.status not in (JobStatus.PAUSING, JobStatus.CANCELLING, JobStatus.INTERRUPTED):
        return False
    return may(current_user, Permission.JOBS_CHANGE_ALL) or not workers_up(db.session())


def ended_run(job: Job) -> bool:
    return job.purpose == "run" and job.kind == Kind.IMPORT and job.final


def can_fix(job: Job) -> bool:
    """Failed rows can be put right once the round has ended, by whom the job belongs to."""
    return (
        job.kind in (Kind.IMPORT, Kind.SYNC)
        and job.purpose == "run"
        and job.final
        and job.status != JobStatus.CANCELLED
        and may_change(current_user, job)
        and undo_of(connection(), job.id) is None
    )


def failure_parts(shown: JobView) -> dict[str, Any]:
    wanted = filter_from(request.args)
    cursor = Cursor.decode(request.args.get("place"), CURSOR_TYPES)
    job, found = shown.job, causes(connection(), shown.job.id)
    fixable = bool(found) and can_fix(job)
    values = {(c.column, c.code): cause_values(connection(), job.id, c) for c in found if fixable}
    return {
        "job": shown,
        "label": type_labels().get(job.type, job.type),
        "causes": found,
        "fixable": fixable,
        "values_of": values,
        "page": failures(connection(), shown.job, wanted, cursor),
        "wanted": wanted,
        "first_page": cursor is None,
    }
