"""The leased step before any chunk: read the whole input once, cut it, publish the chunks."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from dashboard.jobs.chunk_job import BaseChunkJob, Plan
from dashboard.jobs.context import JobContext
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.transitions import JOB, move
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus
from dashboard.models.stored_file import StoredFile

S = JobStatus


def make_plan(context: JobContext, job: AnyRow, work: BaseChunkJob) -> Plan:
    """Raises FileRefused or NotFound; writes nothing."""
    with context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        key = connection.scalar(select(StoredFile.key).where(StoredFile.id == job.file_id))
    with context.store.open(key or "") as stream:
        return work.plan(stream)


def publish_plan(connection: Connection, job: AnyRow, plan: Plan) -> bool:
    """Write the chunks and open the job for workers; False when the lease was lost meanwhile."""
    held = connection.execute(
        update(JOB)
        .where(JOB.c.id == job.id, JOB.c.lease_token == job.lease_token)
        .values(
            prepared=True,
            total=plan.rows,
            not_processed=plan.rows,
            layout=dict(plan.layout),
            lease_token=None,
            lease_until=None,
            lease_holder=None,
        )
    )
    if not held.rowcount:
        return False
    connection.execute(delete(CHUNK).where(CHUNK.c.job_id == job.id))
    if plan.chunks:
        connection.execute(
            insert(CHUNK), [chunk_row(job, n, c) for n, c in enumerate(plan.chunks, 1)]
        )
    # A job paused or cancelled meanwhile keeps that state; finalising stops it there.
    move(connection, job.id, S.ACTIVE, expected=(S.PREPARING,))
    return True


def chunk_row(job: AnyRow, number: int, planned: Any) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "number": number,
        "round": job.round,
        "state": ChunkState.PENDING,
        "offset": planned.offset,
        "length": planned.length,
        "first_row": planned.first_row,
        "rows": planned.rows,
        "hints": dict(planned.hints),
    }
