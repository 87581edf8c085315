"""The messages for a delimited file that is refused as a whole."""

from collections.abc import Sequence

from dashboard.errors import FileRefused, JobEngineError
from dashboard.formats.layout import MAX_COLUMNS, MAX_RECORD_BYTES

MEGABYTES = MAX_RECORD_BYTES >> 20


def refuse(code: str, message: str, row: int | None = None) -> FileRefused:
    return FileRefused(message, code=code, details={} if row is None else {"row": row})


def empty() -> FileRefused:
    return refuse("file_empty", "The file is empty. Upload a file with a header and rows.")


def no_rows() -> FileRefused:
    return refuse("no_rows", "The file has a header but no rows. Add at least one row.")


def not_text(what: str) -> FileRefused:
    return refuse(
        "not_text", f"The file is not text: it looks like {what}. Save it as CSV (UTF-8) first."
    )


def nul_byte(row: int) -> FileRefused:
    return refuse(
        "nul_byte", f"Row {row} holds a NUL byte, which text may not. Export the file again.", row
    )


def wrong_encoding(row: int, byte: int) -> FileRefused:
    message = (
        f"Row {row} is not UTF-8: byte 0x{byte:02X} found. Choose the file's encoding, or save it"
        " as CSV UTF-8."
    )
    return refuse("wrong_encoding", message, row)


def unreadable_encoding(encoding: str) -> FileRefused:
    message = f"The file is read as {encoding}, but only UTF-8 can be. Save it as CSV UTF-8."
    return refuse("wrong_encoding", message)


def other_encoding(encoding: str) -> FileRefused:
    message = (
        f"The file begins like {encoding}, not UTF-8. Choose the encoding {encoding}, or save the"
        " file as CSV UTF-8."
    )
    return refuse("wrong_encoding", message)


def line_too_long(row: int) -> FileRefused:
    message = f"Row {row} is longer than {MEGABYTES} MB. Check that the file has line ends."
    return refuse("line_too_long", message, row)


def unclosed_quote(row: int) -> FileRefused:
    message = (
        f"Row {row} opens a quote that is never closed. Close it, double a quote inside a cell"
        ' (""), or choose "no quotes".'
    )
    return refuse("unclosed_quote", message, row)


def stray_quote(row: int) -> FileRefused:
    message = (
        f"Row {row} holds a quote beside other text. Quote the whole cell and double the quotes"
        ' inside it (""), or choose "no quotes".'
    )
    return refuse("stray_quote", message, row)


def lone_return(row: int) -> FileRefused:
    message = (
        f"Row {row} holds a carriage return outside quotes that ends no line. Save the file with"
        " LF or CRLF line ends."
    )
    return refuse("lone_return", message, row)


def duplicate_header(row: int, name: str, first: int, second: int) -> FileRefused:
    message = (
        f'Row {row}: columns {first} and {second} are both named "{name}".'
        " Give each column a name of its own."
    )
    return refuse("duplicate_header", message, row)


def missing_header(row: int, column: int) -> FileRefused:
    message = f"Row {row}: column {column} has no name. Name it or delete the column."
    return refuse("missing_header", message, row)


def too_many_columns(row: int, count: int) -> FileRefused:
    message = (
        f"Row {row} names {count:,} columns; at most {MAX_COLUMNS:,} are allowed."
        " Delete columns, or choose another delimiter."
    )
    return refuse("too_many_columns", message, row)


def bad_delimiter(delimiter: str) -> FileRefused:
    message = f"{delimiter!r} cannot be a delimiter. Use one character such as , ; | or tab."
    return refuse("bad_delimiter", message)


def bad_quote(quote: str) -> FileRefused:
    message = f'{quote!r} cannot be a quote. Use one character such as ", or none.'
    return refuse("bad_quote", message)


def bad_format(name: str, allowed: Sequence[str]) -> FileRefused:
    return refuse("bad_format", f"There is no format {name!r}. Use {', '.join(allowed)}.")


def bad_header_row(value: object) -> FileRefused:
    message = f"{value!r} is not a header row. Use a row number from 1, or 0 for no header."
    return refuse("bad_header_row", message)


def no_such_row(row: int) -> FileRefused:
    message = (
        f"Row {row} was chosen as the header, but no filled row begins there. Choose another header"
        " row, or 0 for no header."
    )
    return refuse("bad_header_row", message, row)


def bad_choice(name: str, value: object) -> FileRefused:
    return refuse("bad_choice", f"{name} is {value!r}, which is not text. Send it as text.")


def bad_encoding(name: str) -> FileRefused:
    message = f"There is no text encoding {name!r}. Use one such as utf-8, windows-1252 or utf-16."
    return refuse("bad_encoding", message)


def rows_lost(row: int, cut: int, parsed: int) -> JobEngineError:
    message = f"The block at row {row} holds {cut} records, but {parsed} were read from it."
    return JobEngineError(message, code="rows_lost")
