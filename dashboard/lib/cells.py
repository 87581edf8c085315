"""Cells for people's spreadsheets: CSV bytes in which no cell runs as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

FORMULA_STARTS = ("=", "+", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"-\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
FLUSH_CHARACTERS = 64 << 10


def escape_formula(cell: str | None) -> str:
    """An apostrophe before what a spreadsheet would run (OWASP, CSV injection); null is blank."""
    if not cell:
        return ""
    risky = cell.startswith(FORMULA_STARTS) or (
        cell.startswith("-") and not PLAIN_NUMBER.fullmatch(cell)
    )
    return f"'{cell}" if risky else cell


def write_csv_rows(
    rows: Iterable[Sequence[str | None]], *, delimiter: str = ","
) -> Iterator[bytes]:
    """Rows as CSV in UTF-8, some 64 KB at a time, cells escaped."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    for row in rows:
        writer.writerow([escape_formula(cell) for cell in row])
        if buffer.tell() >= FLUSH_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()
