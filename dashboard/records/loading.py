"""The writer for a target: COPY, stage file, or row by row for any other database."""

from sqlalchemy import Connection, insert

from dashboard.records.batch import Batch, insert_all
from dashboard.records.loading_postgres import PostgresWriter
from dashboard.records.loading_sqlite import SqliteWriter
from dashboard.records.merger import Merger
from dashboard.records.merging import Merge
from dashboard.records.merging_postgres import PostgresMerger
from dashboard.records.merging_rows import RowMerger
from dashboard.records.merging_sqlite import SqliteMerger
from dashboard.records.values import records
from dashboard.records.written import Written


class RowWriter:
    """Plain INSERTs through SQLAlchemy: any database it speaks to."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def open(self, connection: Connection) -> None:
        """INSERT needs nothing beforehand."""

    def write(self, connection: Connection) -> Written:
        batch = self.batch

        def send(start: int, stop: int) -> int:
            connection.execute(
                insert(batch.table), records(batch.table, batch.columns, start, stop)
            )
            return stop - start

        return insert_all(batch, connection, send)

    def close(self, connection: Connection | None) -> None:
        """Nothing was made."""


Writer = PostgresWriter | SqliteWriter | RowWriter | Merger


def writer_for(dialect: str, batch: Batch, merge: Merge | None = None) -> Writer:
    """Without a `merge` every record of the batch is inserted as a new one."""
    if merge is not None:
        return merger_for(dialect, batch, merge)
    if dialect == "postgresql":
        return PostgresWriter(batch)
    return SqliteWriter(batch) if dialect == "sqlite" else RowWriter(batch)


def merger_for(dialect: str, batch: Batch, merge: Merge) -> Merger:
    known: dict[str, type[Merger]] = {"postgresql": PostgresMerger, "sqlite": SqliteMerger}
    return known.get(dialect, RowMerger)(batch, merge)
