"""Files a source has fetched, in any format an import reads, as batches of text."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from dashboard.errors import FileRefused
from dashboard.formats.cutting import cut
from dashboard.formats.forms import delimited_layout, to_form
from dashboard.formats.headers import check_headers
from dashboard.formats.inspecting import inspect_file
from dashboard.formats.layout import Layout
from dashboard.formats.reading import Ragged, Rows, read_block
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import BATCH_ROWS, make_batch

MOST_RAGGED = 1_000
Piece = tuple[pa.RecordBatch, list[Ragged]]
"""Rows numbered as in their file, and those between them with too few or too many cells."""


def file_pieces(
    path: Path, name: str, reading: Reading, check: Callable[[], None]
) -> Iterator[Piece]:
    """The whole file, some 2 MB at a time. Raises FileRefused, in the middle too."""
    form = to_form(path, name, reading)
    if form is None:
        found = inspect_file(path, name, reading)
        with path.open("rb") as stream:
            yield from delimited_pieces(stream, delimited_layout(stream, found), check)
    elif form.kind == "delimited":
        with tempfile.TemporaryFile() as copy:
            for piece in form.pieces:
                check()
                copy.write(piece)
            yield from delimited_pieces(copy, delimited_layout(copy, form.found), check)
    else:
        if form.found.header_row:
            check_headers(form.found.columns, form.found.headers, form.found.header_row)
        for piece in form.pieces:
            check()
            yield pa.ipc.open_stream(pa.py_buffer(piece)).read_next_batch(), []


def delimited_pieces(
    stream: BinaryIO, layout: Layout, check: Callable[[], None]
) -> Iterator[Piece]:
    if layout.header_row:
        check_headers(layout.columns, layout.headers, layout.header_row)
    ragged = 0
    for block, data in cut(stream, layout, block_rows=BATCH_ROWS):
        check()
        rows = read_block(data, layout, block)
        ragged += len(rows.ragged)
        if ragged > MOST_RAGGED:
            raise too_ragged(rows.ragged[0], ragged)
        yield batch_of(rows), rows.ragged


def batch_of(rows: Rows) -> pa.RecordBatch:
    return make_batch(rows.table.column_names, rows.table.columns, rows.numbers)


def too_ragged(row: Ragged, count: int) -> FileRefused:
    return FileRefused(
        f"{count:,} rows and more have another number of cells than the header, such as row"
        f" {row.row} ({row.found} cells, {row.expected} columns). Check the delimiter.",
        code="wrong_cell_count",
        details={"row": row.row},
    )


def ragged_error(row: Ragged) -> FileRefused:
    """What is said of a single such row."""
    cells = f"{row.found} cell{'' if row.found == 1 else 's'}"
    return FileRefused(
        f"The row has {cells}, but the header names {row.expected}. Write it with all its cells, or"
        " leave it out.",
        code="wrong_cell_count",
        details={"row": row.row},
    )
