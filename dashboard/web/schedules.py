"""Schedules: listed, made, changed, paused, run now and deleted."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.errors import Forbidden, InputRefused, JobEngineError, WrongState
from dashboard.extensions import db, transaction
from dashboard.jobs.presenter import JobView
from dashboard.jobs.presenter import views as job_views
from dashboard.kinds.submitted import read_data
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.schedule import Schedule, ScheduleRun
from dashboard.schedules import editing
from dashboard.schedules.choices import words
from dashboard.schedules.cron import read_cron, zone_names
from dashboard.schedules.listing import history, views
from dashboard.schedules.starting import Starter
from dashboard.schedules.visibility import (
    changeable_schedule,
    may_change,
    visible_schedule,
    visible_schedules,
)
from dashboard.web.engine import WITH_NAMES, engine_context, type_labels
from dashboard.web.forms import show_refusal
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment
from dashboard.web.schedule_form import ScheduleForm, blank_form, field_of, form_of
from dashboard.web.schedule_words import AFTER
from dashboard.web.security import client_address

bp = Blueprint("schedules", __name__, url_prefix="/schedules")

RUNS = 50


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    query = (
        select(Schedule)
        .where(visible_schedules(current_user))
        .options(joinedload(Schedule.user))
        .order_by(Schedule.id.desc())
    )
    found = views(db.session(), db.session.scalars(query).all(), count=1)
    jobs = jobs_of([view.last_run for view in found if view.last_run])
    return render_template(
        "schedules/index.html",
        views=found,
        jobs=jobs,
        labels=type_labels(),
        kinds=type_kinds(),
        may_change=lambda schedule: may_change(current_user, schedule),
    )


@bp.get("/new")
@requires(Permission.SCHEDULES_USE)
def new() -> ResponseReturnValue:
    return new_page(blank_form(db.session()))


@bp.post("")
@requires(Permission.SCHEDULES_USE)
def add() -> ResponseReturnValue:
    form = ScheduleForm()
    form.offer(db.session(), current_user)
    if request.form.get("act") == "show":
        return new_page(form)
    if not form.validate():
        return new_page(form), 422
    try:
        wanted = form.wanted(active=True)
        editing.check(db.session(), starter(), current_user, wanted)
        with transaction() as tx:
            schedule = editing.make(tx, starter(), current_user, wanted)
            audit(tx, "created", schedule, type=schedule.type)
            name, made_id = schedule.name, schedule.id
    except (InputRefused, Forbidden) as error:
        return new_page(refused(form, error)), error.status
    flash(f"“{name}” is scheduled.", "success")
    return redirect(url_for(".show", schedule_id=made_id), 303)


@bp.get("/<int:schedule_id>")
@requires(Permission.JOBS_VIEW_OWN)
def show(schedule_id: int) -> ResponseReturnValue:
    schedule = visible_schedule(db.session(), current_user, schedule_id)
    return page(schedule, form_of(schedule))


@bp.post("/<int:schedule_id>")
@requires(Permission.SCHEDULES_USE)
def change(schedule_id: int) -> ResponseReturnValue:
    schedule = changeable_schedule(db.session(), current_user, schedule_id)
    form = ScheduleForm()
    form.offer(db.session(), schedule.user)
    if request.form.get("act") == "show":
        return page(schedule, form)
    if not form.validate():
        return page(schedule, form), 422
    try:
        wanted = form.wanted(active=schedule.active)
        editing.check(db.session(), starter(), schedule.user, wanted)
        with transaction() as tx:
            changes = editing.change(tx, starter(), schedule_id, wanted, form.seen_version)
            if changes:
                audit(tx, "changed", schedule, changed=sorted(changes))
    except (InputRefused, Forbidden, WrongState) as error:
        schedule = visible_schedule(db.session(), current_user, schedule_id)
        return page(schedule, refused(form, error)), error.status
    flash("The schedule is saved." if changes else "Nothing was different.", "success")
    return redirect(url_for(".show", schedule_id=schedule_id), 303)


# -- acts ----------------------------------------------------------------------------------------


@bp.post("/<int:schedule_id>/pause")
@requires(Permission.SCHEDULES_USE)
def pause(schedule_id: int) -> ResponseReturnValue:
    return act(schedule_id, "paused", editing.pause, "“{}” is paused. What is running goes on.")


@bp.post("/<int:schedule_id>/resume")
@requires(Permission.SCHEDULES_USE)
def resume(schedule_id: int) -> ResponseReturnValue:
    return act(schedule_id, "resumed", editing.resume, "“{}” goes on with its next time.")


def act(
    schedule_id: int, name: str, verb: Callable[[Session, int], Schedule], message: str
) -> ResponseReturnValue:
    try:
        with transaction() as tx:
            schedule = changeable_schedule(tx, current_user, schedule_id)
            verb(tx, schedule_id)
            audit(tx, name, schedule)
            flash(message.format(schedule.name), "success")
    except WrongState as error:
        flash(error.message, "warning")
    return back(schedule_id)


@bp.post("/<int:schedule_id>/runs")
@requires(Permission.SCHEDULES_USE)
def run(schedule_id: int) -> ResponseReturnValue:
    """To the job's page; back where one came from when it waits or cannot be started."""
    try:
        schedule = changeable_schedule(db.session(), current_user, schedule_id)
        asked = starter().read(db.session(), schedule.user, schedule.type, schedule.data)
        with transaction() as tx:
            made = editing.run_now(tx, starter(), schedule_id, asked)
            audit(tx, "run", schedule, made=made.job_id)
            job_id, message = made.job_id, made.message
    except (InputRefused, Forbidden, WrongState) as error:
        flash(f"It was not started. {error.message}", "error")
        return back(schedule_id)
    if job_id is None:
        flash(message or "It waits.", "warning")
        return back(schedule_id)
    return redirect(url_for("job.show", job_id=job_id), 303)


@bp.post("/<int:schedule_id>/deletion")
@requires(Permission.SCHEDULES_USE)
def delete(schedule_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        schedule = changeable_schedule(tx, current_user, schedule_id)
        name = schedule.name
        audit(tx, "deleted", schedule, name=name, type=schedule.type)
        editing.remove(tx, schedule_id)
    flash(f"“{name}” is deleted. Its jobs stay.", "success")
    return redirect(url_for(".index"), 303)


# -- parts of the form ---------------------------------------------------------------------------


@bp.get("/form/what")
@requires(Permission.SCHEDULES_USE)
def what() -> ResponseReturnValue:
    """The fields a job type needs."""
    form = asked_form()
    form.offer(db.session(), current_user)
    return fragment("schedules/_what.html", form=form)


@bp.get("/form/when")
@requires(Permission.SCHEDULES_USE)
def when() -> ResponseReturnValue:
    """The fields a choice of when needs, and what they come to."""
    form = asked_form()
    form.offer(db.session(), current_user)
    return fragment("schedules/_when.html", form=form, **previewed(form))


@bp.get("/form/preview")
@requires(Permission.SCHEDULES_USE)
def preview() -> ResponseReturnValue:
    return fragment("schedules/_preview.html", **previewed(asked_form()))


def asked_form() -> ScheduleForm:
    return ScheduleForm(request.args, meta={"csrf": False})


def previewed(form: ScheduleForm) -> dict[str, Any]:
    """Expression, words and the next five runs, or what is wrong with the choice."""
    if form.when.data == AFTER:
        return {"follows": True}
    try:
        cron = read_cron(form.expression(), form.timezone.data or "")
    except (InputRefused, ValueError) as error:
        message = error.message if isinstance(error, InputRefused) else "Choose when."
        return {"problem": message}
    said = f"{words(cron.text)}, {cron.zone.key}"
    return {"cron": cron.text, "said": said, "runs": cron.next_runs(now())}


# -- pages ---------------------------------------------------------------------------------------


def new_page(form: ScheduleForm) -> str:
    form.ready(db.session(), current_user)
    return render_template(
        "schedules/new.html", form=form, zones=sorted(zone_names()), **previewed(form)
    )


def page(schedule: Schedule, form: ScheduleForm) -> str:
    """The form for who may change it, the facts for who may look; the history for both."""
    form.ready(db.session(), schedule.user)
    before = request.args.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    runs = history(db.session(), schedule.id, before=place, limit=RUNS)
    more = (
        url_for(".show", schedule_id=schedule.id, before=runs[-1].id) if len(runs) == RUNS else ""
    )
    return render_template(
        "schedules/show.html",
        view=views(db.session(), [schedule])[0],
        form=form,
        zones=sorted(zone_names()),
        history=runs,
        older=more,
        first=place is None,
        jobs=jobs_of(runs),
        labels=type_labels(),
        kinds=type_kinds(),
        change=may_change(current_user, schedule),
        **previewed(form),
    )


def jobs_of(runs: Sequence[ScheduleRun]) -> dict[int, JobView]:
    """The jobs of these runs, as pages show them."""
    ids = [run.job_id for run in runs if run.job_id is not None]
    jobs = db.session.scalars(select(Job).where(Job.id.in_(ids)).options(*WITH_NAMES)).all()
    return {view.job.id: view for view in job_views(db.session.connection(), jobs)}


def type_kinds() -> dict[str, str]:
    return {found.name: str(found.kind) for found in engine_context().registry.all()}


def refused(form: ScheduleForm, error: JobEngineError) -> ScheduleForm:
    db.session.rollback()
    if isinstance(error, InputRefused):
        error.details["field"] = field_of(error, form)
    show_refusal(form, error)
    return form


def back(schedule_id: int) -> ResponseReturnValue:
    """To the list, or to the page the button was on."""
    if request.form.get("back") == "list":
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".show", schedule_id=schedule_id), 303)


def starter() -> Starter:
    return Starter(engine_context(), read_data)


def audit(tx: Session, act_: str, schedule: Schedule, **detail: Any) -> None:
    action = f"schedule.{act_}"
    record(tx, current_user, action, "schedule", schedule.id, client_address(), **detail)
