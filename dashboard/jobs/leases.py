"""Claims: a fresh token and an expiry, taken by conditional update and renewed (I3)."""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Connection,
    Interval,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from dashboard.events.types import JobStarted
from dashboard.jobs.database_time import database_now
from dashboard.jobs.limits import TypeLimit, has_room
from dashboard.jobs.transitions import JOB, emit, move
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow, UtcDateTime, table_of
from dashboard.models.job import JobChunk
from dashboard.models.states import ChunkState, JobStatus

CHUNK = table_of(JobChunk)
ENDING = (JobStatus.ACTIVE, JobStatus.INTERRUPTED, JobStatus.PAUSING, JobStatus.CANCELLING)


def claim_preparing(
    connection: Connection, job_id: int, holder: str, lease: timedelta
) -> AnyRow | None:
    """Take the preparing of a job nobody prepares; the row, with its new token, or None."""
    free = or_(JOB.c.lease_until.is_(None), JOB.c.lease_until < database_now(connection))
    values: dict[str, Any] = {
        "lease_token": str(uuid4()),
        "lease_until": database_now(connection, lease),
        "lease_holder": holder,
        "attempt": JOB.c.attempt + 1,
    }
    row = move(
        connection,
        job_id,
        JobStatus.PREPARING,
        expected=(JobStatus.WAITING, JobStatus.INTERRUPTED),
        where=(JOB.c.prepared.is_(False), free),
        **values,
    )
    if row is not None:
        note_start(connection, row)
    return row


def claim_after(
    connection: Connection, job_id: int, holder: str, lease: timedelta
) -> AnyRow | None:
    """Take the `after` hook of a round whose chunks are all settled; None when it is not due."""
    open_chunk = exists().where(
        CHUNK.c.job_id == job_id,
        CHUNK.c.state.in_((ChunkState.PENDING, ChunkState.LEASED)),
    )
    return connection.execute(
        update(JOB)
        .where(
            JOB.c.id == job_id,
            JOB.c.status.in_(ENDING),
            JOB.c.prepared,
            JOB.c.after_round < JOB.c.round,
            or_(JOB.c.lease_until.is_(None), JOB.c.lease_until < database_now(connection)),
            ~open_chunk,
        )
        .values(
            lease_token=str(uuid4()),
            lease_until=database_now(connection, lease),
            lease_holder=holder,
        )
        .returning(*JOB.c)
    ).one_or_none()


def settle_after(connection: Connection, job: AnyRow) -> bool:
    """The hook ran; the round may end."""
    result = connection.execute(
        update(JOB)
        .where(JOB.c.id == job.id, JOB.c.lease_token == job.lease_token)
        .values(after_round=job.round, lease_token=None, lease_until=None, lease_holder=None)
    )
    return bool(result.rowcount)


def note_start(connection: Connection, row: AnyRow) -> None:
    """JobStarted at the first claim of a round; the compare-and-set makes it once."""
    stamped = connection.execute(
        update(JOB)
        .where(JOB.c.id == row.id, JOB.c.first_chunk_at.is_(None))
        .values(first_chunk_at=now(), started_at=now())
    )
    if stamped.rowcount:
        emit(connection, row, JobStarted, input=row.options, queue="jobs")


def claim_chunk(
    connection: Connection,
    job_id: int,
    holder: str,
    lease: timedelta,
    limit: TypeLimit | None = None,
) -> tuple[AnyRow, AnyRow] | None:
    """Lease the job's next open chunk; job and chunk, or None when this worker has none.

    With a `limit` also None while as many workers as may run chunks of the job's type.
    """
    if limit is not None and not has_room(connection, limit):
        return None
    job = take_active(connection, job_id)
    if job is None:
        return None
    moment = now()
    values = {
        "p_job": job_id,
        "p_token": str(uuid4()),
        "p_holder": holder,
        "p_moment": moment,
        "p_until": moment + lease,
        "p_lease": lease,
    }
    statement = claim_statement(connection.dialect.name, ordered=bool(job.layout.get("ordered")))
    chunk = connection.execute(statement, values).one_or_none()
    return None if chunk is None else (job, chunk)


@cache
def claim_statement(dialect: str, *, ordered: bool) -> Any:
    """Built once: making it anew costs more than running it."""
    until: Any = bindparam("p_until", type_=UtcDateTime)
    if dialect == "postgresql":
        until = func.clock_timestamp() + bindparam("p_lease", type_=Interval)
    chosen = (
        next_chunk(dialect, ordered=ordered).with_for_update(skip_locked=True).scalar_subquery()
    )
    return (
        update(CHUNK)
        .where(CHUNK.c.id == chosen, CHUNK.c.state == ChunkState.PENDING)
        .values(
            state=ChunkState.LEASED,
            lease_token=bindparam("p_token"),
            lease_until=until,
            lease_holder=bindparam("p_holder"),
            attempt=CHUNK.c.attempt + 1,
            started_at=bindparam("p_moment", type_=UtcDateTime),
        )
        .returning(*CHUNK.c)
    )


@cache
def active_job() -> Any:
    return (
        select(*JOB.c)
        .where(JOB.c.id == bindparam("p_job"), JOB.c.status == JobStatus.ACTIVE)
        .with_for_update(read=True)
    )


def take_active(connection: Connection, job_id: int) -> AnyRow | None:
    """The job if it is active, or made so now. Its row stays locked until the claim commits, so
    that nobody pauses or cancels it between this look and the claim, with no chunk in hand."""
    row = connection.execute(active_job(), {"p_job": job_id}).one_or_none()
    if row is None:
        row = move(
            connection,
            job_id,
            JobStatus.ACTIVE,
            expected=(JobStatus.WAITING, JobStatus.INTERRUPTED),
            where=(JOB.c.prepared,),
        )
        if row is not None:
            note_start(connection, row)
    return row


def next_chunk(dialect: str, *, ordered: bool = False) -> Any:
    """The lowest open chunk that is due. After a worker died over a chunk, it runs alone; of an
    ordered job every chunk waits for those ahead of it."""
    other, job = aliased(JobChunk), bindparam("p_job", type_=CHUNK.c.job_id.type)
    clock: Any = bindparam("p_moment", type_=UtcDateTime)
    if dialect == "postgresql":
        clock = func.clock_timestamp()
    in_flight = exists().where(other.job_id == job, other.state == ChunkState.LEASED)
    suspect_in_flight = exists().where(
        other.job_id == job, other.state == ChunkState.LEASED, other.deaths > 0
    )
    ahead = exists().where(
        other.job_id == job, other.number < CHUNK.c.number, other.state != ChunkState.DONE
    )
    return (
        select(CHUNK.c.id)
        .where(
            CHUNK.c.job_id == job,
            *((~ahead,) if ordered else ()),
            CHUNK.c.state == ChunkState.PENDING,
            or_(CHUNK.c.next_try_at.is_(None), CHUNK.c.next_try_at <= clock),
            or_(CHUNK.c.deaths == 0, ~in_flight),
            ~suspect_in_flight,
        )
        .order_by(CHUNK.c.number)
        .limit(1)
    )


def renew_chunk(connection: Connection, chunk_id: int, token: str, lease: timedelta) -> bool:
    result = connection.execute(
        update(CHUNK)
        .where(CHUNK.c.id == chunk_id, CHUNK.c.lease_token == token)
        .values(lease_until=database_now(connection, lease))
    )
    return bool(result.rowcount)


def renew_preparing(connection: Connection, job_id: int, token: str, lease: timedelta) -> bool:
    result = connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.lease_token == token)
        .values(lease_until=database_now(connection, lease))
    )
    return bool(result.rowcount)


def fail_behind(connection: Connection, job: AnyRow, number: int) -> None:
    """Of an ordered job, what waits behind a chunk that failed for good; a retry goes on there."""
    if not job.layout.get("ordered"):
        return
    connection.execute(
        update(CHUNK)
        .where(
            CHUNK.c.job_id == job.id,
            CHUNK.c.number > number,
            CHUNK.c.state == ChunkState.PENDING,
        )
        .values(
            state=ChunkState.FAILED,
            error_code="chunk_ahead_failed",
            error_message=f"Not tried: chunk {number} ahead of it failed.",
        )
    )


def release_chunk(
    connection: Connection,
    chunk_id: int,
    token: str,
    *,
    state: str = ChunkState.PENDING,
    **values: Any,
) -> bool:
    """Give a leased chunk back (or fail it); False when the lease was lost meanwhile."""
    result = connection.execute(
        update(CHUNK)
        .where(
            and_(
                CHUNK.c.id == chunk_id,
                CHUNK.c.lease_token == token,
                CHUNK.c.state == ChunkState.LEASED,
            )
        )
        .values(state=state, lease_token=None, lease_until=None, lease_holder=None, **values)
    )
    return bool(result.rowcount)
