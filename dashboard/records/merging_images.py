"""Keeping what an update overwrites: read around it in SQLite, within it in PostgreSQL.

`after` is what the table holds after the update, triggers and `onupdate` included.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    case,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy import types as sqltypes

from dashboard.records.images import IMAGES
from dashboard.records.merge_tables import MergeTables
from dashboard.records.packed import packed_array
from dashboard.records.raw_values import pack, raw

WRITTEN_ONE_WAY = (
    sqltypes.Integer,
    sqltypes.Float,
    sqltypes.Boolean,
    sqltypes.Date,
    sqltypes.Time,
    sqltypes.DateTime,
    sqltypes.Uuid,
)
IN_ONE_CALL = 90  # PostgreSQL passes at most 100 arguments
WRITTEN = ("job_uuid", "chunk", "row", "key", "before", "after")


@contextmanager
def keep_images(
    connection: Connection, tables: MergeTables, picked: Any, rows: Any
) -> Iterator[None]:
    """Reads the records that `picked(query)` selects before and after what happens inside.

    `rows` gives the file's row number of a place.
    """
    names = [*tables.sets()]
    query = picked(values_of(tables, names)).order_by(tables.place)
    before = connection.execute(query).all()
    yield
    after = {row[0]: row for row in connection.execute(query)}
    job_uuid, chunk = tables.merge.images or ("", 0)
    width, images = 1 + len(tables.key), []
    for old in before:
        new = after[old[0]]
        pairs = zip(names, old[width:], new[width:], strict=True)
        changed = [(name, was, now) for name, was, now in pairs if was != now]
        image = {
            "row": rows(old[0]),
            "key": packed(tables.merge.key, old[1:width]),
            "before": {name: pack(was) for name, was, _ in changed},
            "after": {name: pack(now) for name, _, now in changed},
        }
        images.append({"job_uuid": job_uuid, "chunk": chunk, **image})
    connection.execute(insert(IMAGES), images)


def packed(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {name: pack(value) for name, value in zip(names, values, strict=True)}


def values_of(tables: MergeTables, names: Sequence[str]) -> Any:
    """place, key and the columns `names`, as they are kept."""
    columns = [*tables.key, *(tables.target.c[name] for name in names)]
    kept = [raw(tables.dialect, column) for column in columns]
    joined = tables.stage.join(tables.target, tables.same_record(tables.target))
    return select(tables.place, *kept).select_from(joined)


def update_with_images(tables: MergeTables, picked: Any, numbers: list[int]) -> Any:
    """One PostgreSQL statement: UPDATE, and an image of each record it changed.

    The second look at the table reads what the statement's snapshot holds: the locked records as
    they were. `numbers` are the row numbers of all places.
    """
    job_uuid, chunk = tables.merge.images or ("", 0)
    target, old, sets = tables.target, tables.target.alias("jobengine_old"), tables.sets()
    told = [column.label(f"k{number}") for number, column in enumerate(tables.key)]
    told += [old.c[name].label(f"o{number}") for number, name in enumerate(sets)]
    told += [target.c[name].label(f"n{number}") for number, name in enumerate(sets)]
    changed = update(target).values(sets).where(tables.same_record(target), tables.same_record(old))
    done = picked(changed).returning(tables.place, *told).cte("jobengine_done")
    listed = cast(packed_array("numbers", numbers, "bigint[]"), ARRAY(BigInteger))
    asked: Any = select(listed).scalar_subquery()
    image = select(
        literal(job_uuid),
        literal(chunk),
        asked[done.c.place],
        as_object(member(name, done.c[f"k{n}"]) for n, name in enumerate(tables.merge.key)),
        as_object(
            where_changed(done, n, member(name, done.c[f"o{n}"])) for n, name in enumerate(sets)
        ),
        as_object(
            where_changed(done, n, member(name, done.c[f"n{n}"])) for n, name in enumerate(sets)
        ),
    )
    return insert(IMAGES).from_select(WRITTEN, image, include_defaults=False)


def member(name: str, value: Any) -> ColumnElement[Any]:
    """`"name":"value"`, the value as PostgreSQL's own text."""
    written = json.dumps(name).replace("'", "''")
    return constant(f"'{written}:'").concat(
        func.coalesce(cast(func.to_json(cast(value, Text)), Text), constant("'null'"))
    )


def constant(written: str) -> ColumnElement[Any]:
    """Within the statement: hundreds of parameters would cost more than the update."""
    return literal_column(written, Text)


def where_changed(done: Any, number: int, written: Any) -> Any:
    """Also what differs in its writing alone is to come back: 1.50 for 1.5."""
    old, new = done.c[f"o{number}"], done.c[f"n{number}"]
    if not isinstance(old.type, WRITTEN_ONE_WAY):
        old, new = cast(old, Text), cast(new, Text)
    return case((old.is_distinct_from(new), written))


def as_object(members: Iterable[Any]) -> Any:
    """Members that are null are left out."""
    groups = list(batched(members, IN_ONE_CALL))
    joined = [
        func.nullif(func.concat_ws(constant("','"), *group), constant("''")) for group in groups
    ]
    inner = func.concat_ws(constant("','"), *joined)
    return cast(constant("'{'").concat(inner).concat(constant("'}'")), JSON)


def batched(members: Iterable[Any], size: int) -> Iterator[list[Any]]:
    listed = list(members)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
