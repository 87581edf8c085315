"""The clock's hand: starts what is due and what has waited long enough, each once."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused, JobEngineError
from dashboard.jobs.context import JobContext
from dashboard.jobs.submission import Submitted
from dashboard.lib.clock import now
from dashboard.models.columns import table_of
from dashboard.models.schedule import RunKind, RunOutcome, Schedule, ScheduleRun
from dashboard.schedules.cron import Cron, read_cron
from dashboard.schedules.planning import Plan, missed_words, plan
from dashboard.schedules.runs import (
    begin,
    delete_old,
    give_up,
    job_before,
    lock,
    new_run,
    next_waiting,
    refuse,
    started,
)
from dashboard.schedules.starting import ReadData, Refusal, Starter, passing, reading

log = logging.getLogger("jobengine.schedules")

BATCH = 200
# Seconds.
TIDY_EVERY = 3600.0
# A schedule whose data or target could not be asked for is left alone for so long.
REST = 30.0
SCHEDULE = table_of(Schedule)


class Timekeeper:
    """Any number may run at once, in any number of consumers.

    One transaction a schedule: (1) its next time is moved on by compare-and-set, so one keeper wins
    and holds the row; (2) the runs are written, their unique keys a second guard; (3) the job is
    made. A crash before the commit leaves the schedule due, one after it leaves all done.
    """

    def __init__(
        self, context: JobContext, read_data: ReadData, clock: Callable[[], datetime] = now
    ) -> None:
        self.context = context
        self.starter = Starter(context, read_data)
        self._clock = clock
        self._resting: dict[int, float] = {}
        self._tidied: float | None = None

    def run_once(self) -> int:
        """How many schedules it moved on."""
        moved = sum(self._outlive(self.fire, schedule) for schedule in self._due())
        moved += sum(self._outlive(self.release, schedule) for schedule in self._waiting())
        self._tidy()
        return moved

    # -- what is due -------------------------------------------------------------------------

    def _due(self) -> list[Schedule]:
        query = (
            select(Schedule)
            .where(Schedule.active.is_(True), Schedule.next_at <= self._clock())
            .order_by(Schedule.next_at, Schedule.id)
            .limit(BATCH)
        )
        with reading(self.context) as session:
            found = list(session.scalars(query))
        # Keepers that went the same way would wait for each other at every step.
        random.shuffle(found)
        return found

    def fire(self, schedule: Schedule) -> bool:
        """False when another keeper, or a person, was faster."""
        try:
            cron = read_cron(schedule.cron or "", schedule.timezone)
        except InputRefused as error:
            return self._stop(schedule, error.message)
        if schedule.next_at is None:
            return False
        found = plan(cron, schedule.next_at, self._clock(), schedule.catch_up)
        with reading(self.context) as session:
            # Cheaper than what comes: looking into the target, then losing the race.
            if not is_due(session, schedule):
                return False
            asked = self.starter.asked(session, schedule)
        try:
            return self._claim(schedule, found, cron, asked)
        except JobEngineError as error:
            if passing(error):
                raise
            return self._claim(schedule, found, cron, Refusal(error.message))

    def _claim(
        self, schedule: Schedule, found: Plan, cron: Cron, asked: Submitted | Refusal
    ) -> bool:
        with self._changing() as session:
            current = move_on(session, schedule, found.next_at)
            if current is None:
                return False
            known = known_times(session, schedule.id, found)
            if found.missed and found.due not in known:
                words = missed_words(found, cron)
                values = {"outcome": RunOutcome.MISSED, "times": found.missed, "message": words}
                session.add(new_run(current, RunKind.TIME, due_at=found.due, **values))
            starts = [due for due in found.starts if due not in known]
            if isinstance(asked, Refusal) and starts:
                # However many are caught up, it is one refusal.
                run = new_run(current, RunKind.TIME, due_at=starts[0], times=len(starts))
                session.add(run)
                refuse(session, current, run, asked.message)
                return True
            for due in starts:
                run = new_run(current, RunKind.TIME, due_at=due)
                begin(session, self.starter, current, run, asked, queue=found.late)
        return True

    def _stop(self, schedule: Schedule, reason: str) -> bool:
        """When it is due next cannot be told any more: a time zone was taken away."""
        with self._changing() as session:
            current = move_on(session, schedule, None)
            if current is None:
                return False
            run = new_run(current, RunKind.TIME, due_at=schedule.next_at)
            session.add(run)
            refuse(session, current, run, reason)
            give_up(session, current, reason)
        return True

    # -- what has waited ---------------------------------------------------------------------

    def _waiting(self) -> list[Schedule]:
        """Schedules with a waiting run and no live job in its way."""
        waiting = select(ScheduleRun.schedule_id).where(ScheduleRun.outcome == RunOutcome.WAITING)
        with reading(self.context) as session:
            found = session.scalars(select(Schedule).where(Schedule.id.in_(waiting))).all()
            return [schedule for schedule in found if self._before(session, schedule) is None]

    def _before(self, session: Session, schedule: Schedule) -> str | None:
        return job_before(session, self.context.registry, schedule)

    def release(self, schedule: Schedule) -> bool:
        """Start the run that has waited longest."""
        with reading(self.context) as session:
            asked = self.starter.asked(session, schedule)
        try:
            return self._release(schedule, asked)
        except JobEngineError as error:
            if passing(error):
                raise
            return self._release(schedule, Refusal(error.message))

    def _release(self, schedule: Schedule, asked: Submitted | Refusal) -> bool:
        with self._changing() as session:
            current = lock(session, schedule.id)
            if current is None or current.version != schedule.version:
                return False
            run = next_waiting(session, schedule.id)
            if run is None or self._before(session, current) is not None:
                return False
            if isinstance(asked, Refusal):
                refuse(session, current, run, asked.message)
            else:
                started(current, run, self.starter.start(session, current, asked))
        return True

    # -- the rest ----------------------------------------------------------------------------

    def _outlive(self, act: Callable[[Schedule], bool], schedule: Schedule) -> bool:
        """The others go on whatever is wrong with this one, which is tried again after REST."""
        if self._resting.get(schedule.id, 0) > time.monotonic():
            return False
        try:
            return act(schedule)
        except Exception:
            log.exception("schedule %s could not be started; it is tried again", schedule.id)
            self._resting[schedule.id] = time.monotonic() + REST
            return False

    def _tidy(self) -> None:
        if self._tidied is not None and self._tidied > time.monotonic() - TIDY_EVERY:
            return
        self._tidied = time.monotonic()
        with self._changing() as session:
            delete_old(session)

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with Session(self.context.app) as session, session.begin():
            yield session


def waits_for(schedule: Schedule) -> tuple[ColumnElement[bool], ...]:
    """It still stands as it was read: neither moved on nor changed."""
    return (
        SCHEDULE.c.id == schedule.id,
        SCHEDULE.c.version == schedule.version,
        SCHEDULE.c.next_at == schedule.next_at,
        SCHEDULE.c.active.is_(True),
    )


def is_due(session: Session, schedule: Schedule) -> bool:
    return session.scalar(select(SCHEDULE.c.id).where(*waits_for(schedule))) is not None


def move_on(session: Session, schedule: Schedule, next_at: datetime | None) -> Schedule | None:
    """The schedule, ours until the transaction ends; None when it was moved or changed since."""
    done = session.execute(
        update(SCHEDULE).where(*waits_for(schedule)).values(next_at=next_at, last_at=now())
    )
    return session.get_one(Schedule, schedule.id) if done.rowcount else None  # type: ignore[attr-defined]  # of an UPDATE


def known_times(session: Session, schedule_id: int, found: Plan) -> set[datetime | None]:
    """Times written before: the clock was put back, then somebody changed the schedule."""
    times = [found.due, *found.starts]
    query = select(ScheduleRun.due_at).where(
        ScheduleRun.schedule_id == schedule_id, ScheduleRun.due_at.in_(times)
    )
    return set(session.scalars(query))
