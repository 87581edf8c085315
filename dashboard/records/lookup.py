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
    Connection,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
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


def find(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any], wanted: Column[Any]
) -> Found:
    """(place in `keys`, value of `wanted`) for every key the table of `columns` holds.

    `keys` are Arrow arrays of one length, one per column.
    """
    if not len(keys[0]):
        return []
    finders = {"postgresql": find_postgres, "sqlite": find_sqlite}
    return finders.get(connection.dialect.name, find_anywhere)(connection, columns, keys, wanted)


def find_postgres(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any], wanted: Column[Any]
) -> Found:
    names = [f"k{number}" for number in range(len(columns))]
    parameters = [
        listed_keys(name, values, col.type)
        for name, values, col in zip(names, keys, columns, strict=True)
    ]
    listed = func.unnest(*parameters).table_valued(*names, with_ordinality="place", name="listed")
    listed = listed.render_derived()
    same = and_(*(col == listed.c[name] for name, col in zip(names, columns, strict=True)))
    query = select(listed.c.place - 1, wanted).select_from(listed.join(wanted.table, same))
    return [(int(place), value) for place, value in connection.execute(query)]


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
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any], wanted: Column[Any]
) -> Found:
    lists = [
        stored_in_sqlite(values, col.type).to_pylist()
        for values, col in zip(keys, columns, strict=True)
    ]
    packed = json.dumps(list(zip(*lists, strict=True)))
    listed = func.json_each(bindparam("keys", packed)).table_valued(
        column("key"), column("value", JSON), name="listed"
    )
    same = and_(
        *(
            col == func.json_extract(listed.c.value, f"$[{number}]", type_=sqltypes.NullType())
            for number, col in enumerate(columns)
        )
    )
    query = select(listed.c.key, wanted).select_from(listed.join(wanted.table, same))
    return [(int(place), value) for place, value in connection.execute(query)]


def find_anywhere(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[Any], wanted: Column[Any]
) -> Found:
    """By lists of a few hundred keys, compared again in Python."""
    lists = [python_values(values, col.type) for values, col in zip(keys, columns, strict=True)]
    place_of = {key: place for place, key in enumerate(zip(*lists, strict=True))}
    listed, found = list(place_of), Found()
    for start in range(0, len(listed), IN_ONE_LIST):
        some = tuple_(*columns).in_(listed[start : start + IN_ONE_LIST])
        for *key, value in connection.execute(select(*columns, wanted).where(some)):
            if tuple(key) in place_of:
                found.append((place_of[tuple(key)], value))
    return found
