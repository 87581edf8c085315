"""A mirror's deletions: counted before anything is written, and again as they are made."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, not_, select
from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import JobEngineError
from dashboard.jobs.chunk_job import Asks, Connect
from dashboard.records.table import TableDescription
from dashboard.records.written import Written
from dashboard.sync.mirror_keys import KeyStage, Places
from dashboard.sync.mirror_references import named_by_others, names_itself

MASS_DELETION = "mass_deletion"


class DeletesMore(JobEngineError):
    """The table or the source changed since a person or the limit agreed to fewer."""

    code = MASS_DELETION


@dataclass(frozen=True, slots=True)
class Deletion:
    """`rows` of `of` records would go; `kept` are gone from the source but named by other records.

    `unread` rows of the source have a key that cannot be read: nothing is deleted then.
    """

    rows: int
    of: int
    kept: int
    unread: int
    places: Places = ()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "places": [list(place) for place in self.places]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Deletion":
        return cls(**data)

    @property
    def percent(self) -> float:
        return 100 * self.rows / self.of if self.of else 0.0


def deletion_of(
    target: TableDescription,
    stage: KeyStage,
    connect: Connect,
    places: Sequence[Sequence[int]],
    refused: int,
) -> Deletion:
    """What the mirror would delete now; the stage's transaction is rolled back. Of `refused` rows
    the source could not even read the cells."""
    with connect() as connection:
        reading = connection.execution_options(sqlite_begin="DEFERRED")
        with reading.begin() as transaction:
            stage.fill(reading)
            rows, kept = counts(reading, target, stage)
            of = int(reading.scalar(select(func.count()).select_from(target.table)) or 0)
            transaction.rollback()
    unread = stage.unread + refused
    return Deletion(0 if unread else rows, of, kept, unread, places)


def counts(connection: Connection, target: TableDescription, stage: KeyStage) -> tuple[int, int]:
    """(records to delete, records kept because others name them)."""
    named = named_by_others(connection, target.table)
    held = select(func.count()).select_from(target.table).where(stage.gone())
    if named is None:
        return int(connection.scalar(held) or 0), 0
    rows = int(connection.scalar(held.where(not_(named))) or 0)
    return rows, int(connection.scalar(held.where(named)) or 0)


def question(deletion: Deletion, most_percent: float) -> Asks | None:
    """A person is asked when more than the agreed share would go."""
    if deletion.rows * 100 <= most_percent * deletion.of:
        return None
    figures = {
        "rows": deletion.rows,
        "of": deletion.of,
        "percent": round(deletion.percent, 1),
        "most": most_percent,
    }
    reason = (
        f"The source no longer has {deletion.rows:,} of {deletion.of:,} records"
        f" ({deletion.percent:.1f} %); the sync deletes at most {most_percent:g} % without asking."
        " Nothing was written yet."
    )
    return Asks(MASS_DELETION, reason, figures)


class MirrorWriter:
    """The last chunk of a mirror: the keys are staged before its transaction begins."""

    def __init__(
        self, target: TableDescription, stage: KeyStage, deletion: Deletion, most: int
    ) -> None:
        self.target, self.stage, self.deletion, self.most = target, stage, deletion, most

    def open(self, connection: Connection) -> None:
        """Reading and staging hold no lock that others wait for."""
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.execution_options(sqlite_begin="DEFERRED")
        with connection.begin():
            self.stage.fill(connection)
        connection.execution_options(sqlite_begin=mode)

    def write(self, connection: Connection) -> Written:
        """Raises DeletesMore; all is rolled back then."""
        unread = max(self.stage.unread, self.deletion.unread)
        if unread:
            return Written([], notes=noted(0, self.deletion.kept, unread))
        named = named_by_others(connection, self.target.table)
        gone = self.stage.gone()
        deleted = self._delete(connection, gone if named is None else and_(gone, not_(named)))
        if deleted > self.most:
            raise DeletesMore(
                f"The mirror would delete {deleted:,} records now; {self.most:,} were agreed to"
                " when it was prepared. Nothing was deleted. Start the sync again."
            )
        left = select(func.count()).select_from(self.target.table).where(gone)
        return Written([], notes=noted(deleted, int(connection.scalar(left) or 0), 0))

    def _delete(self, connection: Connection, condition: ColumnElement[bool]) -> int:
        """Again and again where records of the table name each other: the outermost go first."""
        statement, total = delete(self.target.table).where(condition), 0
        again = names_itself(self.target.table)
        while True:
            deleted = connection.execute(statement).rowcount
            total += deleted
            if not (deleted and again and total <= self.most):
                return total

    def close(self, connection: Connection | None) -> None:
        """What cannot be dropped goes with the connection, or before the next one is made."""
        if connection is not None:
            with suppress(SQLAlchemyError), connection.begin():
                self.stage.drop(connection)


def noted(deleted: int, kept: int, unread: int) -> Mapping[str, Any]:
    """Deleted records are no rows of the source: they stand beside the five counts."""
    return {"figures": {"deleted": deleted, "kept": kept, "unread_keys": unread}}
