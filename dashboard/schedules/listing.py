"""Schedules as lists and pages show them, with what came of their last runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused
from dashboard.lib.clock import now
from dashboard.models.schedule import AfterOutcome, RunOutcome, Schedule, ScheduleRun
from dashboard.schedules.choices import words
from dashboard.schedules.cron import Cron, read_cron

# Missed runs are pointed out for so long.
MISSED_DAYS = 7


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """`next_runs` are in the schedule's zone, none while it is paused or goes by events; `missed`
    counts runs of the last MISSED_DAYS, `missed_words` speaks of the latest of them."""

    schedule: Schedule
    words: str
    next_runs: Sequence[datetime]
    last_run: ScheduleRun | None
    missed: int
    missed_words: str | None


def views(session: Session, schedules: Sequence[Schedule], count: int = 5) -> list[ScheduleView]:
    """Two queries for all of them."""
    ids = [schedule.id for schedule in schedules]
    last, missed = last_runs(session, ids), missed_runs(session, ids)
    return [
        ScheduleView(
            schedule,
            when_words(schedule),
            coming(schedule, count),
            last.get(schedule.id),
            sum(run.times for run in missed.get(schedule.id, ())),
            next((run.message for run in missed.get(schedule.id, ())), None),
        )
        for schedule in schedules
    ]


def last_runs(session: Session, ids: Sequence[int]) -> dict[int, ScheduleRun]:
    newest = (
        select(func.max(ScheduleRun.id))
        .where(ScheduleRun.schedule_id.in_(ids))
        .group_by(ScheduleRun.schedule_id)
    )
    found = session.scalars(select(ScheduleRun).where(ScheduleRun.id.in_(newest)))
    return {run.schedule_id: run for run in found}


def missed_runs(session: Session, ids: Sequence[int]) -> dict[int, list[ScheduleRun]]:
    """The newest first."""
    query = (
        select(ScheduleRun)
        .where(
            ScheduleRun.schedule_id.in_(ids),
            ScheduleRun.outcome == RunOutcome.MISSED,
            ScheduleRun.at > now() - timedelta(days=MISSED_DAYS),
        )
        .order_by(ScheduleRun.id.desc())
    )
    found: dict[int, list[ScheduleRun]] = {}
    for run in session.scalars(query):
        found.setdefault(run.schedule_id, []).append(run)
    return found


def history(
    session: Session, schedule_id: int, *, before: int | None = None, limit: int = 50
) -> Sequence[ScheduleRun]:
    """Runs from the newest down, those older than the run `before`."""
    query = select(ScheduleRun).where(ScheduleRun.schedule_id == schedule_id)
    if before is not None:
        query = query.where(ScheduleRun.id < before)
    return session.scalars(query.order_by(ScheduleRun.id.desc()).limit(limit)).all()


def when_words(schedule: Schedule) -> str:
    """`Every weekday at 07:30, Europe/Berlin`, or `After flights completed cleanly`."""
    if schedule.after_type:
        clean = schedule.after_outcome == AfterOutcome.CLEAN
        return f"After {schedule.after_type} completed{' cleanly' if clean else ''}"
    return f"{words(schedule.cron or '')}, {schedule.timezone}"


def coming(schedule: Schedule, count: int) -> list[datetime]:
    """The first is the one it waits for, even if that is overdue."""
    if schedule.next_at is None or not schedule.cron:
        return []
    try:
        cron = read_cron(schedule.cron, schedule.timezone)
    except InputRefused:
        return []
    first = schedule.next_at.astimezone(cron.zone)
    return [first, *rest(cron, schedule.next_at, count - 1)]


def rest(cron: Cron, moment: datetime, count: int) -> list[datetime]:
    return cron.next_runs(moment, count) if count > 0 else []
