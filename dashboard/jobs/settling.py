"""Writing a chunk: records, failures, counts and the done mark, together or not at all (I1)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select, update
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
from dashboard.records.written import Written

Counts = dict[str, int]
NOTHING = Written([])


def settle_chunk(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> bool:
    """Did rows of it fail? Raises RecordsRefused (rolled back) or LeaseLost (rolled back)."""
    if job.purpose == "check":
        written = settle_checked(context, job, chunk, outcome)
    elif context.settings.same_database:
        written = settle_together(context, job, chunk, outcome)
    else:
        written = settle_apart(context, job, chunk, outcome)
    return bool(outcome.failures or written.refused)


def settle_together(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> Written:
    """One database, one transaction; settle is its last statement."""
    with writing(context.chunks, outcome) as connection:
        written = outcome.writer.write(connection) if outcome.writer else NOTHING
        keep_failures(connection, job, chunk, outcome.failures + written.refused)
        done(connection, chunk, counts_of(chunk, outcome), written)
    return written


def settle_checked(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> Written:
    """Nothing reaches the target: the writer compares, its transaction is rolled back."""
    with comparing(context.target, outcome) as connection:
        written = outcome.writer.write(connection) if outcome.writer else NOTHING
    with context.app.begin() as connection:
        keep_failures(connection, job, chunk, outcome.failures + written.refused)
        done(connection, chunk, counts_of(chunk, outcome), written)
    return written


def settle_apart(context: JobContext, job: AnyRow, chunk: AnyRow, outcome: Outcome) -> Written:
    """Two databases: prepared here, written there with a ledger row, marked done here."""
    key, counts = ledger_key(job, chunk), counts_of(chunk, outcome)
    # 1. What the chunk will come to, so that it can be marked done without reading it again.
    with closing_unless_done(outcome), context.app.begin() as connection:
        # Always: isolating comes here a second time within one attempt.
        forget_failures(connection, job.id, chunk.id, chunk.hints.get("again"))
        write_failures(connection, job.id, chunk.id, outcome.failures)
        save_prepared(connection, chunk, counts)
    # 2. Ledger row first: a second writer of this chunk waits here and then fails.
    try:
        with writing(context.target, outcome) as connection:
            ledger.enter(connection, key)
            written = outcome.writer.write(connection) if outcome.writer else NOTHING
            ledger.note_written(connection, key, written)
    except ledger.AlreadyWritten:
        # An earlier holder, thought dead, wrote it meanwhile: the same rows, so the same counts.
        finish_apart(context, job, chunk, counts)
        return NOTHING
    # 3. The done mark; lost in a crash, `finish_apart` makes it from what steps 1 and 2 left.
    mark_done(context, job, chunk, counts, written)
    return written


def finish_apart(
    context: JobContext, job: AnyRow, chunk: AnyRow, prepared: Mapping[str, int] | None
) -> bool:
    """Recovery of a chunk claimed again: mark it done if the target already holds its records."""
    if context.settings.same_database or prepared is None:
        return False
    with context.target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        written = ledger.entered(connection, ledger_key(job, chunk))
    if written is None:
        return False
    mark_done(context, job, chunk, prepared, written)
    return True


def finish_lost(context: JobContext, connection: Connection, job: AnyRow, chunk: AnyRow) -> bool:
    """A chunk that is about to be given back: mark it done if the other database holds it.

    Else a job that is cancelled or paused now would count rows as not processed that are there.
    """
    if context.settings.same_database or job.purpose == "check":
        return False
    held = (CHUNK.c.id == chunk.id, CHUNK.c.lease_token == chunk.lease_token)
    row = connection.execute(select(*CHUNK.c).where(*held)).one_or_none()
    if row is None or row.prepared is None:
        return False
    try:
        with context.target.connect().execution_options(sqlite_begin="DEFERRED") as target:
            written = ledger.entered(target, ledger_key(job, row))
    except SQLAlchemyError:  # it does not answer: whoever claims the chunk next asks again
        return False
    if written is None:
        return False
    write_failures(connection, job.id, row.id, written.refused)
    done(connection, row, row.prepared, written)
    return True


def written_apart(context: JobContext, job: AnyRow, chunk: AnyRow) -> bool:
    """Does the other database hold it, though its done mark is missing? Then it has not failed."""
    if context.settings.same_database or job.purpose == "check":
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
    written: Written,
) -> None:
    with context.app.begin() as connection:
        write_failures(connection, job.id, chunk.id, written.refused)
        done(connection, chunk, counts, written)


def done(
    connection: Connection, chunk: AnyRow, counts: Mapping[str, int], written: Written
) -> None:
    """The settle, with what the writer counted added to what was known before writing."""
    refused = len({failure.row for failure in written.refused})
    more = {
        "created": written.created,
        "updated": written.updated,
        "unchanged": written.unchanged,
        "skipped": written.skipped,
        "failed": refused,
    }
    total = {name: value + more[name] for name, value in counts.items()}
    settle(connection, chunk.id, chunk.lease_token, total, notes_of(chunk, written))


def notes_of(chunk: AnyRow, written: Written) -> dict[str, Any] | None:
    """What an earlier round noted stays: a later one writes other rows. Lists grow."""
    if not chunk.notes or not written.notes:
        return dict(written.notes) or chunk.notes
    merged = dict(chunk.notes)
    for name, value in written.notes.items():
        merged[name] = [*merged.get(name, []), *value] if isinstance(value, list) else value
    return merged


def keep_failures(
    connection: Connection, job: AnyRow, chunk: AnyRow, failures: list[Failure]
) -> None:
    """Replace the failures of the rows tried; a first try of a first round has none to replace."""
    if chunk.attempt > 1 or chunk.round > 1:
        forget_failures(connection, job.id, chunk.id, chunk.hints.get("again"))
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


def counts_of(chunk: AnyRow, outcome: Outcome) -> Counts:
    """Rows by outcome before writing. A round that tries failed rows again adds to what earlier
    rounds came to (`failed` then holds the rows it leaves alone)."""
    counts = {name: getattr(chunk, name) for name in ("created", "updated", "unchanged")}
    failed = len({failure.row for failure in outcome.failures})
    return {
        **counts,
        "skipped": chunk.skipped + outcome.skipped,
        "failed": chunk.failed + failed,
    }


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


@contextmanager
def comparing(engine: Any, outcome: Outcome) -> Iterator[Connection]:
    """As `writing`, but rolled back; on SQLite without the write lock."""
    writer = outcome.writer
    with closing_unless_done(outcome):
        opened = engine.connect().execution_options(sqlite_begin="DEFERRED")
    with opened as connection:
        try:
            if writer:
                writer.open(connection)
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()
        finally:
            if writer:
                writer.close(connection)
