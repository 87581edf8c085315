"""The writer for a target: COPY, stage file, or row by row for any other database."""

from typing import Any

from sqlalchemy import Connection, insert

from dashboard.records.batch import Batch, insert_all
from dashboard.records.loading_postgres import PostgresWriter
from dashboard.records.loading_sqlite import SqliteWriter
from dashboard.records.values import python_values
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
            connection.execute(insert(batch.table), records(batch, start, stop))
            return stop - start

        return insert_all(batch, connection, send)

    def close(self, connection: Connection | None) -> None:
        """Nothing was made."""


def writer_for(dialect: str, batch: Batch) -> PostgresWriter | SqliteWriter | RowWriter:
    if dialect == "postgresql":
        return PostgresWriter(batch)
    return SqliteWriter(batch) if dialect == "sqlite" else RowWriter(batch)


def records(batch: Batch, start: int, stop: int) -> list[dict[str, Any]]:
    """Records as Python values, the way SQLAlchemy's types want them."""
    lists = {}
    for name, values in batch.columns.items():
        lists[name] = python_values(values.slice(start, stop - start), batch.table.c[name].type)
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
