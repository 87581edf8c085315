"""Rows as a Parquet file, a row group at a time."""

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from dashboard.errors import InputRefused
from dashboard.formats.writing_values import as_text

pq: Any = pyarrow.parquet  # its published types know only some calls
GROUP_ROWS = 20_000


class Pieces(io.RawIOBase):
    """What a writer of files has written since the last `take`."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def parquet_pieces(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], types: Sequence[Any] | None
) -> Iterator[bytes]:
    """See `write_rows`."""
    kinds = list(types or [pa.string()] * len(columns))
    schema: Any = pa.schema(list(zip(columns, kinds, strict=True)))
    output, source, written = Pieces(), iter(rows), 0
    with pq.ParquetWriter(pa.PythonFile(output, "w"), schema, compression="snappy") as writer:
        while group := list(islice(source, GROUP_ROWS)):
            values = [list(column) for column in zip(*group, strict=True)]
            if len(values) != len(columns):
                raise ValueError(f"a row of {len(values)} values for {len(columns)} columns")
            named = zip(columns, values, kinds, strict=True)
            arrays = [typed(name, column, kind, written) for name, column, kind in named]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(group)
            yield output.take()
    yield output.take()


def typed(name: str, values: list[Any], kind: Any, before: int) -> Any:
    if pa.types.is_string(kind):
        values = [as_text(value) for value in values]
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        position = next(n for n, value in enumerate(values) if not fits(value, kind))
        message = (
            f'Row {before + position + 1}, column "{name}": {values[position]!r} cannot be written'
            f" as {kind}. Correct it, or write the column as text."
        )
        raise InputRefused(message, code="value_does_not_fit") from error


def fits(value: Any, kind: Any) -> bool:
    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True
