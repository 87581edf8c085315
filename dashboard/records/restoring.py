"""Putting before-images back, where the record still holds what the import wrote."""

import json
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    JSON,
    Connection,
    Table,
    Text,
    and_,
    bindparam,
    column,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import NullType

from dashboard.records.images import images_of
from dashboard.records.lookup import IN_ONE_LIST
from dashboard.records.merging_postgres import tuned
from dashboard.records.raw_values import pack, raw, restored, unpack
from dashboard.records.standing import Standing


class Restoration:
    """The images of one chunk; each is one record."""

    def __init__(
        self,
        dialect: str,
        table: Table,
        images: tuple[str, int],
        only_rows: Collection[int] | None,
    ) -> None:
        self.dialect = dialect
        self.table, self.source, self.only_rows = table, images, only_rows
        self.images: list[Any] = []

    def prepared(self, connection: Connection) -> AbstractContextManager[None]:
        """PostgreSQL writes values as it did for the images, whatever the session's settings."""
        return tuned(connection) if self.dialect == "postgresql" else nullcontext()

    def find(self, connection: Connection) -> Standing:
        found = images_of(connection, *self.source)
        wanted = self.only_rows
        images = [image for image in found if wanted is None or image.row in wanted]
        held = self._held(connection, images)
        gone, edited = 0, []
        for image in images:
            now = held.get(key_of(image))
            if now is None:
                gone += 1
            elif any(now[name] != value for name, value in image.after.items()):
                edited.append(image.row)
            else:
                self.images.append(image)
        return Standing(np.array([image.row for image in self.images], np.int64), edited, gone)

    def _held(self, connection: Connection, images: list[Any]) -> dict[Any, dict[str, Any]]:
        """What the records hold now, locked, by their key."""
        if not images:
            return {}
        key = [*images[0].key]
        names = [*{name: None for image in images for name in image.after}]
        told = [
            raw(self.dialect, self.table.c[name]).label(f"c{number}")
            for number, name in enumerate((*key, *names))
        ]
        columns, held = [self.table.c[name] for name in key], {}
        for query in self._queries(told, key, images):
            locked = query.order_by(*columns).with_for_update(of=self.table, key_share=True)
            for row in connection.execute(locked):
                values = [pack(value) for value in row]
                held[frozen(values[: len(key)])] = dict(zip(names, values[len(key) :], strict=True))
        return held

    def _queries(self, told: list[Any], key: list[str], images: list[Any]) -> Iterator[Any]:
        """PostgreSQL and SQLite take all keys at once as one parameter a column."""
        columns, dialect = [self.table.c[name] for name in key], self.dialect
        if dialect not in ("postgresql", "sqlite"):
            listed = [tuple(unpack(image.key[name]) for name in key) for image in images]
            for start in range(0, len(listed), IN_ONE_LIST):
                some = tuple_(*columns).in_(listed[start : start + IN_ONE_LIST])
                yield select(*told).where(some)
            return
        lists = {name: [image.key[name] for image in images] for name in key}
        keys = unnested(lists) if dialect == "postgresql" else extracted(lists)
        pairs = zip(columns, keys.c, strict=True)
        same = and_(*(col == restored(dialect, given, col.type) for col, given in pairs))
        yield select(*told).select_from(keys.join(self.table, same))

    def send(self, connection: Connection, start: int, stop: int) -> int:
        """One statement for each set of columns; `onupdate` is to leave the others as they are."""
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for image in self.images[start:stop]:
            values = {f"k_{name}": unpack(value) for name, value in image.key.items()}
            values |= {f"v_{name}": unpack(value) for name, value in image.before.items()}
            groups.setdefault((*image.before,), []).append(values)
        done = 0
        for names, rows in groups.items():
            statement = self._update(names)
            done += connection.execute(statement, rows, execution_options=EACH).rowcount
        return done

    def _update(self, names: tuple[str, ...]) -> Any:
        table, key = self.table, [*self.images[0].key]

        def bound(prefix: str, name: str) -> Any:
            return restored(self.dialect, bindparam(f"{prefix}_{name}"), table.c[name].type)

        kept = {column.name: column for column in table.columns if column.onupdate is not None}
        values = kept | {name: bound("v", name) for name in names}
        same = and_(*(table.c[name] == bound("k", name) for name in key))
        return update(table).values(values).where(same)

    def worded(self, problem: tuple[str, str]) -> tuple[str, str]:
        return problem


EACH = {"preserve_rowcount": True}


def unnested(lists: dict[str, list[Any]]) -> Any:
    """Lists of texts as a table (PostgreSQL)."""
    names = [f"k{number}" for number in range(len(lists))]
    given: list[Any] = [
        bindparam(name, values, type_=ARRAY(Text))
        for name, values in zip(names, lists.values(), strict=True)
    ]
    columns = [column(name, Text) for name in names]
    return func.unnest(*given).table_valued(*columns, name="listed").render_derived()


def extracted(lists: dict[str, list[Any]]) -> Any:
    """Lists of stored values as a table (SQLite)."""
    packed = bindparam("keys", json.dumps([*zip(*lists.values(), strict=True)]), type_=Text())
    listed = func.json_each(packed).table_valued(column("value", JSON), name="listed")
    taken = [
        func.json_extract(listed.c.value, f"$[{number}]", type_=NullType()).label(f"k{number}")
        for number in range(len(lists))
    ]
    return select(*taken).subquery("keys")


def key_of(image: Any) -> Any:
    return frozen([*image.key.values()])


def frozen(values: list[Any]) -> Any:
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)
