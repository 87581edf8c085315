"""Merging into SQLite: the stage file is attached, and the rest is SQL over two tables."""

import json
from typing import Any

import numpy as np
from sqlalchemy import Connection, Text, bindparam, column, func, insert, select, update

from dashboard.records.batch import Batch
from dashboard.records.comparing import Comparison
from dashboard.records.loading_sqlite import StageFile
from dashboard.records.merge_tables import MergeTables, stage_table
from dashboard.records.merger import SetMerger, Tally
from dashboard.records.merging import Merge
from dashboard.records.merging_images import keep_images

COUNTED = {"preserve_rowcount": True}


class SqliteMerger(SetMerger):
    """The stage is written before the transaction; a check only reads the table's own file."""

    def __init__(self, batch: Batch, merge: Merge) -> None:
        super().__init__(batch, merge)
        self.file = StageFile(batch)
        stage = stage_table(batch.table, tuple(batch.columns), "records", "rowid", self.file.name)
        self.tables = MergeTables(batch, merge, stage, "sqlite")

    def open(self, connection: Connection) -> None:
        self.file.open(connection)

    def close(self, connection: Connection | None) -> None:
        self.file.close(connection)

    def look(self, connection: Connection, places: Any) -> tuple[Any, Any]:
        query = self.pick(self.tables.look(), places)
        found = np.array([tuple(row) for row in connection.execute(query)], np.int64).reshape(-1, 2)
        return found[found[:, 1] == 1, 0], found[found[:, 1] == 0, 0]

    def update(self, connection: Connection, places: Any) -> int:
        tables = self.tables
        statement = update(tables.target).values(tables.sets())
        statement = self.pick(statement.where(tables.same_record(tables.target)), places)
        if self.merge.images is None:
            return connection.execute(statement).rowcount
        with keep_images(connection, tables, lambda query: self.pick(query, places), self.row):
            return connection.execute(statement).rowcount

    def insert(self, connection: Connection, places: Any) -> int:
        staged = self.tables.staged
        new = self.pick(select(*staged.values()), places).order_by(self.tables.place)
        statement = insert(self.tables.target)
        statement = statement.from_select([*staged], new, include_defaults=False)
        return connection.execute(statement, execution_options=COUNTED).rowcount

    def compare(self, connection: Connection, places: Any) -> Tally:
        return Comparison(self, connection).tally(places)

    def ordered(self, connection: Connection) -> Any:
        return np.array([*connection.scalars(self.tables.ordered())], np.int64)

    def pick(self, query: Any, places: Any) -> Any:
        """Only these places; no condition where that is all of them."""
        if len(places) == self.batch.count:
            return query
        packed = bindparam("places", json.dumps(places.tolist()), type_=Text())
        listed = func.json_each(packed).table_valued(column("value"), name="picked")
        return query.where(self.tables.place.in_(select(listed.c.value)))
