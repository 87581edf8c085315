"""Cutting an export into parts: every record in exactly one, whatever the values of its key.

Where several readers work, a part is a range of the key: a condition, never a list of values; what
the key's own order puts at or behind one boundary and before the next. Boundaries are values of the
table, or numbers between them. A single reader goes through all records once, in parts by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, literal, or_, select
from sqlalchemy import types as sqltypes

from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.snapshot import Reader

# Small enough that two readers end together, large enough that a part costs nothing by itself.
FEWEST_ROWS, MOST_ROWS = 10_000, 25_000
PARTS_WANTED = 16
BUCKETS = 2_000
# Differences of keys must stay within 64 bits.
MOST_SPAN = 2**62
ORDERED = (sqltypes.Integer, sqltypes.String, sqltypes.Uuid, sqltypes.Date, sqltypes.DateTime)
Key = tuple[Any, ...]
Expression = Any  # a ColumnElement: what SQLAlchemy's comparisons are typed as


@dataclass(frozen=True, slots=True)
class KeyRange:
    """`low` is in, `high` is not; None: no boundary. `rows` is how many records it holds and
    `start` how many come before it.
    """

    number: int
    rows: int
    start: int = 0
    low: Key | None = None
    high: Key | None = None

    def of(self, table: ExportTable, query: Select[Any]) -> Select[Any]:
        """The query's records in this range, in the order of the key."""
        if self.low is not None:
            query = query.where(not_before(table.key, self.low))
        if self.high is not None:
            query = query.where(before(table.key, self.high))
        return query.order_by(*table.key)


def not_before(key: Sequence[Expression], low: Key) -> Expression:
    """key >= low, the leftmost column first; spelled so that an index on it serves."""
    (first, *rest), (value, *values) = key, low
    if not rest:
        return first >= value
    return and_(first >= value, or_(first > value, not_before(rest, tuple(values))))


def before(key: Sequence[Expression], high: Key) -> Expression:
    (first, *rest), (value, *values) = key, high
    if not rest:
        return first < value
    return and_(first <= value, or_(first < value, before(rest, tuple(values))))


def key_ranges(reader: Reader, table: ExportTable) -> list[KeyRange]:
    """At least one; the rows are those of the reader's moment."""
    if not can_be_cut(reader, table):
        ((rows,),) = reader.fetch(table.select(func.count()))
        return [KeyRange(1, rows)]
    if len(table.key) == 1 and isinstance(table.key[0].type, sqltypes.Integer):
        found = by_arithmetic(reader, table)
        if found is not None:
            return found
    return by_place(reader, table)


def by_number(reader: Reader, table: ExportTable) -> list[KeyRange]:
    """For a single reader: so many rows after so many, in one go."""
    ((total,),) = reader.fetch(table.select(func.count()))
    starts = range(0, max(total, 1), FEWEST_ROWS)
    parts = enumerate(starts, 1)
    return [KeyRange(n, min(FEWEST_ROWS, total - start), start) for n, start in parts]


def can_be_cut(reader: Reader, table: ExportTable) -> bool:
    """Keys that have an order texts and literals keep, and of which none is null."""
    if not table.key or not all(is_ordered(column) for column in table.key):
        return False
    open_ones = [column for column in table.key if getattr(column, "nullable", True)]
    if not open_ones:
        return True
    blank = or_(*(column.is_(None) for column in open_ones))
    return not reader.fetch(table.select(literal(1)).where(blank).limit(1))


def is_ordered(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, ORDERED) and not isinstance(column.type, sqltypes.Enum)


def by_arithmetic(reader: Reader, table: ExportTable) -> list[KeyRange] | None:
    """Whole numbers: counted in equal steps from least to most. None when they lie too unevenly."""
    key = table.key[0]
    ((least, most),) = reader.fetch(table.select(func.min(key), func.max(key)))
    if least is None:
        return [KeyRange(1, 0)]
    # SQLite keeps a text in a column of numbers.
    if not (isinstance(least, int) and isinstance(most, int)) or most - least >= MOST_SPAN:
        return None
    ((total,),) = reader.fetch(table.select(func.count()))
    if total == most - least + 1:  # no gap, so nothing is left to count
        return gapless(least, total)
    step = (most - least) // BUCKETS + 1
    bucket = ((cast(key, BigInteger) - least) // step).label("bucket")
    counted = table.select(bucket, func.count().label("rows")).group_by(bucket).order_by(bucket)
    counts = [(int(place), int(rows)) for place, rows in reader.fetch(counted)]
    wanted = rows_a_part(sum(rows for _, rows in counts))
    if max(rows for _, rows in counts) > 2 * wanted:
        return None
    return merged([((least + place * step,), rows) for place, rows in counts], wanted)


def gapless(least: int, total: int) -> list[KeyRange]:
    wanted = rows_a_part(total)
    starts = range(0, total, wanted)
    return bounded([((least + start,), min(wanted, total - start)) for start in starts])


def rows_a_part(total: int) -> int:
    return min(max(-(-total // PARTS_WANTED), FEWEST_ROWS), MOST_ROWS)


def merged(counts: Sequence[tuple[Key, int]], wanted: int) -> list[KeyRange]:
    """Neighbours joined until a part has about the rows wanted."""
    starts: list[tuple[Key, int]] = []
    for low, rows in counts:
        if starts and starts[-1][1] + rows / 2 <= wanted:
            starts[-1] = (starts[-1][0], starts[-1][1] + rows)
        else:
            starts.append((low, rows))
    return bounded(starts)


def bounded(starts: Sequence[tuple[Key, int]]) -> list[KeyRange]:
    """The first has no low end and the last no high one: together they hold every key there is."""
    lows: list[Key | None] = [None, *(low for low, _ in starts[1:])]
    highs = [*lows[1:], None]
    ends = zip(starts, lows, highs, strict=True)
    found, start = [], 0
    for number, ((_, rows), low, high) in enumerate(ends, 1):
        found.append(KeyRange(number, rows, start, low, high))
        start += rows
    return found


def by_place(reader: Reader, table: ExportTable) -> list[KeyRange]:
    """Any key: every so many-th record's, found by going through the keys in their order once.

    Records of equal keys stay together: `rank` is one more than the records before all of them.
    """
    ((total,),) = reader.fetch(table.select(func.count()))
    wanted = rows_a_part(total)
    if total <= wanted:
        return [KeyRange(1, total)]
    key = [column.label(f"k{place}") for place, column in enumerate(table.key)]
    place = func.row_number().over(order_by=table.key).label("place")
    rank = func.rank().over(order_by=table.key).label("rank")
    numbered = table.select(*key, place, rank).subquery("numbered")
    columns = [numbered.c[column.name] for column in key]
    query = (
        select(*columns, numbered.c.rank)
        .where(numbered.c.place % wanted == 1)
        .order_by(numbered.c.place)
    )
    found: dict[int, Key] = {rank: tuple(values) for *values, rank in reader.fetch(query)}
    ranks = [*found, total + 1]
    return bounded([(found[rank], after - rank) for rank, after in pairwise(ranks)])
