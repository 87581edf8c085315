"""The runner: one turn of work on a job, as named steps: claim → load → process → settle."""

import logging
import time
import traceback
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from dashboard.errors import JobEngineError, LeaseLost, RecordsRefused, UnknownJobType
from dashboard.events.types import JobFailed, JobRetrying
from dashboard.jobs.budget import WORKING, budget_of, watch
from dashboard.jobs.context import JobContext
from dashboard.jobs.describing import (
    ATTEMPTS,
    PATIENT_ATTEMPTS,
    backoff,
    describe,
    printable,
    unavailable,
)
from dashboard.jobs.finalising import any_chunk, fail_job, finalise, release_followers
from dashboard.jobs.heartbeat import Heartbeat, InHand
from dashboard.jobs.leased_steps import LeasedSteps
from dashboard.jobs.leases import CHUNK, claim_chunk, fail_behind, release_chunk
from dashboard.jobs.ledger import ensure_ledger
from dashboard.jobs.limits import TypeLimit, next_of_type
from dashboard.jobs.registry import WHOLE
from dashboard.jobs.settling import finish_apart, finish_lost, settle_chunk, written_apart
from dashboard.jobs.transitions import JOB, emit
from dashboard.jobs.whole_runs import WholeRuns
from dashboard.jobs.work import READ, Works
from dashboard.lib.clock import now
from dashboard.lib.holder import this_process
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus
from dashboard.records.images import ensure_images

log = logging.getLogger("jobengine.jobs")


class Runner:
    """Works for one process. `turn(job_id)` is what a queue message asks for."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        if not context.settings.same_database:
            ensure_ledger(context.target)
        ensure_images(context.target)
        self.holder = this_process()
        self.heartbeat = Heartbeat(context, self.holder)
        self.works = Works(context)
        self.steps = LeasedSteps(context, self.holder, self.heartbeat, self.works)
        self.whole = WholeRuns(context, self.holder, self.heartbeat)
        self._whole = (0, False)
        self._limit: tuple[int, TypeLimit | None] = (0, None)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.context.settings.lease_seconds)

    def turn(self, job_id: int) -> None:
        """Work on a job for at most a turn, then queue up again behind the others."""
        try:
            self._turn(job_id)
        except UnknownJobType as error:
            self._fail_unknown(job_id, error)

    def _turn(self, job_id: int) -> None:
        until = time.monotonic() + self.context.settings.turn_seconds
        self.prepare(job_id)
        if self.is_whole(job_id):
            return
        self._keep_budget(job_id)
        ran = False
        while time.monotonic() < until:
            if not self.run_one(job_id):
                self.rest(job_id)
                if ran and self._limit_of(job_id):
                    self._pass_on(job_id)
                return
            ran = True
        self._pass_on(job_id)

    def _fail_unknown(self, job_id: int, error: UnknownJobType) -> None:
        """Its type left the configuration while it waited; it would wait for ever."""
        message = f"{error.message} Put it back into JOB_TYPES, then retry."
        nobody = (JOB.c.lease_token.is_(None),)
        with self.context.app.begin() as connection:
            if any_chunk(connection, job_id, (ChunkState.LEASED,)):
                return
            row = fail_job(connection, job_id, error.code, message, where=nobody)
            followers = release_followers(connection, row) if row is not None else []
        for follower in followers:
            self.context.queue.wake("work", follower)

    def is_whole(self, job_id: int) -> bool:
        """Does it make one file, in one go? Looked up once a job."""
        if self._whole[0] != job_id:
            with self.context.app.connect().execution_options(**READ) as connection:
                kind = connection.scalar(select(JOB.c.kind).where(JOB.c.id == job_id))
            self._whole = (job_id, kind in WHOLE)
        return self._whole[1]

    def prepare(self, job_id: int) -> None:
        """A whole job has no chunks to claim after this."""
        if self.is_whole(job_id):
            self.whole.run(job_id)
        else:
            self.steps.prepare(job_id)

    def run_one(self, job_id: int) -> bool:
        """Claim and run one chunk; False when there is none for this worker now."""
        if self.is_whole(job_id):
            return False
        limit = self._limit_of(job_id)
        with self.context.chunks.begin() as connection:
            claimed = claim_chunk(connection, job_id, self.holder, self.lease, limit)
        if claimed is None:
            return False
        job, chunk = claimed
        self.heartbeat.hold(InHand(job_id, chunk.id, chunk.lease_token))
        try:
            self._run_chunk(job, chunk)
        finally:
            self.heartbeat.drop()
        return True

    def rest(self, job_id: int) -> None:
        """No chunk to claim: end the round if all are settled, or come back when one is due."""
        self.steps.after(job_id)
        with self.context.app.begin() as connection:
            ended = finalise(connection, job_id)
            followers = release_followers(connection, ended) if ended is not None else []
            soonest = connection.scalar(
                select(CHUNK.c.next_try_at)
                .join(JOB, JOB.c.id == CHUNK.c.job_id)
                .where(
                    CHUNK.c.job_id == job_id,
                    CHUNK.c.state == ChunkState.PENDING,
                    CHUNK.c.next_try_at.is_not(None),
                    JOB.c.status == JobStatus.ACTIVE,
                )
                .order_by(CHUNK.c.next_try_at)
                .limit(1)
            )
        for follower in followers:
            self.context.queue.wake("work", follower)
        if soonest is not None:
            wait = max(0.1, (soonest - now()).total_seconds())
            self.context.queue.wake("work", job_id, delay=wait)

    # -- one chunk ---------------------------------------------------------------------------

    def _run_chunk(self, job: AnyRow, claimed: AnyRow) -> None:
        try:
            if finish_apart(self.context, job, claimed, claimed.prepared):
                return
            try:
                failed = self._process(job, claimed, isolate=job.isolate)
            except RecordsRefused:
                if job.isolate:
                    raise
                self._isolate_from_now_on(job)
                failed = self._process(job, claimed, isolate=True)
        except LeaseLost:
            log.warning("job %s chunk %s was taken over", job.id, claimed.number)
        except Exception as error:
            self._chunk_failed(job, claimed, error)
        except BaseException:
            with self.context.app.begin() as connection:
                # Being stopped is no try of its own.
                once_less = claimed.attempt - 1
                if not finish_lost(self.context, connection, job, claimed):
                    release_chunk(connection, claimed.id, claimed.lease_token, attempt=once_less)
            self.context.queue.wake("work", job.id)
            raise
        else:
            if failed:
                self._keep_budget(job.id)

    def _process(self, job: AnyRow, claimed: AnyRow, *, isolate: bool) -> bool:
        """Did rows of it fail?"""
        chunk = replace(self.works.chunk(job, claimed), isolate=isolate)
        outcome = self.works.of(job).run_chunk(chunk)
        return settle_chunk(self.context, job, claimed, outcome)

    def _isolate_from_now_on(self, job: AnyRow) -> None:
        """The target refused a chunk's records: this job's chunks now find the rows (I5)."""
        with self.context.app.begin() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(isolate=True))

    def _chunk_failed(self, job: AnyRow, claimed: AnyRow, error: Exception) -> None:
        """Try again after a growing gap; fail the chunk when the attempts are used up."""
        trace = printable(traceback.format_exc())
        log.error("job %s chunk %s failed", job.id, claimed.number, exc_info=error)
        patient = unavailable(error)
        again = claimed.attempt < (PATIENT_ATTEMPTS if patient else ATTEMPTS)
        again = again or written_apart(self.context, job, claimed)
        at: datetime | None = now() + backoff(claimed.attempt) if again else None
        values: dict[str, Any] = {
            "error_code": error.code if isinstance(error, JobEngineError) else "code_error",
            "error_message": describe(error),
            "next_try_at": at,
        }
        if patient:
            values["error_code"] = "database_unavailable"
        values["state"] = ChunkState.PENDING if again else ChunkState.FAILED
        with self.context.app.begin() as connection:
            if not release_chunk(connection, claimed.id, claimed.lease_token, **values):
                return
            if not again:
                fail_behind(connection, job, claimed.number)
            emit(
                connection,
                job,
                JobFailed,
                error_message=describe(error),
                stack_trace=trace,
                will_retry=again,
                next_retry_at=at,
                chunk=claimed.number,
            )
            if again:
                emit(
                    connection,
                    job,
                    JobRetrying,
                    error=describe(error),
                    next_retry_at=at,
                    chunk=claimed.number,
                )

    # -- limits ------------------------------------------------------------------------------

    def _keep_budget(self, job_id: int) -> None:
        """After a chunk with failed rows, and at the start of a turn: a worker may have died
        between its settle and this."""
        with self.context.app.connect().execution_options(**READ) as connection:
            job = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one_or_none()
        if job is None or job.purpose != "run" or job.status not in WORKING:
            return
        budget = budget_of(self.context.registry.get(job.type), job.options)
        if budget is not None:
            with self.context.app.begin() as connection:
                watch(connection, job_id, budget)

    def _limit_of(self, job_id: int) -> TypeLimit | None:
        """How many workers may run chunks of the job's type; looked up once a job."""
        if self._limit[0] != job_id:
            with self.context.app.connect().execution_options(**READ) as connection:
                name = connection.scalar(select(JOB.c.type).where(JOB.c.id == job_id))
            most = self.context.registry.get(name).limit if name else None
            self._limit = (job_id, TypeLimit(name, most) if name and most else None)
        return self._limit[1]

    def _pass_on(self, job_id: int) -> None:
        """The hint for the next turn. Of a type with a limit, jobs that found it reached have lost
        theirs: who ran a chunk passes one hint on, round and round, so that none starves."""
        limit = self._limit_of(job_id)
        follower: int | None = job_id
        if limit is not None:
            with self.context.app.connect().execution_options(**READ) as connection:
                follower = next_of_type(connection, limit.type, job_id)
        if follower is not None:
            self.context.queue.wake("work", follower)
