"""Writes what a job has come to: failures, the settle, sums, and progress from the heartbeat."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from dashboard.errors import LeaseLost
from dashboard.events.types import JobProgressed
from dashboard.jobs.database_time import database_now
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.transitions import JOB, emit
from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime, table_of
from dashboard.models.job import JobFailure
from dashboard.models.states import LIVE, ChunkState
from dashboard.records.failures import Failure

FAILURE = table_of(JobFailure)
OUTCOMES = ("created", "updated", "unchanged", "skipped", "failed")
COPY_FAILURES = (
    'COPY job_failures (job_id, chunk_id, "row", "column", code, message, value, record) FROM STDIN'
)
LONGEST_COLUMN = 200
IN_ONE_LIST = 1000
PROGRESS_EVERY = timedelta(seconds=1)


def write_failures(
    connection: Connection, job_id: int, chunk_id: int, failures: Iterable[Failure]
) -> None:
    """Keep every refused cell; the chunk's earlier ones (an earlier round) are replaced."""
    rows = [(job_id, chunk_id, *fitting(failure)) for failure in failures]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        cursor = connection.connection.cursor()
        with cursor.copy(COPY_FAILURES) as copy:
            for row in rows:
                copy.write_row(tuple(without_nul(cell) for cell in row))
        cursor.close()
        return
    names = ("job_id", "chunk_id", *Failure._fields)
    connection.execute(insert(FAILURE), [dict(zip(names, row, strict=True)) for row in rows])


def fitting(failure: Failure) -> Failure:
    """A header may be longer than the column that keeps its name."""
    return failure._replace(column=failure.column[:LONGEST_COLUMN])


def without_nul(cell: Any) -> Any:
    """PostgreSQL text cannot hold NUL; show it as the symbol for it."""
    return cell.replace("\0", "\u2400") if isinstance(cell, str) and "\0" in cell else cell


def forget_failures(
    connection: Connection, job_id: int, chunk_id: int, rows: Sequence[int] | None = None
) -> None:
    """The chunk's failures, or those of `rows` when only these are tried again.

    By the job too: its index is the only one the failures pay for.
    """
    of_chunk = (FAILURE.c.job_id == job_id, FAILURE.c.chunk_id == chunk_id)
    if rows is None:
        connection.execute(delete(FAILURE).where(*of_chunk))
        return
    for start in range(0, len(rows), IN_ONE_LIST):
        some = FAILURE.c.row.in_(rows[start : start + IN_ONE_LIST])
        connection.execute(delete(FAILURE).where(*of_chunk, some))


def settle(
    connection: Connection,
    chunk_id: int,
    token: str,
    counts: Mapping[str, int],
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Mark the chunk done. The LAST statement of its transaction (I1).

    Raises LeaseLost when another worker took the chunk over: everything here is rolled back.
    """
    values = {f"p_{name}": counts[name] for name in OUTCOMES}
    keys = {"p_chunk": chunk_id, "p_token": token, "p_moment": now(), "p_notes": notes}
    result = connection.execute(settle_statement(), {**values, **keys})
    if result.rowcount != 1:
        raise LeaseLost(f"Chunk {chunk_id} was taken over by another worker.")


@cache
def settle_statement() -> Any:
    return (
        update(CHUNK)
        .where(
            CHUNK.c.id == bindparam("p_chunk"),
            CHUNK.c.lease_token == bindparam("p_token"),
            CHUNK.c.state == ChunkState.LEASED,
        )
        .values(
            state=ChunkState.DONE,
            lease_token=None,
            lease_until=None,
            finished_at=bindparam("p_moment", type_=UtcDateTime),
            error_code=None,
            error_message=None,
            next_try_at=None,
            prepared=None,
            notes=bindparam("p_notes", type_=CHUNK.c.notes.type),
            **{name: bindparam(f"p_{name}") for name in OUTCOMES},
        )
    )


def sums(connection: Connection, job_id: int) -> dict[str, int]:
    """Rows by outcome over the job's chunks; `processed` is their sum (I4)."""
    columns = [func.coalesce(func.sum(CHUNK.c[name]), 0).label(name) for name in OUTCOMES]
    row = connection.execute(select(*columns).where(CHUNK.c.job_id == job_id)).one()
    counts = {name: int(getattr(row, name)) for name in OUTCOMES}
    return {**counts, "processed": sum(counts.values())}


def report_progress(connection: Connection, job_id: int, *, last: bool = False) -> bool:
    """Write JobProgressed if the sums moved, at most once a second a job however many workers.

    The `last` one before the end waits for nothing: it must not be lost.
    """
    current = sums(connection, job_id)
    clock = database_now(connection)
    earlier = database_now(connection, timedelta(0) if last else -PROGRESS_EVERY)
    row = connection.execute(
        update(JOB)
        .where(
            JOB.c.id == job_id,
            JOB.c.status.in_(LIVE),
            JOB.c.processed < current["processed"],
            or_(
                JOB.c.progressed_at.is_(None),
                JOB.c.progressed_at <= earlier,
            ),
        )
        .values(progressed_at=clock, processed=current["processed"])
        .returning(*JOB.c)
    ).one_or_none()
    if row is None:
        return False
    if row.strategy != "none":
        counts = {name: current[name] for name in OUTCOMES}
        emit(
            connection,
            row,
            JobProgressed,
            processed=current["processed"],
            total=row.total,
            counts=counts,
        )
    return True
