"""The rows of a sheet's XML, cell by cell: any valid sheet, at a parser's own speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.layout import MAX_COLUMNS
from dashboard.formats.workbook_dates import Shown
from dashboard.formats.workbook_package import CELL, XmlReader, column_letters, column_number
from dashboard.formats.workbook_values import iso_text, number_text, unescape

MOST_ROWS = 1_048_576
MOST_WIDTH = 16_384
TRUE = ("1", "true", "on")


class Row(NamedTuple):
    """Cells by column (A = 0); an int stands for a shared string, absent cells are left out."""

    number: int
    cells: dict[int, str | int]


@dataclass
class Facts:
    """What a person should know about a sheet; counted as it is read."""

    merged: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    errors: int = 0
    without_value: int = 0

    def add(self, other: "Facts") -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class RowReader:
    """Takes a sheet's XML in pieces; `rows` gathers those that hold a cell. Raises FileRefused."""

    def __init__(self, shown: Sequence[Shown], *, system_1904: bool) -> None:
        self.shown, self.system_1904 = shown, system_1904
        self.xml = XmlReader(self.start, self.end, self.on_text)
        self.facts = Facts()
        self.rows: list[Row] = []
        self.row = 0
        self.inside = self.finished = self.by_parser = False
        self.cells: dict[int, str | int] = {}
        self.column = -1
        self.kind = self.style = ""
        self.texts: list[str] = []
        self.taking = self.has_formula = self.has_value = self.phonetic = False

    def take(self) -> list[Row]:
        rows, self.rows = self.rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c" and self.inside:
            self.start_cell(attributes)
        elif name in ("v", "t"):
            self.taking = self.column >= 0 and not self.phonetic
            self.has_value = self.has_value or self.taking
        elif name == "row" and self.inside:
            self.start_row(attributes)
        elif name == "f":
            self.has_formula = True
        elif name == "rPh":
            self.phonetic = True
        elif name == "sheetData":
            self.inside = True
        elif name == "mergeCell":
            self.facts.merged += 1
        elif name == "col":
            self.facts.hidden_columns += attributes.get("hidden") in TRUE

    def start_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", "")
        number = int(given) if given.isascii() and given.isdigit() else self.row + 1
        if not self.row < number <= MOST_ROWS:
            raise refusals.damaged(f"row {given[:10] or number} stands behind row {self.row}")
        self.row, self.column, self.cells = number, -1, {}
        self.facts.hidden_rows += attributes.get("hidden") in TRUE

    def start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self.column += 1
        else:
            found = CELL.match(place)
            if found is None or (column := column_number(found[1])) >= MOST_WIDTH:
                raise refusals.damaged(f"a cell of row {self.row} has the place {place[:20]!r}")
            if int(found[2]) != self.row and column < MAX_COLUMNS:
                raise refusals.damaged(f"the cell {place} lies in row {self.row}")
            self.column = column
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.texts.clear()
        self.taking = self.has_formula = self.has_value = False

    def on_text(self, text: str) -> None:
        if self.taking:
            self.texts.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.taking = False
        elif name == "c" and self.inside:
            self.end_cell()
        elif name == "row" and self.inside:
            if self.cells:
                self.rows.append(Row(self.row, self.cells))
                self.cells = {}
        elif name == "rPh":
            self.phonetic = False
        elif name == "sheetData":
            self.inside, self.finished = False, True

    def end_cell(self) -> None:
        text = "".join(self.texts)
        if not text and (self.kind not in ("str", "inlineStr") or not self.has_value):
            self.facts.without_value += self.has_formula
            self.cells.pop(self.column, None)
            return
        if self.column >= MAX_COLUMNS:
            raise refusals.too_many_columns(self.row, column_letters(self.column))
        self.cells[self.column] = self.value(text)

    def value(self, text: str) -> str | int:
        kind = self.kind
        if kind == "n":
            style = int(self.style) if self.style.isdigit() else 0
            shown = self.shown[style] if style < len(self.shown) else Shown.NUMBER
            return number_text(text, shown, system_1904=self.system_1904)
        if kind == "s":
            if not (text.isascii() and text.strip().isdigit()):
                raise refusals.damaged(f"a cell of row {self.row} names no shared text")
            return int(text)
        if kind == "b":
            return "true" if text.strip() in TRUE else "false"
        if kind == "e":
            self.facts.errors += 1
        return iso_text(text) if kind == "d" else unescape(text)
