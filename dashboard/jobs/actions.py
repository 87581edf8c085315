"""What a person may do to a job: retry, pause, resume, cancel. Safe from two tabs at once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, update
from sqlalchemy.orm import Session

from dashboard.errors import WrongState
from dashboard.events.types import JobCancelled, JobPaused, JobResumed
from dashboard.jobs.budget import waived
from dashboard.jobs.context import JobContext
from dashboard.jobs.failure_list import Filter
from dashboard.jobs.finalising import finalise, release_followers
from dashboard.jobs.rounds import failing, next_round, only
from dashboard.jobs.transitions import JOB, fetch, making, move
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus

__all__ = ["cancel", "fetch", "pause", "resume", "retry"]

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
    """A job that paused for its error budget goes on for good ("continue anyway")."""
    connection = session.connection()
    row = move(
        connection,
        job_id,
        S.WAITING,
        expected=(S.PAUSED,),
        event=making(JobResumed, actor=actor, reason=reason),
        enqueued_at=now(),
        **waived(fetch(connection, job_id)),
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
    values: dict[str, Any] = {
        "finished_at": now(),
        "error_code": "cancelled",
        "error_message": f"Cancelled by {actor}.",
    }
    event = making(JobCancelled, actor=actor, reason=reason)
    early = (S.WAITING, S.DELAYED, S.PAUSED)
    # Of a draft nobody has heard yet.
    row = move(connection, job_id, S.CANCELLED, expected=(S.DRAFT,), **values)
    row = row or move(connection, job_id, S.CANCELLED, expected=early, event=event, **values)
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


def retry(
    context: JobContext,
    session: Session,
    job_id: int,
    actor: str,
    rows: Collection[int] | None = None,
    cause: Filter | None = None,
) -> AnyRow:
    """The next round: failed chunks run again whole, failed rows of settled chunks again by row.

    With `rows` or a `cause` only those failed rows; all else stays as it is. Raises WrongState.
    """
    if rows is not None:
        return next_round(context, session, job_id, only(job_id, sorted(set(rows))))[0]
    chosen = failing(job_id, cause)
    return next_round(context, session, job_id, chosen, whole=not cause)[0]


def settled(connection: Connection, job_id: int, row: AnyRow | None, verb: str) -> AnyRow:
    """The row as it is after finalising; raises when the state did not allow the act."""
    if row is None:
        job = fetch(connection, job_id)
        raise WrongState(f"Job {job_id} is {job.status}; it cannot {verb} now.")
    return finalise(connection, job_id) or row


def note_actor(connection: Connection, job_id: int, actor: str, reason: str | None) -> None:
    """Kept on the job for the event that follows when its chunks in hand have settled."""
    meta = fetch(connection, job_id).meta
    connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id)
        .values(meta={**meta, "actor": actor, "reason": reason})
    )
