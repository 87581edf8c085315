"""What a writer gets: a chunk's accepted records, and how to take back the ones refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table

from dashboard.errors import RecordsRefused
from dashboard.records.database_errors import refusal
from dashboard.records.failures import Failure
from dashboard.records.refusals import Refusals
from dashboard.records.written import Written

FIRST_BLOCK = 256


@dataclass(slots=True)
class Batch:
    """Accepted records by stored column.

    `columns` are typed Arrow arrays; `texts` holds, for those columns whose file text means the
    same to PostgreSQL, that text ('' = null). `positions` are the records' places in the chunk.
    `raw` is the file's own bytes of just these records when nothing about them changes; an empty
    `quote` says they hold neither quote nor backslash.
    """

    table: Table
    columns: Mapping[str, Any]
    positions: Any
    refusals: Refusals
    isolate: bool = False
    texts: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    delimiter: str = ","
    quote: str = ""

    @property
    def count(self) -> int:
        return len(self.positions)


Send = Callable[[int, int], int]
"""Writes records [start, stop) of the batch and tells how many the database took."""


def insert_all(batch: Batch, connection: Connection, send: Send) -> Written:
    """Every record of the batch is a new one."""
    isolated = batch.isolate
    refused = send_isolated(batch, connection, send) if isolated else send_all(batch, send)
    return Written(refused, created=batch.count - len(refused))


def send_all(batch: Batch, send: Send) -> list[Failure]:
    """Everything at once; any refusal, or a count that does not agree, refuses the chunk."""
    try:
        taken = send(0, batch.count)
    except Exception as error:
        found = refusal(error)
        if found is None:
            raise
        raise RecordsRefused(f"A row {found[1]}", details={"code": found[0]}) from error
    if taken != batch.count:
        message = f"The database took {taken} records of {batch.count}; nothing was kept."
        raise RecordsRefused(message)
    return []


def send_isolated(batch: Batch, connection: Connection, send: Send) -> list[Failure]:
    """Halve around every refusal, so that only the refused rows stay out."""
    before = batch.refusals.count
    blocks = range(0, batch.count, FIRST_BLOCK)
    waiting = [(start, min(start + FIRST_BLOCK, batch.count)) for start in reversed(blocks)]
    while waiting:
        start, stop = waiting.pop()
        found = try_block(connection, send, start, stop)
        if found is None:
            continue
        if stop - start == 1:
            batch.refusals.add(int(batch.positions[start]), "", *found)
        else:
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
    return batch.refusals.failures(since=before)


def try_block(connection: Connection, send: Send, start: int, stop: int) -> tuple[str, str] | None:
    """One block in a savepoint of its own; what the database said when it refused."""
    connection.exec_driver_sql("SAVEPOINT records")
    try:
        if send(start, stop) != stop - start:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT records")
            return "refused_by_database", "was left out by the database. Correct the row."
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    except Exception as error:
        found = refusal(error)
        if found is None:
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT records")
        return found
    connection.exec_driver_sql("RELEASE SAVEPOINT records")
    return None
