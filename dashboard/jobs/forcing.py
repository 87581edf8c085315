"""Force for a job that is stuck: its worker is gone and nobody takes it over."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from dashboard.errors import WrongState
from dashboard.events.types import JobCancelled
from dashboard.jobs.actions import note_actor
from dashboard.jobs.context import JobContext
from dashboard.jobs.database_time import database_now
from dashboard.jobs.finalising import finalise, frozen_counts, release_followers, undo_until
from dashboard.jobs.leases import CHUNK, release_chunk
from dashboard.jobs.settling import finish_lost
from dashboard.jobs.transitions import JOB, fetch, making, move
from dashboard.lib import holder
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
STUCK = (S.PREPARING, S.ACTIVE, S.INTERRUPTED, S.PAUSING, S.CANCELLING)
REASON = "Forced: its worker was gone."


def take_over(
    context: JobContext, session: Session, job_id: int, actor: str, *, at_once: bool = False
) -> AnyRow:
    """Free what the job's workers hold: pausing → paused, cancelling → cancelled, else it goes on.

    Only leases that have ended, unless `at_once` (for admins). A freed chunk was rolled back or
    will be: its token is void. Raises WrongState when nothing is held or a lease still runs.
    """
    connection = session.connection()
    job = free(context, connection, job_id, at_once=at_once)
    note_actor(connection, job_id, actor, REASON)
    if job.status in (S.PREPARING, S.ACTIVE):
        move(connection, job_id, S.INTERRUPTED, expected=(S(job.status),))
    finalise(connection, job_id)
    context.queue.wake_after_commit(session, "work", job_id, times=context.settings.workers)
    return fetch(connection, job_id)


def force_cancel(
    context: JobContext, session: Session, job_id: int, actor: str, *, at_once: bool = False
) -> AnyRow:
    """`take_over`, then cancelled, in one step; what is committed stays. Raises WrongState."""
    connection = session.connection()
    job = free(context, connection, job_id, at_once=at_once)
    note_actor(connection, job_id, actor, REASON)
    if job.status != S.CANCELLING:
        move(connection, job_id, S.CANCELLING, expected=(S(job.status),))
    values: dict[str, Any] = {**undo_until(job), **frozen_counts(connection, job)}
    row = move(
        connection,
        job_id,
        S.CANCELLED,
        expected=(S.CANCELLING,),
        event=making(JobCancelled, actor=actor, reason=REASON),
        finished_at=now(),
        error_code="cancelled",
        error_message=f"Cancelled by {actor}. {REASON}",
        **values,
    )
    for follower in release_followers(connection, row) if row is not None else ():
        context.queue.wake_after_commit(session, "work", follower)
    return fetch(connection, job_id)


def free(context: JobContext, connection: Connection, job_id: int, *, at_once: bool) -> AnyRow:
    """Void every lease on the job and its chunks; the job's row stays locked until the commit.

    A worker that comes back finds its token gone, and its settle rolls everything back (I3).
    """
    job = connection.execute(
        select(*JOB.c, expired(connection, JOB.c.lease_until))
        .where(JOB.c.id == job_id)
        .with_for_update()
    ).one_or_none()
    if job is None or job.status not in STUCK:
        job = fetch(connection, job_id)
        raise WrongState(f"Job {job_id} is {job.status}; there is nothing to force.")
    chunks = connection.execute(
        select(*CHUNK.c, expired(connection, CHUNK.c.lease_until))
        .where(CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.LEASED)
        .with_for_update()
    ).all()
    held = [*chunks, *([job] if job.lease_token is not None else [])]
    if not at_once:
        refuse_living(job, held)
    for chunk in chunks:
        if not finish_lost(context, connection, job, chunk):
            release_chunk(connection, chunk.id, chunk.lease_token)
    nobody = {"lease_token": None, "lease_until": None, "lease_holder": None}
    connection.execute(update(JOB).where(JOB.c.id == job_id).values(**nobody))
    return job


def expired(connection: Connection, until: Any) -> Any:
    return (until < database_now(connection)).label("expired")


def refuse_living(job: AnyRow, held: Iterable[AnyRow]) -> None:
    """A worker that renews its lease is at work: pausing or cancelling waits for it."""
    living = [row for row in held if not (row.expired or holder.gone(row.lease_holder))]
    if living:
        seconds = max((row.lease_until - now()).total_seconds() for row in living)
        raise WrongState(
            f"A worker still holds job {job.id} (its lease runs {max(1, round(seconds))} s more)."
            " Try again then; an administrator may force it at once.",
            code="lease_runs",
        )
