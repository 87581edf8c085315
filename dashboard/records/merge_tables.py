"""The statements of a merge over sets, alike for PostgreSQL and SQLite: stage beside target."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    not_,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.records.batch import Batch
from dashboard.records.defaults import onupdate_values
from dashboard.records.merging import Merge
from dashboard.records.raw_values import raw


@lru_cache(maxsize=32)
def stage_table(
    target: Table, names: tuple[str, ...], name: str, place: str, schema: str | None = None
) -> Table:
    """The staged batch: a place counted from 1, and its columns as c0, c1 …

    One object for all chunks of a job: SQLAlchemy then compiles a statement once.
    """
    columns = [Column(f"c{number}", target.c[stored].type) for number, stored in enumerate(names)]
    return Table(name, MetaData(), Column(place, Integer, key="place"), *columns, schema=schema)


class MergeTables:
    """`dialect` is "postgresql" or "sqlite"; `key` () matches no record."""

    def __init__(self, batch: Batch, merge: Merge, stage: Table, dialect: str) -> None:
        self.batch, self.merge, self.stage, self.dialect = batch, merge, stage, dialect
        self.target = batch.table
        self.staged: Mapping[str, Any] = {
            stored: stage.c[f"c{number}"] for number, stored in enumerate(batch.columns)
        }
        self.place = stage.c.place

    @property
    def key(self) -> list[Column[Any]]:
        return [self.target.c[name] for name in self.merge.key]

    @cached_property
    def given(self) -> list[str]:
        """What the file gives beside the key."""
        named = {*self.merge.key, *self.batch.defaults}
        return [name for name in self.batch.columns if name not in named]

    def same_record(self, table: Any) -> ColumnElement[bool]:
        return and_(*(table.c[name] == self.staged[name] for name in self.merge.key))

    def new_value(self, name: str) -> Any:
        """What a record that is there is to hold."""
        if self.merge.leave_blank:
            return func.coalesce(self.staged[name], self.target.c[name])
        return self.staged[name]

    @cached_property
    def differs(self) -> ColumnElement[bool]:
        """Is there anything to update? The stage stands first: SQLite compares by its collation."""
        found = [self.unlike(self.new_value(name), self.target.c[name]) for name in self.given]
        return or_(*found) if found else false()

    def unlike(self, one: Any, other: Any) -> ColumnElement[bool]:
        """Null-safe; JSON by what it says, not by its spaces."""
        if isinstance(other.type, sqltypes.JSON):
            one, other = self.comparable(one), self.comparable(other)
        unlike: ColumnElement[bool] = one.is_distinct_from(other)
        return unlike

    def comparable(self, document: Any) -> Any:
        if self.dialect == "postgresql":
            return cast(document, JSONB)
        text = type_coerce(document, sqltypes.NullType())
        return case((func.json_valid(text) == 1, func.json(text)), else_=text)

    def sets(self) -> dict[str, Any]:
        """Column → new value for an UPDATE, with what SQLAlchemy's `onupdate` asks for."""
        held = {name: self.new_value(name) for name in self.given}
        return held | onupdate_values(self.target, [*held, *self.merge.key])

    def look(self) -> Select[Any]:
        """(place, is it new) of every record that is not there as the file gives it."""
        missing = self.key[0].is_(None)
        joined = self.stage.outerjoin(self.target, self.same_record(self.target))
        query = select(self.place, missing).select_from(joined)
        return query.where(or_(missing, self.differs))

    def differing(self) -> Select[Any]:
        """Places of records that are there and differ, in the order of the key."""
        joined = self.stage.join(self.target, self.same_record(self.target))
        query = select(self.place).select_from(joined).where(self.differs)
        return query.order_by(*self.key)

    def standing(self) -> Select[Any]:
        """Places of records that are there, in the order of the key."""
        joined = self.stage.join(self.target, self.same_record(self.target))
        return select(self.place).select_from(joined).order_by(*self.key)

    def alike(self, name: str, *, nullable: bool) -> ColumnElement[bool]:
        """Does a record hold what the file gives? Without nulls a plain `=`, which joins fast."""
        one, other = self.staged[name], self.target.c[name]
        if nullable:
            return not_(self.unlike(one, other))
        if isinstance(other.type, sqltypes.JSON):
            one, other = self.comparable(one), self.comparable(other)
        alike: ColumnElement[bool] = one == other
        return alike

    def ordered(self) -> Select[Any]:
        return select(self.place).order_by(*(self.staged[name] for name in self.merge.key))

    def results(self) -> Select[Any]:
        """The records as they would be: `jobengine_place`, `jobengine_new` and every column; what
        neither file nor record holds is null."""
        joined, missing = self._beside()
        held = [
            self._result(column, missing).label(column.name)
            for column in self.target.columns
            if column.computed is None
        ]
        marks = (self.place.label("jobengine_place"), missing.label("jobengine_new"))
        return select(*marks, *held).select_from(joined)

    def _beside(self) -> tuple[Any, Any]:
        if not self.merge.key or self.merge.mode == "insert":
            return self.stage, null().is_(None)
        return (
            self.stage.outerjoin(self.target, self.same_record(self.target)),
            self.key[0].is_(None),
        )

    def _result(self, column: Column[Any], missing: Any) -> Any:
        name = column.name
        meets = self.merge.key and self.merge.mode != "insert"
        if name not in self.staged:
            return column if meets else cast(null(), column.type)
        if not meets or name in self.merge.key:
            return self.staged[name]
        if name in self.batch.defaults:
            return case((missing, self.staged[name]), else_=column)
        return self.new_value(name)

    def changes(self, names: Sequence[str]) -> Select[Any]:
        """place, then the raw old and new values of `names` by turns."""
        joined = self.stage.join(self.target, self.same_record(self.target))
        pairs = [
            raw(self.dialect, value)
            for name in names
            for value in (self.target.c[name], self.new_value(name))
        ]
        return select(self.place, *pairs).select_from(joined)
