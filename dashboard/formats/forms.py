"""Seekable copies of files whose chunks cannot be cut where they lie.

While preparing: `form = to_form(…)`. None: cut the upload itself, by `delimited_layout(upload,
inspect_file(…))`. Else `key = forms.keep(form.pieces)`, and after that
- `form.kind == "delimited"`: the copy is UTF-8 text, to be cut by
  `delimited_layout(copy, form.found)`;
- `form.kind == "table"`: each of `form.batches` is a slice of the copy (table_form.read_batch).
Where columns are matched by name, headers.check_headers refuses blank and doubled ones first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from dashboard.formats import file_refusals
from dashboard.formats.containers import INFLATED_BYTES
from dashboard.formats.contents import Contents, find_contents
from dashboard.formats.delimited_files import delimited_layout
from dashboard.formats.found import Found
from dashboard.formats.inspecting import FORMATS, OPEN, completed, place_of
from dashboard.formats.json_lines import json_lines_batches
from dashboard.formats.parquet import inspect_parquet, parquet_batches
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import TableBatch, write_batches
from dashboard.formats.workbooks import workbook_batches

__all__ = ["BatchPlace", "Form", "delimited_layout", "to_form"]

PIECE_BYTES = 1 << 20
Table = tuple[Found, Iterator[TableBatch]]
"""What was found, and the rows: batches that are made as they are asked for."""


class BatchPlace(NamedTuple):
    """One batch in the kept table form; `first_row` is its first record's row in the file."""

    offset: int
    length: int
    first_row: int
    rows: int


@dataclass
class Form:
    """`kind` is "delimited" or "table". `pieces` can be gone through once.

    When they have been, `batches` tells where each batch of a table lies, and `found` has all
    columns, those too that appear late in the file (JSON Lines). Going through them raises
    FileRefused.
    """

    kind: str
    found: Found
    pieces: Iterator[bytes]
    batches: list[BatchPlace] = field(default_factory=list)


def to_form(path: Path, name: str, reading: Reading = OPEN) -> Form | None:
    """The form a file is read from; None when it can be cut as it is. Raises FileRefused."""
    contents = find_contents(path, name, reading)
    if contents.is_as_uploaded:
        return None
    if contents.format == "delimited":
        found = completed(FORMATS["delimited"].inspect(contents, reading), contents)
        return Form("delimited", found, text_pieces(contents))
    found, batches = TABLES[contents.format](contents, reading)
    form = Form("table", completed(found, contents), iter(()))
    form.pieces = table_pieces(form, batches)
    return form


def text_pieces(contents: Contents) -> Iterator[bytes]:
    with contents.open_text() as stream:
        yield from limited(iter(lambda: stream.read(PIECE_BYTES), b""))


def table_pieces(form: Form, batches: Iterable[TableBatch]) -> Iterator[bytes]:
    offset, last = 0, None
    for batch in batches:
        form.batches.append(BatchPlace(offset, len(batch.data), batch.first_row, batch.rows))
        offset += len(batch.data)
        if offset > INFLATED_BYTES:
            raise file_refusals.form_too_large(INFLATED_BYTES)
        last = batch.data
        yield batch.data
    if last is not None:
        form.found = with_columns(form.found, last)


def with_columns(found: Found, last: bytes) -> Found:
    """Names that appeared after the part that was inspected."""
    names = tuple(pa.ipc.open_stream(pa.py_buffer(last)).schema.names[:-1])
    if len(names) <= len(found.columns):
        return found
    return replace(found, columns=names, headers=found.headers + names[len(found.headers) :])


def limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > INFLATED_BYTES:
            raise file_refusals.form_too_large(INFLATED_BYTES)
        yield piece


def json_table(contents: Contents, reading: Reading) -> Table:
    return FORMATS["json-lines"].inspect(contents, reading), json_batches(contents, reading)


def json_batches(contents: Contents, reading: Reading) -> Iterator[TableBatch]:
    with contents.open_text() as stream:
        yield from json_lines_batches(stream, contents.container.name, reading)


def parquet_table(contents: Contents, reading: Reading) -> Table:
    place = place_of(contents)
    return inspect_parquet(*place, reading), parquet_batches(*place, reading)


def workbook_table(contents: Contents, reading: Reading) -> Table:
    found, batches = workbook_batches(*place_of(contents), reading)
    return found, write_batches(batches)


TABLES: Mapping[str, Callable[[Contents, Reading], Table]] = {
    "json-lines": json_table,
    "parquet": parquet_table,
    "xlsx": workbook_table,
    "xls": workbook_table,
    "ods": workbook_table,
}
