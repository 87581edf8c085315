"""Ending a round: its own transaction after the last settle, safe to repeat (I4)."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from dashboard.events.types import (
    JobCancelled,
    JobCompleted,
    JobEnqueued,
    JobFailed,
    JobPaused,
)
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.serial import COUNTS, event_basis
from dashboard.jobs.tracker import sums
from dashboard.jobs.transitions import JOB, EventMaker, making, move
from dashboard.jobs.undoing import note_undone
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
OPEN = (ChunkState.PENDING, ChunkState.LEASED)
After = Callable[[Connection, AnyRow], None]


def finalise(connection: Connection, job_id: int) -> AnyRow | None:
    """End, pause or cancel a job whose chunks allow it; the row if this call did it."""
    job = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one_or_none()
    if job is None:
        return None
    if job.status in (S.PAUSING, S.CANCELLING) and job.lease_token is None:
        if job.prepared and not any_chunk(connection, job_id, OPEN):
            return end(connection, job)
        if not any_chunk(connection, job_id, (ChunkState.LEASED,)):
            return stop(connection, job)
        return None
    if job.prepared and job.status in (S.ACTIVE, S.INTERRUPTED):
        return end(connection, job)
    return None


def any_chunk(connection: Connection, job_id: int, states: tuple[ChunkState, ...]) -> bool:
    return bool(
        connection.scalar(
            select(exists().where(CHUNK.c.job_id == job_id, CHUNK.c.state.in_(states)))
        )
    )


def end(connection: Connection, job: AnyRow) -> AnyRow | None:
    """Completed, or failed when a chunk failed for good; freezes the sums on the job."""
    # The `after` hook runs when all chunks are settled: only from here on do the sums stand still.
    if job.after_round != job.round:
        return None
    open_chunk = exists().where(CHUNK.c.job_id == job.id, CHUNK.c.state.in_(OPEN))
    failed = connection.execute(
        select(CHUNK.c.number, CHUNK.c.error_code, CHUNK.c.error_message)
        .where(CHUNK.c.job_id == job.id, CHUNK.c.state == ChunkState.FAILED)
        .order_by(CHUNK.c.number)
    ).all()
    values: dict[str, Any] = frozen_counts(connection, job)
    event: EventMaker = completed_event
    if failed:
        more = f" {len(failed)} chunks failed in all." if len(failed) > 1 else ""
        message = f"Chunk {failed[0].number}: {failed[0].error_message}{more}"
        values |= {"error_code": failed[0].error_code, "error_message": message}
        event = making(JobFailed, error_message=message, stack_trace=None, will_retry=False)
    row = move(
        connection,
        job.id,
        S.FAILED if failed else S.COMPLETED,
        expected=(S(job.status),),
        where=(~open_chunk, JOB.c.after_round == JOB.c.round),
        event=event,
        finished_at=now(),
        **figures(connection, job),
        **undo_until(job),
        **values,
    )
    if row is not None and row.purpose == "undo" and not failed:
        note_undone(connection, row)
    return row


def figures(connection: Connection, job: AnyRow) -> dict[str, Any]:
    """What writers noted beside their rows' outcomes (a mirror's `deleted`), summed up."""
    notes = connection.scalars(
        select(CHUNK.c.notes).where(CHUNK.c.job_id == job.id, CHUNK.c.notes.is_not(None))
    )
    found: Counter[str] = Counter()
    for note in notes:
        found.update((note or {}).get("figures", {}))
    return {"meta": {**job.meta, "figures": dict(found)}} if found else {}


def undo_until(job: AnyRow) -> dict[str, Any]:
    """An import can be undone for a time after its end, not after its start."""
    if job.undo_until is None:
        return {}
    return {"undo_until": now() + timedelta(days=job.meta.get("undo_days", 0))}


def frozen_counts(connection: Connection, job: AnyRow) -> dict[str, int]:
    counts = sums(connection, job.id)
    return {**counts, "not_processed": (job.total or 0) - counts["processed"]}


def completed_event(row: AnyRow, file: Mapping[str, Any] | None = None) -> JobCompleted:
    """`file` is what it made: name, bytes, rows, sha256."""
    seconds = (row.finished_at - (row.started_at or row.finished_at)).total_seconds()
    output: dict[str, Any] = {
        "counts": {"total": row.total, **{name: getattr(row, name) for name in COUNTS}}
    }
    if file is not None:
        output["file"] = dict(file)
    return JobCompleted(
        **event_basis(row),
        duration=seconds,
        output=output,
        succeeded_count=row.created + row.updated + row.unchanged,
        failed_count=row.failed,
    )


def stop(connection: Connection, job: AnyRow) -> AnyRow | None:
    """Pausing → paused, cancelling → cancelled; nothing is in a worker's hands."""
    actor, reason = job.meta.get("actor"), job.meta.get("reason")
    in_hand = exists().where(CHUNK.c.job_id == job.id, CHUNK.c.state == ChunkState.LEASED)
    counts = frozen_counts(connection, job)
    if job.status == S.PAUSING:
        return move(
            connection,
            job.id,
            S.PAUSED,
            expected=(S.PAUSING,),
            where=(~in_hand,),
            event=making(JobPaused, actor=actor, reason=reason),
            **counts,
        )
    return move(
        connection,
        job.id,
        S.CANCELLED,
        expected=(S.CANCELLING,),
        where=(~in_hand,),
        event=making(JobCancelled, actor=actor, reason=reason),
        finished_at=now(),
        error_code="cancelled",
        error_message=f"Cancelled by {actor or 'the system'}.",
        **figures(connection, job),
        **undo_until(job),
        **counts,
    )


def fetch_job(connection: Connection, job_id: int) -> AnyRow:
    return connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one()


def fail_job(
    connection: Connection,
    job_id: int,
    code: str,
    message: str,
    *,
    stack_trace: str | None = None,
    where: tuple[Any, ...] = (),
) -> AnyRow | None:
    """The file is refused, preparing failed for good, or the `after` hook raised."""
    return move(
        connection,
        job_id,
        S.FAILED,
        expected=(S.WAITING, S.PREPARING, S.ACTIVE, S.INTERRUPTED, S.PAUSING, S.CANCELLING),
        where=where,
        event=making(JobFailed, error_message=message, stack_trace=stack_trace, will_retry=False),
        finished_at=now(),
        error_code=code,
        error_message=message,
        **frozen_counts(connection, fetch_job(connection, job_id)),
        lease_token=None,
        lease_until=None,
        lease_holder=None,
    )


def release_delayed_job(connection: Connection, job_id: int) -> None:
    """Its time has come, or the job it follows completed."""
    move(
        connection,
        job_id,
        S.WAITING,
        expected=(S.DELAYED,),
        event=making(JobEnqueued, input={}, queue="jobs"),
        run_at=None,
        enqueued_at=now(),
    )


def release_followers(connection: Connection, job: AnyRow) -> list[int]:
    """Jobs that wait for this one: on after completion, cancelled otherwise. Ids to wake."""
    due = or_(JOB.c.run_at.is_(None), JOB.c.run_at <= now(), job.status != S.COMPLETED)
    followers = connection.scalars(
        select(JOB.c.id).where(
            JOB.c.after_id == job.id, JOB.c.status == S.DELAYED, JOB.c.attempt == 0, due
        )
    ).all()
    woken = []
    for follower in followers:
        if job.status == S.COMPLETED:
            release_delayed_job(connection, follower)
            woken.append(follower)
            continue
        message = f"Job {job.id}, which this one follows, ended as {job.status}."
        row = move(
            connection,
            follower,
            S.CANCELLED,
            expected=(S.DELAYED,),
            event=making(JobCancelled, actor=None, reason=message),
            finished_at=now(),
            error_code="predecessor",
            error_message=message,
        )
        if row is not None:
            woken += release_followers(connection, row)
    return woken
