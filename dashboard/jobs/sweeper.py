"""The sweeper: re-sends lost hints, takes over from dead workers, ends rounds. Idempotent."""

import time
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from dashboard.events.types import JobFailed
from dashboard.jobs.context import JobContext
from dashboard.jobs.database_time import database_now
from dashboard.jobs.finalising import (
    any_chunk,
    finalise,
    frozen_counts,
    release_delayed_job,
    release_followers,
    undo_until,
)
from dashboard.jobs.leases import CHUNK, ENDING, fail_behind, release_chunk
from dashboard.jobs.registry import WHOLE
from dashboard.jobs.retention import Retention
from dashboard.jobs.settling import finish_lost, written_apart
from dashboard.jobs.transitions import JOB, emit, making, move
from dashboard.lib import holder
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job, JobChunk
from dashboard.models.states import FINAL, ChunkState, JobStatus
from dashboard.models.token import RefreshToken
from dashboard.models.user import FailedSignIn
from dashboard.models.worker import Worker

S = JobStatus
DEATHS = 3
MOST_GENERATIONS = 50
FIRST_HINT_GAP, LONGEST_HINT_GAP = 5.0, 60.0
KEEP_WORKERS = timedelta(days=1)
KEEP_SIGN_INS = timedelta(days=2)
KILLED = (
    "This chunk ended its worker process three times while nothing else ran (out of memory, or a"
    " crash in the job type's code). Make chunks smaller or look at the rows it holds."
)
KILLED_PREPARING = (
    "Reading this file ended its worker process three times. Nothing was written."
    " Check the file, or give the workers more memory."
)
KILLED_WHOLE = (
    "Making this file ended its worker process again and again (out of memory, or a crash in the"
    " job type's code). Ask for fewer rows or columns, or give the workers more memory."
)
KILLED_AFTER = (
    "All chunks are settled, but the type's after hook ended its worker process three times."
    " Retry runs it again."
)


class Sweeper:
    """`run_once()` in a loop of its own, and at the start of every consumer."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self.retention = Retention(context)
        self._hinted: dict[int, tuple[float, float]] = {}

    def run_once(self) -> int:
        """How many jobs were moved, taken over or hinted at."""
        with self.context.app.begin() as connection:
            taken = self.take_over(connection)
        return taken + self.release_delayed() + self.finalise_all() + self.hint_all()

    # -- dead workers ------------------------------------------------------------------------

    def take_over(self, connection: Connection) -> int:
        """Give back what dead workers held; count the deaths a chunk may have caused."""
        lost = [chunk for chunk in self._leased(connection) if self._is_lost(connection, chunk)]
        for chunk in lost:
            self._release(connection, chunk, alone=len(lost) == 1)
        jobs = {chunk.job_id for chunk in lost} | set(self._lost_preparing(connection))
        for job_id in jobs:
            self._hinted.pop(job_id, None)
            still_held = exists().where(
                CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.LEASED
            )
            move(connection, job_id, S.INTERRUPTED, expected=(S.ACTIVE,), where=(~still_held,))
        return len(jobs)

    def _leased(self, connection: Connection) -> list[AnyRow]:
        rows = connection.execute(
            select(*CHUNK.c, (CHUNK.c.lease_until < database_now(connection)).label("expired"))
            .where(CHUNK.c.state == ChunkState.LEASED)
            .with_for_update(skip_locked=True)
        )
        return list(rows.all())

    def _is_lost(self, connection: Connection, chunk: AnyRow) -> bool:
        return bool(chunk.expired) or holder.gone(chunk.lease_holder)

    def _release(self, connection: Connection, chunk: AnyRow, *, alone: bool) -> None:
        """A death counts against the chunk when its worker died and the consumer lived on."""
        died = holder.died_alone(chunk.lease_holder)
        others = aliased(JobChunk)
        company = connection.scalar(
            select(func.count())
            .select_from(others)
            .where(
                others.job_id == chunk.job_id,
                others.id != chunk.id,
                others.state == ChunkState.LEASED,
            )
        )
        counts = died and (chunk.deaths == 0 or (alone and not company))
        deaths = chunk.deaths + (1 if counts else 0)
        job = connection.execute(select(*JOB.c).where(JOB.c.id == chunk.job_id)).one()
        if finish_lost(self.context, connection, job, chunk):
            return
        fails = deaths >= DEATHS and not written_apart(self.context, job, chunk)
        values: dict[str, Any] = {"state": ChunkState.PENDING, "deaths": deaths}
        if fails:
            values |= {"state": ChunkState.FAILED, "error_code": "worker_killed"}
            values["error_message"] = KILLED
        if release_chunk(connection, chunk.id, chunk.lease_token, **values) and fails:
            fail_behind(connection, job, chunk.number)
            emit(
                connection,
                job,
                JobFailed,
                error_message=KILLED,
                stack_trace=None,
                will_retry=False,
                chunk=chunk.number,
            )

    def _lost_preparing(self, connection: Connection) -> list[int]:
        """Jobs whose preparing worker is gone; a file that kills its worker thrice is refused."""
        jobs = connection.execute(
            select(*JOB.c, (JOB.c.lease_until < database_now(connection)).label("expired"))
            .where(JOB.c.lease_token.is_not(None))
            .with_for_update(skip_locked=True)
        ).all()
        lost = [job for job in jobs if job.expired or holder.gone(job.lease_holder)]
        for job in lost:
            deaths = job.deaths + (1 if self._counts(connection, job) else 0)
            freed = {
                "lease_token": None,
                "lease_until": None,
                "lease_holder": None,
                "deaths": deaths,
            }
            mine = (JOB.c.lease_token == job.lease_token,)
            if deaths >= DEATHS or (in_one_go(job) and job.attempt >= MOST_GENERATIONS):
                self._refuse(connection, job, mine, freed)
            elif job.status == S.PREPARING or (in_one_go(job) and job.status == S.ACTIVE):
                move(
                    connection,
                    job.id,
                    S.INTERRUPTED,
                    expected=(S.PREPARING, S.ACTIVE),
                    where=mine,
                    **freed,
                )
            else:
                connection.execute(update(JOB).where(JOB.c.id == job.id, *mine).values(**freed))
        return [job.id for job in lost]

    def _counts(self, connection: Connection, job: AnyRow) -> bool:
        """Did the work kill its worker? A file of which parts were made was under way well."""
        if not holder.died_alone(job.lease_holder):
            return False
        return not (in_one_go(job) and any_chunk(connection, job.id, (ChunkState.DONE,)))

    def _refuse(
        self, connection: Connection, job: AnyRow, mine: tuple[Any, ...], freed: dict[str, Any]
    ) -> None:
        message = KILLED_AFTER if job.prepared else KILLED_PREPARING
        message = KILLED_WHOLE if in_one_go(job) else message
        move(
            connection,
            job.id,
            S.FAILED,
            expected=(S.PREPARING, *ENDING),
            where=mine,
            event=making(JobFailed, error_message=message, stack_trace=None, will_retry=False),
            finished_at=now(),
            error_code="worker_killed",
            error_message=message,
            **frozen_counts(connection, job),
            **undo_until(job),
            **freed,
        )

    # -- what time and other jobs decide -----------------------------------------------------

    def release_delayed(self) -> int:
        """Delayed jobs whose time has come, or whose predecessor has ended.

        A job that was claimed once (`attempt`) waits for its own next try, no more for another's.
        """
        before = aliased(Job)
        due = or_(Job.run_at <= now(), Job.run_at.is_(None))
        with self.context.app.begin() as connection:
            alone = connection.scalars(
                select(Job.id).where(
                    Job.status == S.DELAYED,
                    or_(Job.after_id.is_(None), Job.attempt > 0),
                    Job.run_at <= now(),
                )
            ).all()
            for job_id in alone:
                release_delayed_job(connection, job_id)
            ended = connection.scalars(
                select(before.id)
                .join(Job, Job.after_id == before.id)
                .where(
                    Job.status == S.DELAYED,
                    Job.attempt == 0,
                    before.status.in_(FINAL),
                    or_(before.status != S.COMPLETED, due),
                )
                .distinct()
            ).all()
            for job_id in ended:
                row = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one()
                release_followers(connection, row)
        return len(alone) + len(ended)

    def finalise_all(self) -> int:
        """Rounds whose last worker stopped between its settle and the end."""
        unsettled = exists().where(
            CHUNK.c.job_id == JOB.c.id,
            CHUNK.c.state.in_((ChunkState.PENDING, ChunkState.LEASED)),
        )
        ending = JOB.c.status.in_((S.PAUSING, S.CANCELLING))
        done = JOB.c.status.in_((S.ACTIVE, S.INTERRUPTED)) & JOB.c.prepared & ~unsettled
        with self.context.app.begin() as connection:
            jobs = connection.scalars(select(JOB.c.id).where(or_(ending, done))).all()
            ended = [row for job_id in jobs if (row := finalise(connection, job_id)) is not None]
            for row in ended:
                if row.status in FINAL:
                    release_followers(connection, row)
        return len(ended)

    # -- lost hints --------------------------------------------------------------------------

    def hint_all(self) -> int:
        """Send again for jobs that wait and that nobody works on; ever more rarely."""
        held = exists().where(CHUNK.c.job_id == JOB.c.id, CHUNK.c.state == ChunkState.LEASED)
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            idle = connection.scalars(
                select(JOB.c.id)
                .where(
                    JOB.c.status.in_((S.WAITING, *ENDING)),
                    JOB.c.lease_token.is_(None),
                    ~held,
                )
                .order_by(JOB.c.id)
            ).all()
        self._hinted = {job_id: self._hinted[job_id] for job_id in idle if job_id in self._hinted}
        return sum(1 for job_id in idle if self._hint(job_id))

    def _hint(self, job_id: int) -> bool:
        moment = time.monotonic()
        due, gap = self._hinted.get(job_id, (0.0, FIRST_HINT_GAP))
        if moment < due:
            return False
        self._hinted[job_id] = (moment + gap, min(gap * 2, LONGEST_HINT_GAP))
        for _ in range(self.context.settings.workers):
            self.context.queue.wake("work", job_id)
        return True

    def delete_old(self) -> None:
        """Rows and files whose time is over."""
        with self.context.app.begin() as connection:
            connection.execute(delete(Worker).where(Worker.seen_at < now() - KEEP_WORKERS))
            old = now() - KEEP_SIGN_INS
            connection.execute(delete(FailedSignIn).where(FailedSignIn.at < old))
            connection.execute(delete(RefreshToken).where(RefreshToken.expires_at < old))
        self.retention.run_once()


def in_one_go(job: AnyRow) -> bool:
    """A whole job that makes its file: leased all the time, though its parts are known."""
    return job.kind in WHOLE and not job.prepared
