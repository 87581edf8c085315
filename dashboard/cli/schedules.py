"""`flask jobs schedules …`: list schedules, run one now, pause it, resume it."""

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.audit.entries import record
from dashboard.cli.exits import UsageGroup
from dashboard.cli.jobs import (
    acting_user,
    as_json_option,
    context,
    follow,
    inline_option,
    refuse,
    user_option,
    watch_option,
)
from dashboard.cli.output import print_json, say
from dashboard.errors import JobEngineError
from dashboard.extensions import db, transaction
from dashboard.kinds.submitted import read_data
from dashboard.models.schedule import Schedule
from dashboard.schedules import editing
from dashboard.schedules.listing import ScheduleView, views
from dashboard.schedules.starting import Starter
from dashboard.schedules.visibility import changeable_schedule, visible_schedules

schedules = UsageGroup("schedules", help="Jobs that start by themselves: list, run, pause, resume.")


@schedules.command("list")
@user_option
@as_json_option
def list_(email: str | None, as_json: bool) -> None:
    """List the schedules one may see."""
    user = acting_user(email)
    query = select(Schedule).where(visible_schedules(user)).order_by(Schedule.id)
    found = db.session.scalars(query.options(joinedload(Schedule.user))).all()
    shown = views(db.session(), found, count=1)
    if as_json:
        print_json({"schedules": [body(view) for view in shown]})
        return
    for view in shown:
        state = next_words(view)
        click.echo(f"{view.schedule.id:<6} {view.schedule.name:<30} {view.words} · {state}")


def body(view: ScheduleView) -> dict[str, Any]:
    schedule, run = view.schedule, view.last_run
    return {
        "id": schedule.id,
        "name": schedule.name,
        "type": schedule.type,
        "when": view.words,
        "active": schedule.active,
        "owner": schedule.user.email,
        "next": view.next_runs[0].isoformat() if view.next_runs else None,
        "last": run.outcome if run else None,
        "missed": view.missed,
    }


def next_words(view: ScheduleView) -> str:
    if not view.schedule.active:
        return "paused"
    return f"next {view.next_runs[0]:%Y-%m-%d %H:%M %Z}" if view.next_runs else "by event"


@schedules.command("run")
@click.argument("schedule_id", type=int)
@inline_option
@watch_option
@user_option
@as_json_option
def run(schedule_id: int, inline: bool, watching: bool, email: str | None, as_json: bool) -> None:
    """Start its job now, for its owner; its times stay."""
    user, starter = acting_user(email), Starter(context(), read_data)
    try:
        with transaction() as session:
            schedule = changeable_schedule(session, user, schedule_id)
            asked = starter.read(session, schedule.user, schedule.type, schedule.data)
            made = editing.run_now(session, starter, schedule_id, asked)
            record(session, user, "schedule.run", "schedule", schedule_id, "cli", made=made.job_id)
            job_id, message = made.job_id, made.message
        if job_id is None:
            say(message or "It waits.")
            return
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def add_act(name: str, done: str, verb: Callable[[Session, int], Schedule], help_text: str) -> None:
    """`pause` and `resume` differ in nothing but the act."""

    @schedules.command(name, help=help_text)
    @click.argument("schedule_id", type=int)
    @user_option
    def act(schedule_id: int, email: str | None) -> None:
        user = acting_user(email)
        try:
            with transaction() as session:
                changeable_schedule(session, user, schedule_id)
                schedule = verb(session, schedule_id)
                record(session, user, f"schedule.{done}", "schedule", schedule_id, "cli")
                said = f"{schedule.name} is {done}."
        except JobEngineError as error:
            refuse(error)
        click.echo(said)


add_act("pause", "paused", editing.pause, "Start nothing until it is resumed.")
add_act("resume", "resumed", editing.resume, "Go on with its next time.")
