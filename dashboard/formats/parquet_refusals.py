"""The messages for a Parquet file that is refused as a whole."""

from dashboard.errors import FileRefused
from dashboard.formats.refusals import MEGABYTES, refuse

PROBLEM = "Leave the column out, or write it as text, and upload the file again."


def encrypted() -> FileRefused:
    message = "The Parquet file is encrypted. Write it without encryption and upload it again."
    return refuse("parquet_encrypted", message)


def damaged() -> FileRefused:
    message = (
        "The Parquet file cannot be read: it is damaged, or no Parquet file. Write it again and"
        " upload it again."
    )
    return refuse("parquet_unreadable", message)


def unsupported(said: str) -> FileRefused:
    message = (
        f"The Parquet file uses something that is not read here ({said.splitlines()[0][:120]})."
        " Write it again with common types and Snappy, ZSTD or GZIP compression."
    )
    return refuse("parquet_unsupported", message)


def too_large() -> FileRefused:
    message = (
        "Reading the Parquet file needs more memory than it may use. Write it with smaller row"
        " groups, or save it as CSV."
    )
    return refuse("parquet_too_large", message)


def too_slow() -> FileRefused:
    message = (
        "Reading the Parquet file takes too long. Save it as CSV and upload that, or split it."
    )
    return refuse("parquet_too_slow", message)


def row_too_long(row: int) -> FileRefused:
    message = f"Row {row} is longer than {MEGABYTES} MB. Shorten its values or leave a column out."
    return refuse("line_too_long", message, row)


def no_rows() -> FileRefused:
    return refuse("no_rows", "The Parquet file has no rows. Add at least one row.")


def no_columns() -> FileRefused:
    return refuse("no_columns", "The Parquet file has no columns. Add at least one column.")


def old_times(path: str) -> FileRefused:
    message = (
        f'Column "{path}" keeps times in the old INT96 form inside another value, where they would'
        " be rounded. Write it with the type timestamp instead."
    )
    return refuse("parquet_unsupported", message)


def cell(row: int, column: str, what: str, code: str) -> FileRefused:
    return refuse(code, f'Row {row}, column "{column}" holds {what}. {PROBLEM}', row)
