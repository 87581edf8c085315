"""An XLSX workbook and its first rows, which are read without the rest."""

from collections.abc import Iterator

from dashboard.formats.workbook_book import Sheet, open_book
from dashboard.formats.workbook_package import Package
from dashboard.formats.workbook_rows import Facts, Row, RowReader
from dashboard.formats.workbook_sheet import cut_sheet, read_rows
from dashboard.formats.workbook_strings import look_up

FIRST_PIECE = 64 << 10
MOST_SLOWLY = 4 << 20
REST_BYTES = 16 << 20
MERGED = b"<mergeCell "


class LiesDeep(Exception):
    """The first rows lie behind so many blank cells that they are found as a table only."""


class XlsxBook:
    """`facts` tell about the sheet read last, as far as it was read."""

    kind = "xlsx"

    def __init__(self, package: Package) -> None:
        self.package = package
        self.book = open_book(self.package)
        self.sheets = self.book.sheets
        self.facts = Facts()

    def first_rows(self, sheet: Sheet, most: int, from_row: int) -> tuple[list[Row], bool]:
        """Rows from `from_row` on, and whether these are all. Raises LiesDeep."""
        reader = self.reader()
        pieces = self.package.pieces(sheet.part, FIRST_PIECE)
        rows: list[Row] = []
        taken = 0
        for found in read_rows(cut_sheet(pieces, FIRST_PIECE), reader):
            rows += [row for row in found if row.number >= from_row]
            taken += FIRST_PIECE
            if len(rows) > most or taken > MOST_SLOWLY:
                break
        else:
            return self.resolved(rows), True
        if len(rows) <= most:
            raise LiesDeep
        self.count_merged(sheet, pieces)
        return self.resolved(rows[:most]), False

    def reader(self) -> RowReader:
        reader = RowReader(self.book.shown, system_1904=self.book.system_1904)
        self.facts = reader.facts
        return reader

    def resolved(self, rows: list[Row]) -> list[Row]:
        """With the shared texts themselves, and without rows that hold empty texts only."""
        wanted = {cell for row in rows for cell in row.cells.values() if isinstance(cell, int)}
        texts = look_up(self.package, self.book.strings, wanted)
        found = [
            Row(number, {at: texts[c] if isinstance(c, int) else c for at, c in cells.items()})
            for number, cells in rows
        ]
        return [row for row in found if any(row.cells.values())]

    def count_merged(self, sheet: Sheet, rest: Iterator[bytes]) -> None:
        """They are listed behind all rows: looked for where that is not far."""
        if self.package.unpacked(sheet.part) > REST_BYTES:
            return
        last = b""
        for piece in rest:
            self.facts.merged += (last + piece).count(MERGED)
            last = piece[1 - len(MERGED) :]
