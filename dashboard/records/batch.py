"""What a writer gets: a chunk's accepted records, and how to take back the ones refused."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table

from dashboard.errors import RecordsRefused
from dashboard.records.database_errors import refusal
from dashboard.records.failures import Failure
from dashboard.records.refusals import Refusals
from dashboard.records.written import Written

FIRST_BLOCK = 256
LEFT_OUT = ("refused_by_database", "was left out by the database. Correct the row.")
BLANKS_MARK = b"\x02"


@dataclass(slots=True)
class Batch:
    """Accepted records by stored column.

    `columns` are typed Arrow arrays; `texts` holds, for those columns whose file text means the
    same to PostgreSQL, that text ('' = null). `positions` are the records' places in the chunk.
    `raw` is the file's own bytes of just these records when nothing about them changes; an empty
    `quote` says they hold neither quote nor backslash; `keeps_blanks` that a blank cell of them is
    an empty text, not null (they then hold no BLANKS_MARK). `defaults` names the columns that are
    not the file's but hold defaults: a merge takes them for new records only.
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
    keeps_blanks: bool = False
    defaults: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        return len(self.positions)


Send = Callable[[int, int], int]
"""Writes records [start, stop) of the batch and tells how many the database took."""


def insert_all(batch: Batch, connection: Connection, send: Send) -> Written:
    """Every record of the batch is a new one."""
    refused: list[Failure] = []
    if batch.isolate:
        before = batch.refusals.count
        send_isolated(batch.refusals, connection, send, batch.positions)
        refused = batch.refusals.failures(since=before)
    else:
        send_all(send, batch.count)
    return Written(refused, created=batch.count - len(refused))


def send_all(send: Send, count: int) -> None:
    """Everything at once; any refusal, or a count that does not agree, refuses the chunk."""
    with refusing():
        taken = send(0, count)
    if taken != count:
        message = f"The database took {taken} records of {count}; nothing was kept."
        raise RecordsRefused(message)


@contextmanager
def refusing() -> Iterator[None]:
    """Turns the database's refusal of a record into RecordsRefused."""
    try:
        yield
    except RecordsRefused:
        raise
    except Exception as error:
        found = refusal(error)
        if found is None:
            raise
        raise RecordsRefused(f"A row {found[1]}", details={"code": found[0]}) from error


def send_isolated(
    refusals: Refusals,
    connection: Connection,
    send: Send,
    positions: Any,
    worded: Callable[[tuple[str, str]], tuple[str, str]] = lambda found: found,
) -> list[tuple[int, int]]:
    """Halve around every refusal, so that only the refused rows stay out; the blocks that went in.

    `positions` are the records' places in the chunk in the order that `send` counts them; `worded`
    may say in other words (code, end of the message) what the database refused.
    """
    blocks = range(0, len(positions), FIRST_BLOCK)
    waiting = [(start, min(start + FIRST_BLOCK, len(positions))) for start in reversed(blocks)]
    taken = []
    while waiting:
        start, stop = waiting.pop()
        found = try_block(connection, send, start, stop)
        if found is None:
            taken.append((start, stop))
        elif stop - start == 1:
            refusals.add(int(positions[start]), "", *worded(found))
        else:
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
    return taken


def try_block(connection: Connection, send: Send, start: int, stop: int) -> tuple[str, str] | None:
    """One block in a savepoint of its own; what the database said when it refused."""
    connection.exec_driver_sql("SAVEPOINT records")
    try:
        if send(start, stop) != stop - start:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT records")
            return LEFT_OUT
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
