"""The messages for a workbook that is refused as a whole."""

from dashboard.errors import FileRefused
from dashboard.formats.layout import MAX_COLUMNS

AGAIN = "Open it in a spreadsheet program, save it again as XLSX and upload that."


def refuse(code: str, message: str, row: int | None = None) -> FileRefused:
    return FileRefused(message, code=code, details={} if row is None else {"row": row})


def not_a_workbook(what: str) -> FileRefused:
    message = f"The file is no workbook: it looks like {what}. Upload an XLSX, XLS or ODS file."
    return refuse("not_a_workbook", message)


def wrong_format(chosen: str, found: str) -> FileRefused:
    message = (
        f"The file is read as {chosen.upper()}, but it is {found.upper()}."
        f" Choose the format {found}, or leave it to be found."
    )
    return refuse("wrong_format", message)


def binary_workbook() -> FileRefused:
    message = f"The file is a binary workbook (XLSB), which cannot be read. {AGAIN}"
    return refuse("workbook_binary", message)


def encrypted() -> FileRefused:
    message = (
        "The workbook is protected by a password. Save it without one (File, Info, Protect"
        " Workbook) and upload that."
    )
    return refuse("workbook_encrypted", message)


def damaged(what: str) -> FileRefused:
    return refuse("workbook_damaged", f"The workbook is damaged: {what}. {AGAIN}")


def has_doctype() -> FileRefused:
    message = f"The workbook declares entities of its own, which no spreadsheet does. {AGAIN}"
    return refuse("workbook_doctype", message)


def bomb() -> FileRefused:
    message = (
        "The workbook unpacks to far more than its size, more than can be read safely."
        " Save the sheet as CSV and upload that."
    )
    return refuse("workbook_bomb", message)


def no_sheet(name: str, sheets: list[str]) -> FileRefused:
    known = ", ".join(f'"{sheet}"' for sheet in sheets[:10])
    return refuse("no_such_sheet", f'There is no sheet "{name}". The sheets are: {known}.')


def no_sheets() -> FileRefused:
    return refuse("no_sheets", "The workbook has no sheet with cells. Upload one with rows.")


def too_many_sheets(most: int) -> FileRefused:
    message = f"The workbook has more than {most:,} sheets. Upload one with fewer."
    return refuse("too_many_sheets", message)


def blank_sheet(name: str) -> FileRefused:
    return refuse("file_empty", f'The sheet "{name}" is blank. Choose another sheet.')


def no_rows(name: str, row: int) -> FileRefused:
    message = (
        f'The sheet "{name}" has a header in row {row}, but no rows below. Add at least one row.'
        if row
        else f'The sheet "{name}" has no rows. Add at least one row.'
    )
    return refuse("no_rows", message)


def blank_header(row: int) -> FileRefused:
    message = f"Row {row} is blank. Choose the row that holds the column names, or 0 for none."
    return refuse("blank_header", message, row)


def too_many_columns(row: int, column: str) -> FileRefused:
    message = (
        f"Row {row} has a cell in column {column}; at most {MAX_COLUMNS:,} columns are allowed."
        " Delete what stands far to the right, or move it."
    )
    return refuse("too_many_columns", message, row)
