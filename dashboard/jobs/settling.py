"""Writing a chunk: records, failures, counts and the done mark, together or not at all (I1)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, update
from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import LeaseLost
from dashboard.jobs import ledger
from dashboard.jobs.chunk_job import Outcome
from dashboard.jobs.context import JobContext
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.tracker import forget_failures, settle, write_failures
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState
from dashboard.records.failures import Failure

Counts = dict[str, int]


def settle_chunk(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> None:
    """Raises RecordsRefused (rolled back) or LeaseLost (rolled back)."""
    if context.settings.same_database:
        settle_together(context, job, chunk, outcome)
    else:
        settle_apart(context, job, chunk, outcome)


def settle_together(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> None:
    """One database, one transaction; settle is its last statement."""
    with writing(context.chunks, outcome) as connection:
        refused = outcome.writer.write(connection) if outcome.writer else []
        failures = outcome.failures + refused
        keep_failures(connection, job, chunk, failures)
        settle(connection, chunk.id, chunk.lease_token, counts_of(chunk, outcome, refused))


def settle_apart(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> None:
    """Two databases: prepared here, written there with a ledger row, marked done here."""
    key, counts = ledger_key(job, chunk), counts_of(chunk, outcome, [])
    # 1. What the chunk will come to, so that it can be marked done without reading it again.
    with closing_unless_done(outcome), context.app.begin() as connection:
        # Always: isolating comes here a second time within one attempt.
        forget_failures(connection, job.id, chunk.id)
        write_failures(connection, job.id, chunk.id, outcome.failures)
        save_prepared(connection, chunk, counts)
    # 2. Ledger row first: a second writer of this chunk waits here and then fails.
    try:
        with writing(context.target, outcome) as connection:
            ledger.enter(connection, key)
            refused = outcome.writer.write(connection) if outcome.writer else []
            ledger.note_refused(connection, key, [list(failure) for failure in refused])
    except ledger.AlreadyWritten:
        # An earlier holder, thought dead, wrote it meanwhile: the same rows, so the same counts.
        finish_apart(context, job, chunk, counts)
        return
    # 3. The done mark; lost in a crash, `finish_apart` makes it from what steps 1 and 2 left.
    mark_done(context, job, chunk, counts, refused)


def finish_apart(
    context: JobContext, job: AnyRow, chunk: AnyRow, prepared: Mapping[str, int] | None
) -> bool:
    """Recovery of a chunk claimed again: mark it done if the target already holds its records."""
    if context.settings.same_database or prepared is None:
        return False
    with context.target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        refused = ledger.entered(connection, ledger_key(job, chunk))
    if refused is None:
        return False
    mark_done(context, job, chunk, prepared, [Failure(*item) for item in refused])
    return True


def written_apart(context: JobContext, job: AnyRow, chunk: AnyRow) -> bool:
    """Does the other database hold it, though its done mark is missing? Then it has not failed."""
    if context.settings.same_database:
        return False
    try:
        with context.target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            return ledger.entered(connection, ledger_key(job, chunk)) is not None
    except SQLAlchemyError:  # it does not answer: failed for now, and a retry asks again
        return False


def mark_done(
    context: JobContext,
    job: AnyRow,
    chunk: AnyRow,
    counts: Mapping[str, int],
    refused: list[Failure],
) -> None:
    rows = len({failure.row for failure in refused})
    with context.app.begin() as connection:
        write_failures(connection, job.id, chunk.id, refused)
        shifted = {
            **counts,
            "created": counts["created"] - rows,
            "failed": counts["failed"] + rows,
        }
        settle(connection, chunk.id, chunk.lease_token, shifted)


def keep_failures(
    connection: Connection, job: AnyRow, chunk: AnyRow, failures: list[Failure]
) -> None:
    """Replace the chunk's failures; a first try of a first round has none to replace."""
    if chunk.attempt > 1 or chunk.round > 1:
        forget_failures(connection, job.id, chunk.id)
    write_failures(connection, job.id, chunk.id, failures)


def save_prepared(connection: Connection, chunk: AnyRow, counts: Counts) -> None:
    saved = connection.execute(
        update(CHUNK)
        .where(
            CHUNK.c.id == chunk.id,
            CHUNK.c.lease_token == chunk.lease_token,
            CHUNK.c.state == ChunkState.LEASED,
        )
        .values(prepared=counts)
    )
    if saved.rowcount != 1:
        raise LeaseLost(f"Chunk {chunk.id} was taken over by another worker.")


def counts_of(chunk: AnyRow, outcome: Outcome, refused: list[Failure]) -> Counts:
    """Rows by outcome. A round that tries failed rows again adds to what earlier rounds wrote."""
    refused_rows = len({failure.row for failure in refused})
    fresh = {
        "created": outcome.accepted - refused_rows,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "skipped": outcome.skipped,
    }
    counts = {name: getattr(chunk, name) + value for name, value in fresh.items()}
    failed = len({failure.row for failure in outcome.failures})
    return {**counts, "failed": failed + refused_rows}


def ledger_key(job: AnyRow, chunk: AnyRow) -> ledger.Key:
    return (job.uuid, chunk.round, chunk.number)


@contextmanager
def closing_unless_done(outcome: Outcome) -> Iterator[None]:
    """Frees what the writer prepared when it never comes to writing."""
    try:
        yield
    except BaseException:
        if outcome.writer:
            outcome.writer.close(None)
        raise


@contextmanager
def writing(engine: Any, outcome: Outcome) -> Iterator[Connection]:
    """A transaction for the chunk's writer, opened and closed around it."""
    writer = outcome.writer
    with closing_unless_done(outcome):
        opened = engine.connect()
    with opened as connection:
        try:
            if writer:
                writer.open(connection)
            with connection.begin():
                yield connection
        finally:
            if writer:
                writer.close(connection)
