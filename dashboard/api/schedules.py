"""Schedules: one's own, made, changed, run now and deleted."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from dashboard.api.bodies import (
    json_body,
    no_others,
    one_of,
    page_and_limit,
    pagination,
    refused,
    text_of,
)
from dashboard.api.engine import bearer, client_address, engine_context
from dashboard.audit.entries import record
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission
from dashboard.errors import Forbidden
from dashboard.extensions import db, transaction
from dashboard.kinds.submitted import read_data
from dashboard.models.schedule import AfterOutcome, CatchUp, Overlap, Schedule, ScheduleRun
from dashboard.schedules import editing
from dashboard.schedules.editing import Wanted
from dashboard.schedules.listing import ScheduleView, views
from dashboard.schedules.starting import Starter
from dashboard.schedules.visibility import changeable_schedule, visible_schedule, visible_schedules

bp = Blueprint("schedules", __name__, url_prefix="/schedules")

# Keys of the body, and the attributes of Wanted they are.
KEYS = {
    "type": "type", "name": "name", "data": "data", "cron": "cron", "timezone": "timezone",
    "overlap": "overlap", "catchUp": "catch_up", "active": "active", "after": "after",
}  # fmt: skip
TEXTS = ("type", "name", "cron", "timezone", "overlap", "catchUp")
OWNERS = {"all": True, "me": False}


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    """Newest first."""
    page, limit = page_and_limit()
    wanted = whose()
    total = db.session.scalar(select(func.count()).select_from(Schedule).where(wanted)) or 0
    query = select(Schedule).where(wanted).order_by(Schedule.id.desc())
    query = query.options(joinedload(Schedule.user)).offset((page - 1) * limit).limit(limit)
    found = views(db.session(), db.session.scalars(query).all())
    bodies = [body(view) for view in found]
    return jsonify(schedules=bodies, pagination=pagination(total, page, limit))


def whose() -> ColumnElement[bool]:
    """One's own; of everybody for managers and admins who say `owner=all`."""
    if not one_of("owner", OWNERS):
        return Schedule.user_id == bearer().id
    if not bearer().may(Permission.JOBS_VIEW_ALL):
        raise Forbidden("Only managers and admins see the schedules of others; leave owner out.")
    return visible_schedules(bearer())


@bp.post("")
@requires(Permission.SCHEDULES_USE)
def make() -> ResponseReturnValue:
    sent = read_body()
    text_of(sent, "type")
    wanted = wanted_of(sent, Wanted(type=""))
    owner = bearer().user
    editing.check(db.session(), starter(), owner, wanted)
    with transaction() as tx:
        schedule = editing.make(tx, starter(), owner, wanted)
        audit(tx, "created", schedule, type=schedule.type)
        made_id = schedule.id
    location = url_for("api.schedules.show", schedule_id=made_id)
    return one(made_id, 201, {"Location": location})


@bp.get("/<schedule_id>")
@requires(Permission.JOBS_VIEW_OWN)
def show(schedule_id: str) -> ResponseReturnValue:
    return one(schedule_id)


@bp.put("/<schedule_id>")
@requires(Permission.SCHEDULES_USE)
def change(schedule_id: str) -> ResponseReturnValue:
    """What is left out stays as it is."""
    schedule = changeable_schedule(db.session(), bearer(), schedule_id)
    sent = read_body("version")
    wanted, owner = wanted_of(sent, as_wanted(schedule)), schedule.user
    version = schedule.version if sent.get("version") is None else whole_number(sent, "version")
    editing.check(db.session(), starter(), owner, wanted)
    with transaction() as tx:
        schedule = changeable_schedule(tx, bearer(), schedule_id)
        changes = editing.change(tx, starter(), schedule.id, wanted, version)
        if changes:
            audit(tx, "changed", schedule, changed=sorted(changes))
    return one(schedule_id)


@bp.delete("/<schedule_id>")
@requires(Permission.SCHEDULES_USE)
def delete(schedule_id: str) -> ResponseReturnValue:
    with transaction() as tx:
        schedule = changeable_schedule(tx, bearer(), schedule_id)
        audit(tx, "deleted", schedule, name=schedule.name, type=schedule.type)
        editing.remove(tx, schedule.id)
    return "", 204


@bp.post("/<schedule_id>/runs")
@requires(Permission.SCHEDULES_USE)
def run(schedule_id: str) -> ResponseReturnValue:
    """Now, beside its times; `jobId` is null when it waits for the job before it."""
    schedule = changeable_schedule(db.session(), bearer(), schedule_id)
    asked = starter().read(db.session(), schedule.user, schedule.type, schedule.data)
    with transaction() as tx:
        schedule = changeable_schedule(tx, bearer(), schedule_id)
        made = editing.run_now(tx, starter(), schedule.id, asked)
        job_id, outcome = made.job_id, str(made.outcome)
        audit(tx, "run", schedule, made=job_id)
    if job_id is None:
        return jsonify(jobId=None, outcome=outcome), 202
    location = url_for("api.jobs.show", job_id=job_id)
    return jsonify(jobId=str(job_id), outcome=outcome), 202, {"Location": location}


# -- what is sent --------------------------------------------------------------------------------


def read_body(*more: str) -> dict[str, Any]:
    sent = json_body()
    no_others(sent, (*KEYS, *more))
    for name in TEXTS:
        if not isinstance(sent.get(name, ""), str | None):
            raise refused(name, f"{name} is a text, not {sent[name]!r}.")
    if not isinstance(sent.get("data", {}), dict | None):
        raise refused("data", "data is not an object.")
    if not isinstance(sent.get("active", True), bool):
        raise refused("active", f"active is true or false, not {sent['active']!r}.")
    return sent


def wanted_of(sent: Mapping[str, Any], now: Wanted) -> Wanted:
    """What is sent over what is there. A new cron ends the following of a type, and the reverse."""
    values = {key: getattr(now, key) for key in Wanted.__dataclass_fields__}
    for name, key in KEYS.items():
        if name == "after" or name not in sent:
            continue
        if sent[name] is None and name not in ("cron", "data"):
            raise refused(name, f"{name} cannot be null; leave it out instead.")
        values[key] = {} if name == "data" and sent[name] is None else sent[name]
    if sent.get("cron") and sent.get("after") is None:
        values["after_type"] = None
    if "after" in sent:
        values |= after_of(sent["after"])
        if sent["after"] is not None and "cron" not in sent:
            values["cron"] = None
    return Wanted(**values)


def after_of(after: Any) -> dict[str, Any]:
    if after is None:
        return {"after_type": None}
    known = {"type", "outcome"}
    if not isinstance(after, dict) or set(after) - known or not isinstance(after.get("type"), str):
        raise refused("after", 'after is {"type": …, "outcome": "clean" or "any"}, or null.')
    return {"after_type": after["type"], "after_outcome": after.get("outcome", AfterOutcome.CLEAN)}


def as_wanted(schedule: Schedule) -> Wanted:
    return Wanted(
        type=schedule.type,
        name=schedule.name,
        data=schedule.data,
        cron=schedule.cron,
        timezone=schedule.timezone,
        after_type=schedule.after_type,
        after_outcome=schedule.after_outcome or AfterOutcome.CLEAN,
        overlap=Overlap(schedule.overlap),
        catch_up=CatchUp(schedule.catch_up),
        active=schedule.active,
    )


def whole_number(sent: Mapping[str, Any], name: str) -> int:
    if not isinstance(sent[name], int) or isinstance(sent[name], bool):
        raise refused(name, f"{name} is a whole number, not {sent[name]!r}.")
    return int(sent[name])


# -- what is answered ----------------------------------------------------------------------------


def one(schedule_id: int | str, status: int = 200, headers: Any = None) -> Response:
    schedule = visible_schedule(db.session(), bearer(), schedule_id)
    response = make_response(jsonify(body(views(db.session(), [schedule])[0])), status)
    response.headers.update(headers or {})
    return response


def body(view: ScheduleView) -> dict[str, Any]:
    """Every key is always there. Times are ISO 8601, those of `nextRuns` in the schedule's zone."""
    schedule = view.schedule
    after = {"type": schedule.after_type, "outcome": schedule.after_outcome}
    return {
        "id": str(schedule.id),
        "name": schedule.name,
        "type": schedule.type,
        "data": schedule.data,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "after": after if schedule.after_type else None,
        "words": view.words,
        "overlap": schedule.overlap,
        "catchUp": schedule.catch_up,
        "active": schedule.active,
        "pauseReason": schedule.pause_reason,
        "userId": str(schedule.user_id),
        "nextRuns": [moment.isoformat() for moment in view.next_runs],
        "lastRun": None if view.last_run is None else run_body(view.last_run),
        "missed": view.missed,
        "version": schedule.version,
        "createdAt": schedule.created_at.isoformat(),
        "changedAt": schedule.changed_at.isoformat(),
    }


def run_body(run: ScheduleRun) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "outcome": run.outcome,
        "dueAt": run.due_at.isoformat() if run.due_at else None,
        "at": run.at.isoformat(),
        "jobId": None if run.job_id is None else str(run.job_id),
        "message": run.message,
    }


def starter() -> Starter:
    return Starter(engine_context(), read_data)


def audit(tx: Session, act_: str, schedule: Schedule, **detail: Any) -> None:
    record(
        tx, bearer().user, f"schedule.{act_}", "schedule", schedule.id, client_address(),
        by="api", **detail,
    )  # fmt: skip
