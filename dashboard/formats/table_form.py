"""The table form: rows that cannot be cut from their file, as Arrow batches that stand alone.

A form is a row of batches, one behind the other. Each is a whole Arrow IPC stream (schema and one
record batch), so that a chunk is an offset and a length. All columns but the last are nullable
texts, named as in the layout; the last one holds each record's row in the file.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from dashboard.formats.reading import Ragged

pc: Any = pyarrow.compute  # the published types of both know only some calls
concat_batches: Any = pa.concat_batches  # type: ignore[attr-defined]  # newer than its stubs

Positions = npt.NDArray[np.int64]
ROW = "__row"
BATCH_ROWS = 20_000
BATCH_BYTES = 2 << 20


class TableBatch(NamedTuple):
    """A batch as it is kept; `first_row` is its first record's row in the file.

    Where columns are found on the way (JSON Lines) a later batch has all of an earlier one, in
    order, and perhaps more behind: the last batch's `columns` are the file's.
    """

    data: bytes
    first_row: int
    rows: int
    columns: tuple[str, ...]


@dataclass
class TableRows:
    """A batch's records, with what an import asks of `reading.Rows`. Null cells are ''.

    There are no bytes of the file to send on (`raw`), so `quoted` says the careful thing.
    """

    table: pa.Table
    numbers: Positions

    raw: ClassVar[bool] = False
    quoted: ClassVar[bool] = True

    @property
    def ragged(self) -> list[Ragged]:
        """Every record of a table form has all its cells."""
        return []

    @cached_property
    def has_backslash(self) -> bool:
        texts = (chunk.buffers()[2] for column in self.table.columns for chunk in column.chunks)
        return any(data is not None and b"\\" in data.to_pybytes() for data in texts)


def make_batch(
    columns: Sequence[str], cells: Sequence[Any], numbers: Sequence[int] | Positions
) -> pa.RecordBatch:
    """One record batch of the form; `cells` holds per column its texts (list or Arrow array)."""
    arrays = [to_text(column) for column in cells]
    fields: list[Any] = [pa.field(name, pa.string()) for name in columns]
    fields.append(pa.field(ROW, pa.int64(), nullable=False))
    arrays.append(pa.array(numbers, pa.int64()))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def to_text(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array):
        return column.cast(pa.string())
    return pa.array(column, pa.string())


def write_batches(
    batches: Iterable[pa.RecordBatch], *, rows: int = BATCH_ROWS, text_bytes: int = BATCH_BYTES
) -> Iterator[TableBatch]:
    """Record batches of any size (see `make_batch`) as batches of the form.

    Each holds at most `rows` records and about `text_bytes` of text, but one record at least.
    """
    waiting: list[pa.RecordBatch] = []
    held_rows = held_bytes = 0
    for piece, size in cut_batches(batches, rows, text_bytes):
        full = held_rows + piece.num_rows > rows or held_bytes + size > text_bytes
        if waiting and (full or piece.schema != waiting[0].schema):
            yield serialize(waiting)
            waiting, held_rows, held_bytes = [], 0, 0
        waiting.append(piece)
        held_rows, held_bytes = held_rows + piece.num_rows, held_bytes + size
    if waiting:
        yield serialize(waiting)


def cut_batches(
    batches: Iterable[pa.RecordBatch], rows: int, text_bytes: int
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Pieces that fit, each with its bytes of text; nothing is copied."""
    for batch in batches:
        ends = text_ends(batch)
        start = before = 0
        while start < batch.num_rows:
            stop = int(np.searchsorted(ends, before + text_bytes, side="right"))
            stop = min(max(stop, start + 1), start + rows, batch.num_rows)
            after = int(ends[stop - 1])
            yield batch.slice(start, stop - start), after - before
            start, before = stop, after


def text_ends(batch: pa.RecordBatch) -> Positions:
    """Bytes of text before the end of each record."""
    sizes = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns[:-1]:
        sizes += np.diff(offsets_of(column))
    return np.cumsum(sizes)


def offsets_of(column: Any) -> npt.NDArray[np.int32]:
    buffer = column.buffers()[1]
    return np.frombuffer(buffer, np.int32, column.offset + len(column) + 1)[column.offset :]


def serialize(pieces: list[pa.RecordBatch]) -> TableBatch:
    batch = pieces[0] if len(pieces) == 1 else concat_batches(pieces)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    first = batch.column(batch.num_columns - 1)[0].as_py()
    columns = tuple(batch.schema.names[:-1])
    return TableBatch(sink.getvalue().to_pybytes(), first, batch.num_rows, columns)


def read_batch(
    data: bytes | memoryview, columns: Sequence[str] | None = None, *, nulls: bool = False
) -> TableRows:
    """A batch of the form; `columns` limits and orders `table`. Copies only what holds nulls.

    A column the batch lacks is blank: see `TableBatch`. `nulls`: absent cells stay null.
    """
    batch = pa.ipc.open_stream(pa.py_buffer(data)).read_next_batch()
    place_of = {name: place for place, name in enumerate(batch.schema.names[:-1])}
    names = list(place_of) if columns is None else list(columns)
    absent = pa.nulls(batch.num_rows, pa.string())
    found = [batch.column(place_of[name]) if name in place_of else absent for name in names]
    arrays = found if nulls else [pc.fill_null(cells, "") for cells in found]
    numbers = batch.column(batch.num_columns - 1).to_numpy()
    return TableRows(pa.table(arrays, names=names), numbers)
