"""Parquet: rows as text, every type exactly (see arrow_text.py), read in a child process.

A row's number is its place as if a header stood in row 1. Columns of bytes must hold UTF-8; other
bytes are refused, since no text could be told from them again.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from dashboard.errors import FileRefused
from dashboard.formats import parquet_refusals
from dashboard.formats.child import Frame, ask
from dashboard.formats.found import Found, Preview
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import TableBatch

MODULE = "dashboard.formats.parquet_child"
LOOK_SECONDS = 10.0
READ_SECONDS = 1_800.0
MEMORY_BYTES = 3 << 30
SAID = {
    "workbook_too_slow": parquet_refusals.too_slow,
    "workbook_too_large": parquet_refusals.too_large,
    "workbook_unreadable": parquet_refusals.damaged,
}


def frames(path: Path, name: str, rows: int | None, seconds: float) -> Generator[Frame]:
    request = {"path": str(path.absolute()), "rows": rows}
    try:
        yield from ask(MODULE, request, name=name, seconds=seconds, memory_bytes=MEMORY_BYTES)
    except FileRefused as refused:
        if refused.code in SAID:
            raise SAID[refused.code]() from None
        raise


def look(path: Path, name: str, rows: int) -> tuple[dict[str, Any], list[Frame]]:
    with closing(frames(path, name, rows, LOOK_SECONDS)) as answer:
        about, *batches = answer
    return json.loads(about.data), batches


def inspect_parquet(path: Path, name: str, reading: Reading) -> Found:
    return found_of(look(path, name, 0)[0])


def preview_parquet(path: Path, name: str, reading: Reading, rows: int = 20) -> Preview:
    about, batches = look(path, name, rows)
    shown: list[list[str | None]] = []
    numbers: list[int] = []
    for frame in batches:
        columns: Any = pa.ipc.open_stream(frame.data).read_next_batch().columns
        *cells, rows_of = columns
        shown += map(list, zip(*(column.to_pylist() for column in cells), strict=True))
        numbers += rows_of.to_pylist()
    return Preview(found_of(about), shown, numbers, about["rows"])


def found_of(about: dict[str, Any]) -> Found:
    columns, headers = tuple(about["columns"]), tuple(about["headers"])
    return Found("parquet", columns=columns, headers=headers, header_row=0)


def count_parquet(path: Path, name: str, reading: Reading) -> int:
    """As the file says; reading it all finds out when that is not so."""
    return int(look(path, name, 0)[0]["rows"])


def parquet_batches(path: Path, name: str, reading: Reading) -> Iterator[TableBatch]:
    """The table form."""
    with closing(frames(path, name, None, READ_SECONDS)) as answer:
        next(answer)
        for frame in answer:
            batch = pa.ipc.open_stream(frame.data).read_next_batch()
            first = batch.column(batch.num_columns - 1)[0].as_py()
            columns = tuple(batch.schema.names[:-1])
            yield TableBatch(frame.data, first, batch.num_rows, columns)
