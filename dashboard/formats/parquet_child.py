"""Reads a Parquet file for parquet.py, in a process of its own: a hostile file can end Arrow's."""

import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.errors import FileRefused
from dashboard.formats.child_frames import END
from dashboard.formats.parquet_file import ParquetTable
from dashboard.formats.table_form import serialize, write_batches
from dashboard.formats.workbook_request import (
    end_with_parent,
    limit,
    send,
    send_json,
    send_refusal,
)

ABOUT, BATCH = b"A", b"B"


def answer(request: Mapping[str, Any]) -> None:
    """What the file holds; then its first `rows`, or (`rows` null) all of it, in batches."""
    table = ParquetTable(Path(request["path"]))
    send_json(ABOUT, {"columns": table.columns, "headers": table.headers, "rows": table.rows})
    if request["rows"] is None:
        for written in write_batches(table.batches()):
            send(BATCH, written.data)
    elif request["rows"] and table.rows:
        send(BATCH, serialize([table.first(request["rows"])]).data)
    send(END, b"")


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    limit(request["limits"])
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        answer(request)
    except FileRefused as refused:
        send_refusal(refused)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
