"""An ODS workbook, streamed: the XML already holds ISO dates and exact numbers."""

import re
from collections.abc import Iterator

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.layout import MAX_COLUMNS
from dashboard.formats.workbook_book import MOST_SHEETS, Sheet
from dashboard.formats.workbook_dates import DAY_MS, clock_text, duration_text
from dashboard.formats.workbook_package import Package, XmlReader, column_letters, local
from dashboard.formats.workbook_rows import MOST_ROWS, Facts, Row
from dashboard.formats.workbook_values import iso_text, number_text

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
FIRST_PIECE = 256 << 10
TABLE = re.compile(rb"<table:table\s[^>]*>")
# A style of the table family that is not displayed hides its sheet.
STYLE = re.compile(rb"<style:style\s[^>]*style:family=\"table\"[^>]*>.*?</style:style>", re.S)
HEAD_BYTES = 1 << 20
DURATION = re.compile(r"(-)?P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?\Z")
MOST_REPEATED = 2_000_000  # cells that stand for others, beyond the first of each


class OdsBook:
    """`facts` tell about the sheet read last, as far as it was read."""

    kind = "ods"

    def __init__(self, package: Package) -> None:
        self.package = package
        if MANIFEST in self.package and b"encryption-data" in self.package.read(MANIFEST):
            raise refusals.encrypted()
        if CONTENT not in self.package:
            raise refusals.not_a_workbook("a ZIP archive of something else")
        self.facts = Facts()
        self.sheets = list_sheets(self.package)

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
        reader = TableReader(self.sheets.index(sheet))
        self.facts = reader.facts
        for piece in self.package.pieces(CONTENT, FIRST_PIECE):
            reader.xml.feed(piece)
            if reader.rows:
                yield reader.take()
            if reader.finished:
                return


def list_sheets(package: Package) -> list[Sheet]:
    """From a search over the text: the sheets lie one behind the other, rows and all."""
    head, last, tags = b"", b"", list[bytes]()
    for piece in package.pieces(CONTENT):
        if len(head) < HEAD_BYTES:
            head += piece
            check_head(head)
        data = last + piece
        tags += TABLE.findall(data)
        if len(tags) > MOST_SHEETS:
            raise refusals.too_many_sheets(MOST_SHEETS)
        # What is cut off stands again before the next piece.
        cut = data.rfind(b"<")
        last = data[cut:] if b">" not in data[cut:] else b""
    hidden = hidden_styles(head)
    sheets: list[Sheet] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        named = local(attributes)
        style = named.get("style-name", "")
        sheets.append(Sheet(named.get("name", ""), style in hidden))

    for tag in tags:
        closed = tag if tag.endswith(b"/>") else tag[:-1] + b"/>"
        XmlReader(start).feed(closed, last=True)
    if not sheets:
        raise refusals.no_sheets()
    return sheets


def check_head(head: bytes) -> None:
    if b"<!DOCTYPE" in head:
        raise refusals.has_doctype()
    if b"<" not in head[:200]:
        raise refusals.damaged("its content is no XML")


def hidden_styles(head: bytes) -> set[str]:
    found = set()
    for style in STYLE.findall(head):
        name = re.search(rb'style:name="([^"]*)"', style)
        if name and b'table:display="false"' in style:
            found.add(name[1].decode(errors="replace"))
    return found


class TableReader:
    """Reads one sheet, by its place; `rows` gathers those that hold a cell. Raises FileRefused."""

    def __init__(self, place: int) -> None:
        self.wanted = place
        self.xml = XmlReader(self.start, self.end, self.on_text)
        self.facts = Facts()
        self.rows: list[Row] = []
        self.table = -1
        self.depth = self.row = self.column = self.repeated = 0
        self.inside = self.finished = self.covered = False
        self.cell: dict[str, str] | None = None
        self.cells: dict[int, str | int] = {}
        self.row_repeat = self.cell_repeat = 1
        self.texts: list[str] = []
        self.paragraphs = self.skipping = self.paragraph = 0

    def take(self) -> list[Row]:
        rows, self.rows = self.rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table":
            self.start_table()
        elif not self.inside or self.finished:
            return
        elif self.cell is not None:
            self.start_inside_cell(name, attributes)
        elif name in ("table-cell", "covered-table-cell"):
            self.start_cell(name, local(attributes))
        elif name == "table-row":
            self.start_row(local(attributes))
        elif name == "table-column" and local(attributes).get("visibility") in HIDDEN:
            self.facts.hidden_columns += 1

    def start_table(self) -> None:
        self.depth += 1
        if self.depth == 1:
            self.table += 1
            self.inside = self.table == self.wanted

    def start_row(self, attributes: dict[str, str]) -> None:
        self.row_repeat = repeat(attributes, "number-rows-repeated", MOST_ROWS)
        self.column, self.cells = 0, {}
        self.facts.hidden_rows += attributes.get("visibility") in HIDDEN

    def start_cell(self, name: str, attributes: dict[str, str]) -> None:
        self.cell_repeat = repeat(attributes, "number-columns-repeated", MOST_ROWS)
        self.cell, self.covered = attributes, name == "covered-table-cell"
        self.facts.merged += (
            attributes.get("number-rows-spanned", "1") != "1"
            or attributes.get("number-columns-spanned", "1") != "1"
        )
        self.texts.clear()
        self.paragraphs = self.skipping = self.paragraph = 0

    def start_inside_cell(self, name: str, attributes: dict[str, str]) -> None:
        """Text only; notes and drawings, which hold paragraphs of their own, are passed over."""
        if self.skipping or name in ("annotation", "frame", "shapes", "table-cell-range-source"):
            self.skipping += 1
        elif name == "p":
            if self.paragraphs:
                self.texts.append("\n")
            self.paragraphs += 1
            self.paragraph += 1
        elif name == "s":
            self.texts.append(" " * repeat(local(attributes), "c", 32_767))
        elif name == "tab":
            self.texts.append("\t")
        elif name == "line-break":
            self.texts.append("\n")

    def on_text(self, text: str) -> None:
        if self.paragraph and not self.skipping:
            self.texts.append(text)

    def end(self, name: str) -> None:
        if self.skipping:
            self.skipping -= 1
        elif name == "table":
            self.depth -= 1
            self.finished = self.finished or (self.inside and not self.depth)
        elif not self.inside or self.finished:
            return
        elif name == "p":
            self.paragraph -= 1
        elif name in ("table-cell", "covered-table-cell"):
            self.end_cell()
        elif name == "table-row" and self.cell is None:
            self.end_row()

    def end_cell(self) -> None:
        text = None if self.covered else self.value(self.cell or {})
        self.cell = None
        if text is not None:
            last = self.column + self.cell_repeat - 1
            if last >= MAX_COLUMNS:
                raise refusals.too_many_columns(self.row + 1, column_letters(last))
            self.cells.update(dict.fromkeys(range(self.column, last + 1), text))
            self.count_repeated(self.cell_repeat - 1)
        self.column += self.cell_repeat

    def end_row(self) -> None:
        if any(self.cells.values()):
            if self.row + self.row_repeat > MOST_ROWS:
                raise refusals.damaged(f"it has more than {MOST_ROWS:,} rows")
            self.count_repeated((self.row_repeat - 1) * len(self.cells))
            numbers = range(self.row + 1, self.row + self.row_repeat + 1)
            self.rows += [Row(number, self.cells) for number in numbers]
        self.row += self.row_repeat

    def count_repeated(self, cells: int) -> None:
        self.repeated += cells
        if self.repeated > MOST_REPEATED:
            raise refusals.bomb()

    def value(self, cell: dict[str, str]) -> str | None:
        """By the cell's type; a formula without a result is counted."""
        kind = cell.get("value-type", "")
        text = "".join(self.texts)
        if kind == "error" or (text.startswith(("#", "Err:")) and "formula" in cell):
            self.facts.errors += 1
            return text
        if kind in ("float", "percentage", "currency"):
            return number_text(cell.get("value", text))
        if kind == "date":
            return iso_text(cell.get("date-value", text))
        if kind == "time":
            return time_text(cell.get("time-value", text))
        if kind == "boolean":
            return cell.get("boolean-value", text).lower()
        if kind == "string" or self.paragraphs:
            return cell.get("string-value", text) if not self.paragraphs else text
        self.facts.without_value += "formula" in cell
        return None


HIDDEN = ("collapse", "filter")


def repeat(attributes: dict[str, str], name: str, most: int) -> int:
    given = attributes.get(name)
    if given is None:
        return 1
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise refusals.damaged(f"{name} is {given[:20]!r}")
    return max(1, min(int(given), most))


def time_text(text: str) -> str:
    """PT05H15M00S as 05:15:00; a day and more, or less than none, as hours (26:30:00)."""
    found = DURATION.match(text)
    if found is None or not any(found.groups()[1:]):
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:5])
    part = int((found[6] or "0")[:3].ljust(3, "0"))
    ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + part
    if found[1] or ms >= DAY_MS:
        return duration_text(-ms if found[1] else ms)
    return clock_text(ms)
