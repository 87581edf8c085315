"""Looks at a workbook: its sheets, columns and first rows. Runs in a process of its own.

Imports little, for a person waits: rows by the table are in workbook_table_child.py.
"""

from collections.abc import Callable, Sequence

from dashboard.errors import FileRefused
from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_book import Sheet
from dashboard.formats.workbook_opening import Workbook, open_workbook
from dashboard.formats.workbook_request import Request, send_json, serve
from dashboard.formats.workbook_rows import Row
from dashboard.formats.workbook_shape import SAMPLE_ROWS, Shape, choose, describe, find_shape
from dashboard.formats.workbook_xlsx import LiesDeep

LOOK, DEEP = b"L", b"D"
# A sheet's first rows from a row on, at most so many, and whether these are all.
FirstRows = Callable[[Workbook, Sheet, int, int], tuple[list[Row], bool]]


def act(request: Request) -> None:
    """Sends a look, or D: the rows lie so deep that only reading them as a table finds them."""
    try:
        look(request, first_rows)
    except LiesDeep:
        send_json(DEEP, None)


def first_rows(book: Workbook, sheet: Sheet, most: int, from_row: int) -> tuple[list[Row], bool]:
    return book.first_rows(sheet, most, from_row)


def look(request: Request, first_rows: FirstRows) -> None:
    with open_workbook(request.path, request.chosen) as book:
        sheet, rows, whole = sample(book, request, first_rows)
    send_json(LOOK, found_in(book, sheet, rows, request, whole=whole))


def sample(
    book: Workbook, request: Request, first_rows: FirstRows
) -> tuple[Sheet, list[Row], bool]:
    """The sheet to read and its first rows. Blank sheets are passed over unless chosen."""
    most = max(request.rows, SAMPLE_ROWS) + 1
    blank: FileRefused = refusals.no_sheets()
    for sheet in choose(book.sheets, request.sheet):
        rows, whole = first_rows(book, sheet, most, request.header_row or 1)
        if rows:
            return sheet, rows, whole
        blank = no_cells(sheet, request)
    raise blank


def no_cells(sheet: Sheet, request: Request) -> FileRefused:
    if request.header_row:
        return refusals.blank_header(request.header_row)
    return refusals.blank_sheet(sheet.name)


def found_in(
    book: Workbook, sheet: Sheet, rows: Sequence[Row], request: Request, *, whole: bool
) -> dict[str, object]:
    shape = find_shape(rows, sheet.name, request.header_row)
    records = [row for row in rows if row.number > shape.header_row]
    if not records:
        raise refusals.no_rows(sheet.name, shape.header_row)
    shown = records[: request.rows]
    return {
        "found": describe(book.kind, book.sheets, sheet, shape, book.facts).to_json(),
        "rows": [cells_of(row, shape) for row in shown],
        "numbers": [row.number for row in shown],
        "total_rows": len(records) if whole else None,
    }


def cells_of(row: Row, shape: Shape) -> list[object]:
    return [row.cells.get(place) for place in shape.columns]


if __name__ == "__main__":
    serve(act)
