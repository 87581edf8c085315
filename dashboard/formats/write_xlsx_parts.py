"""The parts of a workbook beside the rows of its sheets."""

from typing import Any

from dashboard.formats.write_xlsx_numbers import STYLES, style_of

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FIRST_FORMAT = 164  # those below are built in
WIDEST = 40
BOLD = ' s="1"'
SHEET_END = "</sheetData></worksheet>"


def xml(name: str, attributes: str, inner: str) -> str:
    return f"{HEAD}<{name} {attributes}>{inner}</{name}>"


def relations(*targets: tuple[str, str]) -> str:
    """(kind, target) each; ids count from 1."""
    links = (
        f'<Relationship Id="rId{number}" Type="{DOCUMENT}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return xml("Relationships", f'xmlns="{PACKAGE}/relationships"', "".join(links))


ROOT = relations(("officeDocument", "xl/workbook.xml"))


def workbook(sheets: int) -> str:
    listed = "".join(
        f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}"/>'
        for number in range(1, sheets + 1)
    )
    return xml("workbook", f'xmlns="{MAIN}" xmlns:r="{DOCUMENT}"', f"<sheets>{listed}</sheets>")


def workbook_parts(sheets: int) -> str:
    numbers = range(1, sheets + 1)
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    return relations(*targets, ("styles", "styles.xml"))


def content_types(sheets: int) -> str:
    of_sheets = [(f"worksheets/sheet{number}", "worksheet") for number in range(1, sheets + 1)]
    overrides = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{KINDS}.{kind}+xml"/>'
        for name, kind in [("workbook", "sheet.main"), ("styles", "styles"), *of_sheets]
    )
    inner = (
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}'
    )
    return xml("Types", f'xmlns="{PACKAGE}/content-types"', inner)


def styles() -> str:
    """Looks 0 plain, 1 bold, and then those of STYLES."""
    codes = [style.format.replace('"', "&quot;") for style in STYLES]
    formats = "".join(
        f'<numFmt numFmtId="{FIRST_FORMAT + place}" formatCode="{code}"/>'
        for place, code in enumerate(codes)
    )
    font = '<font>{}<sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    fills = "".join(f'<fill><patternFill patternType="{kind}"/></fill>' for kind in FILLS)
    look = '<xf numFmtId="{}" fontId="{}" fillId="0" borderId="0"{}/>'
    plain, named = look.format(0, 0, ""), look.format(0, 0, ' xfId="0"')
    looks = [named, look.format(0, 1, ' xfId="0" applyFont="1"')]
    looks += [
        look.format(FIRST_FORMAT + place, 0, ' xfId="0" applyNumberFormat="1"')
        for place in range(len(STYLES))
    ]
    inner = (
        f'<numFmts count="{len(STYLES)}">{formats}</numFmts>'
        f'<fonts count="2">{font.format("")}{font.format("<b/>")}</fonts>'
        f'<fills count="{len(FILLS)}">{fills}</fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        f'<cellStyleXfs count="1">{plain}</cellStyleXfs>'
        f'<cellXfs count="{len(looks)}">{"".join(looks)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    )
    return xml("styleSheet", f'xmlns="{MAIN}"', inner)


# Spreadsheets expect these two in this order.
FILLS = ("none", "gray125")


def sheet_start(schema: Any, *, frozen: bool) -> str:
    """Up to the first row: the header stays in sight, dates have room."""
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetView workbookViewId="0">{pane if frozen else ""}</sheetView>'
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width(field)}" customWidth="1"/>'
        for number, field in enumerate(schema, 1)
    )
    head = f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews>{view}</sheetViews>'
    return f"{head}<cols>{columns}</cols><sheetData>"


def width(field: Any) -> int:
    return int(max(style_of(field.type).width, min(len(field.name) + 2, WIDEST)))
