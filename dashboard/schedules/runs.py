"""What becomes of one time a schedule is due: started, waiting, skipped or refused."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dashboard.jobs.registry import JobRegistry, Kind
from dashboard.jobs.submission import Submitted
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.schedule import Overlap, RunKind, RunOutcome, Schedule, ScheduleRun
from dashboard.models.states import LIVE, JobStatus
from dashboard.schedules.starting import Refusal, Starter

MOST_REFUSALS = 3
# Runs of one schedule that wait at the same time; those after them are skipped.
MOST_WAITING = 24
KEEP_DAYS = 90


def lock(session: Session, schedule_id: int) -> Schedule | None:
    """The schedule as it is now, and nobody else starts it until the transaction ends."""
    return session.get(Schedule, schedule_id, with_for_update=True, populate_existing=True)


def begin(
    session: Session,
    starter: Starter,
    schedule: Schedule,
    run: ScheduleRun,
    asked: Submitted | Refusal,
    *,
    queue: bool = False,
) -> Job | None:
    """Decide about a new run, whose schedule is locked. Raises JobEngineError of the start.

    `queue` lets it wait whatever the schedule's own policy.
    """
    session.add(run)
    session.flush()
    if isinstance(asked, Refusal):
        refuse(session, schedule, run, asked.message)
        return None
    before = unfinished(session, starter.context.registry, schedule)
    if before is not None:
        wait_or_skip(session, run, before, queue or schedule.overlap == Overlap.QUEUE)
        return None
    job = starter.start(session, schedule, asked)
    started(schedule, run, job)
    session.flush()
    return job


def started(schedule: Schedule, run: ScheduleRun, job: Job) -> None:
    run.outcome, run.job_id, run.message = RunOutcome.STARTED, job.id, None
    schedule.refusals = 0


def wait_or_skip(session: Session, run: ScheduleRun, before: str, queue: bool) -> None:
    ahead = waiting_count(session, run.schedule_id) if queue else 0
    run.outcome = RunOutcome.SKIPPED_OVERLAP
    if not queue:
        run.message = f"{before} was not finished."
    elif ahead >= MOST_WAITING:
        run.message = f"{ahead} runs waited already."
    else:
        run.outcome, run.message = RunOutcome.WAITING, f"{before} was not finished; it waits."
    session.flush()


def refuse(session: Session, schedule: Schedule, run: ScheduleRun, message: str) -> None:
    """The third refusal in a row pauses the schedule, which says why."""
    run.outcome, run.message = RunOutcome.REFUSED, message
    schedule.refusals += 1
    if schedule.refusals >= MOST_REFUSALS:
        give_up(session, schedule, f"{MOST_REFUSALS} runs in a row were refused: {message}")
    session.flush()


def give_up(session: Session, schedule: Schedule, reason: str) -> None:
    """Paused by itself until a person resumes it."""
    schedule.active, schedule.next_at, schedule.pause_reason = False, None, reason
    schedule.version += 1
    drop_waiting(session, schedule.id)


def drop_waiting(session: Session, schedule_id: int) -> None:
    """Nobody starts what waits behind a paused schedule's job."""
    session.execute(
        update(ScheduleRun)
        .where(ScheduleRun.schedule_id == schedule_id, ScheduleRun.outcome == RunOutcome.WAITING)
        .values(
            outcome=RunOutcome.SKIPPED_OVERLAP,
            message="The schedule was paused while this run waited.",
        )
    )


def unfinished(session: Session, registry: JobRegistry, schedule: Schedule) -> str | None:
    """What has to end before the schedule's next job starts, in words; None: nothing has to."""
    before = job_before(session, registry, schedule)
    if before is None and waiting_count(session, schedule.id):
        return "The run before it"
    return before


def job_before(session: Session, registry: JobRegistry, schedule: Schedule) -> str | None:
    """The live job it has to wait for, in words: its own, or of a sync anybody's."""
    job_id = live_job(session, schedule.id)
    if job_id is not None:
        return f"Job {job_id} of this schedule"
    labels = {sync.name: sync.label for sync in registry.all(Kind.SYNC)}
    if schedule.type not in labels:
        return None
    job_id = live_run(session, schedule.type)
    return None if job_id is None else f"Job {job_id} of {labels[schedule.type]}"


def live_job(session: Session, schedule_id: int) -> int | None:
    """Asked from the live jobs, which are few, not from the runs of months."""
    mine = exists().where(ScheduleRun.job_id == Job.id, ScheduleRun.schedule_id == schedule_id)
    return session.scalar(select(Job.id).where(Job.status.in_(LIVE), mine).limit(1))


def live_run(session: Session, type: str) -> int | None:
    """Whoever started it. A second sync of the type would be refused (dispatch); one that waits for
    its time holds nobody up."""
    live = Job.status.in_(LIVE - {JobStatus.DELAYED})
    query = select(Job.id).where(Job.type == type, Job.purpose == "run", live)
    return session.scalar(query.limit(1))


def next_waiting(session: Session, schedule_id: int) -> ScheduleRun | None:
    query = (
        select(ScheduleRun)
        .where(ScheduleRun.outcome == RunOutcome.WAITING, ScheduleRun.schedule_id == schedule_id)
        .order_by(ScheduleRun.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def waiting_count(session: Session, schedule_id: int) -> int:
    query = select(func.count()).where(
        ScheduleRun.outcome == RunOutcome.WAITING, ScheduleRun.schedule_id == schedule_id
    )
    return session.scalar(query) or 0


def new_run(schedule: Schedule, kind: RunKind, **values: Any) -> ScheduleRun:
    """Written as started, so that its unique keys are asked before there is a job."""
    values.setdefault("outcome", RunOutcome.STARTED)
    return ScheduleRun(schedule_id=schedule.id, kind=kind, **values)


def delete_old(session: Session) -> None:
    """Of months ago, unless their job still lives: it may stand in the way of the next."""
    alive = exists().where(Job.id == ScheduleRun.job_id, Job.status.in_(LIVE))
    session.execute(
        delete(ScheduleRun).where(
            ScheduleRun.at < now() - timedelta(days=KEEP_DAYS),
            ScheduleRun.outcome != RunOutcome.WAITING,
            or_(ScheduleRun.job_id.is_(None), ~alive),
        )
    )
