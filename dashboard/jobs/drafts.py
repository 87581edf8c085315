"""Drafts: a job that waits for a person's choices, and the one way any job is started."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from dashboard.errors import Forbidden, NotFound, WrongState
from dashboard.events.types import JobEnqueued
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.transitions import JOB, fetch, making, move
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import Role, User

S = JobStatus


def make_draft(
    context: JobContext,
    session: Session,
    type: str,
    stored: StoredFile,
    *,
    user: User | None,
    options: Mapping[str, Any] | None = None,
) -> Job:
    """A job that waits for its mapping; nobody hears of it. Raises UnknownJobType, NotFound."""
    return add_job(context, session, type, stored, user=user, options=options)


def add_job(
    context: JobContext,
    session: Session,
    type: str,
    stored: StoredFile | None,
    *,
    user: User | None,
    options: Mapping[str, Any] | None = None,
    **values: Any,
) -> Job:
    """The row of any job, not started yet; `values` are more of its columns. Only imports have a
    file from the start.

    Raises UnknownJobType and Forbidden: a role may have changed since the job this one follows.
    """
    job_type = context.registry.get(type)
    if user is not None and user.role not in {*(job_type.roles or (user.role,)), Role.ADMIN}:
        raise Forbidden(f"Your role may not run {job_type.label}. An admin can change that.")
    values["chunk_rows"] = values.get("chunk_rows") or job_type.chunk_rows
    job = Job(
        type=job_type.name,
        kind=str(job_type.kind),
        status=S.DRAFT,
        strategy=str(job_type.strategy),
        user_id=user.id if user else None,
        file_id=stored.id if stored else None,
        options=dict(options or {}),
        **values,
    )
    session.add(job)
    session.flush()
    return job


def stored_file(context: JobContext, session: Session, job: Job) -> StoredFile:
    """The job's file, kept from removal until the transaction ends. Raises NotFound."""
    query = select(StoredFile).where(StoredFile.id == job.file_id).with_for_update(read=True)
    stored = session.scalar(query.execution_options(populate_existing=True))
    gone = stored is None or stored.removed_at is not None or not context.store.exists(stored.key)
    if stored is None or gone:
        raise NotFound(f"The file of job {job.id} is gone; upload it again.", code="file_gone")
    return stored


def change_draft(session: Session, job_id: int, options: Mapping[str, Any]) -> AnyRow:
    """Replace a draft's options. Raises WrongState once it was started (in another tab)."""
    connection = session.connection()
    row = connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.status == S.DRAFT)
        .values(options=dict(options))
        .returning(*JOB.c)
    ).one_or_none()
    return row if row is not None else not_a_draft(connection, job_id, "be changed")


def start_draft(
    context: JobContext,
    session: Session,
    job_id: int,
    actor: str,
    *,
    run_at: datetime | None = None,
) -> AnyRow:
    """Draft → waiting, or delayed until `run_at`. Raises WrongState when it is no draft any more.

    `actor` is told to the job's timeline.
    """
    connection = session.connection()
    job = fetch(connection, job_id)
    meta = {**job.meta, "actor": actor}
    row = start(context, session, job, held=run_at is not None, run_at=run_at, meta=meta)
    return row if row is not None else not_a_draft(connection, job_id, "be started")


def start(
    context: JobContext, session: Session, job: AnyRow | Job, *, held: bool, **values: Any
) -> AnyRow | None:
    """Put a job in line: the event with the row, the hint after commit. None: it is no draft."""
    undo = undo_values(context.registry.get(job.type), job)
    values["meta"] = {**(values.get("meta") or job.meta), **undo.pop("meta", {})}
    row = move(
        session.connection(),
        job.id,
        S.DELAYED if held else S.WAITING,
        expected=(S.DRAFT,),
        event=making(JobEnqueued, input=job.options, queue="jobs"),
        enqueued_at=None if held else now(),
        **undo,
        **values,
    )
    if row is not None and not held:
        context.queue.wake_after_commit(session, "work", job.id)
    return row


def undo_values(job_type: JobType, job: AnyRow | Job) -> dict[str, Any]:
    """`undo_until` of an import that keeps what undo needs; counted anew when a round ends."""
    kept = job_type.kind is Kind.IMPORT and job.purpose == "run" and job_type.undo_days > 0
    if not kept or job.options.get("undo") is False:
        return {}
    until = now() + timedelta(days=job_type.undo_days)
    return {"undo_until": until, "meta": {"undo_days": job_type.undo_days}}


def not_a_draft(connection: Connection, job_id: int, what: str) -> AnyRow:
    job = fetch(connection, job_id)
    raise WrongState(f"Job {job_id} is {job.status}, no draft any more: it cannot {what}.")
