"""The runner: one turn of work on a job, as named steps: claim → load → process → settle."""

import logging
import time
import traceback
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from dashboard.errors import JobEngineError, LeaseLost, RecordsRefused
from dashboard.events.types import JobFailed, JobRetrying
from dashboard.jobs.chunk_job import BaseChunkJob, Chunk, PlannedChunk
from dashboard.jobs.context import JobContext
from dashboard.jobs.corrections import corrections
from dashboard.jobs.finalising import fail_job, finalise, release_followers
from dashboard.jobs.heartbeat import Heartbeat, InHand
from dashboard.jobs.leases import (
    CHUNK,
    claim_after,
    claim_chunk,
    claim_preparing,
    release_chunk,
    settle_after,
)
from dashboard.jobs.ledger import ensure_ledger
from dashboard.jobs.preparing import make_plan, publish_plan
from dashboard.jobs.registry import UNDO_JOBS, load_path
from dashboard.jobs.settling import finish_apart, settle_chunk, written_apart
from dashboard.jobs.tracker import report_progress
from dashboard.jobs.transitions import JOB, emit, making, move
from dashboard.lib.clock import now
from dashboard.lib.holder import this_process
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus
from dashboard.models.stored_file import StoredFile

log = logging.getLogger("jobengine.jobs")
READ = {"sqlite_begin": "DEFERRED"}
ATTEMPTS = 3
PATIENT_ATTEMPTS = 8
FIRST_GAP = timedelta(seconds=1)


class Runner:
    """Works for one process. `turn(job_id)` is what a queue message asks for."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        if not context.settings.same_database:
            ensure_ledger(context.target)
        self.holder = this_process()
        self.heartbeat = Heartbeat(context, self.holder)
        self._file: tuple[int | None, str] | None = None
        self._work: tuple[tuple[int, int, int], BaseChunkJob] | None = None

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.context.settings.lease_seconds)

    def turn(self, job_id: int) -> None:
        """Work on a job for at most a turn, then queue up again behind the others."""
        until = time.monotonic() + self.context.settings.turn_seconds
        self.prepare(job_id)
        while time.monotonic() < until:
            if not self.run_one(job_id):
                self.rest(job_id)
                return
        self.context.queue.wake("work", job_id)

    def run_one(self, job_id: int) -> bool:
        """Claim and run one chunk; False when there is none for this worker now."""
        with self.context.chunks.begin() as connection:
            claimed = claim_chunk(connection, job_id, self.holder, self.lease)
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
        self._call_after(job_id)
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

    def _call_after(self, job_id: int) -> None:
        """The type's `after` hook, once a round, before the round ends."""
        with self.context.app.begin() as connection:
            job = claim_after(connection, job_id, self.holder, self.lease)
        if job is None:
            return
        self.heartbeat.hold(InHand(job_id, None, job.lease_token))
        try:
            with self.context.target.connect() as connection, connection.begin():
                self._chunk_job(job).after(connection)
        except Exception as error:
            log.error("the after hook of job %s failed", job_id, exc_info=error)
            self._refuse(
                job, "after_failed", describe_hook(error), printable(traceback.format_exc())
            )
        else:
            with self.context.app.begin() as connection:
                if settle_after(connection, job):
                    report_progress(connection, job_id, last=True)
        finally:
            self.heartbeat.drop()

    # -- preparing ---------------------------------------------------------------------------

    def prepare(self, job_id: int) -> None:
        with self.context.app.begin() as connection:
            job = claim_preparing(connection, job_id, self.holder, self.lease)
        if job is None:
            return
        self.heartbeat.hold(InHand(job_id, None, job.lease_token))
        try:
            self._prepare(job)
        except JobEngineError as error:
            self._refuse(job, error.code, error.message)
        except Exception as error:
            self._prepare_failed(job, error)
        except BaseException:
            self._let_go(job)
            raise
        finally:
            self.heartbeat.drop()

    def _prepare(self, job: AnyRow) -> None:
        work = self._chunk_job(job)
        plan = make_plan(self.context, job, work)
        with self.context.target.connect() as connection, connection.begin():
            work.before(connection)
        with self.context.app.begin() as connection:
            published = publish_plan(connection, job, plan)
        if published:
            self._call_others(job, len(plan.chunks))

    def _call_others(self, job: AnyRow, chunks: int) -> None:
        """Hints for the other workers; this one goes on with the job by itself."""
        limit = self.context.registry.get(job.type).limit or self.context.settings.workers
        for _ in range(min(self.context.settings.workers, limit, chunks) - 1):
            self.context.queue.wake("work", job.id)

    def _refuse(self, job: AnyRow, code: str, message: str, trace: str | None = None) -> None:
        """The job ends with a plain message."""
        mine = (JOB.c.lease_token == job.lease_token,)
        with self.context.app.begin() as connection:
            row = fail_job(connection, job.id, code, message, stack_trace=trace, where=mine)
            followers = release_followers(connection, row) if row is not None else []
        for follower in followers:
            self.context.queue.wake("work", follower)

    def _prepare_failed(self, job: AnyRow, error: Exception) -> None:
        trace = printable(traceback.format_exc())
        log.error("preparing job %s failed", job.id, exc_info=error)
        if job.attempt >= ATTEMPTS:
            self._refuse(job, "preparing_failed", describe(error), trace)
            return
        at = now() + backoff(job.attempt)
        event = making(JobRetrying, error=describe(error), next_retry_at=at)
        with self.context.app.begin() as connection:
            give_back(connection, job, JobStatus.DELAYED, event=event, run_at=at)
            finalise(connection, job.id)

    def _let_go(self, job: AnyRow) -> None:
        """Told to stop while preparing: another worker may begin at once."""
        with self.context.app.begin() as connection:
            give_back(connection, job, JobStatus.INTERRUPTED)
            finalise(connection, job.id)
        self.context.queue.wake("work", job.id)

    # -- one chunk ---------------------------------------------------------------------------

    def _run_chunk(self, job: AnyRow, claimed: AnyRow) -> None:
        try:
            if finish_apart(self.context, job, claimed, claimed.prepared):
                return
            try:
                self._process(job, claimed, isolate=job.isolate)
            except RecordsRefused:
                if job.isolate:
                    raise
                self._isolate_from_now_on(job)
                self._process(job, claimed, isolate=True)
        except LeaseLost:
            log.warning("job %s chunk %s was taken over", job.id, claimed.number)
        except Exception as error:
            self._chunk_failed(job, claimed, error)
        except BaseException:
            with self.context.app.begin() as connection:
                # Being stopped is no try of its own.
                once_less = claimed.attempt - 1
                release_chunk(connection, claimed.id, claimed.lease_token, attempt=once_less)
            self.context.queue.wake("work", job.id)
            raise

    def _process(self, job: AnyRow, claimed: AnyRow, *, isolate: bool) -> None:
        chunk = self._load(job, claimed, isolate)
        outcome = self._chunk_job(job).run_chunk(chunk)
        settle_chunk(self.context, job, claimed, outcome)

    def _load(self, job: AnyRow, claimed: AnyRow, isolate: bool) -> Chunk:
        planned = PlannedChunk(
            claimed.offset, claimed.length, claimed.first_row, claimed.rows, claimed.hints
        )
        key = claimed.hints.get("form") or job.layout.get("form") or self._file_key(job)
        data = self.context.store.read(key, claimed.offset, claimed.length)
        if "again" not in claimed.hints:
            return Chunk(claimed.number, data, planned, job.layout, isolate)
        with self.context.app.connect().execution_options(**READ) as connection:
            corrected = corrections(connection, job.id, claimed.id)
        only = frozenset(claimed.hints["again"])
        return Chunk(claimed.number, data, planned, job.layout, isolate, only, corrected)

    def _isolate_from_now_on(self, job: AnyRow) -> None:
        """The target refused a chunk's records: this job's chunks now find the rows (I5)."""
        with self.context.app.begin() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(isolate=True))

    def _chunk_failed(self, job: AnyRow, claimed: AnyRow, error: Exception) -> None:
        """Try again after a growing gap; fail the chunk when the attempts are used up."""
        trace = printable(traceback.format_exc())
        log.error("job %s chunk %s failed", job.id, claimed.number, exc_info=error)
        patient = isinstance(error, OperationalError)
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

    # -- look-ups ----------------------------------------------------------------------------

    def _file_key(self, job: AnyRow) -> str:
        """Where the job's file lies; asked once a job."""
        if self._file is None or self._file[0] != job.file_id:
            with self.context.app.connect().execution_options(**READ) as connection:
                query = select(StoredFile.key).where(StoredFile.id == job.file_id)
                self._file = (job.file_id, connection.scalar(query) or "")
        return self._file[1]

    def _chunk_job(self, job: AnyRow) -> BaseChunkJob:
        """The job's class, kept between its chunks (reflection and mapping are paid once)."""
        key = (job.id, job.round, int(job.prepared))
        if self._work is None or self._work[0] != key:
            job_type = self.context.registry.get(job.type)
            options = {"chunkRows": job.chunk_rows, **job.options}
            path = UNDO_JOBS[job_type.kind] if job.purpose == "undo" else job_type.job
            made = load_path(path)(job_type, options, self.context.target.connect)
            made.purpose, made.uuid = job.purpose, job.uuid
            made.origin_uuid = self._origin_uuid(job)
            self._work = (key, made)
        return self._work[1]

    def _origin_uuid(self, job: AnyRow) -> str | None:
        if job.origin_id is None:
            return None
        with self.context.app.connect().execution_options(**READ) as connection:
            uuid: str | None = connection.scalar(
                select(JOB.c.uuid).where(JOB.c.id == job.origin_id)
            )
        return uuid


def give_back(connection: Connection, job: AnyRow, to: JobStatus, **values: Any) -> None:
    """End the preparing lease; a job paused or cancelled meanwhile keeps that state."""
    freed: dict[str, Any] = {"lease_token": None, "lease_until": None, "lease_holder": None}
    mine = JOB.c.lease_token == job.lease_token
    expected = (JobStatus.PREPARING,)
    if move(connection, job.id, to, expected=expected, where=(mine,), **values, **freed) is None:
        connection.execute(update(JOB).where(JOB.c.id == job.id, mine).values(**freed))


def backoff(attempt: int) -> timedelta:
    return FIRST_GAP * 4 ** (attempt - 1) if attempt < 4 else timedelta(seconds=60)


def describe(error: BaseException) -> str:
    """A sentence for people; never a traceback, a path or SQL (I11)."""
    if isinstance(error, JobEngineError):
        return error.message
    if isinstance(error, OperationalError):
        return "The database did not answer. Nothing of this chunk was written."
    if isinstance(error, SQLAlchemyError):
        return (
            f"The database refused the chunk ({type(error).__name__}). Nothing of it was written."
        )
    said = error.strerror if isinstance(error, OSError) else str(error)
    return (
        f"The job type's code raised {type(error).__name__}: {printable(str(said))[:300]}."
        " Nothing of this chunk was written."
    )


def printable(text: str) -> str:
    """What PostgreSQL can keep: an error that cannot be written down would come back for ever."""
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode()


def describe_hook(error: Exception) -> str:
    """The `after` hook runs when all is written: say so."""
    what = error.message if isinstance(error, JobEngineError) else type(error).__name__
    return f"All chunks are settled, but the type's after hook raised {what}. Retry runs it again."
