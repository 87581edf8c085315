"""What a person may do to a job: retry, pause, resume, cancel. Safe from two tabs at once."""

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.orm import Session

from dashboard.errors import NotFound, WrongState
from dashboard.events.types import JobCancelled, JobEnqueued, JobPaused, JobResumed
from dashboard.jobs.context import JobContext
from dashboard.jobs.finalising import finalise, frozen_counts, release_followers
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB, making, move
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
IN_WORK = (S.PREPARING, S.ACTIVE, S.INTERRUPTED)


def pause(
    context: JobContext, session: Session, job_id: int, actor: str, reason: str | None = None
) -> AnyRow:
    """At once when nobody works on it, else when the chunks in hand have settled."""
    connection = session.connection()
    note_actor(connection, job_id, actor, reason)
    event = making(JobPaused, actor=actor, reason=reason)
    row = move(connection, job_id, S.PAUSED, expected=(S.WAITING,), event=event)
    row = row or move(connection, job_id, S.PAUSING, expected=IN_WORK)
    context.queue.wake_after_commit(session, "work", job_id)
    return settled(connection, job_id, row, "pause")


def resume(
    context: JobContext, session: Session, job_id: int, actor: str, reason: str | None = None
) -> AnyRow:
    connection = session.connection()
    row = move(
        connection,
        job_id,
        S.WAITING,
        expected=(S.PAUSED,),
        event=making(JobResumed, actor=actor, reason=reason),
        enqueued_at=now(),
    )
    row = settled(connection, job_id, row, "resume")
    context.queue.wake_after_commit(session, "work", job_id, times=context.settings.workers)
    return row


def cancel(
    context: JobContext, session: Session, job_id: int, actor: str, reason: str | None = None
) -> AnyRow:
    """What was written stays; chunks in hand settle first; the rest is not processed."""
    connection = session.connection()
    note_actor(connection, job_id, actor, reason)
    row = move(
        connection,
        job_id,
        S.CANCELLED,
        expected=(S.WAITING, S.DELAYED, S.PAUSED, S.DRAFT),
        event=making(JobCancelled, actor=actor, reason=reason),
        finished_at=now(),
        error_code="cancelled",
        error_message=f"Cancelled by {actor}.",
    )
    if row is not None:
        for follower in release_followers(connection, row):
            context.queue.wake_after_commit(session, "work", follower)
        return row
    row = move(connection, job_id, S.CANCELLING, expected=(*IN_WORK, S.PAUSING))
    context.queue.wake_after_commit(session, "work", job_id)
    row = settled(connection, job_id, row, "cancel")
    if row.status == S.CANCELLED:
        release_followers(connection, row)
    return row


def retry(context: JobContext, session: Session, job_id: int, actor: str) -> AnyRow:
    """The next round: failed chunks run again whole, failed rows of settled chunks again by row."""
    connection = session.connection()
    job = fetch(connection, job_id)
    again = retryable(connection, job)
    if not again:
        raise WrongState(
            f"Job {job_id} is {job.status} and has nothing to try again."
            " Only failed chunks and failed rows can be retried."
        )
    row = move(
        connection,
        job_id,
        S.WAITING,
        expected=(S(job.status),),
        event=making(JobEnqueued, input=job.options, queue="jobs"),
        round=JOB.c.round + 1,
        attempt=0,
        deaths=0,
        isolate=False,
        error_code=None,
        error_message=None,
        finished_at=None,
        first_chunk_at=None,
        progressed_at=None,
        enqueued_at=now(),
    )
    row = settled(connection, job_id, row, "retry")
    reopen_chunks(connection, row)
    counts = frozen_counts(connection, row)
    connection.execute(update(JOB).where(JOB.c.id == job_id).values(**counts))
    context.queue.wake_after_commit(session, "work", job_id, times=context.settings.workers)
    return row


def retryable(connection: Connection, job: AnyRow) -> bool:
    """Failed before it was cut, or holding failed chunks or failed rows."""
    if job.status not in (S.FAILED, S.COMPLETED):
        return False
    if not job.prepared or job.error_code == "after_failed":
        return True
    failed = exists().where(
        CHUNK.c.job_id == job.id, (CHUNK.c.state == ChunkState.FAILED) | (CHUNK.c.failed > 0)
    )
    return bool(connection.scalar(select(failed)))


def reopen_chunks(connection: Connection, job: AnyRow) -> None:
    """Their failed rows count as not processed until the new round settles them."""
    reset = {
        "state": ChunkState.PENDING,
        "attempt": 0,
        "deaths": 0,
        "next_try_at": None,
        "error_code": None,
        "error_message": None,
    }
    settled_chunks = connection.execute(
        select(CHUNK.c.id, CHUNK.c.hints).where(
            CHUNK.c.job_id == job.id, CHUNK.c.state == ChunkState.DONE, CHUNK.c.failed > 0
        )
    ).all()
    for chunk in settled_chunks:
        of_chunk = (FAILURE.c.job_id == job.id, FAILURE.c.chunk_id == chunk.id)
        rows = select(FAILURE.c.row).where(*of_chunk).distinct()
        again = sorted(connection.scalars(rows))
        connection.execute(
            update(CHUNK)
            .where(CHUNK.c.id == chunk.id)
            .values(**reset, round=job.round, failed=0, hints={**chunk.hints, "again": again})
        )
    # A failed chunk keeps its round: should the target hold its records after all (its worker
    # died between the two databases), the ledger still knows them.
    connection.execute(
        update(CHUNK)
        .where(CHUNK.c.job_id == job.id, CHUNK.c.state == ChunkState.FAILED)
        .values(**reset)
    )


def settled(connection: Connection, job_id: int, row: AnyRow | None, verb: str) -> AnyRow:
    """The row as it is after finalising; raises when the state did not allow the act."""
    if row is None:
        job = fetch(connection, job_id)
        raise WrongState(f"Job {job_id} is {job.status}; it cannot {verb} now.")
    return finalise(connection, job_id) or row


def fetch(connection: Connection, job_id: int) -> AnyRow:
    job = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one_or_none()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def note_actor(connection: Connection, job_id: int, actor: str, reason: str | None) -> None:
    """Kept on the job for the event that follows when its chunks in hand have settled."""
    meta = fetch(connection, job_id).meta
    connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id)
        .values(meta={**meta, "actor": actor, "reason": reason})
    )
