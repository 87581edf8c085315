"""Write rows as CSV, TSV, JSON Lines, XLSX or Parquet, streaming: for downloads and templates."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from typing import Any

from dashboard.errors import InputRefused
from dashboard.formats.writing_parquet import parquet_pieces
from dashboard.formats.writing_values import as_json, as_text
from dashboard.formats.writing_xlsx import xlsx_pieces
from dashboard.lib.cells import escape_formula

DELIMITERS = {"csv": ",", "tsv": "\t"}
FORMATS = (*DELIMITERS, "json-lines", "xlsx", "parquet")
PIECE_CHARACTERS = 64 << 10
Row = Sequence[Any]


def write_rows(
    format: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    escape_formulas: bool = True,
    types: Sequence[Any] | None = None,
) -> Iterator[bytes]:
    """The file in pieces. A row has a value for each column: text, None or a typed value.

    JSON Lines and XLSX keep numbers, truth and (XLSX) dates typed. Parquet has texts, or the Arrow
    `types` given. CSV and TSV have texts, None blank; `escape_formulas` puts an apostrophe before a
    text that a spreadsheet would run (turn it off only for files that programs read). Raises
    InputRefused for a format that is not there and for a row the format cannot hold.
    """
    if format not in FORMATS:
        raise InputRefused(
            f"There is no format {format!r}. Use {', '.join(FORMATS)}.", code="bad_format"
        )
    if len(set(columns)) != len(columns):
        raise InputRefused("Two columns have one name. Rename one.", code="duplicate_header")
    if format == "json-lines":
        return json_pieces(columns, rows)
    if format == "xlsx":
        return xlsx_pieces(columns, rows)
    if format == "parquet":
        return parquet_pieces(columns, rows, types)
    return delimited_pieces(DELIMITERS[format], columns, rows, escape_formulas)


def delimited_pieces(
    delimiter: str, columns: Sequence[str], rows: Iterable[Row], escape: bool
) -> Iterator[bytes]:
    cell = safe_cell if escape else as_text
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([cell(name) for name in columns])
    for row in rows:
        check_width(columns, row)
        writer.writerow([cell(value) for value in row])
        if buffer.tell() >= PIECE_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def safe_cell(value: Any) -> str | None:
    """Only a text can be a formula."""
    return escape_formula(value) if isinstance(value, str) else as_text(value)


def json_pieces(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    names = [f"{encode_basestring(name)}:" for name in columns]
    lines, size = list[str](), 0
    for row in rows:
        check_width(columns, row)
        cells = (name + as_json(value) for name, value in zip(names, row, strict=True))
        lines.append(f"{{{','.join(cells)}}}\n")
        size += len(lines[-1])
        if size >= PIECE_CHARACTERS:
            yield "".join(lines).encode()
            lines, size = [], 0
    if lines:
        yield "".join(lines).encode()


def check_width(columns: Sequence[str], row: Row) -> None:
    if len(row) != len(columns):
        raise ValueError(f"a row of {len(row)} values for {len(columns)} columns")
