"""Workbooks put together by hand, so that a test says exactly what lies in the file."""

import io
import struct
import zipfile
from pathlib import Path

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="3">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="166" formatCode="0.00 &quot;days&quot;"/></numFmts>'
    '<cellXfs count="7"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/>'
    '<xf numFmtId="21"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="10"/></cellXfs>'
    "</styleSheet>"
)
DAY, MOMENT, CLOCK, HOURS, QUOTED, PERCENT = range(1, 7)  # the styles above


def sheet_xml(rows: str, *, before: str = "", after: str = "", main: str = MAIN) -> str:
    return (
        f'{XML}<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    )


def row(number: int, *cells: str) -> str:
    """Cells as `A:t="s":0` = place, attributes, value; `A:1` = a plain number."""
    return f'<row r="{number}">{"".join(cell(number, text) for text in cells)}</row>'


def cell(number: int, text: str) -> str:
    place, *attributes, value = text.split(":")
    said = f" {attributes[0]}" if attributes else ""
    return f'<c r="{place}{number}"{said}><v>{value}</v></c>'


def xlsx(path: Path, *sheets: str, strings: tuple[str, ...] = (), **options: str) -> Path:
    """`sheets`: the XML of each, named S1, S2 …; `strings`: entries of the shared texts' XML."""
    parts = {
        "[Content_Types].xml": XML + "<Types/>",
        "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": options.get("shared")
        or f'{XML}<sst xmlns="{MAIN}">{"".join(f"<si>{text}</si>" for text in strings)}</sst>',
        "xl/workbook.xml": book_xml(len(sheets), **options),
        "xl/_rels/workbook.xml.rels": relations(
            *((f"r{n}", "worksheet", f"worksheets/s{n}.xml") for n in range(1, len(sheets) + 1)),
            ("rs", "sharedStrings", "sharedStrings.xml"),
            ("ry", "styles", "styles.xml"),
        ),
    }
    parts |= {f"xl/worksheets/s{n}.xml": text for n, text in enumerate(sheets, 1)}
    return archive(path, parts)


def book_xml(count: int, *, hidden: str = "", properties: str = "", main: str = MAIN, **_) -> str:
    states = {True: ' state="hidden"', False: ""}
    sheets = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"{states[str(n) in hidden]}/>'
        for n in range(1, count + 1)
    )
    return (
        f'{XML}<workbook xmlns="{main}" xmlns:r="{OFFICE}">{properties}'
        f"<sheets>{sheets}</sheets></workbook>"
    )


def relations(*wanted: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in wanted
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return path


def write_rows(path: Path, rows: list[list[object]], **options: object) -> Path:
    """By XlsxWriter, as most programs in Python do."""
    book = xlsxwriter.Workbook(path, options)
    sheet = book.add_worksheet()
    for number, cells in enumerate(rows):
        sheet.write_row(number, 0, cells)
    book.close()
    return path


ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)


def ods(path: Path, *tables: str, styles: str = "", manifest: str = "<manifest/>") -> Path:
    """`tables`: each the inside of a sheet, named S1, S2 …"""
    inner = "".join(
        f'<table:table table:name="S{n}" table:style-name="t{n}">{table}</table:table>'
        for n, table in enumerate(tables, 1)
    )
    content = (
        f"{XML}<office:document-content {ODS_NAMES}><office:automatic-styles>{styles}"
        "</office:automatic-styles><office:body><office:spreadsheet>"
        f"{inner}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    parts = {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}
    return archive(path, parts)


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_text(text: str, attributes: str = "") -> str:
    said = f'office:value-type="string" {attributes}'
    return f"<table:table-cell {said}><text:p>{text}</text:p></table:table-cell>"


def ods_value(kind: str, attribute: str, value: str, shown: str = "?") -> str:
    said = f'office:value-type="{kind}" office:{attribute}="{value}"'
    return f"<table:table-cell {said}><text:p>{shown}</text:p></table:table-cell>"


def compound(path: Path, stream: str, data: bytes = b"") -> Path:
    """An OLE compound file with one stream, in plain sectors."""
    data = data.ljust(4096, b"\0")
    data += bytes(-len(data) % 512)
    count = len(data) // 512
    chain = [0xFFFFFFFE, 0xFFFFFFFD, *range(3, 2 + count), 0xFFFFFFFE]
    fat = b"".join(sector.to_bytes(4, "little") for sector in chain).ljust(512, b"\xff")
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[24:34] = bytes.fromhex("3e000300feff09000600")
    for place, number in ((44, 1), (48, 0), (56, 4096), (60, 0xFFFFFFFE), (68, 0xFFFFFFFE)):
        header[place : place + 4] = number.to_bytes(4, "little")
    header[76:512] = (1).to_bytes(4, "little").ljust(436, b"\xff")
    entries = entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + entry(stream, 2, 2, len(data))
    path.write_bytes(bytes(header) + entries.ljust(512, b"\0") + fat + data)
    return path


def entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    made = bytearray(128)
    text = name.encode("utf-16-le") + b"\0\0"
    made[: len(text)] = text
    made[64:66] = len(text).to_bytes(2, "little")
    made[66], made[67] = kind, 1
    made[68:76] = b"\xff" * 8
    made[76:80] = child.to_bytes(4, "little")
    made[116:120] = start.to_bytes(4, "little")
    made[120:124] = size.to_bytes(4, "little")
    return bytes(made)


def in_memory(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return stream.getvalue()


def record(kind: int, data: bytes) -> bytes:
    """One BIFF record."""
    return kind.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data


def xls(path: Path, cells: bytes, *, hidden: bool = False) -> Path:
    """A BIFF8 workbook with the sheets S1 (hidden or not) and S2; `cells` are records of both."""
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 0x07CC, 0, 6))
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 0x07CC, 0, 6))
    sheet += cells + record(0x0A, b"")
    # Cell style 0 is general, 1 a day, 2 a moment.
    styles = b"".join(
        record(0xE0, struct.pack("<HHHBBBBIIH", 0, kind, 0, 0x20, 0, 0, 0, 0, 0, 0))
        for kind in (0, 14, 22)
    )
    names = [b"\2\0S1", b"\2\0S2"]
    head = len(begin) + len(styles) + sum(10 + len(name) for name in names) + 4
    bounds = b""
    for place, name in enumerate(names):
        start = struct.pack("<IBB", head + place * len(sheet), hidden and not place, 0)
        bounds += record(0x85, start + name)
    stream = begin + styles + bounds + record(0x0A, b"") + sheet + sheet
    return compound(path, "Workbook", stream)


def xls_number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, style, value))


def xls_text(row: int, column: int, text: str) -> bytes:
    data = text.encode("utf-16-le")
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + data)


def xls_error(row: int, column: int, code: int) -> bytes:
    return record(0x205, struct.pack("<HHHBB", row, column, 0, code, 1))


def xls_truth(row: int, column: int, value: bool) -> bytes:
    return record(0x205, struct.pack("<HHHBB", row, column, 0, value, 0))
