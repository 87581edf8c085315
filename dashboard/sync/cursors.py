"""How far each sync has come: kept in the target database, moved with the records themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from dashboard.errors import ConfigurationError, JobEngineError
from dashboard.jobs.chunk_job import RecordWriter
from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime
from dashboard.records.written import Written
from dashboard.sync.taken_files import TAKEN_FILES, keep_marks

CURSORS = Table(
    "jobengine_cursors",
    MetaData(),
    Column("type", String(80), primary_key=True),
    # Counts every chunk that moved the cursor: whoever saw another number writes nothing.
    Column("version", BigInteger, nullable=False),
    # The source's own (source.py: Cursor).
    Column("cursor", JSON(none_as_null=True)),
    # The fields that the source's columns filled when it was last read.
    Column("filled", JSON(none_as_null=True)),
    # What was being read when rows were taken that the cursor does not cover yet.
    Column("unfinished", Text),
    Column("job_uuid", String(36)),
    Column("chunk", Integer),
    Column("at", UtcDateTime, nullable=False),
)


class CursorMoved(JobEngineError):
    """Another sync of the type wrote meanwhile; what this one did is rolled back."""

    code = "cursor_moved"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sync stands; version 0: it never took anything."""

    version: int = 0
    cursor: Mapping[str, Any] | None = None
    filled: tuple[str, ...] = ()
    unfinished: str | None = None
    job_uuid: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one chunk does to the cursor. `version` is the one the plan counts on before it.

    `cursor` None leaves it where it is. `marks` are files now wholly taken. `unfinished` names what
    rows of this chunk belong to when no cursor and no mark covers them yet. `filled` are fields.
    """

    version: int
    cursor: Mapping[str, Any] | None = None
    marks: tuple[str, ...] = ()
    unfinished: str | None = None
    filled: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For a chunk's hints."""
        return {
            "version": self.version,
            "cursor": None if self.cursor is None else dict(self.cursor),
            "marks": list(self.marks),
            "unfinished": self.unfinished,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], filled: tuple[str, ...]) -> "Step":
        return cls(**{**data, "marks": tuple(data["marks"]), "filled": filled})


def ensure_cursors(target: Engine) -> None:
    """Create both tables where they are missing; refused at start-up without the right to."""
    for table in (CURSORS, TAKEN_FILES):
        try:
            table.create(target, checkfirst=True)
        except SQLAlchemyError as error:
            if inspect(target).has_table(table.name):  # another worker's start was faster
                continue
            raise ConfigurationError(
                f"The target database does not let JobEngine create its table {table.name}, without"
                " which a sync would not know what it has taken. Grant CREATE, or create the table"
                " by hand.",
                code="cursors_refused",
            ) from error


def position_of(connection: Connection, name: str) -> Position:
    """Of the job type `name`; a target without the table has taken nothing."""
    if not connection.dialect.has_table(connection, CURSORS.name):
        return Position()
    row = connection.execute(select(CURSORS).where(CURSORS.c.type == name)).one_or_none()
    return Position() if row is None else standing(row)


def positions(connection: Connection) -> dict[str, Position]:
    """Of all types that ever took anything."""
    if not connection.dialect.has_table(connection, CURSORS.name):
        return {}
    return {row.type: standing(row) for row in connection.execute(select(CURSORS))}


def standing(row: Row[Any]) -> Position:
    filled = tuple(row.filled or ())
    return Position(row.version, row.cursor, filled, row.unfinished, row.job_uuid, row.at)


def advance(connection: Connection, name: str, step: Step, job_uuid: str, chunk: int) -> None:
    """In the transaction of the chunk's records. Raises CursorMoved, when all is rolled back."""
    values: dict[str, Any] = {
        "version": step.version + 1,
        "unfinished": step.unfinished,
        "job_uuid": job_uuid,
        "chunk": chunk,
        "at": now(),
    }
    if step.cursor is not None:
        values["cursor"] = dict(step.cursor)
    if step.filled:  # a run without rows has seen no columns
        values["filled"] = list(step.filled)
    if not compare_and_set(connection, name, step.version, values):
        raise CursorMoved(
            f"Another job of {name} took rows while this one ran, so this one writes nothing more."
            " Start a new sync: it goes on where the other stopped."
        )
    keep_marks(connection, name, step.marks, job_uuid)


def compare_and_set(
    connection: Connection, name: str, version: int, values: Mapping[str, Any]
) -> bool:
    if version:
        same = (CURSORS.c.type == name, CURSORS.c.version == version)
        return connection.execute(update(CURSORS).where(*same).values(values)).rowcount == 1
    try:
        connection.execute(insert(CURSORS).values(type=name, **values))
    except IntegrityError:
        return False
    return True


class CursorWriter:
    """A chunk's writer (None: no record to write) and the cursor's move, in one transaction.

    The cursor first: a second sync waits there and then stops before it has written anything.
    """

    def __init__(
        self, writer: RecordWriter | None, name: str, step: Step, job_uuid: str, chunk: int
    ) -> None:
        self.writer = writer
        self.moving = (name, step, job_uuid, chunk)

    def open(self, connection: Connection) -> None:
        if self.writer:
            self.writer.open(connection)

    def write(self, connection: Connection) -> Written:
        advance(connection, *self.moving)
        return self.writer.write(connection) if self.writer else Written([])

    def close(self, connection: Connection | None) -> None:
        if self.writer:
            self.writer.close(connection)
