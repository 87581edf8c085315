"""An XLS workbook (Excel 5 to 2003), by calamine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_book import MOST_SHEETS, Sheet
from dashboard.formats.workbook_rows import Facts, Row
from dashboard.formats.workbook_values import ERRORS, object_text

ROWS_AT_ONCE = 5_000
MOST_BYTES = 512 << 20


class XlsBook:
    """`facts` tell about the sheet read last. A sheet is read whole: 65,536 rows at most."""

    kind = "xls"

    def __init__(self, path: Path) -> None:
        if os.path.getsize(path) > MOST_BYTES:
            raise refusals.bomb()
        self.path = path
        import python_calamine as calamine

        with refused():
            self.book = calamine.CalamineWorkbook.from_path(str(path))
        self.sheets = [
            Sheet(found.name, found.visible != calamine.SheetVisibleEnum.Visible)
            for found in self.book.sheets_metadata
            if found.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        if not self.sheets:
            raise refusals.no_sheets()
        if len(self.sheets) > MOST_SHEETS:
            raise refusals.too_many_sheets(MOST_SHEETS)
        self.facts = Facts()

    def first_rows(self, sheet: Sheet, most: int, from_row: int) -> tuple[list[Row], bool]:
        """Rows from `from_row` on, and whether these are all."""
        rows: list[Row] = []
        for found in self.rows(sheet):
            rows += [row for row in found if row.number >= from_row]
            if len(rows) > most:
                return rows[:most], False
        return rows, True

    def rows(self, sheet: Sheet) -> Iterator[list[Row]]:
        """All rows that hold a cell."""
        with refused():
            found = self.book.get_sheet_by_name(sheet.name)
            start = found.start or (0, 0)
            values = found.to_python()
        errors = self.errors(sheet, start) if values else {}
        wrong = sum(map(len, errors.values()))
        self.facts = Facts(merged=len(found.merged_cell_ranges or []), errors=wrong)
        rows: list[Row] = []
        for place, row in enumerate(values):
            cells = {
                start[1] + at: text
                for at, value in enumerate(row)
                if (text := object_text(value)) is not None
            }
            cells |= errors.get(place, {})
            if cells:
                rows.append(Row(start[0] + place + 1, dict(cells)))
            if len(rows) == ROWS_AT_ONCE:
                yield rows
                rows = []
        yield rows

    def errors(self, sheet: Sheet, start: tuple[int, int]) -> dict[int, dict[int, str]]:
        """Error cells as their text, which the reader above shows as blank.

        By row from the first used one, and by column.
        """
        import fastexcel

        found: dict[int, dict[int, str]] = {}
        with refused():
            table: Any = fastexcel.read_excel(str(self.path)).load_sheet(
                sheet.name, header_row=None, dtypes="string"
            )
            errors = table.to_arrow_with_errors()[1]
        for error in errors.errors if errors else ():
            row, column = error.position
            name = error.detail.partition("Error(")[2].partition(")")[0]
            found.setdefault(row, {})[start[1] + column] = ERRORS.get(name, f"#{name.upper()}")
        return found


@contextmanager
def refused() -> Iterator[None]:
    """The reader's own errors, of many kinds, as refusals."""
    try:
        yield
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        if "password" in str(error).lower() or "encrypt" in str(error).lower():
            raise refusals.encrypted() from None
        raise refusals.damaged("it ends early or is not put together rightly") from error
