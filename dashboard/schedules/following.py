"""Schedules that go by events: started after a job of another type has completed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.auth.permissions import Permission, may
from dashboard.errors import JobEngineError
from dashboard.events.types import JobCompleted, JobEvent
from dashboard.jobs.context import JobContext
from dashboard.jobs.submission import Submitted
from dashboard.lib.clock import now
from dashboard.models.schedule import AfterOutcome, RunKind, Schedule, ScheduleRun
from dashboard.models.user import User
from dashboard.schedules.runs import begin, lock, new_run
from dashboard.schedules.starting import ReadData, Refusal, Starter, passing, reading


class Followers:
    """A listener. Its receipt makes it at least once an event, a run's unique key at most once."""

    def __init__(self, context: JobContext, read_data: ReadData) -> None:
        self.context = context
        self.starter = Starter(context, read_data)

    def handle(self, event: JobEvent) -> None:
        """Every schedule is tried; when one could not be asked for, the relay comes again."""
        if not isinstance(event, JobCompleted) or event.job["purpose"] != "run":
            return
        troubles = []
        for schedule in self._following(event):
            try:
                self.follow(schedule, event)
            except Exception as error:
                troubles.append(error)
        if troubles:
            raise troubles[0]

    def _following(self, event: JobCompleted) -> Sequence[Schedule]:
        """Not those made since: an event replayed late is none of theirs."""
        clean = not event.failed_count and not event.job["counts"]["not_processed"]
        query = (
            select(Schedule, User)
            .join(User, User.id == Schedule.user_id)
            .where(
                Schedule.active.is_(True),
                Schedule.after_type == event.type,
                Schedule.created_at <= event.timestamp,
            )
            .order_by(Schedule.id)
        )
        if not clean:
            query = query.where(Schedule.after_outcome == AfterOutcome.ANY)
        with reading(self.context) as session:
            found = session.execute(query).all()
        return [schedule for schedule, owner in found if sees(owner, event)]

    def follow(self, schedule: Schedule, event: JobCompleted) -> None:
        with reading(self.context) as session:
            asked = self.starter.asked(session, schedule)
        try:
            self._claim(schedule, event, asked)
        except JobEngineError as error:
            if passing(error):
                raise
            self._claim(schedule, event, Refusal(error.message))

    def _claim(self, schedule: Schedule, event: JobCompleted, asked: Submitted | Refusal) -> None:
        """With the schedule locked, whoever comes second sees the first one's run."""
        job_id, round_ = event.job["id"], event.round
        with Session(self.context.app) as session, session.begin():
            current = lock(session, schedule.id)
            if current is None or not current.active or known(session, current, job_id, round_):
                return
            if current.version != schedule.version:
                raise Changed(f"Schedule {schedule.id} was changed just now; it is read again.")
            run = new_run(current, RunKind.EVENT, trigger_job_id=job_id, trigger_round=round_)
            current.last_at = now()
            begin(session, self.starter, current, run, asked)


class Changed(Exception):
    """Tells the relay to come again."""


def sees(owner: User, event: JobCompleted) -> bool:
    """A job of somebody else starts nothing for a person who may not know of it (I8)."""
    return event.user_id == owner.id or may(owner, Permission.JOBS_VIEW_ALL)


def known(session: Session, schedule: Schedule, job_id: int, round_: int) -> bool:
    query = select(ScheduleRun.id).where(
        ScheduleRun.schedule_id == schedule.id,
        ScheduleRun.trigger_job_id == job_id,
        ScheduleRun.trigger_round == round_,
    )
    return session.scalar(query) is not None
