"""What the readers of workbooks find, asked in this process: a test of a cell needs no other."""

from pathlib import Path
from typing import Any

from dashboard.formats.found import Found
from dashboard.formats.workbook_child import first_rows, found_in, sample
from dashboard.formats.workbook_opening import open_workbook
from dashboard.formats.workbook_request import Request
from dashboard.formats.workbook_shape import describe
from dashboard.formats.workbook_table_child import open_table


def asking(path: Path, rows: int = 20, **choices: Any) -> Request:
    open_choices = {"chosen": None, "sheet": None, "header_row": None}
    return Request("", path, rows=rows, **{**open_choices, **choices})


def look(path: Path, rows: int = 20, **choices: Any) -> dict[str, Any]:
    """found, rows, numbers, total_rows of the first rows."""
    request = asking(path, rows, **choices)
    with open_workbook(path, request.chosen) as book:
        sheet, seen, whole = sample(book, request, first_rows)
    answer = found_in(book, sheet, seen, request, whole=whole)
    return {**answer, "found": Found.from_json(answer["found"])}


def read(path: Path, **choices: Any) -> tuple[Found, list[list[str | None]], list[int]]:
    """The whole sheet by the table: what was found, cells and row numbers."""
    book, table, shape = open_table(asking(path, **choices), keep=True)
    found = describe(book.kind, book.sheets, table.sheet, shape, book.facts)
    rows: list[list[Any]] = []
    for batch in table.batches(found.columns, shape.columns):
        rows += [list(cells) for cells in zip(*(c.to_pylist() for c in batch.columns), strict=True)]
    return found, [cells[:-1] for cells in rows], [cells[-1] for cells in rows]


def both(path: Path, **choices: Any) -> list[list[str | None]]:
    """The rows as the look shows them, when the table finds the very same."""
    seen = look(path, **choices)
    found, rows, numbers = read(path, **choices)
    assert (found, rows, numbers) == (seen["found"], seen["rows"], seen["numbers"])
    return rows
