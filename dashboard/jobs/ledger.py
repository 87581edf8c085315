"""The target's own record of which chunks it holds, for a target apart from the jobs (I1)."""

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from dashboard.errors import ConfigurationError
from dashboard.lib.clock import now
from dashboard.records.written import Written

LEDGER = Table(
    "jobengine_ledger",
    MetaData(),
    Column("job_uuid", String(36), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    # What became of its rows (Written as JSON).
    Column("refused", JSON, key="written", nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Key = tuple[str, int, int]


class AlreadyWritten(Exception):
    """The target holds this chunk's records: another holder of its lease was faster."""


def ensure_ledger(target: Engine) -> None:
    """Create the ledger where it is missing; refused at start-up without the right to."""
    try:
        LEDGER.create(target, checkfirst=True)
    except SQLAlchemyError as error:
        if inspect(target).has_table(LEDGER.name):  # another worker's start was faster
            return
        raise ConfigurationError(
            "The target database does not let JobEngine create its table jobengine_ledger, without"
            " which a crash could write a chunk twice. Grant CREATE, or create the table by hand.",
            code="ledger_refused",
        ) from error


def enter(connection: Connection, key: Key) -> None:
    """First statement of a chunk's transaction: a second writer raises AlreadyWritten here."""
    values = dict(zip(("job_uuid", "round", "chunk"), key, strict=True))
    try:
        connection.execute(insert(LEDGER).values(**values, written={}, at=now()))
    except IntegrityError as error:
        raise AlreadyWritten from error


def note_written(connection: Connection, key: Key, written: Written) -> None:
    """What became of the rows: known only here until the chunk is marked done."""
    connection.execute(update(LEDGER).where(*matches(key)).values(written=written.to_json()))


def entered(connection: Connection, key: Key) -> Written | None:
    """What was written if the chunk's records are in the target, else None."""
    told = connection.scalar(select(LEDGER.c.written).where(*matches(key)))
    return None if told is None else Written.from_json(told)


def matches(key: Key) -> tuple[Any, ...]:
    return (LEDGER.c.job_uuid == key[0], LEDGER.c.round == key[1], LEDGER.c.chunk == key[2])
