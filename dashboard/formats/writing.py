"""Rows of texts as a file of any format, streaming: for downloads and templates."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import write_batches

BATCH_ROWS = 2_000
Row = Sequence[str | None]


def write_rows(
    format: str, columns: Sequence[str], rows: Iterable[Row], *, escape_formulas: bool = True
) -> Iterator[bytes]:
    """The file in pieces. A row has a text, or None, for each column.

    `escape_formulas` concerns CSV, TSV and XLSX (turn it off only for files that programs read).
    Raises InputRefused for a format that is not there and for a cell the format cannot hold.
    """
    options = WriteOptions(format, escape_formulas=escape_formulas)
    schema: Any = pa.schema([(name, pa.string()) for name in columns])
    return write_batches(options, schema, text_batches(schema, rows))


def text_batches(schema: Any, rows: Iterable[Row]) -> Iterator[Any]:
    source = iter(rows)
    while some := list(islice(source, BATCH_ROWS)):
        for row in some:
            if len(row) != len(schema):
                raise ValueError(f"a row of {len(row)} values for {len(schema)} columns")
        columns = [pa.array(cells, pa.string()) for cells in zip(*some, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
