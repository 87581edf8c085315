"""Cells for people's spreadsheets: texts in which none runs as a formula, and back again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# What OWASP (CSV injection) names, with the full-width forms that spreadsheets take for the same.
FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
PLAIN_NUMBER = r"-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
RISKY = re.compile(rf"'*(?!{PLAIN_NUMBER}\Z)[{re.escape(FORMULA_STARTS)}]")
FLUSH_CHARACTERS = 64 << 10


def escape_formula(cell: str | None) -> str:
    """An apostrophe before what a spreadsheet would run; null is blank.

    Apostrophes that are there already do not count, a risky text behind them gets one more: so
    `unescape_formula` gives every text back as it was. A plain negative number stays.
    """
    if not cell:
        return ""
    return f"'{cell}" if RISKY.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """The text that `escape_formula` made `cell` of; any other cell as it is."""
    return cell[1:] if cell.startswith("'") and RISKY.match(cell) else cell


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
