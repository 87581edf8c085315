"""The rows of an uploaded sheet as texts, a part at a time. Brings pyarrow: loaded when needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

from dashboard.errors import FileRefused
from dashboard.formats.delimited import cut, read_block
from dashboard.formats.forms import Form, delimited_layout, to_form
from dashboard.formats.found import Found
from dashboard.formats.inspecting import inspect_file
from dashboard.formats.table_form import read_batch
from dashboard.jobs.preparing import StoredForms
from dashboard.storage.store import Store

PART_ROWS = 20_000


class SheetPart(NamedTuple):
    """Some rows; `numbers` are their rows in the sheet, `cells` one list of texts a column."""

    columns: tuple[str, ...]
    numbers: list[int]
    cells: list[list[str]]


def read_sheet(store: Store, key: str, name: str) -> Iterator[SheetPart]:
    """Any format an import takes. Raises FileRefused: unreadable, or a ragged row."""
    with StoredForms(store, key, name).local_path() as path:
        form = to_form(path, name)
        if form is None:
            with path.open("rb") as stream:
                yield from text_parts(stream, inspect_file(path, name))
        elif form.kind == "delimited":
            with unpacked(form) as stream:
                yield from text_parts(stream, form.found)
        else:
            for batch in form.pieces:
                rows = read_batch(batch)
                yield part_of(tuple(rows.table.column_names), rows)


@contextmanager
def unpacked(form: Form) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile(prefix="jobengine-sheet-") as copy:
        for piece in form.pieces:
            copy.write(piece)
        copy.seek(0)
        yield copy


def text_parts(stream: BinaryIO, found: Found) -> Iterator[SheetPart]:
    layout = delimited_layout(stream, found)
    for block, data in cut(stream, layout, block_rows=PART_ROWS):
        yield part_of(layout.columns, read_block(data, layout, block))


def part_of(columns: tuple[str, ...], rows: Any) -> SheetPart:
    if rows.ragged:
        row = rows.ragged[0]
        raise FileRefused(
            f"Row {row.row:,} of your file has {row.found} cells, but its header names"
            f" {row.expected}. Quote a cell that holds the delimiter, then upload it again.",
            code="wrong_cell_count",
        )
    return SheetPart(columns, rows.numbers.tolist(), [c.to_pylist() for c in rows.table.columns])
