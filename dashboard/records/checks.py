"""Before writing: do the named records exist, and are the new keys free? (I5)"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy import types as sqltypes

from dashboard.records.fields import Reference
from dashboard.records.lookup import find, find_all
from dashboard.records.values import python_values

pc: Any = pyarrow.compute  # its published types know only some calls


class ReferenceChecker:
    """Turns natural keys into what is stored. One per job; known codes are asked for once.

    Only codes that are stored as they are stay known: the database enforces those again. An id
    may be another record's by the next chunk, so it is always asked for.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], set[Any]] = {}

    def resolve(self, connection: Connection, reference: Reference, values: Any) -> tuple[Any, Any]:
        """(stored values, mask of the unknown ones); null stays null."""
        distinct = pc.drop_null(pc.unique(values))
        if not reference.surrogate:
            unknown = pa.array(self._unknown_codes(connection, reference, distinct), values.type)
            missing = pc.and_(pc.is_in(values, unknown), pc.is_valid(values))
            return values, np.asarray(pc.fill_null(missing, False))
        key, stored = (reference.table.c[n] for n in (reference.key, reference.column))
        found = find(connection, [key], [distinct], stored)
        known = distinct.take(pa.array([place for place, _ in found], pa.int64()))
        ids = pa.array([value for _, value in found])
        places = pc.index_in(values, known)
        missing = pc.and_(pc.is_null(places), pc.is_valid(values))
        return ids.take(places), np.asarray(missing)

    def _unknown_codes(
        self, connection: Connection, reference: Reference, distinct: Any
    ) -> list[Any]:
        known = self._known.setdefault((reference.table.fullname, reference.key), set())
        asked = [value for value in distinct.to_pylist() if value not in known]
        if not asked:
            return []
        key = reference.table.c[reference.key]
        found = find(connection, [key], [pa.array(asked, distinct.type)], key)
        held = {asked[place] for place, _ in found}
        known |= held
        return [value for value in asked if value not in held]


def existing(connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any]) -> Any:
    """Places of the keys the table already holds, in order. A key with a null never collides."""
    places = whole_keys(keys)
    keys = [at(values, places) for values in keys]
    if not len(places) or not maybe_existing(connection, columns, keys):
        return np.empty(0, np.int64)
    found = {place for place, _ in find(connection, columns, keys, columns[0])}
    return places[sorted(found)]


def taken_by_others(
    connection: Connection,
    columns: Sequence[Column[Any]],
    keys: Sequence[Any],
    own_columns: Sequence[Column[Any]],
    own_keys: Sequence[Any],
) -> Any:
    """Places of the keys that belong to another record than the row's own, in order.

    `columns` and `keys` are a unique set the row would store, `own_columns` and `own_keys` the
    merge's key, all of one table and one length. A row whose record is not there yet is told of
    any holder; a key with a null never collides.
    """
    places = whole_keys([*keys, *own_keys])
    keys, own_keys = ([at(values, places) for values in some] for some in (keys, own_keys))
    if not len(places) or not maybe_existing(connection, columns, keys):
        return np.empty(0, np.int64)
    found = find_all(connection, columns, keys, [columns[0]], (own_columns, own_keys))
    return places[sorted({place for place, _ in found})]


def whole_keys(keys: Sequence[Any]) -> Any:
    """Places of the keys without a null."""
    whole = np.ones(len(keys[0]), bool)
    for values in keys:
        if values.null_count:
            whole &= np.asarray(pc.is_valid(values))
    return np.flatnonzero(whole)


def at(values: Any, places: Any) -> Any:
    return values if len(places) == len(values) else values.take(pa.array(places))


def maybe_existing(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any]
) -> bool:
    """One cheap index probe: is there any record between the chunk's smallest and largest key?"""
    if not sorts_by_bytes(connection, columns):
        return True
    low, high = (
        [
            literal(python_values(value, col.type)[0], col.type)
            for value, col in zip(edge(keys, largest), columns, strict=True)
        ]
        for largest in (False, True)
    )
    if len(columns) == 1:
        inside: ColumnElement[bool] = columns[0].between(low[0], high[0])
    else:
        inside = and_(tuple_(*columns) >= tuple_(*low), tuple_(*columns) <= tuple_(*high))
    # ORDER BY … LIMIT 1 keeps the planner on the key's index where EXISTS may choose a full scan.
    probe = select(literal(1)).where(inside).order_by(*columns).limit(1)
    return connection.scalar(probe) is not None


def edge(keys: Sequence[Any], largest: bool) -> list[Any]:
    """The smallest or largest key as the database orders tuples: one-value arrays."""
    pick, left = (pc.max if largest else pc.min), list(keys)
    found = []
    for number in range(len(keys)):
        value = pick(left[number])
        found.append(pa.array([value.as_py()], left[number].type))
        same = pc.equal(left[number], value)
        left = [values.filter(same) for values in left]
    return found


def sorts_by_bytes(connection: Connection, columns: Sequence[Column[Any]]) -> bool:
    """Texts sort here by their bytes; under another collation a range would say nothing."""
    if any(isinstance(column.type, sqltypes.Enum | sqltypes.Uuid) for column in columns):
        return False
    if not any(isinstance(column.type, sqltypes.String) for column in columns):
        return True
    if any(getattr(column.type, "collation", None) for column in columns):
        return False
    if connection.dialect.name == "postgresql":
        asked = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        return str(connection.scalar(text(asked))).startswith(("C", "POSIX"))
    return connection.dialect.name == "sqlite"
