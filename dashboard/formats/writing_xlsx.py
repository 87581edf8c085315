"""Rows as a workbook of one sheet: text stays text, and what is a number, truth or date is one."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
import xlsxwriter.exceptions
import xlsxwriter.worksheet

from dashboard.errors import InputRefused
from dashboard.formats.writing_values import as_text

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767
MOST_EXACT = 2**53
PIECE_BYTES = 256 << 10
# What XML has no way to write; xlsxwriter itself escapes control characters.
FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
FIRST_DAY, LAST_YEAR = date(1900, 3, 1), 9999
DAY, STAMP, CLOCK = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss"


class Sheet(xlsxwriter.worksheet.Worksheet):  # type: ignore[misc]
    """Writes numbers in full (the original rounds to 16 digits) and no text as markup."""

    def _xml_number_element(self, number: Any, attributes: Any = ()) -> None:
        marks = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{marks}><v>{number!r}</v></c>")

    def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
        self._xml_inline_string(string, True, attributes)


def xlsx_pieces(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """See `write_rows`. The workbook is made whole in a temporary file before the first piece."""
    if len(columns) > MOST_COLUMNS:
        raise too_large(f"{len(columns):,} columns, but a sheet has {MOST_COLUMNS:,}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.xlsx")
        options = {"constant_memory": True, "tmpdir": folder}
        book = xlsxwriter.Workbook(path, options)
        try:
            write_sheet(book, columns, rows)
            book.close()
        except xlsxwriter.exceptions.FileSizeError as error:
            raise too_large("more than 4 GB") from error
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece


def write_sheet(book: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(worksheet_class=Sheet)
    formats = {mark: book.add_format({"num_format": mark}) for mark in (DAY, STAMP, CLOCK)}
    heading = book.add_format({"bold": True})
    for place, name in enumerate(columns):
        sheet.write_string(0, place, checked(name, 1, name), heading)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        if number >= MOST_ROWS:
            raise too_large(f"more rows than a sheet has ({MOST_ROWS - 1:,} below the header)")
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} values for {len(columns)} columns")
        for place, value in enumerate(row):
            if value is not None:
                write_cell(sheet, formats, number, place, columns[place], value)


def write_cell(
    sheet: Any, formats: dict[str, Any], number: int, place: int, column: str, value: Any
) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(number, place, value)
    elif isinstance(value, int | float | Decimal) and is_exact(value):
        sheet.write_number(number, place, int(value) if isinstance(value, int) else float(value))
    elif isinstance(value, date | time) and (mark := date_format(value)):
        sheet.write_datetime(number, place, value, formats[mark])
    else:
        text = checked(as_text(value) or "", number + 1, column)
        sheet.write_string(number, place, text)


def is_exact(value: int | float | Decimal) -> bool:
    """Is it the same as a sheet's number, a double? Otherwise it is written as text."""
    if isinstance(value, int):
        return abs(value) <= MOST_EXACT
    if isinstance(value, float):
        return value - value == 0
    return value.is_finite() and Decimal(repr(float(value))) == value


def date_format(value: date | time) -> str | None:
    """How a sheet shows it; None where a sheet's number would not give the very same back."""
    if isinstance(value, time):
        return None if value.tzinfo or value.microsecond else CLOCK
    day = value.date() if isinstance(value, datetime) else value
    if day < FIRST_DAY or day.year > LAST_YEAR:
        return None
    if not isinstance(value, datetime):
        return DAY
    return None if value.tzinfo or value.microsecond else STAMP


def checked(text: str, row: int, column: str) -> str:
    if len(text) * 2 > MOST_CHARACTERS and len(text.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        raise InputRefused(
            f'Row {row}, column "{column}" has {len(text):,} characters, but a cell of a workbook'
            f" holds {MOST_CHARACTERS:,}. Use CSV, JSON Lines or Parquet.",
            code="cell_too_long",
        )
    if found := FORBIDDEN.search(text):
        raise InputRefused(
            f'Row {row}, column "{column}" holds the character U+{ord(found[0]):04X}, which a'
            " workbook cannot. Remove it, or use CSV.",
            code="forbidden_character",
        )
    return text


def too_large(what: str) -> InputRefused:
    return InputRefused(
        f"The table does not fit into a workbook: {what}. Use CSV, JSON Lines or Parquet.",
        code="workbook_too_large",
    )
