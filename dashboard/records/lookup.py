"""Asks the target which of many keys it holds: one query a chunk, no temporary table."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    not_,
    select,
    tuple_,
)
from sqlalchemy import types as sqltypes

from dashboard.records.values import python_values, stored_in_sqlite

pc: Any = pyarrow.compute  # its published types know only some calls

IN_ONE_LIST = 500
SEPARATOR = "\x1f"
JOINED = (sqltypes.String, sqltypes.Integer, sqltypes.Date, sqltypes.DateTime)
Found = list[tuple[int, Any]]
Apart = tuple[Sequence[Column[Any]], Sequence[Any]]
"""The columns of a record's own key and, as Arrow arrays, the keys that are not to be met."""


def find(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any], wanted: Column[Any]
) -> Found:
    """(place in `keys`, value of `wanted`) for every key the table of `columns` holds.

    `keys` are Arrow arrays of one length, one per column.
    """
    found = find_all(connection, columns, keys, [wanted])
    return [(place, value) for place, (value,) in found]


def find_all(
    connection: Connection,
    columns: Sequence[Column[Any]],
    keys: Sequence[Any],
    wanted: Sequence[Column[Any]],
    apart: Apart | None = None,
) -> list[tuple[int, tuple[Any, ...]]]:
    """As `find`, with several values each; `apart` leaves out the record each key is meant for."""
    if not len(keys[0]):
        return []
    finders = {"postgresql": find_postgres, "sqlite": find_sqlite}
    finder = finders.get(connection.dialect.name, find_anywhere)
    return finder(connection, columns, keys, wanted, apart)


def find_postgres(
    connection: Connection,
    columns: Sequence[Column[Any]],
    keys: Sequence[Any],
    wanted: Sequence[Column[Any]],
    apart: Apart | None = None,
) -> list[tuple[int, tuple[Any, ...]]]:
    named = [(f"k{number}", col) for number, col in enumerate(columns)]
    own = [(f"o{number}", col) for number, col in enumerate(apart[0] if apart else ())]
    given = [*keys, *(apart[1] if apart else ())]
    parameters = [
        listed_keys(name, values, col.type)
        for (name, col), values in zip([*named, *own], given, strict=True)
    ]
    names = [name for name, _ in (*named, *own)]
    listed = func.unnest(*parameters).table_valued(*names, with_ordinality="place", name="listed")
    listed = listed.render_derived()
    same = and_(*(col == listed.c[name] for name, col in named))
    query = select(listed.c.place - 1, *wanted).select_from(listed.join(columns[0].table, same))
    if own:
        query = query.where(not_(and_(*(col == listed.c[name] for name, col in own))))
    return [(int(place), tuple(values)) for place, *values in connection.execute(query)]


def listed_keys(name: str, values: Any, kind: Any) -> Any:
    """The keys as one array parameter: joined by Arrow where a type's text form is plain (fifty
    times as fast as a list the driver must walk), else as a list."""
    array = ARRAY(compared_as(kind))
    if values.null_count or isinstance(kind, sqltypes.Enum) or not isinstance(kind, JOINED):
        return bindparam(name, python_values(values, kind), type_=array)
    texts = pc.cast(values, pa.string())
    if pc.any(pc.match_substring(texts, SEPARATOR)).as_py():
        return bindparam(name, python_values(values, kind), type_=array)
    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined = pc.binary_join(whole, SEPARATOR)[0].as_py()
    separator: Any = literal_column(f"E'\\x{ord(SEPARATOR):02x}'")
    return cast(func.string_to_array(bindparam(name, joined, type_=Text()), separator), array)


def compared_as(kind: Any) -> Any:
    """VARCHAR(3)[] would cut a longer text without a word, and then find it."""
    if isinstance(kind, sqltypes.String) and not isinstance(kind, sqltypes.Enum):
        return Text()
    return kind


def find_sqlite(
    connection: Connection,
    columns: Sequence[Column[Any]],
    keys: Sequence[Any],
    wanted: Sequence[Column[Any]],
    apart: Apart | None = None,
) -> list[tuple[int, tuple[Any, ...]]]:
    own_columns, own_keys = apart or ((), ())
    lists = [
        stored_in_sqlite(values, col.type).to_pylist()
        for values, col in zip([*keys, *own_keys], [*columns, *own_columns], strict=True)
    ]
    packed = json.dumps(list(zip(*lists, strict=True)))
    listed = func.json_each(bindparam("keys", packed)).table_valued(
        column("key"), column("value", JSON), name="listed"
    )

    def equal(number: int, col: Column[Any]) -> ColumnElement[bool]:
        given = func.json_extract(listed.c.value, f"$[{number}]", type_=sqltypes.NullType())
        return col == given

    same = and_(*(equal(number, col) for number, col in enumerate(columns)))
    query = select(listed.c.key, *wanted).select_from(listed.join(columns[0].table, same))
    if own_columns:
        own = [equal(number, col) for number, col in enumerate(own_columns, len(columns))]
        query = query.where(not_(and_(*own)))
    return [(int(place), tuple(values)) for place, *values in connection.execute(query)]


def find_anywhere(
    connection: Connection,
    columns: Sequence[Column[Any]],
    keys: Sequence[Any],
    wanted: Sequence[Column[Any]],
    apart: Apart | None = None,
) -> list[tuple[int, tuple[Any, ...]]]:
    """By lists of a few hundred keys, compared again in Python."""
    own_columns, own_keys = apart or ((), ())
    keys_of = python_keys(columns, keys)
    own_of = python_keys(own_columns, own_keys) if apart else []
    places_of: dict[Any, list[int]] = {}
    for place, key in enumerate(keys_of):
        places_of.setdefault(key, []).append(place)
    listed, found, width = list(places_of), [], len(columns)
    for start in range(0, len(listed), IN_ONE_LIST):
        some = tuple_(*columns).in_(listed[start : start + IN_ONE_LIST])
        for row in connection.execute(select(*columns, *own_columns, *wanted).where(some)):
            key, own = tuple(row[:width]), tuple(row[width : width + len(own_columns)])
            for place in places_of.get(key, ()):
                if not apart or own_of[place] != own:
                    found.append((place, tuple(row[width + len(own_columns) :])))
    return found


def python_keys(columns: Sequence[Column[Any]], keys: Sequence[Any]) -> list[tuple[Any, ...]]:
    lists = [python_values(values, col.type) for values, col in zip(keys, columns, strict=True)]
    return list(zip(*lists, strict=True))
