"""Where a sheet's table lies: its header, its columns, and what a person should know about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.found import Found
from dashboard.formats.naming import unique_names
from dashboard.formats.workbook_book import Sheet
from dashboard.formats.workbook_rows import Facts, Row

TITLE_ROWS = 20
TABLE_WIDTH = 3
SAMPLE_ROWS = 100
MOST_NAMED = 10


@dataclass
class Shape:
    """`columns` are places in the sheet (A = 0), from the first used one to the last."""

    header: Row | None
    titles: tuple[int, ...]
    columns: range

    @property
    def header_row(self) -> int:
        return self.header.number if self.header else 0

    def headers(self) -> tuple[str, ...]:
        cells = self.header.cells if self.header else {}
        return tuple(str(cells.get(place, "")) for place in self.columns)

    def widen(self, places: Sequence[int]) -> None:
        """Take in columns that are used further down."""
        if places:
            first = min(self.columns.start, *places) if self.columns else min(places)
            self.columns = range(first, max(self.columns.stop, max(places) + 1))


def find_shape(rows: Sequence[Row], sheet: str, header_row: int | None) -> Shape:
    """From the first rows that hold a cell. Raises FileRefused."""
    if not rows:
        raise refusals.blank_header(header_row) if header_row else refusals.blank_sheet(sheet)
    header: Row | None = None
    titles: tuple[int, ...] = ()
    if header_row is None:
        at = header_place(rows)
        header, titles = rows[at], tuple(row.number for row in rows[:at])
    elif header_row:
        header = next((row for row in rows if row.number == header_row), None)
        if header is None:
            raise refusals.blank_header(header_row)
    shape = Shape(header, titles, range(0))
    first = header.number if header else 1
    for row in rows:
        if row.number >= first:
            shape.widen(list(row.cells))
    return shape


def header_place(rows: Sequence[Row]) -> int:
    """The first row, or the first wide one behind lines of one cell each: those are titles."""
    for place, row in enumerate(rows[:TITLE_ROWS]):
        if len(row.cells) == 1:
            continue
        following = rows[place + 1 : place + 2]
        wide = all(len(other.cells) >= TABLE_WIDTH for other in [row, *following])
        return place if wide else 0
    return 0


def describe(kind: str, sheets: Sequence[Sheet], sheet: Sheet, shape: Shape, facts: Facts) -> Found:
    headers = shape.headers()
    return Found(
        format=kind,
        columns=unique_names(headers),
        headers=headers,
        header_row=shape.header_row,
        sheet=sheet.name,
        sheets=tuple(other.name for other in sheets),
        notes=tuple(notes(sheets, sheet, shape, facts)),
    )


def notes(sheets: Sequence[Sheet], sheet: Sheet, shape: Shape, facts: Facts) -> list[str]:
    said = []
    hidden = [other.name for other in sheets if other.hidden]
    if len(sheets) > 1:
        said.append(f'The workbook has {len(sheets):,} sheets; "{sheet.name}" is read.')
    if hidden:
        said.append(f"Hidden: {listed(hidden)}. A hidden sheet is read only when it is chosen.")
    if shape.titles:
        rows = counted(len(shape.titles), "title line")
        said.append(f"{rows} above the header in row {shape.header_row} left out.")
    if facts.merged:
        ranges = counted(facts.merged, "merged range")
        said.append(f"{ranges}: only the top left cell of each has the value, the others none.")
    if facts.hidden_rows:
        said.append(f"{counted(facts.hidden_rows, 'hidden row')} read like the others.")
    if facts.hidden_columns:
        said.append("Hidden columns are read like the others.")
    if facts.errors:
        said.append(f"{counted(facts.errors, 'error cell')} such as #N/A read as that text.")
    if facts.without_value:
        formulas = counted(facts.without_value, "formula")
        said.append(
            f"{formulas} without a stored result, read as blank. Open the workbook in a"
            " spreadsheet program and save it, then upload it again."
        )
    return said


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    said = ", ".join(f'"{name}"' for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{said} and {more:,} more" if more > 0 else said


def choose(sheets: Sequence[Sheet], wanted: str | None) -> list[Sheet]:
    """The sheet that was asked for, else the visible ones in order. Raises FileRefused."""
    if wanted is not None:
        found = [sheet for sheet in sheets if sheet.name == wanted]
        found = found or [s for s in sheets if s.name.casefold() == wanted.strip().casefold()]
        if not found:
            raise refusals.no_sheet(wanted, [sheet.name for sheet in sheets])
        return found[:1]
    return [sheet for sheet in sheets if not sheet.hidden] or list(sheets)
