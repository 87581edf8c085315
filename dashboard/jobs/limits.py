"""How many workers may run chunks of one job type at once, over all its jobs."""

import zlib
from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, or_, select

from dashboard.jobs.database_time import database_now
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from dashboard.models.columns import table_of
from dashboard.models.job import JobChunk
from dashboard.models.states import ChunkState, JobStatus

CHUNK = table_of(JobChunk)
S = JobStatus
# The first half of the advisory lock's key: no other code of ours uses such locks.
LOCKS = 0x4A45


@dataclass(frozen=True, slots=True)
class TypeLimit:
    """The `limit` of a job type, in workers."""

    type: str
    most: int


def has_room(connection: Connection, limit: TypeLimit) -> bool:
    """Counts the living leases, so that no crash leaves a place taken; inside the claim."""
    lock_claims(connection, limit.type)
    held = (
        select(func.count())
        .select_from(CHUNK)
        .join(JOB, JOB.c.id == CHUNK.c.job_id)
        .where(
            CHUNK.c.state == ChunkState.LEASED,
            CHUNK.c.lease_until >= database_now(connection),
            JOB.c.type == limit.type,
        )
    )
    return int(connection.scalar(held) or 0) < limit.most


def lock_claims(connection: Connection, name: str) -> None:
    """Two claims must not count at the same moment: SQLite's writers are one at a time, PostgreSQL
    gets a lock that ends with the claim."""
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(name.encode()) - (1 << 31)
        connection.execute(select(func.pg_advisory_xact_lock(LOCKS, key)))


def next_of_type(connection: Connection, type: str, after: int) -> int | None:
    """The job of this type whose turn it is after that one: by id, round and round."""
    due = or_(CHUNK.c.next_try_at.is_(None), CHUNK.c.next_try_at <= now())
    open_chunk = exists().where(
        CHUNK.c.job_id == JOB.c.id, CHUNK.c.state == ChunkState.PENDING, due
    )
    query = (
        select(JOB.c.id)
        .where(
            JOB.c.type == type, JOB.c.status.in_((S.WAITING, S.ACTIVE, S.INTERRUPTED)), open_chunk
        )
        .order_by(JOB.c.id <= after, JOB.c.id)
        .limit(1)
    )
    return connection.scalar(query)
