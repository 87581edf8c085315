"""Deleting what an import inserted, where it still stands as it was inserted."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    any_,
    bindparam,
    column,
    delete,
    not_,
    select,
    tuple_,
)
from sqlalchemy import types as sqltypes

from dashboard.errors import ConfigurationError
from dashboard.records.batch import LEFT_OUT, Batch
from dashboard.records.dependents import taken_along
from dashboard.records.loading import merger_for
from dashboard.records.merger import NONE, Merger, SetMerger
from dashboard.records.merging import Merge
from dashboard.records.merging_postgres import PostgresMerger, tuned
from dashboard.records.merging_rows import RowMerger
from dashboard.records.packed import packed_array
from dashboard.records.raw_values import raw
from dashboard.records.standing import Standing

REFERENCED = (
    "still_referenced",
    "is named by other records, so it was kept. Remove those first, then retry.",
)


class Removal:
    """Deletes by a unique key of the batch; places count its records from 1."""

    merger: Merger
    hash_joins = "off"

    def __init__(self, merger: Merger) -> None:
        self.merger = merger
        self.places: Any = NONE
        self.kept: ColumnElement[bool] | None = None

    def prepared(self, connection: Connection) -> AbstractContextManager[None]:
        if isinstance(self.merger, PostgresMerger):
            return tuned(connection, enable_hashjoin=self.hash_joins)
        return nullcontext()

    def find(self, connection: Connection) -> Standing:
        raise NotImplementedError

    def send(self, connection: Connection, start: int, stop: int) -> int:
        raise NotImplementedError

    def worded(self, problem: tuple[str, str]) -> tuple[str, str]:
        """What the delete leaves out by itself is named, too."""
        left_out = problem == LEFT_OUT and self.kept is not None
        return REFERENCED if left_out or problem[0] == "unknown_reference" else problem

    def spare(self, connection: Connection, target: Table) -> None:
        """From here on leave alone what other records would go with."""
        self.kept = taken_along(connection, target)
        if self.kept is not None and isinstance(self.merger, PostgresMerger):
            # The key that names us may have no index.
            connection.exec_driver_sql("SET LOCAL enable_hashjoin = on")

    def sparing(self, statement: Any) -> Any:
        return statement if self.kept is None else statement.where(not_(self.kept))

    def standing(self, same: Any, edited: Any, gone: int) -> Standing:
        self.places = same
        rows = self.merger.rows
        return Standing(rows(same), rows(edited).tolist(), gone)


class KeyedRemoval(Removal):
    """By a unique key, in sets."""

    merger: SetMerger

    def find(self, connection: Connection) -> Standing:
        merger, tables = self.merger, self.merger.tables
        merger.fill(connection)
        everything = np.arange(1, merger.batch.count + 1)
        merger.hold(connection)
        gone, edited = merger.look(connection, everything)
        same = np.setdiff1d(everything, np.concatenate([gone, edited]))
        order = np.array([*connection.scalars(tables.ordered())], np.int64)
        self.spare(connection, tables.target)
        return self.standing(order[np.isin(order, same)], edited, len(gone))

    def send(self, connection: Connection, start: int, stop: int) -> int:
        tables, places = self.merger.tables, self.places[start:stop]
        staged = [tables.staged[name] for name in tables.merge.key]
        picked = self.merger.pick(select(*staged), places)
        statement = delete(tables.target).where(tuple_(*tables.key).in_(picked))
        return connection.execute(self.sparing(statement)).rowcount


class UnkeyedRemoval(Removal):
    """By all values: of several equal records as many as rows ask for, never more."""

    merger: SetMerger
    hash_joins = "on"

    def find(self, connection: Connection) -> Standing:
        merger = self.merger
        merger.fill(connection)
        groups = equal_rows(merger.batch)
        query = merger.pick(self._matches(), np.array([*groups], np.int64))
        if merger.tables.dialect == "postgresql":
            query = query.with_for_update(of=merger.tables.target)
        held: dict[int, list[Any]] = {}
        for place, *identity in connection.execute(query):
            held.setdefault(place, []).append(tuple(identity))
        pairs = [
            pair
            for first, places in groups.items()
            for pair in zip(places, held.get(first, ()), strict=False)
        ]
        self.spare(connection, merger.tables.target)
        same = np.array([place for place, _ in pairs], np.int64)
        self.identities = [identity for _, identity in pairs]
        everything = np.arange(1, merger.batch.count + 1)
        return self.standing(same, np.setdiff1d(everything, same), 0)

    @property
    def _identity(self) -> list[Any]:
        """What tells a record apart: its place in PostgreSQL, else primary key or rowid."""
        target, dialect = self.merger.tables.target, self.merger.tables.dialect
        if dialect == "postgresql":
            return [system_column(target, "ctid")]
        return list(target.primary_key.columns) or [system_column(target, "rowid")]

    def _matches(self) -> Any:
        tables = self.merger.tables
        same = [
            tables.alike(name, nullable=values.null_count > 0)
            for name, values in self.merger.batch.columns.items()
            if name not in self.merger.batch.defaults
        ]
        joined = tables.stage.join(tables.target, and_(*same))
        told = [raw(tables.dialect, column) for column in self._identity]
        return select(tables.place, *told).select_from(joined).order_by(*told)

    def send(self, connection: Connection, start: int, stop: int) -> int:
        tables, found = self.merger.tables, self.identities[start:stop]
        if tables.dialect == "postgresql":
            tids = packed_array("tids", (tid for (tid,) in found), "tid[]")
            ours = system_column(tables.target, "ctid") == any_(tids)
            statement = delete(tables.target).where(ours)
            return connection.execute(self.sparing(statement)).rowcount
        columns = self._identity
        bound = [
            bindparam(f"jobengine_{n}", type_=sqltypes.NullType()) for n in range(len(columns))
        ]
        same = (
            raw("sqlite", column) == value for column, value in zip(columns, bound, strict=True)
        )
        rows = [{f"jobengine_{n}": value for n, value in enumerate(row)} for row in found]
        statement = self.sparing(delete(tables.target).where(*same))
        return connection.execute(statement, rows).rowcount


class RowRemoval(Removal):
    """By a unique key, through SQLAlchemy alone."""

    merger: RowMerger

    def find(self, connection: Connection) -> Standing:
        everything = np.arange(1, self.merger.batch.count + 1)
        gone, edited = self.merger.look(connection, everything)
        same = np.setdiff1d(everything, np.concatenate([gone, edited]))
        return self.standing(same, edited, len(gone))

    def send(self, connection: Connection, start: int, stop: int) -> int:
        table, key = self.merger.batch.table, self.merger.merge.key
        same = [table.c[name] == bindparam(f"jobengine_{name}") for name in key]
        given = [self.merger.records[place - 1] for place in self.places[start:stop].tolist()]
        rows = [{f"jobengine_{name}": record[name] for name in key} for record in given]
        return connection.execute(delete(table).where(*same), rows).rowcount


def system_column(table: Table, name: str) -> Any:
    """One that every table has without declaring it."""
    return column(name, sqltypes.NullType(), _selectable=table)


def removal_for(dialect: str, batch: Batch, key: tuple[str, ...]) -> Removal:
    merger = merger_for(dialect, batch, Merge("update", key))
    if not isinstance(merger, SetMerger):
        if not key:
            raise ConfigurationError(
                f"{batch.table.name}: an import into this database can only be undone by a unique"
                " key. Let the file hold one.",
                code="undo_needs_key",
            )
        return RowRemoval(merger)
    return KeyedRemoval(merger) if key else UnkeyedRemoval(merger)


def equal_rows(batch: Batch) -> dict[int, list[int]]:
    """The place of the first of some equal rows → the places of all of them."""
    names = [name for name in batch.columns if name not in batch.defaults]
    places = pa.array(np.arange(1, batch.count + 1))
    table = pa.table([*(batch.columns[name] for name in names), places], names=[*names, ""])
    grouped = table.group_by(names, use_threads=False).aggregate([("", "list")])
    listed: list[Any] = grouped["_list"].to_pylist()
    return {places[0]: places for places in listed}
