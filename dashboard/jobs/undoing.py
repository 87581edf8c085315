"""Undo: a job of its own that takes back what an import wrote."""

from typing import Any

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.orm import Session

from dashboard.errors import NotFound, WrongState
from dashboard.events.types import ImportUndone
from dashboard.jobs.chunk_job import OriginChunk, Plan, PlannedChunk
from dashboard.jobs.context import JobContext
from dashboard.jobs.drafts import add_job, start, stored_file
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.registry import UNDO_JOBS
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB, emit, fetch
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import FINAL, JobStatus
from dashboard.models.user import User

S = JobStatus


def undo(context: JobContext, session: Session, job_id: int, user: User | None) -> Job:
    """The undo job, in line (purpose "undo", `origin_id`); the audit entry is the caller's.

    Raises NotFound (no job, or its file is gone), WrongState with the reason (`undo_refusal`).
    """
    # Locked: two tabs, or an undo and a retry, must not both begin.
    origin = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if origin is None:
        raise NotFound(f"There is no job {job_id}.")
    refusal = undo_refusal(session.connection(), origin)
    if refusal is not None:
        raise WrongState(refusal)
    job = add_job(
        context,
        session,
        origin.type,
        stored_file(context, session, origin),
        user=user,
        options=origin.options,
        chunk_rows=origin.chunk_rows,
        origin_id=origin.id,
        purpose="undo",
    )
    meta = {**job.meta, "actor": user.email if user else None}
    start(context, session, job, held=False, meta=meta)
    session.refresh(job)
    return job


def undo_refusal(connection: Connection, job: Job | AnyRow) -> str | None:
    """Why this job cannot be undone now, as a sentence; None when it can."""
    if job.purpose != "run" or job.kind not in UNDO_JOBS:
        return f"Job {job.id} is no import; only imports can be undone."
    if job.status not in FINAL:
        return f"Job {job.id} is {job.status}. Wait until it has ended, or cancel it, then undo it."
    reversal = undo_of(connection, job.id)
    if reversal is not None and reversal.status != S.CANCELLED:
        return already(job, reversal)
    if job.undo_until is None:
        return f"Job {job.id} did not keep what an undo needs, so it cannot be undone."
    if job.undo_until <= now():
        return f"Job {job.id} could be undone until {job.undo_until:%Y-%m-%d %H:%M} UTC."
    if not job.created and not job.updated:
        return f"Job {job.id} wrote no record, so there is nothing to undo."
    return None


def already(job: Job | AnyRow, reversal: AnyRow) -> str:
    if reversal.status == S.COMPLETED:
        return f"Job {job.id} was undone by job {reversal.id}."
    if reversal.status == S.FAILED:
        return f"Job {reversal.id} undid a part of job {job.id} and failed. Retry that one."
    return f"Job {job.id} is being undone by job {reversal.id}."


def undo_of(connection: Connection, job_id: int) -> AnyRow | None:
    """The undo job of an import: one that was cancelled before it wrote anything does not count."""
    nothing_done = (JOB.c.status == S.CANCELLED) & (JOB.c.updated == 0)
    return connection.execute(
        select(*JOB.c)
        .where(JOB.c.origin_id == job_id, JOB.c.purpose == "undo", ~nothing_done)
        .order_by(JOB.c.id.desc())
        .limit(1)
    ).one_or_none()


# -- what the engine asks of it ------------------------------------------------------------------


def undo_plan(connection: Connection, origin_id: int) -> Plan:
    """The import's own chunks that wrote something, the last one first: what came later may refer
    to what came earlier. No file is read."""
    origin = fetch(connection, origin_id)
    query = select(CHUNK).where(
        CHUNK.c.job_id == origin_id, (CHUNK.c.created > 0) | (CHUNK.c.updated > 0)
    )
    chunks = connection.execute(query.order_by(CHUNK.c.number.desc())).all()
    return Plan(origin.layout, [planned_again(chunk) for chunk in chunks])


def planned_again(chunk: AnyRow) -> PlannedChunk:
    hints = {name: value for name, value in chunk.hints.items() if name != "again"}
    hints["origin_chunk"] = chunk.id
    return PlannedChunk(chunk.offset, chunk.length, chunk.first_row, chunk.rows, hints)


def origin_chunk(connection: Connection, chunk_id: int) -> tuple[int, OriginChunk]:
    """The import's id, and what became of that chunk of it."""
    query = select(*CHUNK.c, JOB.c.uuid).join(JOB, JOB.c.id == CHUNK.c.job_id)
    chunk = connection.execute(query.where(CHUNK.c.id == chunk_id)).one()
    failed = connection.scalars(failed_rows_of(connection, chunk)).all() if chunk.failed else ()
    told = OriginChunk(chunk.number, chunk.uuid, frozenset(failed), chunk.notes or {})
    return chunk.job_id, told


def failed_rows_of(connection: Connection, chunk: AnyRow) -> Select[Any]:
    """By row, which the one index of the failures knows."""
    later = (CHUNK.c.job_id == chunk.job_id, CHUNK.c.first_row > chunk.first_row)
    end = connection.scalar(select(func.min(CHUNK.c.first_row)).where(*later))
    query = select(FAILURE.c.row).where(
        FAILURE.c.job_id == chunk.job_id,
        FAILURE.c.chunk_id == chunk.id,
        FAILURE.c.row >= chunk.first_row,
    )
    return query if end is None else query.where(FAILURE.c.row < end)


def note_undone(connection: Connection, job: AnyRow) -> None:
    """ImportUndone, told of the import, once: when its undo completes for the first time."""
    origin = fetch(connection, job.origin_id)
    if origin.meta.get("undone_by") is not None:
        return
    meta = {**origin.meta, "undone_by": job.id}
    row = connection.execute(
        update(JOB).where(JOB.c.id == origin.id).values(meta=meta).returning(*JOB.c)
    ).one()
    emit(
        connection,
        row,
        ImportUndone,
        actor=job.meta.get("actor"),
        reason=None,
        undo_job_id=job.id,
        reversed_count=job.updated,
        kept_count=job.skipped,
        failed_count=job.failed,
    )
