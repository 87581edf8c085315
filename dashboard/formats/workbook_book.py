"""What an XLSX workbook says about itself: its sheets, date system and number formats."""

from dataclasses import dataclass, field

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_dates import BUILT_IN, Shown, shown_by
from dashboard.formats.workbook_package import Package, absolute, local, read_xml

MOST_SHEETS = 1_000
TYPES, ROOT_RELATIONS = "[Content_Types].xml", "_rels/.rels"
OTHERS = {
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "index/document.iwa": "an Apple iWork document",
    "meta-inf/manifest.mf": "a Java archive",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """`part` is where it lies in the package (XLSX), or empty."""

    name: str
    hidden: bool = False
    part: str = ""


@dataclass
class Book:
    """`shown` tells by a cell's style number what its number format makes of a number."""

    sheets: list[Sheet] = field(default_factory=list)
    system_1904: bool = False
    strings: str | None = None
    shown: list[Shown] = field(default_factory=list)


def open_book(package: Package) -> Book:
    """Raises FileRefused for a package that is no workbook."""
    if ROOT_RELATIONS not in package or TYPES not in package:
        raise refusals.not_a_workbook(kind_of(package))
    main = main_part(package)
    book = Book()
    relations = read_relations(package, main)
    read_xml(package.read(main), BookReader(book, relations).start)
    parts = dict(relations.values())
    strings, styles = parts.get("sharedStrings", ""), parts.get("styles", "")
    book.strings = strings if strings in package else None
    if styles in package:
        book.shown = read_styles(package.read(styles))
    book.sheets = [sheet for sheet in book.sheets if sheet.part in package]
    if not book.sheets:
        raise refusals.no_sheets()
    return book


def main_part(package: Package) -> str:
    targets = read_relations(package, "")
    main = next((name for kind, name in targets.values() if kind == "officeDocument"), "")
    if main.endswith(".bin"):
        raise refusals.binary_workbook()
    if main not in package or b"<" not in (head := package.read(main)):
        raise refusals.not_a_workbook(kind_of(package))
    if b"workbook" not in head[:4_000]:
        raise refusals.not_a_workbook(kind_of(package))
    return main


def kind_of(package: Package) -> str:
    """What a ZIP archive that is no workbook looks like."""
    for name, what in OTHERS.items():
        if name in package:
            return what
    return "a ZIP archive of something else"


def read_relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """By id: the last word of the relation's type, and the part it leads to."""
    folder, _, name = part.rpartition("/")
    where = f"{folder}/_rels/{name}.rels".lstrip("/")
    found: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = (kind, absolute(part, attributes.get("Target", "")))

    if where in package:
        read_xml(package.read(where), start)
    return found


class BookReader:
    """Fills a book from the workbook's own part."""

    def __init__(self, book: Book, relations: dict[str, tuple[str, str]]) -> None:
        self.book, self.relations = book, relations

    def start(self, element: str, attributes: dict[str, str]) -> None:
        # An extension may hold an element of the same name, without this attribute.
        if element == "workbookPr" and "date1904" in attributes:
            self.book.system_1904 = attributes["date1904"] in ("1", "true", "on")
        elif element == "sheet":
            self.add(attributes)

    def add(self, attributes: dict[str, str]) -> None:
        """A sheet of cells; sheets that are charts, dialogs or macros have none."""
        relation = next((attributes[n] for n in attributes if n.endswith(":id")), "")
        kind, part = self.relations.get(relation, ("", ""))
        if kind != "worksheet":
            return
        if len(self.book.sheets) >= MOST_SHEETS:
            raise refusals.too_many_sheets(MOST_SHEETS)
        hidden = attributes.get("state", "visible") != "visible"
        self.book.sheets.append(Sheet(attributes.get("name", ""), hidden, part))


def read_styles(data: bytes) -> list[Shown]:
    """What each cell style makes of a number."""
    codes: dict[int, Shown] = {}
    styles: list[int] = []
    path: list[str] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        if element in ("cellXfs", "cellStyleXfs", "dxfs"):
            path[:] = [element]
        elif element == "numFmt" and path != ["dxfs"]:
            named = local(attributes)
            codes[to_number(named.get("numFmtId"))] = shown_by(named.get("formatCode", ""))
        elif element == "xf" and path == ["cellXfs"]:
            styles.append(to_number(attributes.get("numFmtId")))

    read_xml(data, start)
    return [codes.get(number, BUILT_IN.get(number, Shown.NUMBER)) for number in styles]


def to_number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
