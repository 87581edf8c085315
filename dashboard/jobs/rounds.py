"""The next round of a job: which chunks open again, and which of their rows are tried."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.orm import Session

from dashboard.errors import WrongState
from dashboard.events.types import JobEnqueued
from dashboard.jobs.context import JobContext
from dashboard.jobs.failure_list import Filter, filtered
from dashboard.jobs.finalising import frozen_counts
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB, fetch, making, move
from dashboard.jobs.undoing import undo_of
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
BEYOND = 1 << 62
RESET: dict[str, Any] = {
    "state": ChunkState.PENDING,
    "attempt": 0,
    "deaths": 0,
    "next_try_at": None,
    "error_code": None,
    "error_message": None,
}
# Its chunks may all be done, or wait as they were.
UNFINISHED = ("after_failed", "worker_killed", "unknown_job_type")
NOTHING = (
    "Job {} is {} and has nothing to try again. Only failed chunks and failed rows can be retried."
)


class FailedChunk(NamedTuple):
    """A settled chunk with failed rows; its row numbers lie in [first_row, end_row)."""

    id: int
    first_row: int
    end_row: int
    failed: int


Choose = Callable[[Connection, FailedChunk], Sequence[int]]


def next_round(
    context: JobContext,
    session: Session,
    job_id: int,
    choose: Choose,
    *,
    whole: bool = False,
    check: Callable[[], None] | None = None,
) -> tuple[AnyRow, int]:
    """Open it with the rows that `choose` names, in order, for each settled chunk with failures.

    `whole` opens failed chunks too; `check`, called when all was chosen, may raise. Returns the job
    and how many rows are tried. All or nothing: raises WrongState when nothing is to be tried, or
    its state does not allow it. One query or two a chunk: memory holds one chunk's rows.
    """
    connection = session.connection()
    before = fetch(connection, job_id)
    with connection.begin_nested():
        row = open_round(connection, before)
        tried = sum(reopen(connection, row, c, choose) for c in failed_chunks(connection, job_id))
        opened = reopen_failed(connection, job_id) if whole else 0
        if check:
            check()
        never_cut = whole and (not before.prepared or before.error_code in UNFINISHED)
        if not (tried or opened or never_cut):
            raise WrongState(NOTHING.format(job_id, before.status))
        counts = frozen_counts(connection, row)
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(**counts))
    context.queue.wake_after_commit(session, "work", job_id, times=context.settings.workers)
    return fetch(connection, job_id), tried


def open_round(connection: Connection, job: AnyRow) -> AnyRow:
    """Failed or completed → waiting; the job's row stays locked until the commit."""
    if job.status not in (S.FAILED, S.COMPLETED):
        raise WrongState(NOTHING.format(job.id, job.status))
    row = move(
        connection,
        job.id,
        S.WAITING,
        expected=(S(job.status),),
        where=(JOB.c.round == job.round,),
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
    if row is None:
        raise WrongState(NOTHING.format(job.id, fetch(connection, job.id).status))
    # Asked with the row in hand: an undo takes it first, too.
    reversal = undo_of(connection, job.id)
    if reversal is not None:
        raise WrongState(
            f"Job {job.id} is undone by job {reversal.id}; its rows cannot be tried again."
            " Run the file again instead."
        )
    return row


def failed_chunks(connection: Connection, job_id: int) -> list[FailedChunk]:
    """In the order of the file; where a chunk's rows end is known from the one that follows."""
    query = (
        select(CHUNK.c.id, CHUNK.c.first_row, CHUNK.c.state, CHUNK.c.failed)
        .where(CHUNK.c.job_id == job_id)
        .order_by(CHUNK.c.first_row)
    )
    chunks = connection.execute(query).all()
    ends = [after.first_row for _, after in pairwise(chunks)] + [BEYOND]
    return [
        FailedChunk(chunk.id, chunk.first_row, end, chunk.failed)
        for chunk, end in zip(chunks, ends, strict=False)
        if chunk.state == ChunkState.DONE and chunk.failed
    ]


def reopen(connection: Connection, job: AnyRow, chunk: FailedChunk, choose: Choose) -> int:
    """Its chosen rows count as not processed until the new round settles them; the others stay
    failed. Returns how many were chosen."""
    again = list(choose(connection, chunk))
    if not again:
        return 0
    hints = connection.scalar(select(CHUNK.c.hints).where(CHUNK.c.id == chunk.id)) or {}
    connection.execute(
        update(CHUNK)
        .where(CHUNK.c.id == chunk.id)
        .values(
            **RESET,
            round=job.round,
            failed=chunk.failed - len(again),
            hints={**hints, "again": again},
        )
    )
    return len(again)


def reopen_failed(connection: Connection, job_id: int) -> int:
    """A failed chunk keeps its round: should the target hold its records after all (its worker died
    between the two databases), the ledger still knows them."""
    return connection.execute(
        update(CHUNK)
        .where(CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.FAILED)
        .values(**RESET)
    ).rowcount


# -- what to choose ------------------------------------------------------------------------------


def failures_of(job_id: int, chunk: FailedChunk, query: Select[Any]) -> Select[Any]:
    """A query over the failures, for this chunk. By row, which their one index knows."""
    return query.where(
        FAILURE.c.job_id == job_id,
        FAILURE.c.row >= chunk.first_row,
        FAILURE.c.row < chunk.end_row,
        FAILURE.c.chunk_id == chunk.id,
    )


def failing(job_id: int, cause: Filter | None = None) -> Choose:
    """All failed rows, or those of a cause."""

    def choose(connection: Connection, chunk: FailedChunk) -> Sequence[int]:
        query = failures_of(job_id, chunk, select(FAILURE.c.row).distinct())
        query = filtered(query, cause) if cause else query
        return connection.scalars(query.order_by(FAILURE.c.row)).all()

    return choose


def only(job_id: int, rows: Sequence[int]) -> Choose:
    """Those of these row numbers (in order) that are failed."""

    def choose(connection: Connection, chunk: FailedChunk) -> Sequence[int]:
        wanted = within(rows, chunk)
        if not wanted:
            return ()
        failed = set(failing(job_id)(connection, chunk))
        return [row for row in wanted if row in failed]

    return choose


def within(rows: Sequence[int], chunk: FailedChunk) -> Sequence[int]:
    """The part of a sorted list of rows that lies in a chunk."""
    return rows[bisect_left(rows, chunk.first_row) : bisect_left(rows, chunk.end_row)]
