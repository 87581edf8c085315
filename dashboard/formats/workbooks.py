"""Workbooks (XLSX, XLS, ODS): each is opened in a process of its own, with limits (I9)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dashboard.formats import child_refusals
from dashboard.formats.child import ask
from dashboard.formats.found import Found, Preview
from dashboard.formats.reading_choices import Reading

FORMATS = ("xlsx", "xls", "ods")
LOOKER = "dashboard.formats.workbook_child"
READER = "dashboard.formats.workbook_table_child"
LOOK_SECONDS = 20.0
READ_SECONDS = 900.0
PREVIEW_ROWS = 20
DEEP = b"D"


def inspect_workbook(path: Path, name: str, reading: Reading) -> Found:
    """Its sheets, and the columns of the one that is read. Raises FileRefused."""
    return preview_workbook(path, name, reading, 0).found


def preview_workbook(path: Path, name: str, reading: Reading, rows: int = PREVIEW_ROWS) -> Preview:
    """Reads the start of the sheet; `total_rows` is None unless that was all of it.

    Columns that are first used further down are not known yet. Raises FileRefused.
    """
    request = asked(path, reading, "look", rows)
    answer = first(ask(LOOKER, request, name=name, seconds=LOOK_SECONDS))
    if answer.kind == DEEP:
        answer = first(ask(READER, request, name=name, seconds=LOOK_SECONDS))
    seen = json.loads(answer.data)
    return Preview(
        Found.from_json(seen["found"]), seen["rows"], seen["numbers"], seen["total_rows"]
    )


def count_workbook(path: Path, name: str, reading: Reading) -> int:
    """Rows below the header that hold a cell; reads the whole sheet. Raises FileRefused."""
    request = asked(path, reading, "count")
    count: int = json.loads(first(ask(READER, request, name=name, seconds=READ_SECONDS)).data)
    return count


def workbook_batches(
    path: Path, name: str, reading: Reading
) -> tuple[Found, Iterator[pa.RecordBatch]]:
    """What was found in the whole sheet, and its rows as the table form's batches.

    Nothing is handed out before all of the sheet was read. Raises FileRefused.
    """
    request = asked(path, reading, "read")
    frames = ask(READER, request, name=name, seconds=READ_SECONDS)
    found = Found.from_json(json.loads(next(frames).data))
    return found, (open_batch(frame.data) for frame in frames)


def open_batch(data: bytes) -> pa.RecordBatch:
    return pa.ipc.open_stream(pa.py_buffer(data)).read_next_batch()


def asked(path: Path, reading: Reading, action: str, rows: int = 0) -> dict[str, Any]:
    return {
        "action": action,
        "path": str(path.resolve()),
        "chosen": reading.format if reading.format in FORMATS else None,
        "sheet": reading.sheet,
        "header_row": reading.header_row,
        "rows": rows,
    }


def first(frames: Iterator[Any]) -> Any:
    """The only frame of an answer, read to its end."""
    answer = list(frames)
    if not answer:
        raise child_refusals.stopped()
    return answer[0]
