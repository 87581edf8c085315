"""Rows of one ordered query as pages that end where a cursor can go on without losing a row."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from dashboard.formats.table_form import BATCH_BYTES, BATCH_ROWS, make_batch
from dashboard.sync.sql_source_values import same_place, texts_of

FIRST_FETCH = 10
MOST_FETCHED = 5_000
FETCH_BYTES = 1 << 20
SIZED = {str, bytes}
Row = Sequence[Any]


def fetched(fetch: Callable[[int], Sequence[Row]]) -> Iterator[tuple[Sequence[Row], int]]:
    """Rows by the thousand, but about `FETCH_BYTES` at a time; with the bytes of their text."""
    count = FIRST_FETCH
    while rows := fetch(count):
        size = sum([len(value) if type(value) in SIZED else 8 for row in rows for value in row])
        yield rows, size
        count = max(1, min(MOST_FETCHED, count * 4, FETCH_BYTES * len(rows) // max(size, 1)))


def batches(
    fetch: Callable[[int], Sequence[Row]], columns: Sequence[str], cursor: str | None
) -> Iterator[tuple[pa.RecordBatch, Any]]:
    """Each with the cursor's value that holds after it; None: rows with the same one may follow.

    Rows with one value are kept together as long as a page can hold them.
    """
    place = columns.index(cursor) if cursor is not None else None
    held: list[Row] = []
    size, first, reached, last = 0, 1, None, None
    for rows, added in fetched(fetch):
        held.extend(rows)
        size, last = size + added, rows[-1]
        if size < BATCH_BYTES and len(held) < BATCH_ROWS:
            continue
        border = last_change(held, place)
        ready, reached = (held[:border], held[border - 1]) if border else (held, None)
        yield batch(ready, columns, first), value_at(reached, place)
        first += len(ready)
        # What is held back is at most what was fetched last, or waits for its own page.
        held = held[border:] if border else []
        size = size * len(held) // (len(ready) + len(held))
    if held:
        yield batch(held, columns, first), value_at(last, place)
    elif last is not None and reached is None and place is not None:
        # The last page was full of one value; now it is known that no more follow.
        yield batch([], columns, first), value_at(last, place)


def last_change(rows: Sequence[Row], place: int | None) -> int:
    """Where the last run of equal values begins; 0: all are equal, or there is no cursor."""
    if place is None:
        return 0
    last = rows[-1][place]
    for position in range(len(rows) - 1, 0, -1):
        if not same_place(rows[position - 1][place], last):
            return position
    return 0


def value_at(row: Row | None, place: int | None) -> Any:
    return None if row is None or place is None else row[place]


def batch(rows: Sequence[Row], columns: Sequence[str], first: int) -> pa.RecordBatch:
    cells = [texts_of(values) for values in zip(*rows, strict=True)] or [[] for _ in columns]
    return make_batch(columns, cells, range(first, first + len(rows)))
